//! Ctrl-C and SIGTERM, and a terminal that is closed.

use tokio::sync::watch;

const SIGINT: u8 = 2;
#[cfg(unix)]
const SIGTERM: u8 = 15;
#[cfg(unix)]
const SIGHUP: u8 = 1;

/// Signals that have come, and those to come.
#[derive(Clone)]
pub struct Interrupts {
    /// The last signal, and how many there were.
    seen: watch::Receiver<(u8, u32)>,
}

impl Interrupts {
    /// From here on a signal no longer ends the process by itself.
    pub fn listen() -> Interrupts {
        Interrupts::of(Signals::new())
    }

    /// The same, and for the end of the terminal: for who would leave something behind. Others it ends
    /// as a crash does, unless `nohup` says that they go on.
    pub fn listen_for_all() -> Interrupts {
        Interrupts::of(Signals::all())
    }

    /// The signals are taken before: the task has its first turn only when its starter waits.
    fn of(signals: Option<Signals>) -> Interrupts {
        let (send, interrupts) = Interrupts::given();
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
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Option<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt()).ok()?;
        let terminate = signal(SignalKind::terminate()).ok()?;
        Some(Signals { interrupt, terminate, hang_up: None })
    }

    fn all() -> Option<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let hang_up = signal(SignalKind::hangup()).ok();
        Some(Signals { hang_up, ..Signals::new()? })
    }

    async fn next(&mut self) -> Option<u8> {
        let hung_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            seen = hung_up => seen.map(|()| SIGHUP),
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

    fn all() -> Option<Signals> {
        Signals::new()
    }

    async fn next(&mut self) -> Option<u8> {
        tokio::signal::ctrl_c().await.ok().map(|()| SIGINT)
    }
}
