//! The article's webhook, with a page that shows what it was asked and gives a person the say.

use std::sync::{Arc, Mutex};

use http::{Method, Request};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::http::{HTML, Reply, events, reply};
use super::news::News;

const PAGE: &str = include_str!("pages/gate.html");
/// So many polls are shown to who opens the page.
const SHOWN: usize = 100;
/// No payload is longer.
const LONGEST: usize = 64 * 1024;
/// Where nobody is there to say it: so many polls are answered with no, to be seen.
const HESITATES: u64 = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Wait,
    Promote,
    Reject,
}

impl Answer {
    fn name(self) -> &'static str {
        match self {
            Answer::Wait => "wait",
            Answer::Promote => "promote",
            Answer::Reject => "reject",
        }
    }

    fn status(self) -> u16 {
        match self {
            Answer::Wait => 500,
            Answer::Promote => 200,
            Answer::Reject => 410,
        }
    }
}

pub struct Gate {
    answer: Mutex<Answer>,
    /// What it says in the end by itself.
    by_itself: Option<Answer>,
    news: News,
    polls: watch::Sender<u64>,
}

impl Gate {
    pub fn new(by_itself: Option<Answer>) -> Arc<Gate> {
        let gate = Gate {
            answer: Mutex::new(Answer::Wait),
            by_itself,
            news: News::keeping(SHOWN),
            polls: watch::Sender::new(0),
        };
        gate.say(Answer::Wait);
        Arc::new(gate)
    }

    /// Returns when it has been asked so often.
    pub async fn asked(&self, times: u64) {
        // This is the sender's owner.
        let _ = self.polls.subscribe().wait_for(|polls| *polls >= times).await;
    }

    fn say(&self, answer: Answer) {
        *self.answer.lock().expect("no holder panics") = answer;
        let said = json!({"answer": answer.name(), "release": null});
        self.news.tell(format!("event: state\ndata: {said}\n\n"));
    }

    pub async fn answer(&self, request: Request<Incoming>, ends: watch::Receiver<bool>) -> Reply {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => reply(200, HTML, PAGE),
            (&Method::GET, "/polls") => events(self.news.follow(), ends),
            (&Method::POST, "/promote") => self.told(Answer::Promote),
            (&Method::POST, "/reject") => self.told(Answer::Reject),
            (&Method::POST, "/gate") => self.poll(request).await,
            _ => reply(404, "text/plain", "the page is /, the webhook is POST /gate\n"),
        }
    }

    fn told(&self, answer: Answer) -> Reply {
        self.say(answer);
        reply(204, "text/plain", "")
    }

    async fn poll(&self, request: Request<Incoming>) -> Reply {
        let Ok(body) = Limited::new(request.into_body(), LONGEST).collect().await else {
            return reply(413, "text/plain", "that is no payload of a gate\n");
        };
        let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        let n = *self.polls.borrow() + 1;
        if let Some(answer) = self.by_itself.filter(|_| n > HESITATES) {
            self.say(answer);
        }
        let status = self.answer.lock().expect("no holder panics").status();
        let at = Timestamp::now().to_string();
        let poll = json!({"n": n, "at": at, "status": status, "body": body});
        self.news.tell(format!("event: poll\ndata: {poll}\n\n"));
        self.polls.send_replace(n);
        reply(status, "text/plain", "")
    }
}
