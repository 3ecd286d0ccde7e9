//! What the API server says to the steps of a release that are only tried: admission included.

use serde_json::Value;

use super::report::{Check, CheckStatus, or_pass};
use crate::release::{Fault, Step};

/// As the API server says that an operation of a JSON Patch, one of its tests, does not hold.
const OUTDATED: &str = "the server rejected our request due to an error in our request";
const NAME: &str = "dry-run";

/// What it said to one of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The object as it would be; a deletion leaves none.
    Taken { object: Option<Value> },
    Refused {
        code: u16,
        message: String,
        /// Which fields are wrong, where it says that.
        faults: Vec<Fault>,
    },
    /// That one may not do this: the check of the rights says which.
    Forbidden,
    /// It is not known.
    Lost { why: String },
}

/// A step that was tried.
pub struct DryRun {
    pub step: Step,
    pub reply: Reply,
}

/// Whether somebody has changed the object since it was read, or made it.
pub fn is_outdated(code: u16, message: &str) -> bool {
    matches!(code, 404 | 409) || code == 422 && message.contains(OUTDATED)
}

/// What helps where nobody's rights would.
fn way_out(message: &str) -> &'static str {
    match message {
        _ if message.contains("exceeded quota") => "raise the ResourceQuota, or free some of it",
        _ if message.contains("denied") || message.contains("forbidden") => {
            "have that webhook or policy allow it, or change what it objects to"
        }
        _ => "change what the API server objects to",
    }
}

/// Whether something of what was tried rests on an object that has changed since it was read: what was said of
/// it then tells nothing.
pub fn are_outdated(tried: &[DryRun]) -> bool {
    tried.iter().any(|tried| match &tried.reply {
        Reply::Refused { code, message, .. } => is_outdated(*code, message),
        _ => false,
    })
}

pub fn checks(tried: &[DryRun]) -> Vec<Check> {
    let mut found: Vec<Check> = tried
        .iter()
        .filter_map(|DryRun { step, reply }| {
            let (verb, id) = (step.write.verb(), step.write.id());
            match reply {
                Reply::Taken { .. } | Reply::Forbidden => None,
                // The step itself will be planned on what there is then.
                Reply::Refused { code, message, .. } if is_outdated(*code, message) => None,
                Reply::Refused { message, .. } if message.contains("does not support dry run") => {
                    let what = format!("{id} can't be dry-run: {message}");
                    Some(Check::warn(NAME, what))
                }
                Reply::Refused { message, .. } => {
                    let what = format!("the API server would refuse to {verb} {id}: {message}");
                    Some(Check::fail(NAME, what).hint(way_out(message)))
                }
                Reply::Lost { why } => {
                    let what =
                        format!("could not check whether the API server would {verb} {id}: {why}");
                    Some(Check::warn(NAME, what))
                }
            }
        })
        .collect();
    // What keeps one from being tried keeps the others, too.
    found.dedup_by(|later, first| {
        later.status == CheckStatus::Warn && first.status == CheckStatus::Warn
    });
    let passes = match tried.len() {
        0 => "nothing was tried while a release is in progress".to_owned(),
        n => format!(
            "the API server would accept the candidate, the switch and the switch back ({n} steps)"
        ),
    };
    or_pass(found, NAME, passes)
}
