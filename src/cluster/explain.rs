//! What a failed request means for a person: the kind of error, and the next command.

use super::{CallError, Cluster};
use crate::error::{Error, Kind};

impl Cluster {
    /// `doing` is a verb and a resource, as RBAC has them: `list pods`.
    pub fn explain(&self, error: CallError, doing: &str) -> Error {
        // Nothing but rights can be in the way of reading.
        let reads = ["get ", "list ", "watch "].iter().any(|verb| doing.starts_with(verb));
        let is_about_rights = error.is_about_rights() || reads;
        match error {
            CallError::Refused { code: 401, message, .. } => {
                Error::new(Kind::NotPermitted, "the API server does not know who you are")
                    .because(message)
                    .hint("kubectl auth whoami")
            }
            CallError::Refused { code: 403, message, .. } if is_about_rights => {
                Error::new(Kind::NotPermitted, format!("you may not {doing}"))
                    .because(message)
                    .hint(format!("kubectl auth can-i {doing} -n {}", self.namespace))
            }
            CallError::Refused { message, .. } => {
                Error::new(Kind::Unexpected, format!("the API server refuses to {doing}"))
                    .because(message)
            }
            CallError::Throttled { .. } | CallError::Lost { .. } => {
                let what = format!("the cluster at {} can't be reached", self.address);
                Error::new(Kind::Unreachable, what)
                    .because(error.to_string())
                    .hint("kubectl cluster-info")
            }
        }
    }
}
