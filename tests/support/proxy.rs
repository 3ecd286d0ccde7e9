//! The proxy when nothing is broken: it passes all on and writes it down.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::SOON;
use crate::client::{Client, chunk, text};
use crate::cluster::Cluster;
use crate::support::{Action, Proxy};

fn start() -> (Cluster, Proxy) {
    let cluster = Cluster::start();
    let proxy = Proxy::start(&cluster.url(), cluster.ca_pem.as_bytes());
    (cluster, proxy)
}

#[tokio::test]
async fn passes_a_request_on_and_writes_it_down() {
    let (cluster, proxy) = start();
    let mut client = Client::to(&proxy.url()).await.unwrap();

    let reply = client.send("POST /api?force=true", r#"{"a":1}"#).await.unwrap();

    assert_eq!(reply.status(), 201);
    assert_eq!(reply.headers()["x-token"], "Bearer secret-token");
    assert_eq!(text(reply).await.unwrap(), "did POST /api?force=true");
    assert_eq!(cluster.carried_out(), [r#"POST /api?force=true {"a":1}"#]);
    let [seen] = &proxy.requests()[..] else { panic!("one request") };
    assert_eq!((seen.n, seen.plain, seen.write), (1, Some(1), Some(1)));
    assert_eq!((seen.method.as_str(), &*seen.path), ("POST", "/api?force=true"));
    assert_eq!(seen.json()["a"], 1);
    assert!(seen.mutating && !seen.is_watch);
    assert_eq!((seen.upstream_status, seen.status), (Some(201), Some(201)));
    assert_eq!(seen.headers["authorization"], "Bearer secret-token");
    assert!(!format!("{seen:?}{seen}").contains("secret-token"));
}

#[tokio::test]
async fn counts_watches_and_writes_apart() {
    let (cluster, proxy) = start();
    let say = cluster.watch();
    let mut watcher = Client::to(&proxy.url()).await.unwrap();
    let mut client = Client::to(&proxy.url()).await.unwrap();

    client.send("GET /a", "").await.unwrap();
    watcher.send("GET /a?x=y&watch=true", "").await.unwrap();
    // What is only tried, or asked about one's rights, is no write.
    let tried = ["POST /a?dryRun=All", "POST /a/selfsubjectrulesreviews"];
    for call in [&["PATCH /a", "GET /a", "PUT /a", "DELETE /a", "HEAD /a"], &tried[..]].concat() {
        let reply = client.send(call, "").await.unwrap();
        text(reply).await.unwrap();
    }

    let numbers = |seen: &crate::support::Seen| (seen.n, seen.plain, seen.write);
    let numbers: Vec<_> = proxy.requests().iter().map(numbers).collect();
    let expected = [
        (1, Some(1), None),
        (2, None, None),
        (3, Some(2), Some(1)),
        (4, Some(3), None),
        (5, Some(4), Some(2)),
        (6, Some(5), Some(3)),
        (7, Some(6), None),
        (8, Some(7), None),
        (9, Some(8), None),
    ];
    assert_eq!(numbers, expected);
    drop(say);

    proxy.forget();
    client.send("GET /b", "").await.unwrap();
    let paths: Vec<_> = proxy.requests().into_iter().map(|s| (s.n, s.path)).collect();
    assert_eq!(paths, [(1, "/b".to_owned())]);
}

#[tokio::test]
async fn a_watch_flows_chunk_by_chunk() {
    let (cluster, proxy) = start();
    let say = cluster.watch();
    let mut client = Client::to(&proxy.url()).await.unwrap();

    let reply = client.send("GET /pods?watch=true", "").await.unwrap();
    let mut body = reply.into_body();
    for event in ["first", "second"] {
        // Nothing more is said before this one has arrived.
        say.send(event).unwrap();
        let arrived = timeout(SOON, chunk(&mut body)).await.expect("at once");
        assert_eq!(arrived.unwrap().unwrap(), event);
    }
    drop(say);
    assert!(chunk(&mut body).await.is_none(), "a proper end");
}

#[tokio::test]
async fn a_client_that_stops_watching_ends_the_watch_at_the_cluster() {
    let (cluster, proxy) = start();
    let say = cluster.watch();
    let mut client = Client::to(&proxy.url()).await.unwrap();
    let reply = client.send("GET /pods?watch=true", "").await.unwrap();

    drop((client, reply));

    timeout(SOON, say.closed()).await.expect("the cluster is told");
}

#[tokio::test]
async fn keeps_its_connection_and_survives_its_end() {
    let (cluster, proxy) = start();
    let mut client = Client::to(&proxy.url()).await.unwrap();
    for _ in 0..3 {
        text(client.send("GET /a", "").await.unwrap()).await.unwrap();
    }
    assert_eq!(cluster.connections(), 1);

    cluster.close_connections();

    let reply = client.send("GET /a", "").await.unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(cluster.connections(), 2);
}

#[tokio::test]
async fn passes_an_upgraded_connection_on_until_a_partition() {
    let (_cluster, proxy) = start();
    let mut client = Client::to(&proxy.url()).await.unwrap();
    let reply = client.upgrade("/echo").await.unwrap();
    assert_eq!(reply.status(), 101);
    let mut stream = TokioIo::new(hyper::upgrade::on(reply).await.unwrap());

    let mut back = [0; 4];
    for word in [b"ping", b"pong"] {
        stream.write_all(word).await.unwrap();
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, word);
    }

    proxy.partition();
    let end = timeout(SOON, stream.read(&mut back)).await.expect("ended");
    assert!(matches!(end, Ok(0) | Err(_)));
}

#[tokio::test]
async fn trusts_only_the_ca_it_was_given() {
    let (cluster, other) = (Cluster::start(), Cluster::start());
    let proxy = Proxy::start(&cluster.url(), other.ca_pem.as_bytes());
    let mut client = Client::to(&proxy.url()).await.unwrap();

    client.send("GET /a", "").await.unwrap_err();

    let trouble = proxy.requests()[0].trouble.clone().expect("a reason");
    assert!(trouble.contains("certificate"), "{trouble}");
    assert!(cluster.carried_out().is_empty());
}

#[tokio::test]
async fn a_wait_ends_with_the_request_that_fits() {
    let (_cluster, proxy) = start();
    let mut client = Client::to(&proxy.url()).await.unwrap();
    let wait = proxy.wait_for_request(SOON, |seen| seen.status.is_some() && seen.n == 2);
    let ask = async {
        client.send("GET /a", "").await.unwrap();
        client.send("GET /b", "").await.unwrap();
    };

    let (seen, ()) = tokio::join!(wait, ask);

    assert_eq!(seen.path, "/b");
}

#[tokio::test]
async fn a_wait_in_vain_names_the_test_and_what_came() {
    let (_cluster, proxy) = start();
    let mut client = Client::to(&proxy.url()).await.unwrap();
    proxy.set(|_| Action::refuse(409, "Conflict"));
    client.send("GET /came", "").await.unwrap();

    let wait = proxy.wait_for_request(Duration::from_millis(10), |seen| seen.n == 2);
    let panic = AssertUnwindSafe(wait).catch_unwind();
    let panic = timeout(SOON, panic).await.expect("in time").unwrap_err();

    let message = panic.downcast::<String>().expect("a message");
    assert!(message.starts_with("tests/support/proxy.rs:"), "{message}");
    let line = "#1 GET /came [reply] cluster -, client 409";
    assert!(message.contains(line), "{message}");
}

#[test]
fn a_plain_test_can_wait_too() {
    let (_cluster, proxy) = start();
    let url = proxy.url();
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut client = Client::to(&url).await.unwrap();
            client.send("GET /a", "").await.unwrap().status()
        })
    });

    let seen = proxy.block_on(proxy.wait_for_request(SOON, |seen| seen.status == Some(200)));

    assert_eq!(seen.path, "/a");
    assert_eq!(client.join().unwrap(), 200);
}

#[tokio::test]
async fn a_kube_client_reaches_the_cluster_through_it_with_its_token() {
    let (cluster, proxy) = start();
    let mut config = kube::Config::new(proxy.url().parse().unwrap());
    config.auth_info.token = Some("sesame".to_owned().into());
    let client = kube::Client::try_from(config).unwrap();

    let request = hyper::Request::get("/version").body(Vec::new()).unwrap();
    let answer = client.request_text(request).await.unwrap();

    assert_eq!(answer, "did GET /version");
    assert_eq!(cluster.carried_out(), ["GET /version"]);
    assert_eq!(proxy.requests()[0].headers["authorization"], "Bearer sesame");
}
