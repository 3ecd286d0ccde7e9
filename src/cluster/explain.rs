//! What a failed request means for a person: the kind of error, and the next command.

use super::plugin::Trouble;
use super::{CallError, Cluster};
use crate::error::{Error, Kind};
use crate::release::Unreadable;

/// Of RBAC.
const VERBS: [&str; 7] = ["get ", "list ", "watch ", "create ", "update ", "patch ", "delete "];

impl Cluster {
    /// A command line of kubectl's for this very cluster, user and namespace.
    pub fn kubectl(&self, words: &str) -> String {
        format!("kubectl {words}{}", self.flags)
    }

    /// Nothing can be decided on a record that can't be understood.
    pub fn unreadable(&self, error: &Unreadable) -> Error {
        let look = format!("get configmap {} -o yaml", error.id.name);
        let Unreadable { id, why, is_later } = error;
        let error = Error::new(Kind::Unexpected, format!("the record, {id}, can't be read"))
            .because(why)
            .hint(self.kubectl(&look));
        error.hint(match is_later {
            true => "use the version that wrote it, or a later one",
            false => "if you delete it, init creates it again from the cluster's objects",
        })
    }

    /// Nothing can be asked without one.
    pub(super) fn without_credential(&self, trouble: Trouble) -> Error {
        let what = format!("there is no credential for the cluster at {}", self.address);
        let error = Error::new(Kind::NotPermitted, what).because(trouble.what);
        // kubectl runs the same plugin, and shows what it says.
        error.hint(trouble.hint.unwrap_or_else(|| self.kubectl("auth whoami")))
    }

    /// `doing` is a verb and a resource, as RBAC has them: `list pods`.
    pub fn explain(&self, error: CallError, doing: &str) -> Error {
        // Nothing but rights can be in the way of reading.
        let reads = ["get ", "list ", "watch "].iter().any(|verb| doing.starts_with(verb));
        let is_about_rights = error.is_about_rights() || reads;
        match error {
            CallError::Refused { code: 401, message, .. } => {
                Error::new(Kind::NotPermitted, "the API server does not accept your credential")
                    .because(message)
                    .hint(self.kubectl("auth whoami"))
            }
            CallError::Refused { code: 403, message, .. } if is_about_rights => {
                // kubectl answers for a verb and a resource alone.
                let is_right = VERBS.iter().any(|verb| doing.starts_with(verb));
                let asked = if is_right { doing } else { "--list" };
                Error::new(Kind::NotPermitted, format!("you are not allowed to {doing}"))
                    .because(message)
                    .hint(self.kubectl(&format!("auth can-i {asked}")))
            }
            CallError::Refused { message, .. } => {
                Error::new(Kind::Unexpected, format!("the API server refuses to {doing}"))
                    .because(message)
            }
            CallError::Throttled { .. } | CallError::Lost { .. } => {
                let what = format!("the cluster at {} can't be reached", self.address);
                Error::new(Kind::Unreachable, what)
                    .because(error.to_string())
                    .hint(self.kubectl("cluster-info"))
            }
        }
    }
}
