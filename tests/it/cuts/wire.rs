//! One command's way to the API server, which ends or stands still at a call of the test's choice.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bluegreen::sandbox::{Api, Call, Fault, ReplyBody, Sandbox, Store};
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use tokio::sync::watch;
use tokio::time::sleep;
use tower::{BoxError, Service, service_fn};

/// What becomes of one call, and of the command that made it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Cut {
    /// The process is gone before the call is sent.
    Before,
    /// It is carried out, and the process is gone before the reply.
    After,
    /// The process is told 504 and lives on; it is carried out so much later.
    Late(Duration),
    /// The process is gone, and what it sent is carried out so much later.
    Orphaned(Duration),
    /// The process stands still before the call is sent, until it is thawed.
    Frozen,
    /// The same once the call is carried out, before the reply.
    FrozenAfter,
}

/// How far the cluster had come: equal ones in the history of one seed are the same cluster.
pub type Instant = (u64, Timestamp);

/// A call that was made.
#[derive(Clone, PartialEq, Debug)]
pub struct Made {
    pub call: Call,
    pub before: Instant,
    pub after: Option<Instant>,
    /// Nothing as long as nobody has answered.
    pub status: Option<StatusCode>,
}

pub struct Wire {
    store: Store,
    api: Api,
    cut: Option<(usize, Cut)>,
    made: Mutex<Vec<Made>>,
    stands: watch::Sender<bool>,
    thawed: watch::Sender<bool>,
}

impl Wire {
    pub fn whole(sandbox: &Sandbox) -> Arc<Wire> {
        Wire::new(sandbox, None)
    }

    /// Calls are counted from 0.
    pub fn cut(sandbox: &Sandbox, nth: usize, cut: Cut) -> Arc<Wire> {
        let wire = Wire::new(sandbox, Some((nth, cut)));
        if let Cut::Late(after) = cut {
            let fault = Fault::AnsweredThenDone { code: 504, after };
            wire.api.faults().on_nth(nth, fault);
        }
        wire
    }

    fn new(sandbox: &Sandbox, cut: Option<(usize, Cut)>) -> Arc<Wire> {
        let (store, api) = (sandbox.store().clone(), sandbox.api());
        let (made, stands) = (Mutex::default(), watch::Sender::new(false));
        Arc::new(Wire { store, api, cut, made, stands, thawed: watch::Sender::new(false) })
    }

    fn now(&self) -> Instant {
        (self.store.revision(), self.store.clock().now())
    }

    pub fn made(&self) -> Vec<Made> {
        self.made.lock().expect("no holder panics").clone()
    }

    /// Returns when the call has come at which the command ends or stands still.
    pub async fn stands(&self) {
        let mut stands = self.stands.subscribe();
        stands.wait_for(|stands| *stands).await.expect("the sender is here");
    }

    pub fn thaw(&self) {
        self.api.faults().thaw();
        self.thawed.send_replace(true);
    }

    pub fn client(self: &Arc<Self>, namespace: &str) -> Client {
        let wire = Arc::clone(self);
        let send = service_fn(move |request: Request<Body>| {
            let wire = Arc::clone(&wire);
            async move { wire.call(request).await }
        });
        Client::new(send, namespace)
    }

    async fn call(&self, request: Request<Body>) -> Result<Response<ReplyBody>, BoxError> {
        let nth = {
            let mut made = self.made.lock().expect("no holder panics");
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let (nth, path) = (made.len(), path.to_owned());
            let call = Call { nth, method: request.method().clone(), path };
            made.push(Made { call, before: self.now(), after: None, status: None });
            nth
        };
        let mut api = self.api.clone();
        let cut = self.cut.filter(|(at, _)| *at == nth).map(|(_, cut)| cut);
        match cut {
            Some(Cut::Before) => return self.is_gone().await,
            Some(Cut::After) => {
                let _ = api.call(request).await;
                return self.is_gone().await;
            }
            Some(Cut::Orphaned(after)) => {
                tokio::spawn(async move {
                    sleep(after).await;
                    let _ = api.call(request).await;
                });
                return self.is_gone().await;
            }
            Some(Cut::Frozen) => self.is_frozen().await,
            Some(Cut::FrozenAfter) => {
                // It is under way, whatever becomes of who sent it.
                let reply = tokio::spawn(async move { api.call(request).await }).await?;
                self.came(nth, &reply);
                self.is_frozen().await;
                return Ok(reply?);
            }
            Some(Cut::Late(_)) | None => {}
        }
        let reply = api.call(request).await;
        self.came(nth, &reply);
        Ok(reply?)
    }

    fn came<E>(&self, nth: usize, reply: &Result<Response<ReplyBody>, E>) {
        if let Ok(reply) = reply {
            let made = &mut self.made.lock().expect("no holder panics")[nth];
            (made.after, made.status) = (Some(self.now()), Some(reply.status()));
        }
    }

    /// What its watches have to say comes as late.
    async fn is_frozen(&self) {
        self.api.faults().freeze();
        self.stands.send_replace(true);
        let mut thawed = self.thawed.subscribe();
        thawed.wait_for(|thawed| *thawed).await.expect("the sender is here");
    }

    async fn is_gone<T>(&self) -> T {
        self.stands.send_replace(true);
        std::future::pending().await
    }
}
