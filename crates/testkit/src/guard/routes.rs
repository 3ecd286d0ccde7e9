//! The objects through which people reach an app, read without bluegreen's own code: which Services each
//! leads to. A new kind of route is a row here.

use serde_json::Value;

pub struct Kind {
    pub plural: &'static str,
    services: fn(&Value) -> Vec<&str>,
}

pub const KINDS: [Kind; 1] = [Kind { plural: "ingresses", services: of_ingress }];

/// Of a user's own: nobody gets in through bluegreen's. None of what is no route.
pub fn services<'a>(plural: &str, object: &'a Value) -> Vec<&'a str> {
    let is_ours = object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "bluegreen";
    let kind = KINDS.iter().find(|kind| kind.plural == plural).filter(|_| !is_ours);
    kind.map(|kind| (kind.services)(object)).unwrap_or_default()
}

pub fn of_ingress(ingress: &Value) -> Vec<&str> {
    let mut services = Vec::new();
    for rule in ingress["spec"]["rules"].as_array().into_iter().flatten() {
        for path in rule["http"]["paths"].as_array().into_iter().flatten() {
            services.extend(path["backend"]["service"]["name"].as_str());
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use bluegreen::route::Route;

    use super::*;

    #[test]
    fn every_kind_of_route_is_judged() {
        let judged: Vec<&str> = KINDS.iter().map(|kind| kind.plural).collect();
        assert_eq!(judged, Route::KINDS.map(|kind| kind.plural()));
    }
}
