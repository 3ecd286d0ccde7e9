//! Where two replies differ.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::side::Reply;

#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// As in `body.spec.ports[0].port`.
    pub path: String,
    pub real: Value,
    pub sandbox: Value,
}

pub fn replies(real: &Reply, sandbox: &Reply) -> Vec<Difference> {
    let mut found = Vec::new();
    if real.code != sandbox.code {
        // Nothing else of them is alike.
        let shown = |it: &Reply| json!(format!("{}: {}", it.code, it.body["message"]));
        let (real, sandbox) = (shown(real), shown(sandbox));
        return vec![Difference { path: "code".to_owned(), real, sandbox }];
    }
    compare("media", &json!(real.media), &json!(sandbox.media), &mut found);
    compare("body", &real.body, &sandbox.body, &mut found);
    found
}

fn compare(path: &str, real: &Value, sandbox: &Value, found: &mut Vec<Difference>) {
    match (real, sandbox) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}.{key}");
                // One that is not there, and one that is null, are two things.
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => compare(&path, one, other, found),
                    (one, other) => {
                        found.push(Difference { path, real: shown(one), sandbox: shown(other) })
                    }
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (n, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{path}[{n}]"), one, other, found);
            }
        }
        _ if real == sandbox => {}
        _ => found.push(Difference {
            path: path.to_owned(),
            real: real.clone(),
            sandbox: sandbox.clone(),
        }),
    }
}

fn shown(value: Option<&Value>) -> Value {
    value.cloned().unwrap_or_else(|| json!("(not there)"))
}
