use std::cell::Cell;
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use tower::service_fn;
use url::Host;

use super::stand_in::{AWAY, StandIn, ok};
use super::*;
use crate::gate::{Denied, Failure};
use crate::release::{Arrival, Telling};

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

/// What both versions say, or why they can't be asked; and how often they were asked.
#[derive(Clone, Default)]
struct Versions {
    denied: Arc<Mutex<Option<&'static str>>>,
    asked: Arc<AtomicUsize>,
}

impl Versions {
    fn courier(&self, colour: Colour) -> Courier {
        let this = self.clone();
        Courier::new(service_fn(move |_| {
            this.asked.fetch_add(1, Ordering::SeqCst);
            let says = match colour {
                Colour::Blue => "v1",
                Colour::Green => "v2",
            };
            let denied = *this.denied.lock().unwrap();
            async move {
                match denied {
                    Some(why) => Err(Failure::from(Denied(why.to_owned()))),
                    None => {
                        let length = says.len();
                        let answer = http::Response::builder().header("content-length", length);
                        Ok(reqwest::Response::from(answer.body(says).unwrap()))
                    }
                }
            }
        }))
    }
}

fn targets(at: &[&StandIn]) -> Targets {
    let targets = at.iter().map(|stand_in| Target {
        url: format!("http://parrot.example.com:{}/", stand_in.address.port()).parse().unwrap(),
        address: Host::parse("127.0.0.1").unwrap(),
        ingress: "parrot".to_owned(),
        port: json!({"number": 80}),
        is_tls: false,
    });
    Targets { targets: targets.collect(), ..Targets::default() }
}

fn prober(at: &[&StandIn], versions: &Versions) -> Prober {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (found, outside) = (targets(at), Outside::network());
    let direct = |_: &Value, colour| Ok(versions.courier(colour));
    let mut prober = Prober::new(Colour::Green, &found, 1, &outside, direct).unwrap();
    let (millisecond, hour) = (Duration::from_millis(1), Duration::from_secs(3600));
    prober.pace = Pace {
        round: millisecond,
        watch: millisecond,
        failed: millisecond,
        idle: hour,
        idle_direct: hour,
    };
    prober
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(HANG, what).await.expect("it takes for ever")
}

/// Until this is what follows from what is heard, of a switch to this version.
async fn until(
    prober: &mut Prober,
    clock: &Clock,
    to: Colour,
    wanted: impl Fn(&Arrival) -> bool,
) -> Sight {
    soon(async {
        loop {
            let sight = prober.next(Some(to), || clock.now()).await;
            let answered = sight.answered(&[]);
            if wanted(&sight.arrival(to, &answered)) {
                return sight;
            }
        }
    })
    .await
}

fn has_arrived(arrival: &Arrival) -> bool {
    *arrival == Arrival::Arrived { unseen: None }
}

fn says(wanted: &'static str) -> impl Fn(&Arrival) -> bool {
    move |arrival| match arrival {
        Arrival::Not { said: Some(said) } | Arrival::Inconclusive { why: said } => {
            said.contains(wanted)
        }
        _ => false,
    }
}

async fn learnt(prober: &mut Prober, clock: &Clock) {
    soon(async {
        loop {
            let sight = prober.next(None, || clock.now()).await;
            if sight
                .rules
                .iter()
                .all(|rule| rule.telling == Telling::Yes && rule.answered == Some(true))
            {
                return;
            }
        }
    })
    .await;
}

async fn is_quiet(prober: &mut Prober, clock: &Clock, wanted: Option<Colour>) {
    let more = timeout(WHILE, prober.next(wanted, || clock.now())).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn sees_a_switch_and_the_way_back() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut prober = prober(&[&ingress], &Versions::default());
    learnt(&mut prober, &clock).await;
    is_quiet(&mut prober, &clock, None).await;
    assert_eq!(ingress.asked().len(), 10, "as many as tell what comes through");
    until(&mut prober, &clock, Colour::Green, says("200 OK, as blue answers")).await;
    ingress.say(&ok("v2"));
    until(&mut prober, &clock, Colour::Green, has_arrived).await;
    // Nothing more, as long as it stays so.
    is_quiet(&mut prober, &clock, Some(Colour::Green)).await;
    until(&mut prober, &clock, Colour::Blue, says("200 OK, as green answers")).await;
    ingress.say(&ok("v1"));
    until(&mut prober, &clock, Colour::Blue, has_arrived).await;
}

#[tokio::test]
async fn who_comes_after_the_switch_sees_it_too() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut late = prober(&[&ingress], &Versions::default());
    until(&mut late, &clock, Colour::Green, says("200 OK, as blue answers")).await;
    ingress.say(&ok("v2"));
    until(&mut late, &clock, Colour::Green, has_arrived).await;
}

#[tokio::test]
async fn may_be_dropped_at_any_time() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut prober = prober(&[&ingress], &Versions::default());
    soon(async {
        loop {
            let next = prober.next(None, || clock.now());
            if let Ok(sight) = timeout(Duration::from_micros(200), next).await
                && sight.rules[0].telling == Telling::Yes
            {
                return;
            }
        }
    })
    .await;
    is_quiet(&mut prober, &clock, None).await;
    assert_eq!(ingress.asked().len(), 10, "each answer counted once");
}

#[tokio::test]
async fn waits_while_nobody_answers() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let mut prober = prober(&[&ingress], &Versions::default());
    learnt(&mut prober, &clock).await;
    let to = Colour::Green;
    ingress.say(AWAY);
    let sight = until(&mut prober, &clock, to, says(": 503 Service Unavailable")).await;
    assert_eq!(sight.bad(&sight.answered(&[])), None, "not at once");
    soon(async {
        loop {
            let sight = prober.next(Some(to), || clock.now()).await;
            if sight.bad(&sight.answered(&[])).is_some() {
                return;
            }
        }
    })
    .await;
    ingress.hang();
    until(&mut prober, &clock, to, says(": it did not answer in time")).await;
    ingress.say(&ok("v2"));
    until(&mut prober, &clock, to, has_arrived).await;
}

#[tokio::test]
async fn is_blind_where_the_versions_can_not_be_asked() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let versions = Versions::default();
    *versions.denied.lock().unwrap() = Some("no rights");
    let mut prober = prober(&[&ingress], &versions);
    until(&mut prober, &clock, Colour::Green, says("can't be queried directly: no rights")).await;
    // Whoever answers is news once.
    while timeout(WHILE, prober.next(Some(Colour::Green), || clock.now())).await.is_ok() {}
    assert_eq!(versions.asked.load(Ordering::SeqCst), 2, "each once");
}

/// It tells that the switch has arrived, and nothing of who answers.
#[tokio::test]
async fn no_marker_makes_up_for_an_answer_that_may_be_anybodys() {
    let (ingress, clock) = (StandIn::http(&ok("v1")).await, Clock(Cell::new(0)));
    let versions = Versions::default();
    *versions.denied.lock().unwrap() = Some("no rights");
    let mut prober = prober(&[&ingress], &versions);
    soon(async { while prober.next(None, || clock.now()).await.rules[0].answered.is_none() {} })
        .await;
    let [known, unknown, marker] = ["a", "b", "c"].map(|host| format!("{host}.invalid"));
    let hosts = Hosts { known, unknown, marker, path: "/".to_owned() };
    prober.marks(Marking::Others, &hosts, &Outside::network());
    let to = Colour::Green;
    let sight = until(&mut prober, &clock, to, says("no rights")).await;
    assert_eq!(sight.marks.len(), 1);
    ingress.say("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n");
    let sight = until(&mut prober, &clock, to, says("may not be the app's answer")).await;
    assert_eq!(sight.marks, []);
}

#[tokio::test]
async fn asks_on_where_the_pods_are_now() {
    let (ingress, clock) = (StandIn::http(&ok("v2")).await, Clock(Cell::new(0)));
    let (before, after) = (Versions::default(), Versions::default());
    let mut prober = prober(&[&ingress], &before);
    let _ = soon(prober.next(Some(Colour::Green), || clock.now())).await;
    let asked = before.asked.load(Ordering::SeqCst);
    prober.lead(|_, colour| Ok(after.courier(colour)));
    until(&mut prober, &clock, Colour::Green, has_arrived).await;
    assert_eq!(before.asked.load(Ordering::SeqCst), asked);
}

/// Somebody edits the Ingress between two looks.
#[tokio::test]
async fn what_has_moved_is_asked_where_it_is_now() {
    let (before, after) = (StandIn::http(&ok("v1")).await, StandIn::http(&ok("v1")).await);
    let (clock, versions) = (Clock(Cell::new(0)), Versions::default());
    let mut prober = prober(&[&before], &versions);
    learnt(&mut prober, &clock).await;
    until(&mut prober, &clock, Colour::Green, says("200 OK, as blue answers")).await;
    let (moved, outside) = (targets(&[&after]), Outside::network());
    let direct = |_: &Value, colour| Ok(versions.courier(colour));
    prober.find(&moved, &outside, direct).unwrap();
    let rules = moved.targets.iter().map(Target::rule).collect();
    prober.keep(&rules, &moved);
    after.say(&ok("v2"));
    // Whoever still answers at the old address is nobody's any more.
    let sight = until(&mut prober, &clock, Colour::Green, has_arrived).await;
    assert_eq!(sight.rules.len(), 1, "{sight:?}");
    // An Ingress without an address is asked where it had one.
    prober.keep(&rules, &Targets::default());
    assert_eq!(prober.tell.sight(clock.now()).rules.len(), 2);
    prober.keep(&BTreeSet::new(), &moved);
    assert_eq!(prober.tell.sight(clock.now()).rules, []);
}

#[tokio::test]
async fn says_at_once_that_there_is_nothing_to_ask() {
    let clock = Clock(Cell::new(0));
    let mut nowhere = prober(&[], &Versions::default());
    let sight = soon(nowhere.next(None, || clock.now())).await;
    assert_eq!(sight, Sight::nothing("no Ingress rule can be probed"));
    is_quiet(&mut nowhere, &clock, None).await;
}

#[tokio::test]
#[should_panic(expected = "asking does not panic")]
async fn a_fault_of_ours_is_not_waited_out() {
    let ingress = StandIn::http(&ok("v1")).await;
    let mut prober = prober(&[&ingress], &Versions::default());
    prober.asks.spawn(async { panic!("a fault") });
    let clock = Clock(Cell::new(0));
    until(&mut prober, &clock, Colour::Green, has_arrived).await;
}
