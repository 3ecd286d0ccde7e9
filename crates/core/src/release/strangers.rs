//! Nobody else's pods: what the app's Services would reach that is not the app's.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Record, Snapshot, endpoints, whose};
use crate::model::{Colour, Kind, name, string_map};
use crate::route::{Label, selects};

/// What a Service selects that is not the app's, each once. What has ended is selected by nobody.
pub fn selected(s: &Snapshot, label: &Label, service: &Value) -> Vec<String> {
    strangers(s, label, |pod| selects(service, &string_map(&pod["metadata"]["labels"])))
}

/// What bears the label's value that green's pods are to have, and is not the app's.
pub fn like_green(s: &Snapshot, label: &Label) -> Vec<String> {
    let green = label.value(Colour::Green);
    let mut found = strangers(s, label, |pod| pod["metadata"]["labels"][&label.key] == *green);
    let slots = Colour::BOTH.map(|colour| s.names.deployment(colour));
    let others = s.objects.list(Kind::Deployment).filter(|other| {
        other["spec"]["template"]["metadata"]["labels"][&label.key] == *green
            && !slots.iter().any(|slot| slot == name(other))
    });
    found.extend(others.map(|other| format!("the pods of Deployment {}", name(other))));
    found.sort();
    found.dedup();
    found
}

fn strangers(s: &Snapshot, label: &Label, is_meant: impl Fn(&Value) -> bool) -> Vec<String> {
    let pods = s.objects.list(Kind::Pod).filter(|pod| is_meant(pod) && !whose::is_over(pod));
    let strange = pods.filter(|pod| whose::is_strange(s, label, pod));
    let keepers: BTreeSet<String> = strange.map(|pod| whose::keeper(&s.objects, pod)).collect();
    keepers.into_iter().collect()
}

/// What the Service of a colour reaches, or is about to, that is none of the app's pods.
pub fn behind(s: &Snapshot, record: &Record, colour: Colour) -> Option<String> {
    found(s, record, colour, |_| true)
}

/// The same, as far as it is known whose they are.
pub fn surely_behind(s: &Snapshot, record: &Record, colour: Colour) -> Option<String> {
    found(s, record, colour, |pod| whose::has_known_keeper(&s.objects, pod))
}

fn found(
    s: &Snapshot,
    record: &Record,
    colour: Colour,
    counts: impl Fn(&Value) -> bool,
) -> Option<String> {
    let name_of = s.names.service(colour);
    let service = s.service(&name_of)?;
    let reached = endpoints::reached(&s.objects, &name_of);
    let mut found = strangers(s, &record.label, |pod| {
        let is_selected = selects(service, &string_map(&pod["metadata"]["labels"]));
        (is_selected || reached.contains(name(pod))) && counts(pod)
    });
    found.extend(endpoints::without_pod(&s.objects, &name_of));
    (!found.is_empty()).then(|| {
        let (slot, found) = (s.names.deployment(colour), found.join(", "));
        format!("Service {name_of} leads to what is no pod of {slot}: {found}")
    })
}

/// What it still reaches of a version that was taken away.
pub fn left(s: &Snapshot, colour: Colour) -> Option<String> {
    let (slot, service) = (s.slot(colour)?, s.names.service(colour));
    let reached = endpoints::reached(&s.objects, &service).into_iter();
    let mut known = reached.filter_map(|pod| s.objects.get(Kind::Pod, &pod));
    let pod = known.find(|pod| !whose::is_of(&s.objects, slot, pod))?;
    let (pod, slot) = (name(pod), slot.name());
    Some(format!("Service {service} still reaches pod {pod}, which is no pod of {slot} any more"))
}
