//! HorizontalPodAutoscalers of the app.

use serde_json::Value;

use super::Ground;
use super::report::{Check, or_pass};
use crate::model::{Colour, Kind, name};

const NAME: &str = "autoscaler";

pub fn checks(g: &Ground) -> Vec<Check> {
    let ours = Colour::BOTH.map(|colour| g.s.names.deployment(colour));
    let targets = |scaler: &&Value| {
        let target = &scaler["spec"]["scaleTargetRef"];
        target["kind"] == "Deployment" && ours.iter().any(|name| target["name"] == name.as_str())
    };
    let scalers = g.s.objects.list(Kind::HorizontalPodAutoscaler).filter(targets);
    let found = scalers.map(|scaler| {
        let what = format!(
            "HorizontalPodAutoscaler {} scales the app, and bluegreen does not move an autoscaler to the new colour yet",
            name(scaler)
        );
        Check::fail(NAME, what)
    });
    or_pass(found.collect(), NAME, "nothing scales the app by itself")
}
