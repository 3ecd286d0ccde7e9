//! PodDisruptionBudgets that hold the live pods.

use super::report::{Check, or_pass};
use super::{Ground, selector};
use crate::model::{Kind, name};

const NAME: &str = "disruption-budgets";

pub fn checks(g: &Ground) -> Vec<Check> {
    let (live, candidate) = (g.live_labels(), g.candidate_labels());
    let budgets = g.s.objects.list(Kind::PodDisruptionBudget);
    let found = budgets.filter_map(|budget| {
        let holds = |labels| selector::matches(&budget["spec"]["selector"], labels);
        (holds(&live) && !holds(&candidate)).then(|| {
            let what = format!(
                "PodDisruptionBudget {} holds the live pods and not a candidate's",
                name(budget)
            );
            let hint =
                format!("let its selector match {}: {} as well", g.label.key, g.label.value(g.to));
            Check::warn(NAME, what).hint(hint)
        })
    });
    or_pass(found.collect(), NAME, "none holds the live pods alone")
}
