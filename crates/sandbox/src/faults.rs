//! What goes wrong on the way to the API server and back, for tests: on one client's calls, at HTTP.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::Method;
use tokio::sync::watch;

/// One call of a client, counted from 0. Watches are counted as well.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    pub nth: usize,
    pub method: Method,
    /// With its query.
    pub path: String,
}

impl Call {
    pub fn is_watch(&self) -> bool {
        self.path.contains("watch=true")
    }

    /// Neither what is only tried nor what is asked about one's own rights is one.
    pub fn is_write(&self) -> bool {
        let is_asked = self.path.contains("dryRun=") || self.path.contains("/selfsubject");
        self.method != Method::GET && !is_asked
    }
}

#[derive(Clone, PartialEq, Debug)]
pub enum Fault {
    /// The connection breaks before the call is sent.
    Unsent,
    /// It is carried out, and the connection breaks before the reply.
    Unanswered,
    /// Whoever should answer says this instead, and does nothing.
    Answered { code: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Whoever should answer says this, and carries it out after a while.
    AnsweredThenDone { code: u16, after: Duration },
    /// It takes its time to be carried out.
    Delayed(Duration),
    /// The reply ends after so many bytes.
    Cut(usize),
    /// Nothing comes back, ever; it may have been carried out.
    Hung { sent: bool },
}

type Wanted = Box<dyn FnMut(&Call) -> bool + Send>;

/// The faults of one client. Clones are handles to the same ones.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// How many calls have met a fault.
    met: watch::Sender<usize>,
    frozen: watch::Sender<bool>,
    gone: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    rules: Vec<(Wanted, Fault)>,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults(Arc::new(Inner {
            state: Mutex::default(),
            met: watch::Sender::new(0),
            frozen: watch::Sender::new(false),
            gone: watch::Sender::new(false),
        }))
    }
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no holder panics")
    }

    /// Every call that is wanted meets the fault.
    pub fn on(&self, wanted: impl FnMut(&Call) -> bool + Send + 'static, fault: Fault) {
        self.state().rules.push((Box::new(wanted), fault));
    }

    /// The nth call meets the fault.
    pub fn on_nth(&self, nth: usize, fault: Fault) {
        self.on(move |call| call.nth == nth, fault);
    }

    /// The first call from now on that is wanted meets the fault.
    pub fn once(&self, mut wanted: impl FnMut(&Call) -> bool + Send + 'static, fault: Fault) {
        let mut is_over = false;
        let first = move |call: &Call| {
            let is_first = !is_over && wanted(call);
            is_over |= is_first;
            is_first
        };
        self.on(first, fault);
    }

    pub fn clear(&self) {
        self.state().rules.clear();
    }

    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Returns when so many calls have met a fault.
    pub async fn met(&self, times: usize) {
        // This handle holds the sender.
        let _ = self.0.met.subscribe().wait_for(|met| *met >= times).await;
    }

    /// From now on nothing goes out and nothing comes in, until it is thawed.
    pub fn freeze(&self) {
        self.0.frozen.send_replace(true);
    }

    pub fn thaw(&self) {
        self.0.frozen.send_replace(false);
    }

    /// From now on nobody is there: connections break, those of open watches too.
    pub fn leave(&self) {
        self.0.gone.send_replace(true);
    }

    pub fn come_back(&self) {
        self.0.gone.send_replace(false);
    }

    pub(super) fn is_gone(&self) -> bool {
        *self.0.gone.borrow()
    }

    /// Returns when nobody is there.
    pub(super) async fn gone(&self) {
        let _ = self.0.gone.subscribe().wait_for(|gone| *gone).await;
    }

    pub(super) async fn thawed(&self) {
        let _ = self.0.frozen.subscribe().wait_for(|frozen| !frozen).await;
    }

    pub(super) fn meet(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut state = self.state();
        let nth = state.calls.len();
        let call = Call { nth, method: method.clone(), path: path.to_owned() };
        // All rules see the call: some count.
        let mut fault = None;
        for (wanted, met) in &mut state.rules {
            if wanted(&call) && fault.is_none() {
                fault = Some(met.clone());
            }
        }
        state.calls.push(call);
        drop(state);
        if fault.is_some() {
            self.0.met.send_modify(|met| *met += 1);
        }
        fault
    }
}
