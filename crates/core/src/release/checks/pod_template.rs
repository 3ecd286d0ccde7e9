//! Whether the API server would take a pod of the candidate's: what it says to one that is only tried.
//! Pod Security, quotas and limits of a namespace look at pods alone, and not at their Deployment.

use super::rehearsed::Reply;
use super::report::Check;

const NAME: &str = "pod-template";
/// What is asked of whoever makes a pod, and not of the pod: it may know the difference.
const OF_SOMEBODY: [&str; 2] = ["admission webhook ", "ValidatingAdmissionPolicy "];

/// Nothing where a release is in progress.
pub fn checks(reply: Option<&Reply>) -> Check {
    let Some(reply) = reply else {
        return Check::pass(NAME, "no pod was tried while a release is in progress");
    };
    match reply {
        Reply::Taken { .. } => Check::pass(NAME, "the API server would accept a candidate's pod"),
        // One of that name is there: it would be another's.
        Reply::Refused { code: 409, .. } => Check::pass(NAME, "no pod could be tried"),
        Reply::Forbidden => {
            let what = "a candidate's pods can't be checked against Pod Security, quotas and \
                        limits: you are not allowed to create pods, not even as a dry run";
            Check::warn(NAME, what).hint("check APP --role prints the rights that are needed")
        }
        Reply::Refused { message, .. } if message.contains("does not support dry run") => {
            Check::warn(NAME, format!("a candidate's pod can't be dry-run: {message}"))
        }
        Reply::Refused { message, .. } if OF_SOMEBODY.iter().any(|it| message.contains(it)) => {
            let what =
                format!("the API server would not let you create a candidate's pod: {message}");
            Check::warn(NAME, what).hint("make sure that the ReplicaSet controller is allowed to")
        }
        Reply::Refused { message, .. } => {
            let what = format!("the API server would refuse a candidate's pods: {message}");
            Check::fail(NAME, what).hint("change the pod template, or what the namespace allows")
        }
        Reply::Lost { why } => {
            Check::warn(NAME, format!("a candidate's pods could not be checked: {why}"))
        }
    }
}
