//! Connections that live for some time and are followed by the next: so many are open at any moment.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::long::{Socket, download};

const GAP: Duration = Duration::from_millis(100);
const ECHO: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub enum Kind {
    /// An echo a second.
    Websocket,
    Download,
}

/// From its opening to its end.
#[derive(Debug)]
pub struct Life {
    pub opened: Timestamp,
    pub ended: Timestamp,
    /// How it was cut; none that came to its own end.
    pub cut: Option<anyhow::Error>,
}

impl Life {
    pub fn was_open_at(&self, at: Timestamp) -> bool {
        self.opened < at && at < self.ended
    }
}

pub struct Lasting {
    stop: watch::Sender<bool>,
    tasks: JoinSet<Vec<Life>>,
}

impl Lasting {
    /// `count` at a time, of `length` each. The first ones are shorter, by turns, so that they do not
    /// all end at once.
    pub fn start(count: u32, kind: Kind, length: Duration, at: SocketAddr, host: &str) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for n in 1..=count {
            let (host, stopped) = (host.to_owned(), stopped.clone());
            tasks.spawn(async move {
                let mut lives = Vec::new();
                let mut length_now = length * n / count;
                while !*stopped.borrow() {
                    let opened = Timestamp::now();
                    let cut = kind.live(length_now, at, &host).await.err();
                    let over = cut.is_some();
                    lives.push(Life { opened, ended: Timestamp::now(), cut });
                    if over {
                        break;
                    }
                    length_now = length;
                }
                lives
            });
        }
        Self { stop, tasks }
    }

    /// Opens no more, and gives all when the last has ended.
    pub async fn stop(self) -> Result<Vec<Life>> {
        let _ = self.stop.send(true);
        let mut all = Vec::new();
        let mut tasks = self.tasks;
        while let Some(lives) = tasks.join_next().await {
            all.extend(lives.context("a client was lost")?);
        }
        Ok(all)
    }
}

impl Kind {
    /// One, to its own end.
    async fn live(self, length: Duration, at: SocketAddr, host: &str) -> Result<()> {
        if let Self::Download = self {
            let chunks = (length.as_millis() / GAP.as_millis()) as usize;
            return download(at, host, chunks, GAP).await.map(drop);
        }
        let (end, ended) = watch::channel(false);
        let mut talk = std::pin::pin!(Socket::open(at, host).await?.talk(ECHO, ended));
        tokio::select! {
            cut = &mut talk => cut.map(drop),
            () = sleep(length) => {
                let _ = end.send(true);
                talk.await.map(drop)
            }
        }
    }
}
