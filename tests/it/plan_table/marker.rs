//! A rule that is added to our own Ingress after the switch, where nothing else tells that it has arrived.

use bluegreen::model::{Colour, EPOCH, Id, Kind, annotation};
use bluegreen::release::{
    Action, Confirmed, Goal, Mark, Next, Outcome, ReleaseOutcome, Sight, WaitFor, marker,
};
use serde_json::{Value, json};

use super::after_switch::{drains, plain, switched, with};
use super::heard::{self, Heard};
use super::{action, assert_patch, changed, go, reach, record_after, step};
use crate::world::World;
use crate::world::article::V2;
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, init};

const V3: &str = "kmharish/parrot-app:v3";
const OURS: &str = "parrot-preview";

fn mark(tells: Option<bool>, has_it: bool) -> Mark {
    Mark { at: "http://r1.ab.invalid/ at 203.0.113.7".to_owned(), tells, has_it }
}

/// Both versions answer alike; what else is heard.
fn alike(world: &World, marks: &[Mark]) -> Sight {
    let heard = [Heard::nothing("both versions give the same answers")];
    Sight { marks: marks.to_vec(), ..heard::sight(world, &heard) }
}

fn hears(driver: &mut Driver, world: &World, tells: Option<bool>, has_it: bool) {
    let sight = alike(world, &[mark(tells, has_it)]);
    heard::hears(driver, sight);
}

fn marks(next: &Next) -> bool {
    step!(Action::Mark { .. })(next)
}

fn waits_by(next: &Next) -> Confirmed {
    match next {
        Next::Wait { on: WaitFor::Arrival { by, .. }, .. } => *by,
        next => panic!("no wait for the switch: {next:?}"),
    }
}

fn rules(world: &World) -> Vec<Value> {
    world.get(Kind::Ingress, OURS)["spec"]["rules"].as_array().unwrap().clone()
}

/// The rule is there, in the hands of the driver that wrote it.
fn marked() -> (World, Driver) {
    let (mut world, mut a) = switched(plain());
    hears(&mut a, &world, Some(true), false);
    assert!(marks(&a.next(&world)), "{:?}", a.next(&world));
    go(&mut world, &mut a);
    (world, a)
}

#[test]
fn where_the_versions_answer_alike_a_rule_that_comes_after_the_switch_confirms_it() {
    let (mut world, mut a) = switched(plain());
    let before = rules(&world);
    hears(&mut a, &world, None, false);
    assert_eq!(waits_by(&a.next(&world)), Confirmed::Settle);
    hears(&mut a, &world, Some(true), false);
    let next = a.next(&world);
    let Action::Mark { ingress, host } = action(&next) else { panic!("{next:?}") };
    assert_eq!(ingress, OURS);
    let known = before[0]["host"].as_str().unwrap();
    assert_eq!(*host, format!("r1.{}.invalid", &known[..16]));
    let service = json!({"name": "parrot-green", "port": {"number": 80}});
    let path =
        json!({"path": "/parrot-green/80", "pathType": "Exact", "backend": {"service": service}});
    assert!(before[0]["http"]["paths"].as_array().unwrap().contains(&path), "{before:#?}");
    let rule = json!({"host": host, "http": {"paths": [path]}});
    let add = json!([{"op": "add", "path": "/spec/rules/-", "value": rule}]);
    assert_patch(&next, &world, Kind::Ingress, OURS, add);
    go(&mut world, &mut a);
    for _ in 0..2 {
        assert_eq!(waits_by(&a.next(&world)), Confirmed::Marker);
        world.pass(4);
        hears(&mut a, &world, Some(true), false);
    }
    hears(&mut a, &world, Some(true), true);
    let next = a.next(&world);
    let confirmed = Some(Confirmed::Marker);
    assert_eq!(*action(&next), Action::StartDrain { seconds: 30, confirmed });
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!((release.confirmed, release.unconfirmed), (confirmed, None));
    go(&mut world, &mut a);
    // It has told what there was to tell.
    let next = a.next(&world);
    assert_eq!(*action(&next), Action::Unmark { ingress: OURS.to_owned() });
    let remove = json!([{"op": "remove", "path": "/spec/rules/1"}]);
    assert_patch(&next, &world, Kind::Ingress, OURS, remove);
    go(&mut world, &mut a);
    assert_eq!(rules(&world), before);
    assert!(drains(&a.next(&world)), "{:?}", a.next(&world));
}

/// `init` may be run at any time, and the driver still looks for what it wrote.
#[test]
fn an_init_in_the_middle_leaves_it_there() {
    let (mut world, mut a) = marked();
    let with_it = rules(&world);
    reach(&mut world, &mut Driver::new("i", init()), |n| matches!(n, Next::Done(_)));
    assert_eq!(rules(&world), with_it);
    hears(&mut a, &world, Some(true), true);
    assert!(matches!(action(&a.next(&world)), Action::StartDrain { .. }), "{:?}", a.next(&world));
}

#[test]
fn as_long_as_one_address_does_not_serve_it_both_versions_stay() {
    let (mut world, mut a) = marked();
    let settled = Some(world.now + jiff::SignedDuration::from_secs(10));
    for seconds in [0, 9] {
        world.pass(seconds);
        heard::hears(&mut a, alike(&world, &[mark(Some(true), true), mark(Some(true), false)]));
        let next = a.next(&world);
        assert_eq!(waits_by(&next), Confirmed::Marker);
        assert!(matches!(next, Next::Wait { until, .. } if until == settled), "{next:?}");
    }
    world.pass(1);
    // Whoever goes on and can't hear it must not take time for a proof.
    assert_eq!(*action(&a.next(&world)), Action::Doubt);
    go(&mut world, &mut a);
    for seconds in [0, 589] {
        world.pass(seconds);
        assert_eq!(waits_by(&a.next(&world)), Confirmed::Marker);
    }
    world.pass(1);
    let what = changed(a.next(&world));
    assert_eq!(
        what,
        "the switch was not confirmed within 600 s: http://r1.ab.invalid/ at 203.0.113.7 is not served yet"
    );
    assert_eq!(world.replicas("parrot"), 1);
}

#[test]
fn it_is_written_only_where_it_tells_something_that_nothing_else_does() {
    let (world, a) = switched(plain());
    let never = |world: &World, sight: Sight| {
        let mut a = a.clone();
        heard::hears(&mut a, sight);
        let next = a.next(world);
        assert!(!marks(&next), "{next:?}");
    };
    let told = [mark(Some(true), false)];
    assert!(marks(&{
        let mut a = a.clone();
        heard::hears(&mut a, alike(&world, &told));
        a.next(&world)
    }));
    for marks in [vec![], vec![mark(None, false)], vec![mark(Some(false), false)]] {
        never(&world, alike(&world, &marks));
    }
    never(&world, alike(&world, &[mark(Some(true), false), mark(Some(false), false)]));
    // What is asked nowhere may be behind another controller.
    let unasked = vec!["Ingress zoo is not probed".to_owned()];
    never(&world, Sight { unasked, ..alike(&world, &told) });
    // The versions tell by themselves.
    for heard in [
        Heard::version(Colour::Blue, 64, 6),
        Heard::version(Colour::Green, 10, 1),
        Heard::version(Colour::Green, 64, 6),
        Heard::errors(3, 1),
        Heard::learning(),
    ] {
        let marks = told.to_vec();
        never(&world, Sight { marks, ..heard::sight(&world, &[heard]) });
    }
    // Another data plane, or an Ingress of ours that is not as it should be, or is none.
    let mut elsewhere = world.clone();
    for name in ["parrot", OURS] {
        elsewhere.edit(Kind::Ingress, name, |it| it["spec"]["ingressClassName"] = json!("traefik"));
    }
    never(&elsewhere, alike(&world, &told));
    let mut changed = world.clone();
    changed.edit(Kind::Ingress, OURS, |it| it["spec"]["rules"][0]["host"] = json!("a.invalid"));
    never(&changed, alike(&world, &told));
    let mut gone = world.clone();
    gone.objects.remove(&Id::new(Kind::Ingress, OURS));
    never(&gone, alike(&world, &told));
}

#[test]
fn who_says_how_long_a_switch_takes_is_taken_at_his_word() {
    for seconds in [10, 20] {
        let (world, mut a) = switched(with(|settings| settings.settle_seconds = Some(seconds)));
        hears(&mut a, &world, Some(true), false);
        assert_eq!(waits_by(&a.next(&world)), Confirmed::Settle);
    }
}

#[test]
fn where_it_is_refused_or_taken_away_the_controller_gets_its_time() {
    let (mut world, mut a) = switched(plain());
    hears(&mut a, &world, Some(true), false);
    let id = Id::new(Kind::Ingress, OURS);
    a.memory.refused.insert(id.clone(), "denied: .invalid".to_owned());
    assert_eq!(waits_by(&a.next(&world)), Confirmed::Settle);
    world.pass(10);
    let confirmed = Some(Confirmed::Settle);
    assert_eq!(*action(&a.next(&world)), Action::StartDrain { seconds: 30, confirmed });

    let (mut world, mut a) = marked();
    world.edit(Kind::Ingress, OURS, |it| drop(it["spec"]["rules"].as_array_mut().unwrap().pop()));
    assert_eq!(waits_by(&a.next(&world)), Confirmed::Settle);
    // And what can't be taken away keeps no release from its end.
    let (mut world, mut a) = marked();
    hears(&mut a, &world, Some(true), true);
    go(&mut world, &mut a);
    a.memory.refused.insert(id, "denied".to_owned());
    assert!(drains(&a.next(&world)), "{:?}", a.next(&world));
}

/// Nothing of it is one process's memory; and whoever wrote it and sleeps writes nothing any more.
#[test]
fn who_takes_over_finds_it_there() {
    let (mut world, a) = marked();
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    b.memory.asks = true;
    let mut asleep = a.clone();
    hears(&mut asleep, &world, Some(true), true);
    reach(&mut world, &mut b, |next| {
        matches!(next, Next::Wait { on: WaitFor::Arrival { .. }, .. })
    });
    let ours = world.get(Kind::Ingress, OURS);
    assert_eq!(annotation(ours, EPOCH), Some("1"));
    assert_eq!(rules(&world).len(), 2);
    // Its time is over, but it has only begun to listen.
    world.pass(2);
    hears(&mut b, &world, None, false);
    assert_eq!(waits_by(&b.next(&world)), Confirmed::Settle);
    hears(&mut b, &world, Some(true), true);
    let confirmed = Some(Confirmed::Marker);
    assert_eq!(*action(&b.next(&world)), Action::StartDrain { seconds: 30, confirmed });
    let Outcome::Finished(finished) = world.follow(&mut b) else { panic!("it goes on") };
    assert_eq!((finished.outcome, finished.confirmed), (ReleaseOutcome::Promoted, confirmed));
    assert_eq!(rules(&world).len(), 1);
}

/// Whoever says how long a switch takes has no use for one; but whoever wrote it and sleeps might.
#[test]
fn who_takes_over_with_a_time_of_its_own_fences_it() {
    let (mut world, mut a) = switched(plain());
    hears(&mut a, &world, Some(true), false);
    let Next::Do(late) = a.next(&world) else { panic!("no step") };
    assert!(matches!(late.action, Action::Mark { .. }), "{late:?}");
    let mut b = Driver::new("b", Goal::Deploy(with(|settings| settings.settle_seconds = Some(60))));
    b.memory.asks = true;
    reach(&mut world, &mut b, |next| {
        matches!(next, Next::Wait { on: WaitFor::Arrival { .. }, .. })
    });
    assert!(world.apply(&late.write).is_err(), "{:?}", world.get(Kind::Ingress, OURS));
}

#[test]
fn a_release_that_is_led_back_takes_it_away() {
    let (mut world, _) = marked();
    world.edit_record(|record| record.driver = None);
    let mut b = Driver::new("b", abort());
    let Outcome::Finished(finished) = world.follow(&mut b) else { panic!("it goes on") };
    assert_eq!(finished.outcome, ReleaseOutcome::Aborted);
    assert_eq!(rules(&world).len(), 1);
}

/// By a write that was under way for long.
#[test]
fn what_was_left_behind_goes_before_the_next_release_begins() {
    let (mut world, a) = marked();
    let left = rules(&world);
    let mut b = a.clone();
    hears(&mut b, &world, Some(true), true);
    assert!(matches!(world.follow(&mut b), Outcome::Finished(_)));
    world.edit(Kind::Ingress, OURS, |it| it["spec"]["rules"] = json!(left));
    // It is nobody's edit, and in nobody's way.
    let mut again = Driver::new("c", init());
    let mut next = Driver::new("d", Goal::Deploy(deploy(V3, WEBHOOK)));
    assert!(step!(Action::AlignIngress { .. })(&again.next(&world)), "{:?}", again.next(&world));
    assert!(step!(Action::Unmark { .. })(&next.next(&world)), "{:?}", next.next(&world));
    go(&mut world, &mut next);
    assert!(step!(Action::Start { .. })(&next.next(&world)), "{:?}", next.next(&world));
    assert_eq!(world.live_image().as_deref(), Some(V2));
}

#[test]
fn the_hosts_are_unlike_each_other_and_each_releases_own() {
    let (world, mut a) = switched(plain());
    let s = a.look(&world);
    let (_, record) = s.record.as_ref().unwrap();
    let mut release = record.release.clone().unwrap();
    let hosts = marker::hosts(&s, record, &release).unwrap();
    assert_ne!(hosts.marker, hosts.unknown);
    assert_eq!(hosts.marker.len(), hosts.unknown.len());
    assert_eq!(rules(&world)[0]["host"], hosts.known);
    release.number = 2;
    let next = marker::hosts(&s, record, &release).unwrap();
    assert!(next.marker != hosts.marker && next.unknown != hosts.unknown);
}
