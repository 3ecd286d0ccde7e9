//! Each way in which the proxy breaks a request: what the cluster gets to see
//! of it, and what the client does.

use std::io::ErrorKind;
use std::sync::mpsc;

use tokio::time::timeout;

use crate::client::{Client, chunk, text};
use crate::cluster::Cluster;
use crate::support::proxy::{once, script};
use crate::support::{Action, Latch, Proxy, Reply};
use crate::{NEVER, SOON};

struct Bed {
    cluster: Cluster,
    proxy: Proxy,
    client: Client,
}

/// A bed whose next request meets `action`.
async fn bed(action: Action) -> Bed {
    let cluster = Cluster::start();
    let proxy = Proxy::start(&cluster.url(), cluster.ca_pem.as_bytes());
    proxy.set(once(|_| true, action));
    let client = Client::to(&proxy.url()).await.unwrap();
    Bed { cluster, proxy, client }
}

#[tokio::test]
async fn cut_before_runs_the_callback_first_and_sends_nothing() {
    let (running, entered) = tokio::sync::oneshot::channel();
    let (go_on, wait) = mpsc::channel();
    let mut bed = bed(Action::cut_before(move || {
        running.send(()).unwrap();
        wait.recv().unwrap();
    }))
    .await;
    let mut client = bed.client;
    let mut reply = tokio::spawn(async move { client.send("PUT /a", "x").await });

    entered.await.unwrap();
    // The callback kills the client: until it is done, the client must not
    // notice anything and act on it.
    timeout(NEVER, &mut reply).await.expect_err("still open");
    go_on.send(()).unwrap();

    reply.await.unwrap().unwrap_err();
    assert!(bed.cluster.carried_out().is_empty());
    let seen = &bed.proxy.requests()[0];
    assert_eq!((seen.upstream_status, seen.status), (None, None));

    bed.client = Client::to(&bed.proxy.url()).await.unwrap();
    let reply = bed.client.send("PUT /a", "x").await.unwrap();
    assert_eq!(reply.status(), 200, "only one request was hit");
}

#[tokio::test]
async fn hold_reply_carries_out_and_never_answers() {
    let (called, callback) = tokio::sync::oneshot::channel();
    let mut bed = bed(Action::hold_reply(move || called.send(()).unwrap())).await;
    let mut reply = tokio::spawn(async move { bed.client.send("PUT /a", "x").await });

    timeout(SOON, callback).await.expect("called").unwrap();

    assert_eq!(bed.cluster.carried_out(), ["PUT /a x"]);
    timeout(NEVER, &mut reply).await.expect_err("no answer");
    let seen = &bed.proxy.requests()[0];
    assert_eq!((seen.upstream_status, seen.status), (Some(200), None));
}

#[tokio::test]
async fn what_is_to_be_carried_out_is_even_if_the_client_dies() {
    let mut bed = bed(Action::hold_reply(|| {})).await;
    let slow = bed.cluster.slow();
    let dying = tokio::spawn(async move { bed.client.send("PUT /slow", "x").await });
    bed.proxy.wait_for_request(SOON, |seen| seen.n == 1).await;

    dying.abort();
    let _ = dying.await;
    // Ends the connection on our side as well, for certain.
    bed.proxy.close_connections();
    slow.open();

    bed.proxy.wait_for_request(SOON, |seen| seen.upstream_status == Some(200)).await;
    assert_eq!(bed.cluster.carried_out(), ["PUT /slow x"]);
}

#[tokio::test]
async fn reply_answers_without_the_cluster() {
    let reply = Reply::kube_status(429, "TooManyRequests").header("retry-after", "1");
    let mut bed = bed(Action::Reply(reply)).await;

    let reply = bed.client.send("PUT /a", "x").await.unwrap();

    assert_eq!(reply.status(), 429);
    assert_eq!(reply.headers()["retry-after"], "1");
    let body: serde_json::Value = serde_json::from_str(&text(reply).await.unwrap()).unwrap();
    assert_eq!((&body["kind"], &body["code"]), (&"Status".into(), &429.into()));
    assert_eq!(body["reason"], "TooManyRequests");
    assert!(bed.cluster.carried_out().is_empty());
}

#[tokio::test]
async fn carry_out_then_reply_hides_what_the_cluster_said() {
    let mut bed = bed(Action::CarryOutThenReply(Reply::new(504).body("lost"))).await;

    let reply = bed.client.send("POST /a", "x").await.unwrap();

    assert_eq!(reply.status(), 504);
    assert_eq!(text(reply).await.unwrap(), "lost");
    assert_eq!(bed.cluster.carried_out(), ["POST /a x"]);
    let seen = &bed.proxy.requests()[0];
    assert_eq!((seen.upstream_status, seen.status), (Some(201), Some(504)));
}

#[tokio::test]
async fn reset_closes_without_an_answer() {
    let mut bed = bed(Action::Reset).await;

    bed.client.send("PUT /a", "x").await.unwrap_err();

    assert!(bed.cluster.carried_out().is_empty());
    assert_eq!(bed.proxy.requests()[0].status, None);
}

#[tokio::test]
async fn late_is_sent_when_the_gate_opens_with_the_client_long_gone() {
    for answer in [Some(Reply::new(504)), None] {
        let gate = Latch::new();
        let mut bed = bed(Action::Late { answer: answer.clone(), gate: gate.clone() }).await;

        let reply = bed.client.send("PUT /a", "x").await;
        assert_eq!(reply.ok().map(|r| r.status().as_u16()), answer.map(|a| a.status));
        drop(bed.client);
        bed.proxy.close_connections();
        let sent = bed.proxy.wait_for_request(SOON, |seen| seen.upstream_status.is_some());
        timeout(NEVER, sent).await.expect_err("not yet");

        gate.open();
        bed.proxy.wait_for_request(SOON, |seen| seen.upstream_status == Some(200)).await;
        assert_eq!(bed.cluster.carried_out(), ["PUT /a x"]);
    }
}

#[tokio::test]
async fn freeze_sends_when_the_latch_opens() {
    let latch = Latch::new();
    let mut bed = bed(Action::Freeze(latch.clone())).await;
    let mut reply = tokio::spawn(async move { bed.client.send("PUT /a", "x").await });

    bed.proxy.wait_for_request(SOON, |seen| seen.n == 1).await;
    timeout(NEVER, &mut reply).await.expect_err("frozen");
    assert!(bed.cluster.carried_out().is_empty());

    latch.open();
    assert_eq!(reply.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn freeze_drops_what_its_client_gave_up() {
    let latch = Latch::new();
    let mut bed = bed(Action::Freeze(latch.clone())).await;
    let waiting = tokio::spawn(async move { bed.client.send("PUT /frozen", "x").await });
    bed.proxy.wait_for_request(SOON, |seen| seen.n == 1).await;

    waiting.abort();
    let _ = waiting.await;
    bed.proxy.close_connections();
    latch.open();

    let mut client = Client::to(&bed.proxy.url()).await.unwrap();
    client.send("PUT /after", "x").await.unwrap();
    assert_eq!(bed.cluster.carried_out(), ["PUT /after x"]);
}

#[tokio::test]
async fn truncate_delivers_half_a_reply() {
    let mut bed = bed(Action::Truncate).await;

    let reply = bed.client.send("GET /half", "").await.unwrap();

    assert_eq!(reply.status(), 200);
    let mut body = reply.into_body();
    let whole = "did GET /half";
    assert_eq!(chunk(&mut body).await.unwrap().unwrap(), whole[..6]);
    chunk(&mut body).await.unwrap().expect_err("cut, not ended");
}

#[tokio::test]
async fn truncate_delivers_half_an_event_of_a_watch() {
    let mut bed = bed(Action::Truncate).await;
    let say = bed.cluster.watch();
    say.send("0123456789").unwrap();

    let reply = bed.client.send("GET /half?watch=true", "").await.unwrap();

    let mut body = reply.into_body();
    assert_eq!(chunk(&mut body).await.unwrap().unwrap(), "01234");
    chunk(&mut body).await.unwrap().expect_err("cut, not ended");
}

#[tokio::test]
async fn a_partition_closes_and_refuses_until_it_is_healed() {
    let mut bed = bed(Action::Forward).await;
    let say = bed.cluster.watch();
    say.send("first").unwrap();
    let reply = bed.client.send("GET /a?watch=true", "").await.unwrap();
    let mut watch = reply.into_body();
    chunk(&mut watch).await.unwrap().unwrap();
    let url = bed.proxy.url();

    bed.proxy.partition();
    bed.proxy.partition();

    let end = timeout(SOON, chunk(&mut watch)).await.expect("closed");
    end.unwrap().expect_err("closed, not ended");
    let refused = Client::to(&url).await.err().expect("refused");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    bed.proxy.heal();
    bed.proxy.heal();

    assert_eq!(bed.proxy.url(), url);
    let mut client = Client::to(&url).await.unwrap();
    assert_eq!(client.send("GET /a", "").await.unwrap().status(), 200);
    bed.proxy.partition();
    bed.proxy.heal();
    Client::to(&url).await.expect("a second time");
}

#[tokio::test]
async fn a_script_is_gone_through_watches_apart() {
    let mut bed = bed(Action::Forward).await;
    bed.proxy.set(script([
        Action::refuse(500, "InternalError"),
        Action::Forward,
        Action::refuse(409, "Conflict"),
    ]));

    let _say = bed.cluster.watch();
    let mut watcher = Client::to(&bed.proxy.url()).await.unwrap();
    let watch = watcher.send("GET /a?watch=true", "").await.unwrap();
    assert_eq!(watch.status(), 200);
    for expected in [500, 200, 409, 200] {
        let reply = bed.client.send("PUT /a", "x").await.unwrap();
        assert_eq!(reply.status(), expected);
        text(reply).await.unwrap();
    }
}

#[tokio::test]
async fn a_policy_may_look_into_the_body() {
    let mut bed = bed(Action::Forward).await;
    bed.proxy.set(once(|seen| seen.json()["kind"] == "Ingress", Action::refuse(409, "Conflict")));

    for (body, expected) in [(r#"{"kind":"Pod"}"#, 200), (r#"{"kind":"Ingress"}"#, 409)] {
        let reply = bed.client.send("PUT /a", body).await.unwrap();
        assert_eq!(reply.status(), expected);
        text(reply).await.unwrap();
    }
}
