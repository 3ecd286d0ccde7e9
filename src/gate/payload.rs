//! What a webhook is told: what Flagger tells its confirm-promotion hooks, and more under `metadata`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::release::Snapshot;
use crate::release::plan::Question;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Payload {
    name: String,
    namespace: String,
    phase: &'static str,
    checksum: String,
    /// Strings only: Flagger's receivers read it as a map of strings.
    metadata: BTreeMap<String, String>,
}

impl Payload {
    pub fn new(s: &Snapshot, question: &Question) -> Payload {
        let release = s.record.as_ref().and_then(|(_, record)| record.release.as_ref());
        let images = release.map(|release| release.images.values().cloned().collect::<Vec<_>>());
        let metadata = [
            ("release", question.release.to_string()),
            ("images", images.unwrap_or_default().join(",")),
            ("preview", s.preview_address().unwrap_or_default()),
        ];
        Payload {
            name: s.names.app.clone(),
            namespace: s.names.namespace.clone(),
            phase: "confirm-promotion",
            checksum: question.hash.clone(),
            metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into(),
        }
    }

    /// The same with a webhook's own metadata. Where both have a key, what is true of the release
    /// stands.
    pub fn with(&self, metadata: &BTreeMap<String, String>) -> Payload {
        let mut all = metadata.clone();
        all.extend(self.metadata.clone());
        Payload { metadata: all, ..self.clone() }
    }

    #[cfg(test)]
    pub fn of(metadata: &[(&str, &str)]) -> Payload {
        let metadata = metadata.iter().map(|(key, value)| ((*key).into(), (*value).into()));
        let (name, namespace) = (String::new(), String::new());
        Payload {
            name,
            namespace,
            phase: "",
            checksum: String::new(),
            metadata: metadata.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_true_of_the_release_stands() {
        let own = [("release", "99"), ("team", "birds")];
        let own = own.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let payload = Payload::of(&[("release", "7"), ("images", "a:1")]).with(&own);
        let metadata = serde_json::to_value(&payload).unwrap()["metadata"].clone();
        assert_eq!(metadata, serde_json::json!({"images": "a:1", "release": "7", "team": "birds"}));
    }
}
