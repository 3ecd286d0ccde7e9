//! Objects of the app that are on their way out.

use serde_json::Value;

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::model::{Colour, Id, Kind};
use crate::route::Route;

const NAME: &str = "deletion";

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let s = g.s;
    let slots = Colour::BOTH.into_iter().filter_map(|colour| s.slot(colour)).map(|slot| slot.0);
    let services = s.names.serving(&g.service).into_iter().chain([s.names.preview()]);
    let services = services.filter_map(|service| s.service(&service));
    // The live Service may be the route.
    let routes = g.routes().into_iter().filter(|route| route.kind() != Kind::Service);
    let own = s.managed_ingress();
    let record = s.objects.get(s.names.record().kind, &s.names.record().name);
    let objects = slots.chain(services).chain(routes.map(Route::object)).chain(own).chain(record);
    let found = objects.filter_map(|object| {
        let since = object["metadata"]["deletionTimestamp"].as_str()?;
        let what = format!("{} is being deleted, since {since}", Id::of(object)?);
        Some(Check::fail(NAME, what).hint(hint(object)))
    });
    or_pass(found.collect(), NAME, "nothing of the app is being deleted")
}

fn hint(object: &Value) -> String {
    let finalizers = object["metadata"]["finalizers"].as_array().into_iter().flatten();
    let finalizers: Vec<&str> = finalizers.filter_map(Value::as_str).collect();
    match finalizers.is_empty() {
        true => "wait until it is deleted, and create it again".to_owned(),
        false => format!("it waits for {}", finalizers.join(", ")),
    }
}
