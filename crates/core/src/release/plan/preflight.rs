//! What is looked at before a command's first write: everything that `check` looks at.

use jiff::Timestamp;

use super::{Action, Step, deploy, dry_run, init, rollback};
use crate::model::Write;
use crate::release::checks::{self, Check};
use crate::release::routes::Leads;
use crate::release::{Goal, Init, Slot, Snapshot, Sought, beyond};

#[derive(Default)]
pub struct Preflight {
    /// What somebody should know.
    pub warnings: Vec<Check>,
    /// What the API server is to try.
    pub steps: Vec<Step>,
    /// A pod of the candidate's, to be tried as well.
    pub pod: Option<Write>,
    pub rights: Asked,
}

/// Which rights are asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Asked {
    /// All that a release needs.
    #[default]
    All,
    /// Those of who makes nothing any more, and deletes nothing but what was tried.
    Changing,
}

/// What is to be looked for beyond the namespace, before anything new begins; nothing where a release is
/// under way.
pub fn sought(goal: &Goal, s: &Snapshot) -> Option<Sought> {
    let none = Init::default();
    let init = match goal {
        Goal::Init(init) => init,
        Goal::Deploy(_) if !is_under_way(s) => &none,
        _ => return None,
    };
    Some(beyond::sought(&init::check_input(s, init).ok()?))
}

fn is_under_way(s: &Snapshot) -> bool {
    s.record.as_ref().is_some_and(|(_, record)| record.release.is_some())
}

/// For the step that is planned now, or none where nothing is left to do; nothing where it is not the first of
/// something new, or a person's yes.
/// Going on with what was begun is held up by nothing, and going back by what the API server refuses alone.
pub fn before(
    goal: &Goal,
    action: Option<&Action>,
    s: &Snapshot,
    now: Timestamp,
) -> Option<Preflight> {
    match goal {
        Goal::Init(init) => {
            let check_input = init::check_input(s, init).ok()?;
            let mut steps = dry_run::of(&check_input);
            steps.extend(dry_run::of_init(init, s, now));
            Some(Preflight {
                warnings: checks::warnings(&check_input),
                steps,
                pod: (!is_under_way(s)).then(|| dry_run::pod(&check_input)),
                ..Preflight::default()
            })
        }
        Goal::Deploy(wanted) if matches!(action, Some(Action::Start { .. })) => {
            let (_, record) = s.record.as_ref()?;
            let Leads::To(from) = s.routes_lead(record) else { return None };
            let check_input = deploy::check_input(s, record, from, wanted)?;
            let steps = dry_run::steps(goal, s, now).unwrap_or_default();
            Some(Preflight {
                warnings: checks::warnings(&check_input),
                steps: dry_run::to_try(steps, s),
                pod: Some(dry_run::pod(&check_input)),
                rights: Asked::All,
            })
        }
        Goal::Rollback { to, .. } if matches!(action, Some(Action::Start { .. })) => {
            let (_, record) = s.record.as_ref()?;
            let Leads::To(from) = s.routes_lead(record) else { return None };
            let check_input = rollback::check_input(s, record, from, *to)?;
            let slot = s.slot(check_input.to);
            let runs = |slot: Slot| {
                slot.runs(&check_input.template, &record.label)
                    && slot.desired() >= check_input.replicas()
            };
            let steps = dry_run::steps(goal, s, now).unwrap_or_default();
            Some(Preflight {
                warnings: Vec::new(),
                steps: dry_run::to_try_in_need(steps),
                pod: (!slot.is_some_and(runs)).then(|| dry_run::pod(&check_input)),
                rights: Asked::Changing,
            })
        }
        // A yes that would be followed by a refusal.
        Goal::Promote { .. } if matches!(action, Some(Action::Approve { .. })) => {
            let (_, record) = s.record.as_ref()?;
            // Another process goes on, and what it may do is its own.
            if record.driver.is_some() {
                return None;
            }
            let steps = dry_run::of_waiting(s);
            Some(Preflight { steps, rights: Asked::Changing, ..Preflight::default() })
        }
        _ => None,
    }
}
