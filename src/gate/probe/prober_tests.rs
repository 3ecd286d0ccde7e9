use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;
use url::Host;

use super::stand_in::{AWAY, StandIn, ok};
use super::*;
use crate::release::ENOUGH_ANSWERS;

const NEW: &str = "new, and enough";
const AS_EVER: &str = ": 200 OK, as before the switch";
/// Longer than anything takes here.
const HANG: Duration = Duration::from_secs(60);
/// A time in which something would have come, if it had been wrong to.
const WHILE: Duration = Duration::from_millis(300);

/// A clock that goes by a tenth of a second whenever it is read.
struct Clock(Cell<i64>);

impl Clock {
    fn now(&self) -> Timestamp {
        self.0.set(self.0.get() + 100);
        Timestamp::from_millisecond(self.0.get()).unwrap()
    }
}

fn prober(at: &[&StandIn]) -> Prober {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let targets = at.iter().map(|stand_in| Target {
        url: format!("http://parrot.example.com:{}/", stand_in.address.port()).parse().unwrap(),
        address: Host::parse("127.0.0.1").unwrap(),
        ingress: "parrot".to_owned(),
    });
    let found = Targets { targets: targets.collect(), ..Targets::default() };
    let mut prober = Prober::new(found, 1, &Outside::network()).unwrap();
    let millisecond = Duration::from_millis(1);
    prober.pace = Pace { round: millisecond, failed: millisecond, idle: Duration::from_secs(3600) };
    prober
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(HANG, what).await.expect("it takes for ever")
}

/// Until the sight is enough, or one that says this.
async fn until(prober: &mut Prober, clock: &Clock, wanted: &str) -> Sight {
    soon(async {
        loop {
            let sight = prober.next(true, || clock.now()).await;
            let is_wanted = match &sight {
                Sight::Blind { why: said } | Sight::Old { said, .. } => said.contains(wanted),
                Sight::New { answers, .. } => wanted == NEW && *answers >= ENOUGH_ANSWERS,
            };
            if is_wanted {
                return sight;
            }
        }
    })
    .await
}

async fn learnt(prober: &mut Prober, clock: &Clock) {
    let sight = soon(prober.next(false, || clock.now())).await;
    assert!(matches!(sight, Sight::Old { .. }), "{sight:?}");
}

#[tokio::test]
async fn sees_a_switch() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut prober = prober(&[&ingress]);
    learnt(&mut prober, &clock).await;
    assert_eq!(ingress.asked().len(), 20);
    // It learns on a little, and has nothing to say.
    let more = timeout(WHILE, prober.next(false, || clock.now())).await;
    assert!(more.is_err(), "{more:?}");

    until(&mut prober, &clock, AS_EVER).await;
    ingress.say(&ok("v2"));
    let first = soon(prober.next(true, || clock.now())).await;
    assert!(matches!(first, Sight::New { answers: 1, .. }), "{first:?}");
    let second = soon(prober.next(true, || clock.now())).await;
    let (Sight::New { since, .. }, Sight::New { since: same, answers, .. }) = (&first, &second)
    else {
        panic!("{first:?}, {second:?}")
    };
    assert!(since == same && *answers >= 10, "{second:?}");
    // Nothing more, as long as it stays so.
    let more = timeout(WHILE, prober.next(true, || clock.now())).await;
    assert!(more.is_err(), "{more:?}");
    ingress.say(&ok("v1"));
    until(&mut prober, &clock, AS_EVER).await;
}

#[tokio::test]
async fn may_be_dropped_at_any_time() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut prober = prober(&[&ingress]);
    let sight = soon(async {
        loop {
            let next = prober.next(false, || clock.now());
            if let Ok(sight) = timeout(Duration::from_micros(200), next).await {
                return sight;
            }
        }
    })
    .await;
    assert!(matches!(sight, Sight::Old { .. }), "{sight:?}");
    assert_eq!(ingress.asked().len(), 20, "each answer counted once");
}

#[tokio::test]
async fn waits_while_nobody_answers() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut prober = prober(&[&ingress]);
    learnt(&mut prober, &clock).await;
    ingress.say(AWAY);
    until(&mut prober, &clock, ": 503 Service Unavailable").await;
    let more = timeout(WHILE, prober.next(true, || clock.now())).await;
    assert!(more.is_err(), "nobody is nobody, however long: {more:?}");
    ingress.hang();
    until(&mut prober, &clock, ": it did not answer in time").await;
    ingress.say(&ok("v2"));
    until(&mut prober, &clock, NEW).await;
}

#[tokio::test]
async fn is_blind_where_both_versions_answer_alike() {
    let (ingress, clock) = (StandIn::http(&ok("same")).await, Clock(Cell::new(0)));
    let mut prober = prober(&[&ingress]);
    learnt(&mut prober, &clock).await;
    let sight = until(&mut prober, &clock, "both versions answer alike").await;
    assert!(matches!(sight, Sight::Blind { .. }), "{sight:?}");
}

#[tokio::test]
async fn leaves_out_what_is_not_there() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let gone = StandIn::http(AWAY).await;
    let mut prober = prober(&[&gone, &ingress]);
    learnt(&mut prober, &clock).await;
    ingress.say(&ok("v2"));
    until(&mut prober, &clock, NEW).await;
    let asked = gone.asked().len();
    timeout(WHILE, prober.next(true, || clock.now())).await.unwrap_err();
    assert_eq!(gone.asked().len(), asked, "it is of no use to ask it any more");
}

#[tokio::test]
async fn is_blind_without_a_look_at_the_old_version() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut late = prober(&[&ingress]);
    until(&mut late, &clock, "nothing was asked before the switch").await;
    timeout(WHILE, late.next(true, || clock.now())).await.unwrap_err();
    assert!(ingress.asked().is_empty());

    ingress.say(AWAY);
    let mut early = prober(&[&ingress]);
    let sight = soon(early.next(false, || clock.now())).await;
    assert!(matches!(sight, Sight::Blind { .. }), "{sight:?}");
    timeout(WHILE, early.next(false, || clock.now())).await.unwrap_err();
    assert_eq!(ingress.asked().len(), 5);

    let mut nowhere = prober(&[]);
    let sight = soon(nowhere.next(false, || clock.now())).await;
    let why = "no rule of an Ingress can be asked".to_owned();
    assert_eq!(sight, Sight::Blind { why });
}

#[tokio::test]
async fn has_nothing_to_say_after_a_switch_back() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut prober = prober(&[&ingress]);
    learnt(&mut prober, &clock).await;
    until(&mut prober, &clock, AS_EVER).await;
    timeout(WHILE, prober.next(false, || clock.now())).await.unwrap_err();
}

#[tokio::test]
#[should_panic(expected = "asking does not panic")]
async fn a_fault_of_ours_is_not_waited_out() {
    let ingress = StandIn::http(&ok("v1")).await;
    let mut prober = prober(&[&ingress]);
    prober.asks.spawn(async { panic!("a fault") });
    let clock = Clock(Cell::new(0));
    until(&mut prober, &clock, NEW).await;
}
