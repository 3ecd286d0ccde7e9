//! What an Ingress does with requests and with the pods behind it, where a switch is felt.

use super::Ground;
use super::report::{Check, or_pass};
use crate::model::{annotation, name};

const AFFINITY: &str = "nginx.ingress.kubernetes.io/affinity";
const UPSTREAM: &str = "nginx.ingress.kubernetes.io/service-upstream";
const AUTH: &str = "nginx.ingress.kubernetes.io/auth-type";

pub fn checks(g: &Ground) -> Vec<Check> {
    let routes = g.routes();
    let having = |key: &str, values: &[&str]| {
        let has = |value: Option<&str>| value.is_some_and(|value| values.contains(&value));
        let having = routes.iter().filter(|route| has(annotation(route, key)));
        having.map(|route| name(route)).collect::<Vec<_>>().into_iter()
    };
    let sticky = having(AFFINITY, &["cookie"]).map(|ingress| {
        let what = format!("Ingress {ingress} keeps people on one pod by a cookie ({AFFINITY})");
        let hint =
            "at the switch everybody gets another pod: what a pod alone knows of a session is lost";
        Check::warn("affinity", what).hint(hint)
    });
    let through = having(UPSTREAM, &["true"]).map(|ingress| {
        let what = format!(
            "Ingress {ingress} sends requests to Services' own addresses ({UPSTREAM}), not to pods"
        );
        let hint = "let --drain be longer than the nodes take to follow a Service, or leave the annotation out";
        Check::warn("service-upstream", what).hint(hint)
    });
    let asking = having(AUTH, &["basic", "digest"]).map(|ingress| {
        let what = format!(
            "Ingress {ingress} asks for a password ({AUTH}): at any change of it the controller \
             writes the file of passwords anew, and may refuse a request of that instant with 401"
        );
        let hint = "ask again where a program gets a 401 at the switch, or let auth-url ask";
        Check::warn("basic-auth", what).hint(hint)
    });
    [
        or_pass(sticky.collect(), "affinity", "nobody is kept on one pod"),
        or_pass(through.collect(), "service-upstream", "requests go to the pods themselves"),
        or_pass(asking.collect(), "basic-auth", "no Ingress keeps passwords in a file"),
    ]
    .concat()
}
