//! What an Ingress does with the pods behind it, where a switch is felt.

use super::Ground;
use super::report::{Check, or_pass};
use crate::model::{annotation, name};

const AFFINITY: &str = "nginx.ingress.kubernetes.io/affinity";
const UPSTREAM: &str = "nginx.ingress.kubernetes.io/service-upstream";

pub fn checks(g: &Ground) -> Vec<Check> {
    let routes = g.routes();
    let sticky = routes.iter().filter(|route| annotation(route, AFFINITY) == Some("cookie"));
    let sticky = sticky.map(|route| {
        let what =
            format!("Ingress {} keeps people on one pod by a cookie ({AFFINITY})", name(route));
        let hint =
            "at the switch everybody gets another pod: what a pod alone knows of a session is lost";
        Check::warn("affinity", what).hint(hint)
    });
    let mut checks = or_pass(sticky.collect(), "affinity", "nobody is kept on one pod");
    let through = routes.iter().filter(|route| annotation(route, UPSTREAM) == Some("true"));
    let through = through.map(|route| {
        let what = format!(
            "Ingress {} sends requests to Services' own addresses ({UPSTREAM}), not to pods",
            name(route)
        );
        let hint = "let --drain be longer than the nodes take to follow a Service, or leave the annotation out";
        Check::warn("service-upstream", what).hint(hint)
    });
    checks.extend(or_pass(
        through.collect(),
        "service-upstream",
        "requests go to the pods themselves",
    ));
    checks
}
