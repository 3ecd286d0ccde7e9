//! What lasts: downloads and websockets that are open while something else happens.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use super::answer;
use crate::bed::pods_answer::{CHUNK, END};

/// An answer to a message that takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(100);

/// A slow download to its end: the version that it came from, or how it was cut.
pub async fn download(at: SocketAddr, host: &str, chunks: usize, gap: Duration) -> Result<String> {
    let path = format!("/stream?chunks={chunks}&ms={}", gap.as_millis());
    let patience = gap * chunks as u32 + PATIENCE;
    let answer = answer::get_within(patience, at, host, &path).await?;
    let rest = answer.body.split_once('\n').map_or("", |(_, rest)| rest);
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
    ensure!(rest.len() == chunks * CHUNK + END.len() && rest.ends_with(END), "it was cut off");
    Ok(answer.version().to_owned())
}

/// Websockets that stay open, with a message each every 100 ms.
pub struct Websockets {
    stop: watch::Sender<bool>,
    tasks: JoinSet<Result<usize>>,
}

impl Websockets {
    /// Returns when all are open.
    pub async fn open(count: usize, at: SocketAddr, host: &str) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let socket = Socket::open(at, host).await?;
            tasks.spawn(socket.talk(EVERY, stopped.clone()));
        }
        Ok(Self { stop, tasks })
    }

    /// Closes them; how many messages were answered, and how each of those that were cut was.
    pub async fn close(self) -> (usize, Vec<anyhow::Error>) {
        let _ = self.stop.send(true);
        self.ended().await
    }

    /// The same of those that are left open until they are cut.
    pub async fn ended(mut self) -> (usize, Vec<anyhow::Error>) {
        let (mut answered, mut cut) = (0, Vec::new());
        while let Some(ended) = self.tasks.join_next().await {
            match ended.context("it was lost").flatten() {
                Ok(messages) => answered += messages,
                Err(error) => cut.push(error),
            }
        }
        (answered, cut)
    }
}

pub struct Socket(tokio_tungstenite::WebSocketStream<TcpStream>);

impl Socket {
    pub async fn open(at: SocketAddr, host: &str) -> Result<Self> {
        let request = format!("ws://{host}/ws").into_client_request()?;
        let stream = TcpStream::connect(at).await?;
        let opened = tokio_tungstenite::client_async(request, stream).await;
        Ok(Self(opened.context("no websocket")?.0))
    }

    /// A message now and then until it is stopped; how many were answered.
    pub async fn talk(
        mut self,
        every: Duration,
        mut stopped: watch::Receiver<bool>,
    ) -> Result<usize> {
        let mut answered = 0;
        loop {
            // One more message then says whether it is still open.
            let last = *stopped.borrow();
            let text = format!("message {answered}");
            self.0.send(Message::text(text.as_str())).await.context("it was cut")?;
            let reply = tokio::time::timeout(PATIENCE, self.0.next()).await;
            let reply = reply.context("no echo")?.context("it was closed")??;
            ensure!(reply.to_text()? == text, "another echo: {reply}");
            answered += 1;
            if last {
                let _ = self.0.close(None).await;
                return Ok(answered);
            }
            let _ = tokio::time::timeout(every, stopped.wait_for(|yes| *yes)).await;
        }
    }
}
