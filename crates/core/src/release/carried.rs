//! What an object of ours takes over of the labels and annotations of the user's own that it stands
//! beside: policies ask for some, other tools go by some.
//!
//! - A candidate bears those of the live Deployment, or, with a file, the file's. They follow with each
//!   release; what it had before and has no more goes if a release had put it there.
//! - Blue is the user's own: what stands there stays, unless a file says another.
//! - Services, the Ingress and the record bear only what the app's Deployment and Service have alike, and by
//!   which nobody finds the app: something would scrape it twice, or send people there.
//!
//! Never taken over are the marks by which a tool knows what is its own: it would prune it, or would take it
//! for a part of something else.

use std::collections::{BTreeMap, BTreeSet};

use json_patch::{AddOperation, PatchOperation, RemoveOperation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::template::USUAL_KEYS;
use super::{Slot, Snapshot};
use crate::model::{Colour, MANAGED_BY, MANAGER, Write, annotation, label, pointer, string_map};

/// The annotation that says which of a slot's labels and annotations a release has put there.
const CARRIED: &str = "bluegreen/carried";
/// The domains of marks that are a tool's own: kubectl, Helm, Argo CD, Flux; and of others that delete what
/// bears theirs (kustomize and kpt, kapp, Rancher's, Config Sync).
const TOOLS: [&str; 12] = [
    "kubectl.kubernetes.io",
    "applyset.kubernetes.io",
    "deployment.kubernetes.io",
    "helm.sh",
    "argoproj.io",
    "fluxcd.io",
    "config.kubernetes.io",
    "config.k8s.io",
    "cli-utils.sigs.k8s.io",
    "k14s.io",
    "cattle.io",
    "gke.io",
];
/// Beside them: who manages it, by which label Argo CD knew its objects up to version 2, and what kubectl
/// writes down of a revision.
const OWN: [&str; 3] = [MANAGED_BY, "app.kubernetes.io/instance", "kubernetes.io/change-cause"];
/// The domain of ours.
const OURS: &str = "bluegreen";
const MAPS: [&str; 2] = ["labels", "annotations"];

/// Labels and annotations, by the names of their fields in `metadata`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Marks(BTreeMap<&'static str, BTreeMap<String, String>>);

/// What a candidate is to bear.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Load {
    marks: Marks,
    /// Whether a file said so: then it goes on into blue.
    is_from_file: bool,
}

/// What a slot bears by releases.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Carried {
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    labels: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    annotations: BTreeSet<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    file: bool,
}

/// Labels and annotations as they were; null is none.
pub type Found = BTreeMap<String, BTreeMap<String, Option<String>>>;

impl Marks {
    /// Those of an object's metadata that may be taken over.
    pub fn of(metadata: &Value) -> Marks {
        let of = |field: &'static str| {
            let mut all = string_map(&metadata[field]);
            all.retain(|key, _| !is_a_tools(key));
            (field, all)
        };
        Marks(MAPS.map(of).into())
    }

    fn get(&self, field: &str) -> impl Iterator<Item = (&String, &String)> {
        self.0.get(field).into_iter().flatten()
    }

    /// Those that a release would give this slot or take from it, by their names.
    pub fn lacking(&self, slot: Slot) -> Vec<String> {
        let load = Load { marks: self.clone(), is_from_file: true };
        let changes = load.changes(slot.0).into_iter();
        let named = changes.flat_map(|(field, of)| {
            let kind = field.trim_end_matches('s').to_owned();
            let keys = of.into_keys().filter(|key| key != CARRIED);
            keys.map(move |key| format!("{kind} {key}")).collect::<Vec<_>>()
        });
        named.collect()
    }

    /// Adds them to the metadata of an object that is to be made, without touching what it has.
    pub fn onto(&self, metadata: &mut Value) {
        for field in MAPS {
            for (key, value) in self.get(field) {
                if metadata[field][key].is_null() {
                    metadata[field][key] = json!(value);
                }
            }
        }
    }
}

fn is_a_tools(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let is_in = |tool: &str| {
        domain.strip_suffix(tool).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    OWN.contains(&key) || domain == OURS || TOOLS.into_iter().any(is_in)
}

impl Load {
    /// `given`: what a file says. Nothing where the slot is to stay as it is.
    pub fn of(live: Slot, slot: Option<Slot>, given: Option<&Marks>) -> Option<Load> {
        if let Some(given) = given {
            return Some(Load { marks: given.clone(), is_from_file: true });
        }
        let marks = Marks::of(&live.0["metadata"]);
        if slot.is_none_or(|slot| slot.is_ours()) {
            return Some(Load { marks, is_from_file: false });
        }
        // The live one has what blue had when it was made, but for what came with a file.
        let carried = carried(live.0).filter(|carried| carried.file)?;
        let mut marks = marks;
        for (field, all) in &mut marks.0 {
            all.retain(|key, _| carried.keys(field).contains(key));
        }
        Some(Load { marks, is_from_file: true })
    }

    /// Of a Deployment that is to be made.
    pub fn onto(&self, metadata: &mut Value) {
        self.marks.onto(metadata);
        if let Some(text) = self.carried(&Value::Null).text() {
            metadata["annotations"][CARRIED] = json!(text);
        }
    }

    /// What a slot bears by releases once it bears this: what was there already is not of theirs.
    fn carried(&self, slot: &Value) -> Carried {
        let before = carried(slot).unwrap_or_default();
        let keys = |field: &str| {
            let all = self.marks.get(field).filter(|(key, value)| {
                slot["metadata"][field][key] != value.as_str() || before.keys(field).contains(*key)
            });
            all.map(|(key, _)| key.clone()).collect()
        };
        let (labels, annotations) = (keys("labels"), keys("annotations"));
        Carried { labels, annotations, file: self.is_from_file }
    }

    /// What of a slot's metadata has to be another, and what it has to be: null is none.
    fn changes(&self, slot: &Value) -> Found {
        let before = carried(slot).unwrap_or_default();
        let mut changes = Found::new();
        for field in MAPS {
            let has = |key: &str| slot["metadata"][field][key].as_str();
            let mut of = BTreeMap::new();
            let gone = before.keys(field).iter().filter(|key| has(key).is_some());
            of.extend(gone.map(|key| (key.clone(), None)));
            for (key, value) in self.marks.get(field) {
                of.remove(key);
                if has(key) != Some(value) {
                    of.insert(key.clone(), Some(value.clone()));
                }
            }
            let text = self.carried(slot).text();
            if field == "annotations" && annotation(slot, CARRIED) != text.as_deref() {
                of.insert(CARRIED.to_owned(), text);
            }
            if !of.is_empty() {
                changes.insert(field.to_owned(), of);
            }
        }
        changes
    }

    /// What a slot has now where this will change it: for who has to put it back.
    pub fn found(&self, slot: &Value) -> Option<Found> {
        let mut changes = self.changes(slot);
        for (field, of) in &mut changes {
            for (key, value) in of {
                *value = slot["metadata"][&**field][&**key].as_str().map(str::to_owned);
            }
        }
        (!changes.is_empty()).then_some(changes)
    }

    pub fn patch(&self, slot: &Value) -> Vec<PatchOperation> {
        patch(slot, &self.changes(slot))
    }
}

impl Carried {
    fn keys(&self, field: &str) -> &BTreeSet<String> {
        if field == "labels" { &self.labels } else { &self.annotations }
    }

    fn text(&self) -> Option<String> {
        let is_empty = self.labels.is_empty() && self.annotations.is_empty();
        (!is_empty).then(|| serde_json::to_string(self).expect("plain data"))
    }
}

fn carried(slot: &Value) -> Option<Carried> {
    serde_json::from_str(annotation(slot, CARRIED)?).ok()
}

/// What gives an object these labels and annotations.
pub fn patch(object: &Value, wanted: &Found) -> Vec<PatchOperation> {
    let mut operations = Vec::new();
    for (field, of) in wanted {
        let has = &object["metadata"][field];
        if !has.is_object() && of.values().any(Option::is_some) {
            let (path, value) = (pointer(["metadata", field]), json!({}));
            operations.push(PatchOperation::Add(AddOperation { path, value }));
        }
        for (key, value) in of {
            let path = pointer(["metadata", field, key]);
            match value {
                Some(value) => {
                    let value = json!(value);
                    operations.push(PatchOperation::Add(AddOperation { path, value }));
                }
                None if has[key].is_null() => {}
                None => operations.push(PatchOperation::Remove(RemoveOperation { path })),
            }
        }
    }
    operations
}

/// What all of the app's own objects have alike, by which nobody finds it.
fn common(s: &Snapshot, service: &str) -> Map<String, Value> {
    let Some(Slot(blue)) = s.slot(Colour::Blue) else { return Map::new() };
    let mut labels = string_map(&blue["metadata"]["labels"]);
    let service = s.service(service).filter(|it| label(it, MANAGED_BY) != Some(MANAGER));
    let selectors = [
        string_map(&blue["spec"]["selector"]["matchLabels"]),
        service.map(|service| string_map(&service["spec"]["selector"])).unwrap_or_default(),
    ];
    labels.retain(|key, value| {
        let is_shared = service.is_none_or(|service| label(service, key) == Some(value.as_str()));
        let finds = USUAL_KEYS.contains(&&**key) || selectors.iter().any(|it| it.contains_key(key));
        is_shared && !finds && !is_a_tools(key)
    });
    labels.into_iter().map(|(key, value)| (key, json!(value))).collect()
}

/// An object of ours that is to be made, with what all of the app's own have alike.
pub fn alike(s: &Snapshot, service: &str, write: Write) -> Write {
    match write {
        Write::Create { id, mut object } => {
            for (key, value) in common(s, service) {
                object["metadata"]["labels"][key] = value;
            }
            Write::Create { id, object }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(labels: Value, annotations: Value, is_ours: bool) -> Value {
        let mut object = json!({"metadata": {"labels": labels, "annotations": annotations}});
        if is_ours {
            object["metadata"]["labels"][MANAGED_BY] = json!(MANAGER);
        }
        object
    }

    fn bears(object: &Value, load: &Load) -> Value {
        let mut after = object.clone();
        json_patch::patch(&mut after, &load.patch(object)).unwrap();
        after["metadata"].take()
    }

    #[test]
    fn the_marks_of_tools_stay_behind() {
        let tools = [
            "kubectl.kubernetes.io/last-applied-configuration",
            "applyset.kubernetes.io/part-of",
            "deployment.kubernetes.io/revision",
            "meta.helm.sh/release-name",
            "helm.sh/chart",
            "argocd.argoproj.io/tracking-id",
            "argocd.argoproj.io/instance",
            "app.kubernetes.io/instance",
            "app.kubernetes.io/managed-by",
            "kustomize.toolkit.fluxcd.io/name",
            "kapp.k14s.io/app",
            "objectset.rio.cattle.io/hash",
            "bluegreen/release",
            "kubernetes.io/change-cause",
        ];
        for key in tools {
            assert!(is_a_tools(key), "{key}");
        }
        let others = ["team", "app", "app.kubernetes.io/name", "reloader.stakater.com/auto"];
        for key in others.into_iter().chain(["nothelm.sh/x", "helm.sh.example.com/x", "a/helm.sh"])
        {
            assert!(!is_a_tools(key), "{key}");
        }
    }

    #[test]
    fn what_the_live_one_has_follows_and_what_it_has_no_more_goes() {
        let first = deployment(json!({"team": "a", "cost": "1"}), json!({"reload": "yes"}), false);
        let load = Load::of(Slot(&first), None, None).unwrap();
        let mut made = deployment(json!({}), json!({}), true);
        load.onto(&mut made["metadata"]);
        assert_eq!(made["metadata"]["labels"]["team"], "a");
        assert_eq!(made["metadata"]["annotations"]["reload"], "yes");
        // Somebody's own on the slot is left, what a release had put there goes.
        made["metadata"]["labels"]["mine"] = json!("x");
        let later = deployment(json!({"team": "b"}), Value::Null, false);
        let load = Load::of(Slot(&later), Some(Slot(&made)), None).unwrap();
        let found = load.found(&made).unwrap();
        let mut after = made.clone();
        after["metadata"] = bears(&made, &load);
        let labels = json!({"team": "b", "mine": "x", MANAGED_BY: MANAGER});
        assert_eq!(after["metadata"]["labels"], labels);
        assert_eq!(after["metadata"]["annotations"], json!({CARRIED: r#"{"labels":["team"]}"#}));
        // And back, where the release comes to nothing.
        let back = patch(&after, &found);
        json_patch::patch(&mut after, &back).unwrap();
        assert_eq!(after["metadata"], made["metadata"]);
        assert_eq!(load.found(&json!({"metadata": bears(&made, &load)})), None);
    }

    #[test]
    fn blue_stays_as_its_owner_has_it_unless_a_file_says_another() {
        let blue = deployment(json!({"team": "new", "own": "1"}), Value::Null, false);
        let mut green = deployment(json!({"team": "old"}), Value::Null, true);
        green["metadata"]["annotations"] = json!({CARRIED: r#"{"labels":["team"]}"#});
        assert_eq!(Load::of(Slot(&green), Some(Slot(&blue)), None), None);
        // What came into green with a file goes on.
        green["metadata"]["annotations"] = json!({CARRIED: r#"{"labels":["team"],"file":true}"#});
        let load = Load::of(Slot(&green), Some(Slot(&blue)), None).unwrap();
        assert_eq!(bears(&blue, &load)["labels"], json!({"team": "old", "own": "1"}));
        let file = Marks::of(&json!({"labels": {"cost": "9"}}));
        let load = Load::of(Slot(&green), Some(Slot(&blue)), Some(&file)).unwrap();
        let after = bears(&blue, &load);
        assert_eq!(after["labels"], json!({"team": "new", "own": "1", "cost": "9"}));
        // The next one takes away what this one has put there.
        let blue = json!({"metadata": after});
        let file = Marks::of(&json!({"labels": {"team": "new"}}));
        let load = Load::of(Slot(&green), Some(Slot(&blue)), Some(&file)).unwrap();
        let after = bears(&blue, &load);
        assert_eq!(after["labels"], json!({"team": "new", "own": "1"}));
        assert!(after["annotations"][CARRIED].is_null(), "{after:#}");
    }
}
