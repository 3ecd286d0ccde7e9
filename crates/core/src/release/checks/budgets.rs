//! PodDisruptionBudgets that hold the live pods.

use serde_json::Value;

use super::CheckInput;
use super::report::Check;
use crate::model::{Kind, name};
use crate::release::{autoscaling, selector, template};

const NAME: &str = "disruption-budgets";

/// The budget that holds the live pods and not a candidate's, and whether a clone of it would.
enum Found<'a> {
    HoldsBoth(&'a Value),
    None,
    Live { budget: &'a Value, can_be_cloned: bool },
}

pub fn checks(g: &CheckInput) -> Vec<Check> {
    vec![match found(g) {
        Found::HoldsBoth(budget) => {
            let what = format!("PodDisruptionBudget {} covers a candidate's pods", name(budget));
            Check::pass(NAME, what)
        }
        Found::None => Check::pass(NAME, "no PodDisruptionBudget covers the live pods"),
        Found::Live { budget, can_be_cloned: true } => {
            let what = format!("a candidate gets a copy of PodDisruptionBudget {}", name(budget));
            Check::pass(NAME, what)
        }
        Found::Live { budget, can_be_cloned: false } => {
            let what = format!(
                "PodDisruptionBudget {} covers the live pods, and its selector can't be adapted to \
                 a candidate's",
                name(budget)
            );
            let hint = format!("make it select by {}", g.label.key);
            Check::warn(NAME, what).hint(hint)
        }
    }]
}

/// Whether a release makes one.
pub fn clones(g: &CheckInput) -> bool {
    matches!(found(g), Found::Live { can_be_cloned: true, .. })
}

fn found<'a>(g: &'a CheckInput) -> Found<'a> {
    let (live, candidate) = (g.live_labels(), g.candidate_labels());
    let budgets = || g.s.objects.list(Kind::PodDisruptionBudget);
    let holds = |budget: &Value, labels| selector::matches(&budget["spec"]["selector"], labels);
    if let Some(budget) = budgets().find(|budget| holds(budget, &candidate)) {
        return Found::HoldsBoth(budget);
    }
    let Some(budget) = budgets().find(|budget| holds(budget, &live)) else {
        return Found::None;
    };
    let template = template::coloured(&g.template, &g.label, g.to, 0);
    let labels = &template["metadata"]["labels"];
    let clone = autoscaling::budget(&g.s.names, budget, &g.label, g.to, labels, 0, 0);
    Found::Live { budget, can_be_cloned: clone.is_some() }
}
