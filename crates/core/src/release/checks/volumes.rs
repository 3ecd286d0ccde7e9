//! Volumes that two versions can't have at once.

use serde_json::Value;

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::model::Kind;

const NAME: &str = "volumes";

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let volumes = g.template["spec"]["volumes"].as_array().into_iter().flatten();
    let claims = volumes.filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str());
    let found = claims.filter_map(|claim| {
        let object = g.s.objects.get(Kind::PersistentVolumeClaim, claim)?;
        held(claim, object)
    });
    or_pass(found.collect(), NAME, "both versions can mount every volume")
}

fn held(claim: &str, object: &Value) -> Option<Check> {
    let modes: Vec<&str> = object["spec"]["accessModes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if modes.iter().any(|mode| ["ReadWriteMany", "ReadOnlyMany"].contains(mode)) {
        return None;
    }
    if modes.contains(&"ReadWriteOnce") {
        let what = format!(
            "PersistentVolumeClaim {claim} is ReadWriteOnce: a candidate starts only on the node that has it, \
             and both versions write to it"
        );
        let hint = "give it ReadWriteMany, or make sure that the candidate can run there, and that both \
                    may write";
        return Some(Check::warn(NAME, what).hint(hint));
    }
    modes.contains(&"ReadWriteOncePod").then(|| {
        let what = format!(
            "PersistentVolumeClaim {claim} is ReadWriteOncePod: no pod of a candidate would start while one of \
             the live ones has it"
        );
        Check::fail(NAME, what).hint("give it ReadWriteMany, or store the app's data elsewhere")
    })
}
