//! The article's webhook, with a page that shows what it was asked and gives a person the say.

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::{Stream, StreamExt, stream};
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
    state: Mutex<State>,
    /// What it says in the end by itself.
    by_itself: Option<Answer>,
    news: News,
    polls: watch::Sender<u64>,
}

struct State {
    answer: Answer,
    /// What the answer is about: a release and its checksum, once somebody has asked.
    asked: Option<(u64, String)>,
    /// How often that was asked.
    polls: u64,
}

impl Gate {
    pub fn new(by_itself: Option<Answer>) -> Arc<Gate> {
        Arc::new(Gate {
            state: Mutex::new(State { answer: Answer::Wait, asked: None, polls: 0 }),
            by_itself,
            news: News::keeping(SHOWN),
            polls: watch::Sender::new(0),
        })
    }

    /// Returns when it has been asked so often.
    pub async fn asked(&self, times: u64) {
        // This is the sender's owner.
        let _ = self.polls.subscribe().wait_for(|polls| *polls >= times).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    /// What is so now, which may be older than all that is kept, and then what comes.
    fn follow(&self) -> impl Stream<Item = String> + Send + 'static {
        let now = event(&self.state());
        stream::iter([now]).chain(self.news.follow())
    }

    pub async fn answer(&self, request: Request<Incoming>, ends: watch::Receiver<bool>) -> Reply {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => reply(200, HTML, PAGE),
            (&Method::GET, "/polls") => events(self.follow(), ends),
            (&Method::POST, "/promote") => self.told(Answer::Promote),
            (&Method::POST, "/reject") => self.told(Answer::Reject),
            (&Method::POST, "/gate") => self.poll(request).await,
            _ => reply(404, "text/plain", "the page is /, the webhook is POST /gate\n"),
        }
    }

    /// What nobody has asked can't be answered, and an answer stands: what it was about may be live.
    fn told(&self, answer: Answer) -> Reply {
        let mut state = self.state();
        if state.asked.is_none() || state.answer != Answer::Wait {
            return reply(409, "text/plain", "no open request, or already decided\n");
        }
        state.answer = answer;
        self.news.tell(event(&state));
        reply(204, "text/plain", "")
    }

    async fn poll(&self, request: Request<Incoming>) -> Reply {
        let Ok(body) = Limited::new(request.into_body(), LONGEST).collect().await else {
            return reply(413, "text/plain", "this is not a gate's payload\n");
        };
        let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        let status = self.status(&body);
        let mut n = 0;
        self.polls.send_modify(|polls| {
            *polls += 1;
            n = *polls;
        });
        let at = Timestamp::now().to_string();
        let poll = json!({"n": n, "at": at, "status": status, "body": body});
        self.news.tell(format!("event: poll\ndata: {poll}\n\n"));
        reply(status, "text/plain", "")
    }

    /// What was said of another release does not count for this one.
    fn status(&self, body: &Value) -> u16 {
        let release = body["metadata"]["release"].as_str().and_then(|it| it.parse().ok());
        let checksum = body["checksum"].as_str().unwrap_or_default().to_owned();
        let asked = Some((release.unwrap_or(0), checksum));
        let mut state = self.state();
        if state.asked != asked {
            *state = State { answer: Answer::Wait, asked, polls: 0 };
            self.news.tell(event(&state));
        }
        state.polls += 1;
        let decides = state.answer == Answer::Wait && state.polls > HESITATES;
        if let Some(answer) = self.by_itself.filter(|_| decides) {
            state.answer = answer;
            self.news.tell(event(&state));
        }
        state.answer.status()
    }
}

fn event(state: &State) -> String {
    let release = state.asked.as_ref().map(|(release, _)| release);
    let said = json!({"answer": state.answer.name(), "release": release});
    format!("event: state\ndata: {said}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(gate: &Gate, release: u64, checksum: &str) -> u16 {
        gate.status(&json!({"checksum": checksum, "metadata": {"release": release.to_string()}}))
    }

    fn told(gate: &Gate, answer: Answer) -> u16 {
        gate.told(answer).status().as_u16()
    }

    #[test]
    fn a_yes_is_for_what_was_asked_and_stands() {
        let gate = Gate::new(None);
        assert_eq!(told(&gate, Answer::Promote), 409);
        assert_eq!(asked(&gate, 1, "a"), 500);
        assert_eq!(told(&gate, Answer::Promote), 204);
        assert_eq!(asked(&gate, 1, "a"), 200);
        assert_eq!(told(&gate, Answer::Reject), 409);
        assert_eq!(asked(&gate, 1, "a"), 200);
        // Another version, and another release of the same.
        assert_eq!(asked(&gate, 1, "b"), 500);
        assert_eq!(told(&gate, Answer::Reject), 204);
        assert_eq!(asked(&gate, 1, "b"), 410);
        assert_eq!(asked(&gate, 2, "b"), 500);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_late_still_learns_what_is_asked() {
        let gate = Gate::new(None);
        asked(&gate, 7, "a");
        (0..2 * SHOWN).for_each(|n| gate.news.tell(n.to_string()));
        let first = Box::pin(gate.follow()).next().await.unwrap();
        assert!(first.contains(r#"{"answer":"wait","release":7}"#), "{first}");
    }

    #[test]
    fn by_itself_it_hesitates_with_each_release() {
        let gate = Gate::new(Some(Answer::Promote));
        for release in [1, 2] {
            let answers = [(); 3].map(|()| asked(&gate, release, "a"));
            assert_eq!(answers, [500, 500, 200]);
        }
    }
}
