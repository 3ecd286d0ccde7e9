//! Who else manages what a release changes: tools that put back what is not as their files say.

use std::collections::BTreeSet;

use serde_json::Value;

use super::controllers::{self, NAME};
use super::report::{Check, or_pass};
use super::{CheckInput, unknown};
use crate::model::{Id, Kind, Optional, annotation, label, name};
use crate::route::Route;

/// A tool, by what it leaves on objects.
struct Tool {
    name: &'static str,
    /// Field managers, by how their names begin.
    managers: &'static [&'static str],
    /// Keys of labels or annotations, by how they begin.
    keys: &'static [&'static str],
}

const FLAGGER: &str = "Flagger";

const TOOLS: [Tool; 4] = [
    Tool {
        name: "Argo CD",
        managers: &["argocd-"],
        keys: &["argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"],
    },
    Tool {
        name: "Flux",
        managers: &["kustomize-controller", "helm-controller"],
        keys: &["kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"],
    },
    Tool { name: "Helm", managers: &["helm"], keys: &["meta.helm.sh/release-name"] },
    Tool { name: FLAGGER, managers: &["flagger"], keys: &[] },
];

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let mut objects = vec![g.live.0];
    objects.extend(g.s.service(&g.service));
    // That may be the route.
    let routes = g.routes().into_iter().filter(|route| route.kind() != Kind::Service);
    objects.extend(routes.map(Route::object));
    let mut services = g.s.names.serving(&g.service);
    services.push(g.s.names.preview());
    let mut found = controllers::checks(g.s, &services, &g.routes());
    let is_unknown = !g.s.objects.others.unknown(&[Optional::Canary]).is_empty();
    found.extend(objects.into_iter().flat_map(|object| {
        // What it wrote stays when it has gone: where its Canaries can be read, they tell.
        let tools = of(object).into_iter().filter(|tool| *tool != FLAGGER || is_unknown);
        tools.filter_map(|tool| {
            let what = format!("{} is also managed by {tool}", Id::of(object)?);
            Some(Check::warn(NAME, what).hint(hint(g, tool, object)))
        })
    }));
    found.extend(unknown::of(g.s, NAME, &controllers::KINDS));
    or_pass(found, NAME, "no other tool is known to manage what a release changes")
}

fn of(object: &Value) -> BTreeSet<&'static str> {
    let fields = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let managers: Vec<&str> = fields.filter_map(|field| field["manager"].as_str()).collect();
    let bears = |key: &&str| label(object, key).is_some() || annotation(object, key).is_some();
    let helm = label(object, crate::model::MANAGED_BY) == Some("Helm");
    let manages = |tool: &&Tool| {
        let begins = |prefix: &&str| managers.iter().any(|manager| is_of(manager, prefix));
        tool.managers.iter().any(begins)
            || tool.keys.iter().any(bears)
            || (tool.name == "Helm" && helm)
    };
    TOOLS.iter().filter(manages).map(|tool| tool.name).collect()
}

/// `helm` is a whole name, and the beginning of Flux's `helm-controller`.
fn is_of(manager: &str, prefix: &str) -> bool {
    match prefix.ends_with('-') {
        true => manager.starts_with(prefix),
        false => manager == prefix,
    }
}

/// What a release changes of it, which the tool has to leave alone.
fn hint(g: &CheckInput, tool: &str, object: &Value) -> String {
    let kind = Kind::parse(object["kind"].as_str().unwrap_or_default());
    let fields = match (Route::parse(object), kind) {
        (Some(route), _) => {
            let named = route.naming_annotations(&g.s.names.serving(&g.service)).into_iter();
            let keys: BTreeSet<&str> = named.map(|(key, _)| key).collect();
            [route.switched_fields()].into_iter().chain(keys).collect::<Vec<_>>().join(", ")
        }
        (None, Some(Kind::Service)) => format!("spec.selector.{}", g.label.key),
        _ => "spec.replicas and spec.template".to_owned(),
    };
    match tool {
        // It changes them only when somebody runs it.
        "Helm" => {
            format!("an upgrade reverts {fields} of {}, and undoes a release", name(object))
        }
        FLAGGER => {
            let flags = &g.s.names.flags;
            format!("make sure that no Canary is left: kubectl get canaries{flags}")
        }
        _ => format!("exclude {fields} of {} from its sync, or it undoes a release", name(object)),
    }
}
