//! Apps whose Service is their route.

use serde_json::json;

use super::rows::{Row, row};
use crate::model::Kind;
use crate::release::checks::CheckStatus::{Fail, Warn};

pub fn rows() -> Vec<Row> {
    vec![
        row("service-route", Fail, "init parrot --route ingress", |app| {
            let backend = json!({"service": {"name": "parrot", "port": {"number": 80}}});
            app.by_service();
            app.add(json!({"kind": "Ingress", "metadata": {"name": "late"}, "spec": {
                "rules": [{"http": {"paths": [{"path": "/", "backend": backend}]}}],
            }}));
        }),
        row("service-route", Fail, "kubectl delete ingress parrot-preview -n birds", |app| {
            app.by_service();
            let ours = json!({"name": "parrot-preview"});
            app.add_own(json!({"kind": "Ingress", "metadata": ours, "spec": {}}));
        }),
        row(
            "names",
            Fail,
            "Ingress parrot-preview exists and was not created by bluegreen",
            |app| {
                app.by_service();
                app.add(
                    json!({"kind": "Ingress", "metadata": {"name": "parrot-preview"}, "spec": {}}),
                );
            },
        ),
        row("service-route", Fail, "give it the ports of the app", |app| {
            app.by_service();
            app.edit(Kind::Service, |s| s["spec"]["ports"] = json!([]));
        }),
        row("service-route", Warn, "has long-lived connections (gRPC)", |app| {
            app.by_service();
            app.edit(Kind::Service, |s| s["spec"]["ports"][0]["name"] = json!("grpc"));
        }),
        row("service-route", Warn, "has long-lived connections (gRPC)", |app| {
            app.by_service();
            let protocol = json!("kubernetes.io/h2c");
            app.edit(Kind::Service, |s| s["spec"]["ports"][0]["appProtocol"] = protocol);
        }),
        row("service-route", Warn, "is headless", |app| {
            app.by_service();
            app.edit(Kind::Service, |s| s["spec"]["clusterIP"] = json!("None"));
        }),
        row("service-route", Warn, "(internalTrafficPolicy: Local)", |app| {
            app.by_service();
            app.edit(Kind::Service, |s| s["spec"]["internalTrafficPolicy"] = json!("Local"));
        }),
        row("service-route", Warn, "(externalTrafficPolicy: Local)", |app| {
            app.by_service();
            app.edit(Kind::Service, |s| s["spec"]["externalTrafficPolicy"] = json!("Local"));
        }),
        row("service-affinity", Warn, "keeps each client on one pod", |app| {
            app.by_service();
            app.edit(Kind::Service, |s| s["spec"]["sessionAffinity"] = json!("ClientIP"));
        }),
        row("service-route", Fail, "init parrot --preview-host none", |app| {
            app.by_service();
            app.preview_at("new.example.com");
        }),
    ]
}
