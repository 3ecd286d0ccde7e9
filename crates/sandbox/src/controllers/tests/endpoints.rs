//! What Services reach.

use super::*;
use crate::Stage;
use crate::resources::{ENDPOINT_SLICES, SERVICES};

fn service(port: Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "parrot", "namespace": "birds", "labels": { "team": "birds" } },
        "spec": {
            "selector": { "app": "parrot" },
            "ports": [{ "name": "web", "port": 80, "targetPort": port, "protocol": "TCP" }],
        },
    })
}

fn slice(store: &Store) -> Option<Arc<Value>> {
    let slices = store.list(&ENDPOINT_SLICES, Some("birds"));
    assert!(slices.len() <= 1, "{slices:#?}");
    slices.into_iter().next()
}

fn ready(store: &Store) -> usize {
    let slice = slice(store);
    let endpoints = slice.iter().flat_map(|slice| items(&slice["endpoints"]));
    endpoints.filter(|it| it["conditions"]["ready"] == true).count()
}

#[tokio::test(start_paused = true)]
async fn a_service_without_pods_has_an_empty_slice() {
    let town = Town::new(1);
    town.store().add(service(json!(3000)));
    town.until("a slice", |store| slice(store).is_some()).await;
    let slice = slice(town.store()).unwrap();
    assert_eq!((&slice["endpoints"], &slice["ports"]), (&Value::Null, &Value::Null));
    assert!(slice.get("endpoints").is_some() && slice.get("ports").is_some());
    let labels = json!({
        "team": "birds",
        "kubernetes.io/service-name": "parrot",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    });
    assert_eq!(slice["metadata"]["labels"], labels);
    assert_eq!(slice["metadata"]["ownerReferences"][0]["kind"], "Service");
}

#[tokio::test(start_paused = true)]
async fn endpoints_follow_readiness() {
    let town = Town::new(1);
    town.store().add(service(json!("http")));
    town.store().add(deployment("parrot:1", 2));
    town.until("two ready", |store| ready(store) == 2).await;
    let port = json!([{ "name": "web", "port": 3000, "protocol": "TCP" }]);
    assert_eq!(slice(town.store()).unwrap()["ports"], port);
    let before = slice(town.store()).unwrap();
    town.scripts.turn("parrot:1", Stage::Running { ready: false });
    town.until("none ready", |store| ready(store) == 0).await;
    let after = slice(town.store()).unwrap();
    assert_eq!(items(&after["endpoints"]).len(), 2);
    let generation = |slice: &Value| count(&slice["metadata"]["generation"]);
    assert!(generation(&after) > generation(&before));
    town.change(&SERVICES, "parrot", |it| {
        it["spec"]["publishNotReadyAddresses"] = json!(true);
    });
    town.until("all published", |store| ready(store) == 2).await;
    town.change(&SERVICES, "parrot", |it| it["spec"]["selector"]["app"] = json!("toucan"));
    town.until("nobody", |store| slice(store).unwrap()["endpoints"].is_null()).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_ends_serves_until_it_has() {
    let town = Town::with_parrot(1, 1).await;
    town.store().add(service(json!(3000)));
    town.until("one ready", |store| ready(store) == 1).await;
    let from = town.store().revision();
    town.change(&DEPLOYMENTS, "parrot", |it| it["spec"]["replicas"] = json!(0));
    town.until("nobody", |store| slice(store).unwrap()["endpoints"].is_null()).await;
    let seen = town.store().since(from).unwrap();
    let ends = |it: &Value| json!([it["ready"], it["serving"], it["terminating"]]);
    let ended =
        seen.iter().filter(|change| change.plural == ENDPOINT_SLICES.plural).any(|change| {
            ends(&change.object["endpoints"][0]["conditions"]) == json!([false, true, true])
        });
    assert!(ended, "it was never seen ending");
}

#[tokio::test(start_paused = true)]
async fn pods_with_other_ports_have_a_slice_of_their_own() {
    let town = Town::with_parrot(1, 1).await;
    town.store().add(service(json!("http")));
    town.until("one ready", |store| ready(store) == 1).await;
    town.scripts.set("parrot:2", Life::ready_after(LONG * 2));
    town.change(&DEPLOYMENTS, "parrot", |it| {
        let container = &mut it["spec"]["template"]["spec"]["containers"][0];
        container["image"] = json!("parrot:2");
        container["ports"][0]["containerPort"] = json!(4000);
        it["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] = json!(0);
    });
    let mut ports = Vec::new();
    town.until("two slices", |store| {
        let slices = store.list(&ENDPOINT_SLICES, Some("birds"));
        ports = slices.iter().map(|slice| slice["ports"][0]["port"].as_u64()).collect();
        ports.sort_unstable();
        slices.len() == 2
    })
    .await;
    assert_eq!(ports, [Some(3000), Some(4000)]);
}
