//! PodDisruptionBudgets that hold the live pods.

use serde_json::Value;

use super::Ground;
use super::report::Check;
use crate::model::{Kind, name};
use crate::release::{beside, selector, template};

const NAME: &str = "disruption-budgets";

pub fn checks(g: &Ground) -> Vec<Check> {
    let (live, candidate) = (g.live_labels(), g.candidate_labels());
    let budgets = || g.s.objects.list(Kind::PodDisruptionBudget);
    let holds = |budget: &Value, labels| selector::matches(&budget["spec"]["selector"], labels);
    if let Some(budget) = budgets().find(|budget| holds(budget, &candidate)) {
        let what = format!("PodDisruptionBudget {} holds a candidate's pods", name(budget));
        return vec![Check::pass(NAME, what)];
    }
    let Some(budget) = budgets().find(|budget| holds(budget, &live)) else {
        return vec![Check::pass(NAME, "none holds the live pods")];
    };
    let template = template::coloured(&g.template, &g.label, g.to, 0);
    let labels = &template["metadata"]["labels"];
    vec![match beside::budget(&g.s.names, budget, &g.label, g.to, labels, 0, 0) {
        Some(_) => {
            let what = format!("a candidate gets one like PodDisruptionBudget {}", name(budget));
            Check::pass(NAME, what)
        }
        None => {
            let what = format!(
                "PodDisruptionBudget {} holds the live pods, and its selector can't be made to hold a candidate's",
                name(budget)
            );
            let hint = format!("let it select by {}", g.label.key);
            Check::warn(NAME, what).hint(hint)
        }
    }]
}
