//! What holds at every revision of a cluster, judged by the objects alone: whoever could be served is
//! served, by ready pods of a version that somebody approved; and what serves is left alone.

pub mod routes;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use bluegreen::sandbox::{Change, Logged};
use serde_json::Value;

type Objects = BTreeMap<(&'static str, String), Arc<Value>>;

const OTHERS: [&str; 4] = ["services", "endpointslices", "pods", "deployments"];

/// What it has to see, by the names of the resources.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    routes::KINDS.into_iter().map(|kind| kind.plural).chain(OTHERS)
}

/// Goes through everything that has happened to these apps, some of which may share a route. `may_serve`
/// says whether an image may, for an app, from a revision on.
pub fn judge(
    log: &[Logged],
    apps: &[&str],
    may_serve: impl Fn(&str, &str, u64) -> bool,
) -> Result<()> {
    let mut objects = Objects::new();
    // Before `init` the Ingress names a Service that nobody has made.
    let mut has_served = vec![false; apps.len()];
    for logged in log.iter().filter(|logged| kinds().any(|kind| kind == logged.plural)) {
        let what = || format!("at revision {}: {}", logged.revision, told(logged));
        for app in apps {
            leaves_what_serves(&objects, app, logged).with_context(what)?;
        }
        apply(&mut objects, logged);
        annotations_follow(&objects, logged).with_context(what)?;
        for (app, has_served) in apps.iter().zip(&mut has_served) {
            let may_serve = |image: &str| may_serve(app, image, logged.revision);
            let serves = serves(&objects, app, may_serve).with_context(what)?;
            ensure!(serves || !*has_served, "nobody is served by {app}, {}", what());
            *has_served |= serves;
        }
    }
    ensure!(!has_served.contains(&false), "somebody was never served: {apps:?}, {has_served:?}");
    Ok(())
}

fn told(logged: &Logged) -> String {
    let Logged { change, plural, object, .. } = logged;
    format!("{change:?} {plural} {}", object["metadata"]["name"])
}

fn apply(objects: &mut Objects, logged: &Logged) {
    let name = logged.object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    match logged.change {
        Change::Deleted => objects.remove(&(logged.plural, name)),
        _ => objects.insert((logged.plural, name), Arc::clone(&logged.object)),
    };
}

fn of<'a>(objects: &'a Objects, plural: &'static str) -> impl Iterator<Item = &'a Value> {
    let all = objects.range((plural, String::new())..);
    all.take_while(move |((kind, _), _)| *kind == plural).map(|(_, object)| &**object)
}

/// The Services of an app that the user's routes name, and the live one, for callers inside of the
/// cluster.
fn entries(objects: &Objects, app: &str) -> Vec<String> {
    let mut entries = vec![app.to_owned()];
    let its = |name: &&str| {
        name.strip_prefix(app).is_some_and(|rest| ["", "-blue", "-green"].contains(&rest))
    };
    for plural in routes::KINDS.map(|kind| kind.plural) {
        let services = of(objects, plural).flat_map(|route| routes::services(plural, route));
        entries.extend(services.filter(its).map(str::to_owned));
    }
    entries
}

/// Annotations that name Services, as F5's controller has them, name what the Ingress does: it answers for
/// none of its hosts otherwise. So they never change a moment before or after the backends.
fn annotations_follow(objects: &Objects, logged: &Logged) -> Result<()> {
    if logged.plural != "ingresses" || logged.change == Change::Deleted {
        return Ok(());
    }
    let name = logged.object["metadata"]["name"].as_str().unwrap_or_default();
    let ingress = objects.get(&("ingresses", name.to_owned())).context("it was taken in")?;
    let backends = routes::of_ingress(ingress);
    let said = |key: &str| ingress["metadata"]["annotations"][key].as_str().unwrap_or_default();
    let listed = said("nginx.org/websocket-services").split(',').map(str::trim);
    let entries = said("nginx.org/rewrites").split(';').map(str::trim);
    let rewritten =
        entries.filter_map(|entry| entry.strip_prefix("serviceName=")?.split(' ').next());
    for named in listed.chain(rewritten).filter(|named| !named.is_empty()) {
        ensure!(
            backends.contains(&named),
            "Ingress {name} has no backend {named}, which it annotates"
        );
    }
    Ok(())
}

/// Whether each way in leads to a ready pod; an error where it leads to one that nobody approved, or to
/// another app's.
fn serves(objects: &Objects, app: &str, may_serve: impl Fn(&str) -> bool) -> Result<bool> {
    let mut all = true;
    for service in entries(objects, app) {
        let slices = of(objects, "endpointslices")
            .filter(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == *service);
        let endpoints =
            slices.flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
        let mut ready = 0;
        for endpoint in endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true) {
            let pod = endpoint["targetRef"]["name"].as_str().context("an endpoint of no pod")?;
            // A pod that has just gone stands in the slice for a moment.
            let Some(pod) = objects.get(&("pods", pod.to_owned())) else { continue };
            let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
            let of = pod["metadata"]["labels"]["app"].as_str().unwrap_or_default();
            if of.strip_suffix("-green").unwrap_or(of) != app {
                bail!("Service {service} leads to a pod of {of}");
            }
            if !may_serve(image) {
                bail!("Service {service} leads to {image}, which nobody approved");
            }
            ready += usize::from(is_ready(pod));
        }
        all &= ready > 0;
    }
    Ok(all)
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
    let is_ending = pod["metadata"]["deletionTimestamp"].is_string();
    ready.is_some_and(|ready| ready["status"] == "True") && !is_ending
}

/// A Deployment that somebody is led to keeps its template, and its size at least.
fn leaves_what_serves(before: &Objects, app: &str, logged: &Logged) -> Result<()> {
    let Some(old) = logged.before.as_ref().filter(|_| logged.plural == "deployments") else {
        return Ok(());
    };
    let leads = |service: &String| {
        let service = before.get(&("services", service.clone()));
        service.is_some_and(|service| {
            service["spec"]["selector"]["app"] == old["spec"]["selector"]["matchLabels"]["app"]
        })
    };
    if entries(before, app).iter().any(leads) {
        let new = &logged.object;
        ensure!(logged.change != Change::Deleted, "what serves is deleted");
        ensure!(old["spec"]["template"] == new["spec"]["template"], "what serves is edited");
        let size = |object: &Value| object["spec"]["replicas"].as_u64().unwrap_or(1);
        ensure!(size(new) >= size(old), "what serves is made smaller");
    }
    Ok(())
}
