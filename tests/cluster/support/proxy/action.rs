//! What may become of a request.

use std::fmt;

use super::Seen;
use crate::support::latch::Latch;
use crate::support::reply::Reply;

/// Runs on a thread where it may block: kill a child and reap it, for example.
/// The client hears nothing more until it has returned.
pub type Callback = Box<dyn FnOnce() + Send>;

pub type Policy = Box<dyn FnMut(&Seen) -> Action + Send>;

pub enum Action {
    Forward,
    /// Never sent. The connection is closed after the callback.
    CutBefore(Callback),
    /// Carried out; the reply is here in full, the callback runs, and the
    /// client waits for as long as it likes.
    HoldReply(Callback),
    /// Answered by us, never sent.
    Reply(Reply),
    /// Carried out, and our answer given in place of the cluster's.
    CarryOutThenReply(Reply),
    /// Never sent, and the connection closed.
    Reset,
    /// Answered now (or the connection closed), and sent only when the latch
    /// opens: the packet that was still on its way when everybody gave up on
    /// it. It is sent even if the client is dead by then.
    Late {
        answer: Option<Reply>,
        gate: Latch,
    },
    /// Sent when the latch opens, unless the client has gone by then: the
    /// client that is suspended at this request, not the late packet.
    Freeze(Latch),
    /// Carried out; half of the reply arrives (of a watch: of its first
    /// chunk), then the connection is closed.
    Truncate,
}

impl Action {
    pub fn cut_before(callback: impl FnOnce() + Send + 'static) -> Self {
        Self::CutBefore(Box::new(callback))
    }

    pub fn hold_reply(callback: impl FnOnce() + Send + 'static) -> Self {
        Self::HoldReply(Box::new(callback))
    }

    /// Refused without being carried out, in the API server's words:
    /// `Action::refuse(409, "Conflict")`.
    pub fn refuse(status: u16, reason: &str) -> Self {
        Self::Reply(Reply::kube_status(status, reason))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forward => "forward",
            Self::CutBefore(_) => "cut before",
            Self::HoldReply(_) => "hold reply",
            Self::Reply(_) => "reply",
            Self::CarryOutThenReply(_) => "carry out, then reply",
            Self::Reset => "reset",
            Self::Late { .. } => "late",
            Self::Freeze(_) => "freeze",
            Self::Truncate => "truncate",
        })
    }
}

/// A policy that does `action` to the first request that fits and forwards
/// all others: `once(|seen| seen.n == 7, Action::Reset)`.
pub fn once(
    mut fits: impl FnMut(&Seen) -> bool + Send + 'static,
    action: Action,
) -> impl FnMut(&Seen) -> Action + Send + 'static {
    let mut action = Some(action);
    move |seen| {
        let hit = action.is_some() && fits(seen);
        action.take_if(|_| hit).unwrap_or(Action::Forward)
    }
}

/// A policy that takes one action after the other, then forwards. Watches are
/// forwarded and use none up: how often a client renews one is not for a test
/// to count.
pub fn script(
    actions: impl IntoIterator<Item = Action>,
) -> impl FnMut(&Seen) -> Action + Send + 'static {
    let mut actions = actions.into_iter().collect::<std::collections::VecDeque<_>>();
    move |seen| {
        if seen.is_watch {
            return Action::Forward;
        }
        actions.pop_front().unwrap_or(Action::Forward)
    }
}
