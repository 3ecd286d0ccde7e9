//! An HTTP proxy as companies have them: it takes CONNECT, and leads to one address whatever host is
//! asked for, since nobody here knows any.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::background::Background;
use super::front::Front;

/// A longer request is none that a client of ours sends.
const LONGEST: usize = 4096;

pub struct Tunnel {
    front: Front,
    asked: Arc<Mutex<Vec<String>>>,
    _background: Background,
}

impl Tunnel {
    pub fn start(to: SocketAddr) -> Self {
        let background = Background::start("tunnel");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        let front = Front::start(&background, move |stream| {
            let all = Arc::clone(&all);
            async move {
                // What is cut off says so to its client.
                let _ = lead(stream, to, &all).await;
            }
        });
        Self { front, asked, _background: background }
    }

    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// The heads of the requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no holder panics").clone()
    }
}

async fn lead(
    mut stream: TcpStream,
    to: SocketAddr,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST {
            return Ok(());
        }
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let is_connect = head.starts_with("CONNECT ");
    asked.lock().expect("no holder panics").push(head);
    if !is_connect {
        return stream.write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n").await;
    }
    let mut server = TcpStream::connect(to).await?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut server).await.map(drop)
}
