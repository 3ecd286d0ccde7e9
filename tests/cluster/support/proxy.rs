//! A recording HTTP proxy between the tool under test and a kube-apiserver:
//! the test's kubeconfig points at it, it writes down every request, and a
//! policy of the test decides what becomes of each.
//!
//! ```ignore
//! let proxy = Proxy::start("https://127.0.0.1:6443", &ca_pem);
//! let kubeconfig = kubeconfig_for(&proxy.url(), token);
//! // The second write never reaches the cluster, and the tool dies with it.
//! proxy.set(once(|seen| seen.write == Some(2), Action::cut_before(move || kill(&child))));
//! ```
//!
//! Clients speak plain HTTP/1.1 to it: rustls is then only between us and the
//! API server, and no certificate has to be made for a test.

mod action;
mod exchange;
mod seen;
mod upstream;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use action::{Action, once, script};
pub use seen::Seen;

use super::background::Background;
use super::front::{Front, speak_http};
use super::journal::Journal;
use action::Policy;
use exchange::Exchange;
use upstream::Upstream;

pub struct Proxy {
    shared: Arc<Shared>,
    front: Front,
    background: Background,
}

struct Shared {
    upstream: Upstream,
    journal: Journal<Seen>,
    policy: Mutex<Policy>,
}

impl Proxy {
    /// `upstream` is `https://HOST:PORT`, trusted by the certificates in
    /// `ca_pem`, or `http://HOST:PORT`, where they don't matter.
    pub fn start(upstream: &str, ca_pem: &[u8]) -> Self {
        let background = Background::start("recording-proxy");
        let shared = Arc::new(Shared {
            upstream: Upstream::new(upstream, ca_pem),
            journal: Journal::new(),
            policy: Mutex::new(Box::new(|_| Action::Forward)),
        });
        let for_connections = Arc::clone(&shared);
        let front = Front::start(&background, move |stream| {
            let exchange = Exchange::new(Arc::clone(&for_connections));
            async move {
                speak_http(stream, |request| exchange.answer(request)).await;
                exchange.pass_on_upgraded().await;
            }
        });
        Self { shared, front, background }
    }

    /// `http://127.0.0.1:PORT`, for the kubeconfig's `server`.
    pub fn url(&self) -> String {
        format!("http://{}", self.front.address())
    }

    /// What to do from the next request on. The policy must not block (what
    /// takes time belongs into an action's callback), and decides when the
    /// whole request is there, so it may look into the body.
    pub fn set(&self, policy: impl FnMut(&Seen) -> Action + Send + 'static) {
        *self.shared.policy.lock().expect("no policy panicked") = Box::new(policy);
    }

    /// Every request since the start, or since `forget`, in order of arrival.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.journal.all()
    }

    /// Numbers start at 1 again.
    pub fn forget(&self) {
        self.shared.journal.forget();
    }

    /// The first request that fits; one that came already counts. A status in
    /// the condition waits for the reply, too.
    #[track_caller]
    pub fn wait_for_request<P>(&self, limit: Duration, fits: P) -> impl Future<Output = Seen>
    where
        P: FnMut(&Seen) -> bool,
    {
        self.shared.journal.wait_for(limit, fits)
    }

    /// Takes the cluster away: connections are closed, watches too, and new
    /// ones refused. Not to be called from a policy, whose connection it ends.
    pub fn partition(&self) {
        self.front.refuse();
    }

    /// The cluster is back, at the same address.
    pub fn heal(&self) {
        self.front.accept();
    }

    /// Ends every connection, watches too; the next one is welcome.
    pub fn close_connections(&self) {
        self.front.close_connections();
    }

    /// For plain tests: `proxy.block_on(proxy.wait_for_request(...))`.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.background.block_on(future)
    }
}
