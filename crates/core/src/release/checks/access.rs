//! Who is let in: what the user's Ingress asks of people, and an Ingress of ours would not.

use serde_json::Value;

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::model::annotation;
use crate::release::managed;
use crate::route::{Route, access_lists, is_a_list, keeps_out};

pub const NAME: &str = "preview-access";

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let plane = g.s.data_plane(&g.service, g.route).plane;
    let host = g.preview_host.as_deref();
    // Without a host of people's, it is closed where it can be.
    if g.route.is_ingress() && host.is_none() && plane.locks() != Some(false) {
        let ours = g.s.names.preview();
        return vec![Check::pass(
            NAME,
            match plane.locks() {
                Some(_) => format!("Ingress {ours} admits no one"),
                None => format!("the host of Ingress {ours} is known to no one outside"),
            },
        )];
    }
    let made = g.s.managed_ingress();
    if made.is_none() && !managed::is_wanted(g.s, (&g.service, g.route), host) {
        return vec![Check::pass(NAME, "no Ingress of bluegreen's own is needed")];
    }
    let routes = g.routes();
    let found = routes.iter().flat_map(|route| {
        let asked = plane.access_rules().filter(|key| keeps_out(route.object(), key));
        let lists = plane.access_lists(route.object()).into_iter();
        // Of the lists ours has the first Ingress's.
        let other = lists.filter(|list| !access_lists(routes[0].object()).contains(list));
        let lost = asked.filter(|key| made.is_none_or(|made| !is_said(made, key)));
        lost.chain(other.map(|(key, _)| key)).map(|key| lacking(g, *route, key)).collect::<Vec<_>>()
    });
    or_pass(found.collect(), NAME, "the preview admits only whom the app admits")
}

fn is_said(made: &Value, key: &str) -> bool {
    annotation(made, key).is_some_and(|said| !said.trim().is_empty())
}

fn lacking(g: &CheckInput, route: Route, key: &str) -> Check {
    let (ours, flags) = (g.s.names.preview(), &g.s.names.flags);
    let seen = match &g.preview_host {
        Some(host) => format!("show the candidate at {host} to everyone"),
        None => "give everyone who knows its host access to every version of the app".to_owned(),
    };
    let what = format!(
        "Ingress {} restricts access ({key}), and Ingress {ours} has no such rule: it would {seen}",
        route.name()
    );
    let annotate = format!("kubectl annotate ingress {ours}{flags} {key}=...");
    let is_there = g.s.managed_ingress().is_some();
    let is_of_use = managed::is_wanted(g.s, (&g.service, g.route), g.preview_host.as_deref());
    Check::fail(NAME, what).hint(match (is_there, &g.preview_host) {
        _ if is_a_list(key) => "give all Ingresses of the app the same list".to_owned(),
        (true, _) if !is_of_use => {
            format!("it is not needed: kubectl delete ingress {ours}{flags}")
        }
        (true, _) => format!("add such a rule to it: {annotate}"),
        (false, Some(_)) => {
            format!("run init without a preview host, then {annotate}, then run init with it")
        }
        (false, None) => "bluegreen does not support such an app there yet".to_owned(),
    })
}
