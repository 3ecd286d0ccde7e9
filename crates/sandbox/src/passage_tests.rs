use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use serde_json::json;
use tower::Service;

use super::super::{Api, Sandbox, Scripts};
use super::*;

const BIRDS: &str = "/api/v1/namespaces/birds";

/// Two apps behind a Service of two ports, each a pod of that image, as soon as they are ready.
async fn cluster(images: &[&str]) -> Sandbox {
    let began = "2026-01-01T00:00:00Z".parse().unwrap();
    let sandbox = Sandbox::start(1, began, Arc::new(Scripts::default()));
    let add = |object: Value| sandbox.store().add(object);
    add(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "birds" } }));
    let ports = json!([
        { "name": "http", "port": 80, "targetPort": 3000 }, { "name": "admin", "port": 81 },
    ]);
    add(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "parrot", "namespace": "birds" },
        "spec": { "ports": ports, "selector": { "app": "parrot" } },
    }));
    for (n, image) in images.iter().enumerate() {
        add(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("p{n}"), "namespace": "birds", "labels": { "app": "parrot" } },
            "spec": { "containers": [{ "name": "parrot", "image": image }] },
        }));
    }
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    sandbox
}

async fn ask(api: &mut Api, request: http::request::Builder) -> Response<Bytes> {
    let reply = api.call(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    let (head, body) = reply.into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

async fn get(api: &mut Api, path: &str) -> Response<Bytes> {
    ask(api, Request::get(format!("{BIRDS}{path}"))).await
}

fn refused(reply: &Response<Bytes>) -> (u16, String, String) {
    let said: Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!((&said["kind"], &said["code"]), (&json!("Status"), &json!(reply.status().as_u16())));
    let text = |field: &str| said[field].as_str().unwrap_or_default().to_owned();
    (reply.status().as_u16(), text("reason"), text("message"))
}

#[tokio::test(start_paused = true)]
async fn a_service_is_asked_at_one_of_its_ready_pods() {
    let sandbox = cluster(&["parrot:v1", "parrot:v2", "parrot:never-ready"]).await;
    let mut api = sandbox.api();
    let mut seen = std::collections::BTreeSet::new();
    for id in ["parrot:80", "parrot:http", ":parrot:80", "https:parrot:81", "http:parrot:admin"] {
        for path in ["/", "/a/b?c=d"] {
            let reply = get(&mut api, &format!("/services/{id}/proxy{path}")).await;
            assert_eq!(reply.status(), 200, "{id} {path}");
            assert!(reply.headers().contains_key("audit-id"));
            seen.insert(String::from_utf8(reply.body().to_vec()).unwrap());
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["parrot:v1", "parrot:v2"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_tag_says_is_answered() {
    for (tag, status) in [("answers-502", 502), ("v2-answers-404", 404), ("answers-x", 200)] {
        let sandbox = cluster(&[&format!("parrot:{tag}")]).await;
        let reply = get(&mut sandbox.api(), "/services/parrot:80/proxy/").await;
        assert_eq!(reply.status(), status, "{tag}");
    }
}

/// The words of `pkg/registry/core/service/storage` and of `apimachinery/pkg/util/proxy`.
#[tokio::test(start_paused = true)]
async fn what_leads_nowhere_is_refused_as_the_api_server_does_it() {
    let sandbox = cluster(&["parrot:never-ready"]).await;
    let mut api = sandbox.api();
    for (path, code, reason, message) in [
        (
            "parrot:80",
            503,
            "ServiceUnavailable",
            r#"no endpoints available for service "parrot:80""#,
        ),
        (
            "parrot:82",
            503,
            "ServiceUnavailable",
            r#"no service port 82 found for service "parrot""#,
        ),
        ("toucan:80", 404, "NotFound", r#"services "toucan" not found"#),
        ("ftp:parrot:80", 400, "BadRequest", r#"invalid service request "ftp:parrot:80""#),
        (":80", 400, "BadRequest", r#"invalid service request ":80""#),
    ] {
        let reply = get(&mut api, &format!("/services/{path}/proxy/")).await;
        assert_eq!(refused(&reply), (code, reason.to_owned(), message.to_owned()), "{path}");
    }
    let unread = ask(&mut api, Request::post(format!("{BIRDS}/services/parrot:80/proxy/"))).await;
    assert_eq!(refused(&unread).0, 405);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_does_not_listen_refuses_the_connection() {
    let sandbox = cluster(&["parrot:v1"]).await;
    // Nobody answers for pods where only the objects are known.
    let reply = get(&mut Api::new(sandbox.store()), "/services/parrot:80/proxy/").await;
    let (code, reason, message) = refused(&reply);
    assert_eq!((code, reason.as_str()), (503, "ServiceUnavailable"));
    assert_eq!(
        message,
        "error trying to reach service: dial tcp 10.244.0.1:3000: connect: connection refused"
    );
}

#[tokio::test(start_paused = true)]
async fn a_path_without_its_slash_is_led_there() {
    let sandbox = cluster(&["parrot:v1"]).await;
    let reply = get(&mut sandbox.api(), "/services/parrot:80/proxy?a=b").await;
    let place = format!("{BIRDS}/services/parrot:80/proxy/?a=b");
    assert!(reply.status() == 301 && reply.headers()["location"] == place);
}

#[tokio::test(start_paused = true)]
async fn no_port_is_forwarded() {
    let sandbox = cluster(&["parrot:v1"]).await;
    let mut api = sandbox.api();
    let path = |pod: &str| format!("{BIRDS}/pods/{pod}/portforward?ports=3000");
    let upgrade = |pod: &str| Request::get(path(pod)).header("upgrade", "websocket");
    let plain = ask(&mut api, Request::get(path("p0"))).await;
    let wanted = (400, "BadRequest".to_owned(), "Upgrade request required".to_owned());
    assert_eq!(refused(&plain), wanted);
    assert_eq!(refused(&ask(&mut api, upgrade("p1")).await).0, 404);
    let (code, reason, message) = refused(&ask(&mut api, upgrade("p0")).await);
    assert_eq!((code, reason.as_str()), (403, "Forbidden"));
    assert!(message.starts_with(r#"pods "p0" is forbidden: "#), "{message}");
    // As no authorizer says it: what is not allowed is one thing, what there is not another.
    assert!(!message.contains("cannot"), "{message}");
}
