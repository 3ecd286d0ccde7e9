//! Nothing becomes less: each port of the live Service, and of each Service that follows it, leads to as
//! many pods after a switch as before. Those that follow lead to the live version until then, so what they
//! will reach is worked out: from the pods that the candidate's own Service reaches, and their containers.

use serde_json::Value;

use super::{Record, Release, Snapshot, endpoints, whose};
use crate::model::{Colour, Kind, name};
use crate::route::Label;

/// A port of a Service that a switch leads over, and how many pods it leads to.
pub struct Afterwards {
    pub service: String,
    pub port: String,
    pub now: u64,
    pub then: u64,
}

/// Of which port a Service would lead to fewer pods than it does now.
pub fn less(s: &Snapshot, record: &Record, release: &Release) -> Option<String> {
    let less = afterwards(s, record, release).into_iter().find(|it| it.then < it.now)?;
    let Afterwards { service, port, now, then } = less;
    Some(format!("Service {service} would reach {then} pods on port {port}, and reaches {now} now"))
}

/// What every port of those Services leads to, now and after the switch.
pub fn afterwards(s: &Snapshot, record: &Record, release: &Release) -> Vec<Afterwards> {
    let (Some(live), Some(new)) = (s.slot(release.from), s.slot(release.to)) else {
        return Vec::new();
    };
    let reached = endpoints::reached(&s.objects, &s.names.service(release.to));
    // One that no watch has brought yet is like its template: a stranger would be told of before.
    let specs = reached.iter().filter_map(|pod| match s.objects.get(Kind::Pod, pod) {
        Some(pod) => whose::is_of(&s.objects, new, pod).then_some(&pod["spec"]),
        None => Some(&new.template()["spec"]),
    });
    let pods: Vec<&Value> = specs.collect();
    let services = s.following(&record.service, &record.label, release.from);
    let asked = services.into_iter().flat_map(|service| ports(service).map(move |p| (service, p)));
    let counted = asked.map(|(service, port)| {
        let entry = port["name"].as_str().unwrap_or_default().to_owned();
        let now = endpoints::ready(&s.objects, name(service), &[entry]).min(live.desired());
        let then = pods.iter().filter(|spec| has(spec, port)).count() as u64;
        Afterwards { service: name(service).to_owned(), port: shown(port), now, then }
    });
    counted.collect()
}

/// What Services ask for by a name that the containers have had until now, and none of the new template has:
/// nobody would ever be reached by it.
pub fn lost(
    s: &Snapshot,
    (live, label): (&str, &Label),
    from: Colour,
    (base, wanted): (&Value, &Value),
) -> Vec<String> {
    let services = s.following(live, label, from);
    let asked = services.into_iter().flat_map(|service| ports(service).map(move |p| (service, p)));
    let lost = asked.filter(|(_, port)| has(&base["spec"], port) && !has(&wanted["spec"], port));
    let lost = lost.map(|(service, port)| {
        let target = &port["targetPort"].as_str().unwrap_or_default();
        format!(
            "targetPort {target} of Service {} is not a port of the new template",
            name(service)
        )
    });
    lost.collect()
}

/// What Services ask for by a number that the containers listed until now, and none of the new template does.
pub fn unlisted<'a>(
    services: &[&'a Value],
    (base, wanted): (&Value, &Value),
) -> Vec<(&'a str, u64)> {
    let asked = services.iter().flat_map(|service| ports(service).map(|port| (*service, port)));
    let asked = asked.filter_map(|(service, port)| {
        let target = if port["targetPort"].is_null() { &port["port"] } else { &port["targetPort"] };
        Some((name(service), port, target.as_u64()?))
    });
    let lists = |template: &Value, port: &Value, target: u64| {
        listed(&template["spec"])
            .any(|listed| listed["containerPort"] == target && protocol(listed) == protocol(port))
    };
    asked
        .filter(|(_, port, target)| lists(base, port, *target) && !lists(wanted, port, *target))
        .map(|(service, _, target)| (service, target))
        .collect()
}

fn ports(service: &Value) -> impl Iterator<Item = &Value> {
    service["spec"]["ports"].as_array().into_iter().flatten()
}

/// Its name and number, as far as it has them.
fn shown(port: &Value) -> String {
    match port["name"].as_str() {
        Some(name) => format!("{name} ({})", port["port"]),
        None => port["port"].to_string(),
    }
}

/// Whether a Service's port leads anywhere in such a pod, as the endpoints controller sees it: a number
/// does, whatever the containers list.
fn has(pod: &Value, port: &Value) -> bool {
    let Some(target) = port["targetPort"].as_str() else { return true };
    listed(pod).any(|listed| listed["name"] == target && protocol(listed) == protocol(port))
}

/// The ports of a pod's containers, and of those that start before them and stay.
fn listed(pod: &Value) -> impl Iterator<Item = &Value> {
    let list = |field: &str| pod[field].as_array().into_iter().flatten();
    let stay = list("initContainers").filter(|container| container["restartPolicy"] == "Always");
    let containers = list("containers").chain(stay);
    containers.flat_map(|container| container["ports"].as_array().into_iter().flatten())
}

fn protocol(port: &Value) -> &str {
    port["protocol"].as_str().unwrap_or("TCP")
}

#[cfg(test)]
#[path = "reach_tests.rs"]
mod tests;
