//! A rule for a host that nobody has, in an Ingress of ours, by which a controller shows how far it is.

use json_patch::{AddOperation, PatchOperation, RemoveOperation};
use serde_json::{Value, json};

use super::keep_backends::path;
use crate::model::{Id, Kind, Write, name, pointer, version};

/// The markers of an app: they differ in the release's number alone.
pub struct Markers {
    /// How each host ends.
    end: String,
}

/// A rule, and what is asked to see it.
pub struct Marker {
    pub host: String,
    pub path: String,
    rule: Value,
}

impl Markers {
    /// `part`: what nobody outside can work out.
    pub fn new(part: &str) -> Markers {
        Markers { end: format!(".{part}.invalid") }
    }

    pub fn host(&self, release: u64) -> String {
        format!("r{release}{}", self.end)
    }

    /// As the rules of the Ingress's other host, for one Service alone.
    pub fn of(&self, release: u64, service: &str, port: &Value) -> Option<Marker> {
        let path = path(service, port);
        let asked = path["path"].as_str()?.to_owned();
        let host = self.host(release);
        let rule = json!({"host": host, "http": {"paths": [path]}});
        Some(Marker { host, path: asked, rule })
    }

    /// Where such rules stand, of whatever release they are.
    pub fn places<'a>(
        &'a self,
        ingress: &'a Value,
    ) -> impl DoubleEndedIterator<Item = usize> + use<'a> {
        let rules = ingress["spec"]["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
        rules.iter().enumerate().filter_map(|(nth, rule)| {
            let number = rule["host"].as_str()?.strip_prefix('r')?.strip_suffix(&self.end)?;
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then_some(nth)
        })
    }

    /// The Ingress as it is without one.
    pub fn without(&self, ingress: &Value) -> Value {
        let mut without = ingress.clone();
        if let Some(rules) = without["spec"]["rules"].as_array_mut() {
            for nth in self.places(ingress).rev() {
                rules.remove(nth);
            }
        }
        without
    }

    /// Takes away whatever stands there.
    pub fn remove(&self, ingress: &Value) -> Option<Write> {
        let changes = self.removals(ingress);
        let id = Id::new(Kind::Ingress, name(ingress));
        (!changes.is_empty()).then(|| Write::patch(id, &version(ingress), changes))
    }

    /// The last first: each moves those behind it.
    fn removals(&self, ingress: &Value) -> Vec<PatchOperation> {
        let places = self.places(ingress).rev().map(|nth| {
            let path = pointer(["spec", "rules", nth.to_string().as_str()]);
            PatchOperation::Remove(RemoveOperation { path })
        });
        places.collect()
    }
}

impl Marker {
    pub fn is_in(&self, ingress: &Value) -> bool {
        let rules = ingress["spec"]["rules"].as_array();
        rules.is_some_and(|rules| rules.contains(&self.rule))
    }

    /// Adds it, in the place of any that was left behind.
    pub fn add(self, markers: &Markers, ingress: &Value) -> Write {
        let mut changes = markers.removals(ingress);
        let path = pointer(["spec", "rules", "-"]);
        changes.push(PatchOperation::Add(AddOperation { path, value: self.rule }));
        Write::patch(Id::new(Kind::Ingress, name(ingress)), &version(ingress), changes)
    }
}
