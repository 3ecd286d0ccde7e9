//! A gate for `bluegreen deploy --webhook`, to try one out or to start your own.
//!
//!     cargo run --example gate -- --port 8090
//!     bluegreen deploy parrot --image … --webhook http://127.0.0.1:8090/gate
//!
//! It prints the URL it listens at, then each poll's JSON in a line, and says
//! 500 (not yet) until somebody decides about the candidate:
//!
//!     Enter in its terminal, or   curl -X POST http://127.0.0.1:8090/open     200, go on
//!                                 curl -X POST http://127.0.0.1:8090/reject   410, destroy it
//!
//! A decision is for the candidate that was polled about last, told by the
//! payload's checksum: the next one finds the gate shut, or an old yes would
//! let every later release through.
//!
//!     --port 0         any free port
//!     --open-after N   opens by itself: N polls are told 500, the next one 200
#![forbid(unsafe_code)]

use std::io::{BufRead, stdin};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use hyper::{Method, Request, Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

#[derive(Default)]
pub struct Gate {
    /// Polls before it opens by itself; without a number it never does.
    open_after: Option<u64>,
    polls: u64,
    checksum: Option<Value>,
    /// The status that somebody decided on.
    decision: Option<u16>,
}

impl Gate {
    pub fn new(open_after: Option<u64>) -> Self {
        Self { open_after, ..Self::default() }
    }

    pub fn poll(&mut self, payload: &Value) -> u16 {
        let checksum = self.checksum.replace(payload["checksum"].clone());
        // The first candidate of all may have been decided on in advance.
        if checksum.is_some() && checksum != self.checksum {
            (self.polls, self.decision) = (0, None);
        }
        self.polls += 1;
        let by_itself = self.open_after.is_some_and(|n| self.polls > n);
        self.decision.unwrap_or(if by_itself { 200 } else { 500 })
    }

    pub fn decide(&mut self, status: u16) {
        self.decision = Some(status);
        eprintln!("from now on: {status}");
    }
}

pub async fn answer<B: Body>(
    gate: &Mutex<Gate>,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, B::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut gate = gate.lock().expect("nothing panics with it");
    let status = match (&head.method, head.uri.path()) {
        (&Method::POST, "/gate") => match serde_json::from_slice(&body) {
            Ok(payload) => {
                println!("{payload}");
                gate.poll(&payload)
            }
            Err(_) => 400,
        },
        (&Method::POST, decision @ ("/open" | "/reject")) => {
            gate.decide(if decision == "/open" { 200 } else { 410 });
            200
        }
        _ => 404,
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status.try_into().expect("one of the above");
    Ok(response)
}

/// `--port 8090 --open-after 3`, in any order.
pub fn parse(arguments: &[String]) -> Result<(u16, Option<u64>), String> {
    let (mut port, mut open_after) = (8090, None);
    for pair in arguments.chunks(2) {
        let value = pair.get(1).map(String::as_str).unwrap_or_default();
        let bad = |_| format!("{}: not a number: {value:?}", pair[0]);
        match &*pair[0] {
            "--port" => port = value.parse().map_err(bad)?,
            "--open-after" => open_after = Some(value.parse().map_err(bad)?),
            other => return Err(format!("{other}: only --port N and --open-after N")),
        }
    }
    Ok((port, open_after))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (port, open_after) = parse(&arguments).unwrap_or_else(|wrong| {
        eprintln!("error: {wrong}");
        std::process::exit(2)
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}/gate", listener.local_addr()?);
    let gate = Arc::new(Mutex::new(Gate::new(open_after)));

    // Without a terminal there is no line, and the gate stays as it is.
    let for_person = Arc::clone(&gate);
    std::thread::spawn(move || {
        for _ in stdin().lock().lines().map_while(Result::ok) {
            for_person.lock().expect("nothing panics with it").decide(200);
        }
    });
    loop {
        let (stream, _) = listener.accept().await?;
        let gate = Arc::clone(&gate);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&gate, request));
            // A client that hangs up early is no matter of ours.
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _: Result<(), hyper::Error> = connection.await;
        });
    }
}
