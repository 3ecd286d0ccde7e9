//! HorizontalPodAutoscalers of the app.

use super::Ground;
use super::report::Check;
use crate::model::{Colour, name};
use crate::release::beside;

const NAME: &str = "autoscaler";

pub fn checks(g: &Ground) -> Vec<Check> {
    let all: Vec<_> = Colour::BOTH.into_iter().flat_map(|colour| g.s.autoscalers(colour)).collect();
    let mut found: Vec<Check> = Vec::new();
    for scaler in &all {
        let scaler_name = name(scaler);
        if let Some(owner) = beside::owner(scaler) {
            let what = format!(
                "HorizontalPodAutoscaler {scaler_name} scales the app, and {owner} manages it: a clone would not be \
                 managed"
            );
            let hint = "scale the app by an autoscaler of its own";
            found.push(Check::fail(NAME, what).hint(hint));
        }
        if beside::min_replicas(scaler) == 0 {
            let what = format!(
                "HorizontalPodAutoscaler {scaler_name} has minReplicas 0: it would start a version that was put away"
            );
            found.push(Check::fail(NAME, what).hint("set it to 1 or more"));
        }
    }
    for colour in Colour::BOTH {
        if let [first, second, ..] = g.s.autoscalers(colour)[..] {
            let what = format!(
                "HorizontalPodAutoscalers {} and {} both scale Deployment {}",
                name(first),
                name(second),
                g.s.names.deployment(colour)
            );
            found.push(Check::fail(NAME, what).hint("leave one of them"));
        }
    }
    if !found.is_empty() {
        return found;
    }
    let passes = match g.s.autoscalers(g.to.other()).first() {
        Some(scaler) => format!(
            "HorizontalPodAutoscaler {} scales the app: the new version gets one like it at the switch",
            name(scaler)
        ),
        None => "nothing scales the app by itself".to_owned(),
    };
    vec![Check::pass(NAME, passes)]
}
