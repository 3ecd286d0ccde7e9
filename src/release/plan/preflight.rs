//! What is looked at before a command's first write: everything that `check` looks at.

use jiff::Timestamp;

use super::{Doing, Step, deploy, init, rehearse};
use crate::model::Write;
use crate::release::checks::{self, Check};
use crate::release::snapshot::Leads;
use crate::release::{Goal, Snapshot};

#[derive(Default)]
pub struct Preflight {
    /// What somebody should know.
    pub warnings: Vec<Check>,
    /// What the API server is to try.
    pub steps: Vec<Step>,
    /// A pod of the candidate's, to be tried as well.
    pub pod: Option<Write>,
}

/// For the step that is planned now; nothing where it is not the first of something new. Going on with
/// what was begun, and going back, are held up by nothing.
pub fn before(goal: &Goal, doing: &Doing, s: &Snapshot, now: Timestamp) -> Option<Preflight> {
    match goal {
        Goal::Init(init) => {
            let ground = init::ground(s, init).ok()?;
            let steps = rehearse::of(&ground);
            Some(Preflight { warnings: checks::warnings(&ground), steps, pod: None })
        }
        Goal::Deploy(wanted) if matches!(doing, Doing::Start { .. }) => {
            let (_, record) = s.record.as_ref()?;
            let Leads::To(from) = s.routes_lead(record) else { return None };
            let ground = deploy::ground(s, record, from, wanted)?;
            let mut steps = rehearse::steps(wanted, s, now).unwrap_or_default();
            steps.extend(rehearse::beside_the_template(s));
            let pod = Some(rehearse::pod(&ground));
            Some(Preflight { warnings: checks::warnings(&ground), steps, pod })
        }
        _ => None,
    }
}
