use std::net::SocketAddr;

use super::super::answer::Feature;
use super::super::stand_in::{StandIn, ok};
use super::super::versions::value;
use super::*;

fn asker(url: &str, at: SocketAddr) -> Asker {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut url: url::Url = url.parse().unwrap();
    url.set_port(Some(at.port())).unwrap();
    Asker::new(
        Target {
            url,
            address: Host::parse(&at.ip().to_string()).unwrap(),
            ingress: "parrot".to_owned(),
            port: serde_json::json!({"number": 80}),
            is_tls: false,
        },
        &Outside::network(),
    )
    .unwrap()
}

fn why(heard: Heard) -> String {
    match heard {
        Heard::Nobody(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn asks_for_the_rules_host_and_path_each_time_on_a_new_connection() {
    let ingress = StandIn::http(&ok("v1")).await;
    let asker = asker("http://parrot.example.com/a/b", ingress.address);
    let first = asker.ask().await;
    assert!(matches!(first, Heard::Answer(_)), "{first:?}");
    assert_eq!(asker.ask().await, first);
    let asked = ingress.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].starts_with("\nGET /a/b HTTP/1.1\r\n"), "{}", asked[0]);
    assert_eq!(asked[0].matches("host: parrot.example.com\r\n").count(), 1, "{}", asked[0]);
    for line in ["cache-control: no-cache\r\n", "user-agent: bluegreen/"] {
        assert!(asked[0].contains(line), "{}", asked[0]);
    }
}

#[tokio::test]
async fn a_rule_without_a_host_is_asked_by_the_address() {
    let ingress = StandIn::http(&ok("v1")).await;
    asker("http://127.0.0.1/", ingress.address).ask().await;
    let host = format!("host: {}\r\n", ingress.address);
    assert!(ingress.asked()[0].contains(&host), "{:?}", ingress.asked());
}

#[tokio::test]
async fn names_the_rules_host_to_tls_and_takes_any_certificate() {
    let ingress = StandIn::https(&ok("v1")).await;
    let heard = asker("https://parrot.example.com/", ingress.address).ask().await;
    assert!(matches!(heard, Heard::Answer(_)), "{heard:?}");
    let asked = ingress.asked();
    assert!(asked[0].starts_with("parrot.example.com\nGET / HTTP/1.1\r\n"), "{asked:?}");
}

#[tokio::test]
async fn an_answer_is_what_a_version_says_and_not_what_the_moment_does() {
    let says = |status, header, body| {
        format!("HTTP/1.1 {status}\r\nServer: x\r\n{header}Connection: close\r\n\r\n{body}")
    };
    let ingress = StandIn::http(&says("200 OK", "Date: now\r\nSet-Cookie: a=1\r\n", "v1")).await;
    let asker = asker("http://parrot.example.com/", ingress.address);
    let first = asker.ask().await;
    ingress.say(&says("200 OK", "Date: later\r\nKeep-Alive: 5\r\n", "v1"));
    assert_eq!(asker.ask().await, first);
    for (status, header, body) in [
        ("200 OK", "", "v2"),
        ("200 OK", "ETag: a\r\n", "v1"),
        ("201 Created", "", "v1"),
        ("302 Found", "Location: /\r\n", "v1"),
        ("404 Not Found", "", "v1"),
        ("500 Internal Server Error", "", "v1"),
    ] {
        ingress.say(&says(status, header, body));
        let heard = asker.ask().await;
        assert!(matches!(heard, Heard::Answer(_)), "{heard:?}");
        assert_ne!(heard, first, "{status} {header} {body}");
    }
}

#[tokio::test]
async fn a_body_counts_up_to_its_limit() {
    let ingress = StandIn::http(&ok(&format!("{}a", "x".repeat(BODY)))).await;
    let asker = asker("http://parrot.example.com/", ingress.address);
    let body = |heard| match heard {
        Heard::Answer(answer) => value(answer.says(&Feature::Body)).unwrap(),
        other => panic!("{other:?}"),
    };
    let first = body(asker.ask().await);
    ingress.say(&ok(&format!("{}b", "x".repeat(BODY))));
    assert_eq!(body(asker.ask().await), first);
    ingress.say(&ok(&format!("{}b", "x".repeat(BODY - 1))));
    assert_ne!(body(asker.ask().await), first);
}

#[tokio::test]
async fn tells_that_nobody_answers_and_why() {
    let ingress = StandIn::http(&ok("v1")).await;
    let asker = asker("http://parrot.example.com/", ingress.address);
    ingress.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\ncut");
    let said = why(asker.ask().await);
    assert!(said.starts_with("no answer: "), "{said}");
    ingress.say("");
    let said = why(asker.ask().await);
    assert!(said.starts_with("no answer: "), "{said}");
    ingress.hang();
    let said = why(asker.ask().await);
    assert!(said.starts_with("it did not answer in time"), "{said}");
}

#[tokio::test]
async fn tells_that_nobody_is_there() {
    let ingress = StandIn::http("").await;
    let asker = asker("http://parrot.example.com/", ingress.address);
    drop(ingress);
    // The task that listened ends when it is polled next.
    let said = loop {
        let said = why(asker.ask().await);
        if said.contains("refused") {
            break said;
        }
    };
    assert!(said.starts_with("no connection: "), "{said}");
    assert!(!said.contains("example.com"), "{said}");
}
