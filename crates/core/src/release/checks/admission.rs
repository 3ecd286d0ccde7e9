//! What admission makes of a Deployment when its pod template is none of a write: each stamp and each
//! new size of ours would replace its pods.

use super::dry_run::{DryRun, Reply};
use super::report::{Check, or_pass};
use crate::model::Kind;
use crate::release::plan::Action;
use crate::release::{Snapshot, template};

const NAME: &str = "admission";
/// More fields than these are not named.
const NAMED: usize = 3;

pub fn checks(tried: &[DryRun], s: &Snapshot) -> Vec<Check> {
    let mut found: Vec<Check> = Vec::new();
    let mut taken = 0;
    for DryRun { step, reply } in tried {
        let (id, Reply::Taken { object: Some(after) }) = (step.write.id(), reply) else { continue };
        if !leaves_the_template(&step.action) || id.kind != Kind::Deployment {
            continue;
        }
        let Some(before) = s.objects.get(id.kind, &id.name) else { continue };
        taken += 1;
        let [before, after] = [before, after].map(|object| &object["spec"]["template"]);
        let fields = template::differences(before, after);
        if fields.is_empty() {
            continue;
        }
        let named = fields.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = match fields.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let what = format!(
            "admission changes the pod template of {id} on every write: {named}{more}; annotating \
             or scaling it in a release would replace its pods"
        );
        let restart = format!("kubectl rollout restart deployment/{}{}", id.name, s.names.flags);
        found.push(Check::fail(NAME, what).hint(format!(
            "store that change, which replaces its pods once: {restart}; if admission changes it \
             again after that, exempt it from that webhook or policy"
        )));
    }
    let passes = match taken {
        0 => "annotating and scaling a Deployment was not tried",
        _ => "annotating and scaling leave the pod templates unchanged",
    };
    or_pass(found, NAME, passes)
}

/// A stamp is tried together with a new size.
fn leaves_the_template(action: &Action) -> bool {
    matches!(action, Action::Resize { .. })
}
