use std::time::Duration;

use tokio::time::timeout;

use crate::client::{Client, text};
use crate::support::{Answer, Latch, Reply, Webhook};
use crate::{NEVER, SOON};

/// One poll on a connection of its own: the status, or `None` for a closed one.
async fn poll(webhook: &Webhook) -> Option<u16> {
    let mut client = Client::to(&webhook.url()).await.unwrap();
    let reply = client.send("POST /gate", r#"{"name":"parrot"}"#).await;
    reply.ok().map(|reply| reply.status().as_u16())
}

#[tokio::test]
async fn writes_a_poll_down() {
    let webhook = Webhook::start(500);
    assert!(webhook.url().ends_with("/gate"));
    let mut client = Client::to(&webhook.url()).await.unwrap();

    client.send("POST /gate?a=b", r#"{"name":"parrot"}"#).await.unwrap();

    let [poll] = &webhook.requests()[..] else { panic!("one poll") };
    assert_eq!((poll.n, poll.method.as_str(), &*poll.path), (1, "POST", "/gate?a=b"));
    assert_eq!(poll.headers["host"], "cluster");
    assert_eq!(poll.json()["name"], "parrot");
    assert!(poll.at.elapsed() < SOON);
    assert_eq!(poll.status, Some(500));
}

#[tokio::test]
async fn answers_from_the_queue_then_the_default() {
    let webhook = Webhook::start(500);
    webhook.queue([202, 410]);
    webhook.queue([Answer::close()]);

    for expected in [Some(202), Some(410), None, Some(500), Some(500)] {
        assert_eq!(poll(&webhook).await, expected);
    }
}

#[tokio::test]
async fn a_new_default_holds_at_once() {
    let webhook = Webhook::start(500);
    webhook.queue([500, 500]);
    assert_eq!(poll(&webhook).await, Some(500));

    webhook.answer_with(200);

    assert_eq!(poll(&webhook).await, Some(200));
    assert_eq!(poll(&webhook).await, Some(200));
}

#[tokio::test]
async fn a_reply_carries_headers_and_a_body() {
    let webhook = Webhook::start(Reply::new(302).header("location", "/login").body("moved"));
    let mut client = Client::to(&webhook.url()).await.unwrap();

    let reply = client.send("POST /gate", "").await.unwrap();

    assert_eq!(reply.status(), 302);
    assert_eq!(reply.headers()["location"], "/login");
    assert_eq!(text(reply).await.unwrap(), "moved");
}

#[tokio::test]
async fn hang_never_answers() {
    let webhook = Webhook::start(Answer::hang());

    timeout(NEVER, poll(&webhook)).await.expect_err("no answer");

    assert_eq!(webhook.requests()[0].status, None);
    // One that hangs keeps nobody else from being answered.
    webhook.answer_with(200);
    assert_eq!(poll(&webhook).await, Some(200));
}

#[tokio::test]
async fn an_answer_waits_for_its_latch() {
    let latch = Latch::new();
    let webhook = Webhook::start(500);
    webhook.queue([Answer::from(200).when_opened(&latch)]);
    let polling = async {
        webhook.wait_for_polls(1, SOON).await;
        assert_eq!(webhook.requests()[0].status, None, "not before it opens");
        latch.open();
    };

    let (answer, ()) = tokio::join!(poll(&webhook), polling);

    assert_eq!(answer, Some(200));
}

#[tokio::test]
async fn a_late_answer_is_late() {
    let delay = Duration::from_millis(50);
    let webhook = Webhook::start(Answer::from(200).after(delay));

    assert_eq!(poll(&webhook).await, Some(200));

    assert!(webhook.requests()[0].at.elapsed() >= delay);
}

#[tokio::test]
async fn is_unreachable_while_it_is_down() {
    let webhook = Webhook::start(200);

    webhook.go_down();
    Client::to(&webhook.url()).await.err().expect("refused");

    webhook.come_up();
    assert_eq!(poll(&webhook).await, Some(200));
}

#[test]
fn a_plain_test_waits_for_the_nth_poll() {
    let webhook = Webhook::start(500);
    let polls = async {
        for _ in 0..3 {
            poll(&webhook).await;
        }
    };

    let (third, ()) =
        webhook.block_on(async { tokio::join!(webhook.wait_for_polls(3, SOON), polls) });

    assert_eq!(third.n, 3);
}
