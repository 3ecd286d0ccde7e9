//! Nobody else's pods: what the app's Services would reach that is not the app's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Record, Snapshot, endpoints, whose};
use crate::model::{Colour, Kind, name, string_map};
use crate::route::{Label, resolves_to, selects};

/// Somebody else's pods.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stranger {
    /// What keeps them, as a person would look for it.
    pub what: String,
    /// Whether they are there for a while only.
    pub is_job: bool,
}

/// What a Service selects that is not the app's, each once. What has ended is selected by nobody.
pub fn selected(s: &Snapshot, label: &Label, service: &Value) -> Vec<Stranger> {
    strangers(s, label, |pod| selects(service, &string_map(&pod["metadata"]["labels"])))
}

/// A Service that a switch leads elsewhere: as it is, and as it leads to blue if it leads to green now. Others may bear blue's label, which
/// is the app's own. What bears green's is nobody's to begin with (`like_green`).
pub fn forms(label: &Label, service: &Value) -> Vec<Value> {
    let mut forms = vec![service.clone()];
    if resolves_to(service, label) == Some(Colour::Green) {
        let mut back = service.clone();
        back["spec"]["selector"][&label.key] = json!(label.value(Colour::Blue));
        forms.push(back);
    }
    forms
}

/// What bears the label's value that green's pods are to have, and is not the app's.
pub fn like_green(s: &Snapshot, label: &Label) -> Vec<Stranger> {
    let green = label.value(Colour::Green);
    let mut found = strangers(s, label, |pod| pod["metadata"]["labels"][&label.key] == *green);
    let slots = Colour::BOTH.map(|colour| s.names.deployment(colour));
    let others = s.objects.list(Kind::Deployment).filter(|other| {
        other["spec"]["template"]["metadata"]["labels"][&label.key] == *green
            && !slots.iter().any(|slot| slot == name(other))
    });
    found.extend(others.map(of_deployment));
    found.sort();
    found.dedup();
    found
}

/// What another Deployment has, or will have.
pub fn of_deployment(other: &Value) -> Stranger {
    Stranger { what: format!("the pods of Deployment {}", name(other)), is_job: false }
}

fn strangers(s: &Snapshot, label: &Label, is_meant: impl Fn(&Value) -> bool) -> Vec<Stranger> {
    let pods = s.objects.list(Kind::Pod).filter(|pod| is_meant(pod) && !whose::is_over(pod));
    let mut keepers: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for pod in pods.filter(|pod| whose::is_strange(s, label, pod)) {
        keepers.entry(whose::keeper(&s.objects, pod)).or_default().push(pod);
    }
    let told = keepers.into_iter().map(|(keeper, pods)| {
        let is_job = whose::is_of_a_job(pods[0]);
        // Which of a Job's runs it is, its pod says.
        let what = match pods.len() {
            _ if !is_job => keeper,
            1 => format!("{keeper} ({})", name(pods[0])),
            all => format!("{keeper} ({} and {} more)", name(pods[0]), all - 1),
        };
        Stranger { what, is_job }
    });
    told.collect()
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
    let others = strangers(s, &record.label, |pod| {
        let is_selected = selects(service, &string_map(&pod["metadata"]["labels"]));
        (is_selected || reached.contains(name(pod))) && counts(pod)
    });
    let mut found: Vec<String> = others.into_iter().map(|other| other.what).collect();
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
