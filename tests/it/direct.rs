//! A version that is asked without the ingress, on the sandbox, which forwards no ports.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bluegreen::cluster::{Cluster, courier};
use bluegreen::gate::{Courier, Failure, Proxied};
use bluegreen::release::Reach;
use bluegreen::sandbox::{Fault, Faults, Sandbox, Scripts};
use kube::Client;
use reqwest::{Method, Request, Response};
use serde_json::json;
use tokio::time::sleep;
use tower::{Service, ServiceExt};

use crate::bed::in_paused_time;

struct Birds {
    faults: Faults,
    courier: Courier,
    _sandbox: Sandbox,
}

impl Birds {
    /// A version with one pod of that image, which is ready.
    async fn new(image: &str) -> Result<Birds> {
        let sandbox =
            Sandbox::start(1, "2026-01-01T00:00:00Z".parse()?, Arc::new(Scripts::default()));
        let metadata = json!({
            "name": "parrot-green", "namespace": "birds", "labels": { "app": "parrot-green" },
        });
        for object in [
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "birds" } }),
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": metadata,
                "spec": { "ports": [{ "port": 80 }], "selector": { "app": "parrot-green" } },
            }),
            json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
                "spec": { "containers": [{ "name": "parrot", "image": image }] },
            }),
        ] {
            sandbox.store().add(object);
        }
        sleep(Duration::from_secs(5)).await;
        let api = sandbox.api();
        let faults = api.faults().clone();
        let cluster = Cluster::over(Client::new(api, "birds"), "birds");
        let pods = vec![("parrot-green".to_owned(), 80)];
        let reach = Reach { service: "parrot-green".to_owned(), port: 80, tls: false, pods };
        Ok(Birds { faults, courier: courier(&cluster, reach), _sandbox: sandbox })
    }

    async fn ask(&self) -> Result<Response, Failure> {
        let request = Request::new(Method::GET, "http://parrot.example.com/".parse()?);
        self.courier.clone().ready().await?.call(request).await
    }
}

#[test]
fn a_version_is_asked_by_the_service_proxy() {
    let ran = in_paused_time(async {
        for (image, status) in [("parrot:v2", 200), ("parrot:answers-404", 404)] {
            let birds = Birds::new(image).await?;
            for _ in 0..2 {
                let answer = birds.ask().await.map_err(anyhow::Error::from_boxed)?;
                assert_eq!(answer.status(), status);
                assert!(answer.extensions().get::<Proxied>().is_some());
                assert_eq!(answer.text().await?, image);
            }
            assert_eq!(birds.faults.calls().len(), 3, "a forward is asked for once");
        }
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn an_outage_is_not_remembered_as_a_refusal() {
    let ran = in_paused_time(async {
        let birds = Birds::new("parrot:v2").await?;
        birds.faults.on_nth(0, Fault::Hung { sent: false });
        birds.faults.on_nth(1, Fault::Unsent);
        let why = birds.ask().await.expect_err("it answers").to_string();
        assert!(why.contains("no forward within 3 s") && why.contains("reset"), "{why}");
        let answer = birds.ask().await.map_err(anyhow::Error::from_boxed)?;
        assert_eq!(answer.text().await?, "parrot:v2");
        assert_eq!(birds.faults.calls().len(), 4, "a forward is tried again");
        Ok(())
    });
    ran.unwrap();
}
