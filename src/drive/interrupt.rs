//! Ctrl-C and SIGTERM.

use tokio::sync::watch;

const SIGINT: u8 = 2;
#[cfg(unix)]
const SIGTERM: u8 = 15;

/// Signals that have come, and those to come.
#[derive(Clone)]
pub struct Interrupts {
    /// The last signal, and how many there were.
    seen: watch::Receiver<(u8, u32)>,
}

impl Interrupts {
    /// From here on a signal no longer ends the process by itself.
    pub fn listen() -> Interrupts {
        let (send, interrupts) = Interrupts::given();
        // Here: the task has its first turn only when this one waits.
        let signals = Signals::new();
        tokio::spawn(async move {
            let Some(mut signals) = signals else { return };
            while let Some(signal) = signals.next().await {
                send(signal);
            }
        });
        interrupts
    }

    /// Those that somebody sends, and no others.
    pub fn given() -> (impl Fn(u8) + Send + Sync + 'static, Interrupts) {
        let (sender, seen) = watch::channel((0, 0));
        let send = move |signal| {
            sender.send_modify(|(last, count)| {
                *last = signal;
                *count += 1;
            });
        };
        (send, Interrupts { seen })
    }

    pub fn pending(&self) -> Option<u8> {
        let (signal, count) = *self.seen.borrow();
        (count > 0).then_some(signal)
    }

    /// The first signal.
    pub async fn next(&mut self) -> u8 {
        self.after(1).await
    }

    /// The second: somebody does not want to wait for us to tidy up.
    pub async fn again(&mut self) -> u8 {
        self.after(2).await
    }

    async fn after(&mut self, count: u32) -> u8 {
        match self.seen.wait_for(|(_, seen)| *seen >= count).await {
            Ok(seen) => seen.0,
            // Nobody listens for signals any more: none will come.
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Option<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt()).ok()?;
        Some(Signals { interrupt, terminate: signal(SignalKind::terminate()).ok()? })
    }

    async fn next(&mut self) -> Option<u8> {
        tokio::select! {
            seen = self.interrupt.recv() => seen.map(|()| SIGINT),
            seen = self.terminate.recv() => seen.map(|()| SIGTERM),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Option<Signals> {
        Some(Signals)
    }

    async fn next(&mut self) -> Option<u8> {
        tokio::signal::ctrl_c().await.ok().map(|()| SIGINT)
    }
}
