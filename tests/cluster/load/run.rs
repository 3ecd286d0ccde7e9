//! A load under way.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use k8s_openapi::jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::{Body, Broken, Pool, Protocol};
use super::manner::Manner;
use super::sample::{Connection, Failure, Outcome, Sample};
use super::summary::{Late, Summary};

/// Longer than nginx waits for a pod that does not answer, and than any answer takes.
const PATIENCE: Duration = Duration::from_secs(90);
const CONNECT: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Load {
    /// Requests a second.
    pub rate: u32,
    pub at: SocketAddr,
    pub protocol: Protocol,
    pub host: String,
    pub path: String,
}

impl Load {
    pub fn start(self) -> Running {
        self.start_as(Manner::default())
    }

    pub fn start_as(self, manner: Manner) -> Running {
        let start = Instant::now();
        let inner = Arc::new(Inner {
            pool: Pool::new(self.at, self.protocol, manner.clone()),
            manner,
            load: self,
            start,
            began: Timestamp::now(),
            samples: Mutex::default(),
            versions: Mutex::default(),
        });
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(pace(Arc::clone(&inner), stopped));
        Running { inner, stop, task }
    }
}

pub struct Running {
    inner: Arc<Inner>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Late>,
}

impl Running {
    /// Since its start: what `Sample::at` is compared with.
    pub fn now(&self) -> Duration {
        self.inner.start.elapsed()
    }

    /// Sends no more, waits for what is under way, and gives all of it by time.
    pub async fn stop(self) -> Result<Summary> {
        let _ = self.stop.send(true);
        let sent_for = self.now();
        let late = self.task.await.context("the load was lost")?;
        let mut samples = std::mem::take(&mut *self.inner.samples());
        samples.sort_by_key(|sample| sample.at);
        let (began, rate) = (self.inner.began, self.inner.load.rate);
        Ok(Summary { samples, began, sent_for, late, rate })
    }
}

struct Inner {
    load: Load,
    pool: Pool,
    manner: Manner,
    start: Instant,
    /// The same by the machine's clock, which is the API server's too.
    began: Timestamp,
    samples: Mutex<Vec<Sample>>,
    versions: Mutex<HashSet<Arc<str>>>,
}

async fn pace(inner: Arc<Inner>, mut stopped: watch::Receiver<bool>) -> Late {
    let gap = Duration::from_secs(1) / inner.load.rate;
    let mut under_way = JoinSet::new();
    let mut late = Late::default();
    for n in 0.. {
        let due = inner.start + gap * n;
        tokio::select! {
            biased;
            _ = stopped.wait_for(|yes| *yes) => break,
            () = sleep_until(due) => {}
        }
        late.sent(due.elapsed());
        under_way.spawn(Arc::clone(&inner).request(n % 2 == 0, due));
        while under_way.try_join_next().is_some() {}
    }
    while under_way.join_next().await.is_some() {}
    late
}

impl Inner {
    fn samples(&self) -> std::sync::MutexGuard<'_, Vec<Sample>> {
        self.samples.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    async fn request(self: Arc<Self>, keep: bool, due: Instant) {
        let asked = async {
            match keep {
                true => self.on_kept().await,
                false => self.on_own().await,
            }
        };
        let (connection, outcome) = timeout(PATIENCE, asked).await.unwrap_or_else(|_| {
            let connection = if keep { Connection::Kept } else { Connection::Fresh };
            (connection, Outcome::Failed(Failure::TimedOut))
        });
        let sample = Sample { at: due - self.start, took: due.elapsed(), connection, outcome };
        self.samples().push(sample);
    }

    async fn on_own(&self) -> (Connection, Outcome) {
        match self.ask_fresh().await {
            Err(outcome) => (Connection::Fresh, outcome),
            Ok(Err(broken)) if broken.ended_under_it(false) => {
                (Connection::Reopened, self.on_fresh().await)
            }
            Ok(asked) => (Connection::Fresh, self.outcome(asked)),
        }
    }

    async fn on_fresh(&self) -> Outcome {
        match self.ask_fresh().await {
            Ok(asked) => self.outcome(asked),
            Err(outcome) => outcome,
        }
    }

    async fn ask_fresh(&self) -> Result<Result<(u16, Bytes), Broken>, Outcome> {
        let connected = self.manner.connect(self.load.at, self.load.protocol);
        match timeout(CONNECT, connected).await {
            Ok(Ok(mut sender)) => Ok(sender.ask(self.message(false)).await),
            _ => Err(Outcome::Failed(Failure::Connect)),
        }
    }

    async fn on_kept(&self) -> (Connection, Outcome) {
        let Ok(Ok(mut kept)) = timeout(CONNECT, self.pool.take()).await else {
            return (Connection::Kept, Outcome::Failed(Failure::Connect));
        };
        match kept.sender.ask(self.message(true)).await {
            Err(broken) if broken.ended_under_it(kept.used) => {
                (Connection::Reopened, self.on_fresh().await)
            }
            asked => {
                let outcome = self.outcome(asked);
                if matches!(outcome, Outcome::Answered { .. }) {
                    self.pool.give_back(kept).await;
                }
                (Connection::Kept, outcome)
            }
        }
    }

    fn message(&self, keep: bool) -> Request<Body> {
        let Load { host, path, protocol, .. } = &self.load;
        let request = match protocol {
            Protocol::Http1 if keep => Request::get(path).header("host", host),
            Protocol::Http1 => {
                Request::get(path).header("host", host).header("connection", "close")
            }
            Protocol::Http2 => Request::get(format!("http://{host}{path}")),
        };
        let headers = self.manner.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(*name, value));
        request.body(Full::default()).expect("a host and a path that HTTP allows")
    }

    fn outcome(&self, asked: Result<(u16, Bytes), Broken>) -> Outcome {
        match asked {
            Ok((status, body)) => {
                let body = String::from_utf8_lossy(&body);
                let version = body.split_whitespace().next().unwrap_or_default();
                Outcome::Answered { status, version: self.version(version) }
            }
            Err(broken) if broken.answered => Outcome::Failed(Failure::CutOff),
            Err(_) => Outcome::Failed(Failure::Closed),
        }
    }

    /// The same few texts for all the samples.
    fn version(&self, text: &str) -> Arc<str> {
        let mut versions = self.versions.lock().unwrap_or_else(|broken| broken.into_inner());
        match versions.get(text) {
            Some(known) => Arc::clone(known),
            None => {
                let new = Arc::<str>::from(text);
                versions.insert(Arc::clone(&new));
                new
            }
        }
    }
}
