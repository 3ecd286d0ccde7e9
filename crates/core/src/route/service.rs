//! Services: what a selector matches, the patch that makes one follow a colour, and the live one as a
//! route, where nothing else names it.

use std::collections::BTreeMap;

use json_patch::{PatchOperation, ReplaceOperation, TestOperation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Asked, Backend, Switch};
use crate::model::{Colour, Id, Kind, Write, name, pointer, string_map, version};

/// The one label by which the pods of the two colours differ: `app: parrot` and
/// `app: parrot-green`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Label {
    pub key: String,
    /// The value that the user's own Deployment has: blue's.
    pub blue: String,
}

impl Label {
    pub fn value(&self, colour: Colour) -> String {
        match colour {
            Colour::Blue => self.blue.clone(),
            Colour::Green => format!("{}-green", self.blue),
        }
    }

    /// What selects the pods of both.
    pub fn selector(&self) -> String {
        let [blue, green] = Colour::BOTH.map(|colour| self.value(colour));
        format!("{} in ({blue},{green})", self.key)
    }

    pub fn colour(&self, value: &str) -> Option<Colour> {
        Colour::BOTH.into_iter().find(|colour| self.value(*colour) == value)
    }
}

/// The colour whose pods a Service selects, if it is one of the two.
pub fn resolves_to(service: &Value, label: &Label) -> Option<Colour> {
    label.colour(service["spec"]["selector"][&label.key].as_str()?)
}

/// Whether a Service's selector matches pods with these labels. An empty selector matches nothing.
pub fn selects(service: &Value, labels: &BTreeMap<String, String>) -> bool {
    let selector = string_map(&service["spec"]["selector"]);
    !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The patch that makes a Service select the other colour: one value of its selector, nothing else.
pub fn follow(service: &Value, label: &Label, colour: Colour) -> Write {
    let id = Id::new(Kind::Service, name(service));
    Write::patch(
        id,
        &version(service),
        vec![PatchOperation::Replace(ReplaceOperation {
            path: pointer(["spec", "selector", &label.key]),
            value: json!(label.value(colour)),
        })],
    )
}

/// Its ports, as a route's backends: of several, each has a name.
pub fn backends(service: &Value) -> Vec<Backend> {
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let ports = ports.map(|port| match port["name"].as_str() {
        Some(name) => json!({"name": name}),
        None => json!({"number": port["port"]}),
    });
    let (host, path, place) = (None, None, None);
    let service = name(service).to_owned();
    let backend = Backend { service, host, path, port: Value::Null, place };
    ports.map(|port| Backend { port, ..backend.clone() }).collect()
}

/// What is asked where somebody says at which address: its first port.
pub fn asked(service: &Value) -> Option<Asked> {
    let port = backends(service).into_iter().next()?.port;
    let (host, path) = (None, "/".to_owned());
    Some(Asked { host, path, port, is_encrypted: false, is_tls: false })
}

/// The switch of a live Service that is a route: the value of its selector that tells the colours apart,
/// tested as it was seen, and the stamps, so that one cannot stand without the other.
pub fn switch(service: &Value, switch: &Switch) -> Write {
    let path = pointer(["spec", "selector", &switch.label.key]);
    let was = service["spec"]["selector"][&switch.label.key].clone();
    let value = json!(switch.label.value(switch.colour));
    let mut operations = vec![
        PatchOperation::Test(TestOperation { path: path.clone(), value: was }),
        PatchOperation::Replace(ReplaceOperation { path, value }),
    ];
    operations.extend(switch.stamps(service));
    Write::patch(Id::new(Kind::Service, name(service)), &version(service), operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(selector: Value) -> Value {
        json!({"kind": "Service", "metadata": {"name": "parrot", "uid": "u", "resourceVersion": "7"},
            "spec": {"selector": selector}})
    }

    fn label() -> Label {
        Label { key: "app".into(), blue: "parrot".into() }
    }

    #[test]
    fn resolves_by_the_selector_alone() {
        assert_eq!(resolves_to(&service(json!({"app": "parrot"})), &label()), Some(Colour::Blue));
        let green = service(json!({"app": "parrot-green", "tier": "web"}));
        assert_eq!(resolves_to(&green, &label()), Some(Colour::Green));
        assert_eq!(resolves_to(&service(json!({"app": "toucan"})), &label()), None);
        assert_eq!(resolves_to(&service(json!({"tier": "web"})), &label()), None);
        assert_eq!(resolves_to(&service(Value::Null), &label()), None);
    }

    #[test]
    fn selects_what_has_every_label_and_an_empty_selector_nothing() {
        let labels = string_map(&json!({"app": "parrot", "tier": "web"}));
        assert!(selects(&service(json!({"app": "parrot"})), &labels));
        assert!(!selects(&service(json!({"app": "parrot", "tier": "db"})), &labels));
        assert!(!selects(&service(json!({})), &labels));
    }

    #[test]
    fn the_switch_tests_what_it_saw_and_bears_the_release() {
        let (services, label) = (["parrot".to_owned()], label());
        let (app, to, colour) = ("parrot", "parrot-green", Colour::Green);
        let by =
            Switch { app, services: &services, to, colour, label: &label, release: 3, epoch: 1 };
        let seen = service(json!({"app": "parrot", "tier": "web"}));
        let Write::Patch { id, patch } = switch(&seen, &by) else { panic!("not a patch") };
        assert_eq!(id, Id::new(Kind::Service, "parrot"));
        assert_eq!(
            serde_json::to_value(&patch).unwrap(),
            json!([
                {"op": "test", "path": "/metadata/uid", "value": "u"},
                {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
                {"op": "test", "path": "/spec/selector/app", "value": "parrot"},
                {"op": "replace", "path": "/spec/selector/app", "value": "parrot-green"},
                {"op": "add", "path": "/metadata/annotations", "value": {}},
                {"op": "add", "path": "/metadata/annotations/bluegreen~1release.parrot", "value": "3"},
                {"op": "add", "path": "/metadata/annotations/bluegreen~1epoch.parrot", "value": "1"},
            ])
        );
        for (path, value) in [
            ("/metadata/uid", "another"),
            ("/metadata/resourceVersion", "8"),
            ("/spec/selector/app", "parrot-green"),
        ] {
            let mut changed = seen.clone();
            *changed.pointer_mut(path).unwrap() = json!(value);
            assert!(json_patch::patch(&mut changed, &patch).is_err(), "{path} is not tested");
        }
    }

    #[test]
    fn its_ports_are_what_it_is_asked_for() {
        let mut one = service(json!({"app": "parrot"}));
        assert!(backends(&one).is_empty() && asked(&one).is_none());
        one["spec"]["ports"] = json!([{"port": 80}]);
        assert_eq!(backends(&one)[0].port, json!({"number": 80}));
        one["spec"]["ports"] = json!([{"name": "grpc", "port": 81}, {"name": "web", "port": 80}]);
        let ports: Vec<_> = backends(&one).into_iter().map(|backend| backend.port).collect();
        assert_eq!(ports, [json!({"name": "grpc"}), json!({"name": "web"})]);
        assert_eq!(asked(&one).unwrap().port, ports[0]);
    }

    #[test]
    fn follow_changes_one_value_of_the_selector_it_saw() {
        let Write::Patch { id, patch } =
            follow(&service(json!({"app": "parrot"})), &label(), Colour::Green)
        else {
            panic!("not a patch")
        };
        assert_eq!(id, Id::new(Kind::Service, "parrot"));
        assert_eq!(
            serde_json::to_value(patch).unwrap(),
            json!([
                {"op": "test", "path": "/metadata/uid", "value": "u"},
                {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
                {"op": "replace", "path": "/spec/selector/app", "value": "parrot-green"},
            ])
        );
    }
}
