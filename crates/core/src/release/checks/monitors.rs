//! Monitors of the Prometheus operator's that scrape the live pods and not a candidate's, or the same pods
//! twice.

use serde_json::Value;

use super::policy::without;
use super::report::{Check, or_pass};
use super::{CheckInput, unknown};
use crate::model::{Optional, name, string_map};
use crate::release::{manifests, selector};

const NAME: &str = "monitors";

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let both = [g.live_labels(), g.candidate_labels()];
    let others = &g.s.objects.others;
    let held = |monitor: &Value| {
        both.each_ref().map(|labels| selector::matches(&monitor["spec"]["selector"], labels))
    };
    // Those of other namespaces that look into this one; and how a person finds one.
    let elsewhere = |kind| others.elsewhere(kind).filter(|monitor| looks_into(g, monitor));
    let shown = |monitor: &Value| match monitor["metadata"]["namespace"].as_str() {
        Some(namespace) if namespace != g.s.names.namespace => {
            format!("{} of namespace {namespace}", name(monitor))
        }
        _ => name(monitor).to_owned(),
    };
    let pods = others.list(Optional::PodMonitor).chain(elsewhere(Optional::PodMonitor));
    let pods = pods.collect::<Vec<_>>();
    let rest = |monitor: &Value| without(&monitor["spec"], "selector");
    let is_alone = |monitor: &&Value| {
        let twin = |other: &&Value| held(other)[1] && rest(other) == rest(monitor);
        held(monitor) == [true, false] && !pods.iter().any(twin)
    };
    let mut found: Vec<Check> = pods
        .iter()
        .copied()
        .filter(is_alone)
        .map(|monitor| {
            let what = format!(
                "PodMonitor {} scrapes the live pods and not a candidate's: there would be no metrics of the new version",
                shown(monitor)
            );
            let (key, value) = (&g.label.key, g.label.value(g.to));
            Check::warn(NAME, what).hint(format!("make its selector match {key}: {value} as well"))
        })
        .collect();
    // The Services of ours have no labels but ours: what selects them selects whatever there is.
    let own = string_map(&manifests::labels(&g.s.names));
    let own = others
        .list(Optional::ServiceMonitor)
        .chain(elsewhere(Optional::ServiceMonitor))
        .filter(|it| selector::matches(&it["spec"]["selector"], &own));
    found.extend(own.map(|monitor| {
        let what = format!(
            "ServiceMonitor {} selects the Services that bluegreen creates, too: pods would be \
             scraped more than once",
            shown(monitor)
        );
        Check::warn(NAME, what)
            .hint(format!("make its selector match a label of Service {}", g.service))
    }));
    found.extend(unknown::of(g.s, NAME, &Optional::MONITORS));
    let mut checks = or_pass(found, NAME, "no known monitor would miss the app");
    if others.is_short_sighted(&Optional::MONITORS) {
        let what = "those of other namespaces were not checked: they could not be listed";
        checks.push(Check::pass(NAME, what));
    }
    checks
}

/// Whether a monitor of another namespace looks for what it selects in this one.
fn looks_into(g: &CheckInput, monitor: &Value) -> bool {
    let namespaces = &monitor["spec"]["namespaceSelector"];
    let mut named = namespaces["matchNames"].as_array().into_iter().flatten();
    namespaces["any"] == true || named.any(|name| *name == *g.s.names.namespace)
}
