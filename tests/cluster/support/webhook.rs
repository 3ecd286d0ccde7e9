//! A webhook receiver whose answers a test writes.
//!
//! ```ignore
//! let webhook = Webhook::start(500);                 // not yet, every time
//! webhook.queue([Answer::hang(), Answer::close()]);  // but first these two
//! webhook.wait_for_polls(3, SECONDS_10).await;
//! webhook.answer_with(200);                          // from the next poll on
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Method, Request, Response};

use super::background::Background;
use super::front::{Front, speak_http};
use super::journal::Journal;
use super::latch::Latch;
use super::reply::{Body, BoxError, Reply};

/// What the receiver does with one poll.
#[derive(Clone, Debug)]
pub struct Answer {
    when: When,
    what: What,
}

#[derive(Clone, Debug)]
enum When {
    AtOnce,
    After(Duration),
    Opened(Latch),
}

#[derive(Clone, Debug)]
enum What {
    Reply(Reply),
    Nothing,
    Close,
}

impl Answer {
    pub fn reply(reply: Reply) -> Self {
        Self { when: When::AtOnce, what: What::Reply(reply) }
    }

    /// Never answers.
    pub fn hang() -> Self {
        Self { when: When::AtOnce, what: What::Nothing }
    }

    /// Closes the connection without an answer.
    pub fn close() -> Self {
        Self { when: When::AtOnce, what: What::Close }
    }

    pub fn after(mut self, delay: Duration) -> Self {
        self.when = When::After(delay);
        self
    }

    /// Where the test itself says when: exact, unlike a delay.
    pub fn when_opened(mut self, latch: &Latch) -> Self {
        self.when = When::Opened(latch.clone());
        self
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self::reply(Reply::new(status))
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::reply(reply)
    }
}

/// A request that the receiver got.
#[derive(Clone, Debug)]
pub struct Poll {
    /// 1 is the first.
    pub n: usize,
    pub method: Method,
    /// With the query.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub at: Instant,
    /// `None` until it was answered, or if it never was.
    pub status: Option<u16>,
}

impl Poll {
    /// The body; `Null` if it is no JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl fmt::Display for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "#{} {} {} {body}", self.n, self.method, self.path)?;
        match self.status {
            Some(status) => write!(f, " -> {status}"),
            None => write!(f, " -> nothing"),
        }
    }
}

pub struct Webhook {
    shared: Arc<Shared>,
    front: Front,
    background: Background,
}

struct Shared {
    journal: Journal<Poll>,
    answers: Mutex<Answers>,
}

struct Answers {
    queue: VecDeque<Answer>,
    default: Answer,
}

impl Webhook {
    /// Listens on a free port of 127.0.0.1 and gives this answer to all.
    pub fn start(default: impl Into<Answer>) -> Self {
        let background = Background::start("webhook");
        let shared = Arc::new(Shared {
            journal: Journal::new(),
            answers: Mutex::new(Answers { queue: VecDeque::new(), default: default.into() }),
        });
        let for_connections = Arc::clone(&shared);
        let front = Front::start(&background, move |stream| {
            let shared = Arc::clone(&for_connections);
            speak_http(stream, move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.answer(request).await }
            })
        });
        Self { shared, front, background }
    }

    /// Any other path of it does as well: all are answered alike.
    pub fn url(&self) -> String {
        format!("http://{}/gate", self.front.address())
    }

    /// Answers for the next polls, one each, before the default's turn.
    pub fn queue<A: Into<Answer>>(&self, answers: impl IntoIterator<Item = A>) {
        let mut all = self.answers();
        all.queue.extend(answers.into_iter().map(Into::into));
    }

    /// The answer from the next poll on; what was queued is dropped.
    pub fn answer_with(&self, answer: impl Into<Answer>) {
        let mut all = self.answers();
        all.queue.clear();
        all.default = answer.into();
    }

    pub fn requests(&self) -> Vec<Poll> {
        self.shared.journal.all()
    }

    /// Poll `n` (1 is the first), as soon as it has come; it may not have been
    /// answered yet.
    #[track_caller]
    pub fn wait_for_polls(&self, n: usize, limit: Duration) -> impl Future<Output = Poll> {
        self.wait_for_poll(limit, move |poll| poll.n == n)
    }

    #[track_caller]
    pub fn wait_for_poll<P>(&self, limit: Duration, fits: P) -> impl Future<Output = Poll>
    where
        P: FnMut(&Poll) -> bool,
    {
        self.shared.journal.wait_for(limit, fits)
    }

    /// Unreachable: connections are closed and new ones refused.
    pub fn go_down(&self) {
        self.front.refuse();
    }

    pub fn come_up(&self) {
        self.front.accept();
    }

    /// For plain tests: `webhook.block_on(webhook.wait_for_polls(...))`.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.background.block_on(future)
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.shared.answers.lock().expect("nothing panics with it")
    }
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, BoxError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        // The answer is taken before the poll shows in the journal: a test
        // that waits for it and then changes the answer means the next one.
        let answer = {
            let mut all = self.answers.lock().expect("nothing panics with it");
            all.queue.pop_front().unwrap_or_else(|| all.default.clone())
        };
        let (key, _) = self.journal.add(|before| Poll {
            n: before.count() + 1,
            method: head.method,
            path: head.uri.to_string(),
            headers: head.headers,
            body,
            at: Instant::now(),
            status: None,
        });
        match answer.when {
            When::AtOnce => {}
            When::After(delay) => tokio::time::sleep(delay).await,
            When::Opened(latch) => latch.opened().await,
        }
        match answer.what {
            What::Reply(reply) => {
                self.journal.note(key, |poll| poll.status = Some(reply.status));
                Ok(reply.into_response())
            }
            What::Nothing => pending().await,
            What::Close => Err("closed without an answer".into()),
        }
    }
}
