//! `rollback`: back to the version that was live before, and to no other.

use bluegreen::model::{Colour, Kind, RELEASE, TEMPLATE_HASH, annotation};
use bluegreen::release::{
    Action, Answer, Change, Deploy, Gate, Goal, Next, Outcome, ReleaseOutcome, Settings, WaitFor,
};
use jiff::SignedDuration;
use serde_json::json;

use super::heard::{self, Heard};
use super::{action, changed, deploying, done, go, promoted, reach, record_after, step, waits};
use crate::world::World;
use crate::world::article::{V1, V2, backend, initialised};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, promote, rollback, set};

const V3: &str = "kmharish/parrot-app:v3";

fn back(world: &mut World, id: &str) -> Outcome {
    world.follow(&mut Driver::new(id, rollback()))
}

fn nothing(outcome: Outcome) -> String {
    match outcome {
        Outcome::NothingToDo { why } => why,
        outcome => panic!("something: {outcome:?}"),
    }
}

fn is_back(outcome: &Outcome, number: u64) {
    let Outcome::Finished(finished) = outcome else { panic!("{outcome:?}") };
    assert_eq!((finished.number, finished.outcome), (number, ReleaseOutcome::Promoted));
    assert!(finished.rollback);
}

/// A rollback up to the look whose next step is this.
fn going_back(wanted: impl Fn(&Next) -> bool) -> (World, Driver) {
    let mut world = promoted();
    let mut driver = Driver::new("b", rollback());
    reach(&mut world, &mut driver, wanted);
    (world, driver)
}

#[test]
fn it_begins_a_release_without_a_gate_of_what_stands_in_the_other_slot() {
    let world = promoted();
    let next = Driver::new("b", rollback()).next(&world);
    let (from, to) = (Colour::Green, Colour::Blue);
    assert_eq!(*action(&next), Action::Start { number: 2, from, to, images: vec![V1.into()] });
    let record = record_after(&world, &next);
    let release = record.release.unwrap();
    assert_eq!((release.drain_seconds, release.timeout_seconds), (30, 600));
    assert_eq!(release.deadline, None);
    assert!(release.before.is_some(), "what it has to put back");
    let first = record.history.last().unwrap();
    assert_eq!(release.back, first.base, "the very template that release 1 started from");
}

#[test]
fn it_goes_back_and_forward_again() {
    let mut world = promoted();
    let sent = annotation(world.get(Kind::Deployment, "parrot-green"), TEMPLATE_HASH).unwrap();
    let sent = sent.to_owned();
    is_back(&back(&mut world, "b"), 2);
    assert_eq!((backend(&world), world.live_image().as_deref()), ("parrot-blue", Some(V1)));
    assert_eq!(world.replicas("parrot-green"), 0);
    is_back(&back(&mut world, "c"), 3);
    assert_eq!((backend(&world), world.live_image().as_deref()), ("parrot-green", Some(V2)));
    assert_eq!(world.replicas("parrot"), 0);
    let green = world.get(Kind::Deployment, "parrot-green");
    assert_eq!(annotation(green, RELEASE), Some("3"));
    assert_eq!(annotation(green, TEMPLATE_HASH), Some(sent.as_str()), "the version that was sent");
    is_back(&back(&mut world, "d"), 4);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

/// What is read back has the API server's defaults, and so another hash.
#[test]
fn a_template_that_was_sent_is_known_again() {
    let mut world = initialised();
    let mut template = crate::world::article::deployment()["spec"]["template"].clone();
    template["spec"]["containers"][0]["image"] = json!(V2);
    let change = Change::Template(template);
    let file = Goal::Deploy(Deploy { change, ..deploy(V2, Gate::Open) });
    world.follow(&mut Driver::new("a", file.clone()));
    world.follow(&mut Driver::new("b", Goal::Deploy(deploy(V3, Gate::Open))));
    is_back(&back(&mut world, "c"), 3);
    let again = world.follow(&mut Driver::new("d", file));
    assert!(matches!(again, Outcome::AlreadyLive { .. }), "{again:?}");
}

#[test]
fn it_has_the_size_that_the_live_one_has_now() {
    let mut world = promoted();
    world.scale("parrot-green", 3);
    world.settle();
    let mut b = Driver::new("b", rollback());
    let next = reach(&mut world, &mut b, step!(Action::MakeCandidate { .. }));
    assert_eq!(*action(&next), Action::MakeCandidate { deployment: "parrot".into(), replicas: 3 });
    is_back(&world.follow(&mut b), 2);
    assert_eq!(world.replicas("parrot"), 3);
}

#[test]
fn what_was_rejected_is_not_gone_back_to() {
    let mut world = promoted();
    let mut reject =
        Driver::asking("r", Goal::Deploy(deploy(V3, WEBHOOK)), Answer::Reject("".into()));
    world.follow(&mut reject);
    is_back(&back(&mut world, "b"), 3);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn a_release_that_was_switched_back_leaves_the_one_before() {
    let mut world = promoted();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V3, Gate::Open)));
    reach(&mut world, &mut a, |next| waits(next) && world_drains(next));
    world.follow(&mut Driver::new("x", abort()));
    assert_eq!(world.live_image().as_deref(), Some(V2));
    is_back(&back(&mut world, "b"), 3);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

fn world_drains(next: &Next) -> bool {
    matches!(next, Next::Wait { on: WaitFor::Drain { .. }, .. })
}

#[test]
fn without_a_version_before_there_is_nothing_to_go_back_to() {
    let mut world = initialised();
    assert!(nothing(back(&mut world, "b")).contains("no release has gone live yet"));
    // One that was never live does not count.
    let mut reject =
        Driver::asking("r", Goal::Deploy(deploy(V2, WEBHOOK)), Answer::Reject("".into()));
    world.follow(&mut reject);
    let revision = world.revision();
    assert!(nothing(back(&mut world, "b")).contains("no release has gone live yet"));
    assert_eq!(world.revision(), revision, "nothing was written");
}

#[test]
fn a_version_that_was_edited_or_deleted_since_is_none_that_was_live() {
    let mut world = promoted();
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["image"] = json!("other");
    });
    world.settle();
    let why = nothing(back(&mut world, "b"));
    assert!(why.contains("parrot no longer holds the version that release 1 replaced"), "{why}");

    let mut world = promoted();
    is_back(&back(&mut world, "b"), 2);
    world.delete(Kind::Deployment, "parrot-green");
    let why = nothing(back(&mut world, "c"));
    assert!(why.contains("parrot-green, which held the previous version, was deleted"), "{why}");
}

#[test]
fn somebody_who_turned_the_routes_by_hand_and_is_served_is_not_second_guessed() {
    let mut world = promoted();
    world.scale("parrot", 1);
    led_back(&mut world);
    let why = nothing(back(&mut world, "b"));
    assert!(why.contains("release 1, the last that went live, is not live now"), "{why}");
    assert!(why.contains("--to 1 goes back to it"), "{why}");
    // Nor is anything offered that is gone.
    let mut gone = world.clone();
    gone.delete(Kind::Deployment, "parrot-green");
    let why = nothing(back(&mut gone, "b"));
    assert!(!why.contains("--to") && why.contains("release 1 is gone"), "{why}");
    let to = Goal::Rollback { release: None, to: Some(1), settings: Settings::default() };
    is_back(&world.follow(&mut Driver::new("c", to)), 2);
    assert_eq!(world.live_image().as_deref(), Some(V2));
}

#[test]
fn a_release_under_way_is_for_an_abort_to_end() {
    for wanted in [super::asks as fn(&Next) -> bool, world_drains] {
        let (world, _) = deploying(wanted);
        let why = nothing(done(Driver::new("b", rollback()).next(&world)));
        assert!(why.contains("release 1 is unfinished: abort ends it"), "{why}");
    }
}

#[test]
fn another_process_goes_on_with_it() {
    for wanted in [
        step!(Action::MakeCandidate { .. }) as fn(&Next) -> bool,
        step!(Action::Switch { .. }),
        step!(Action::ScaleDown { .. }),
    ] {
        let (mut world, _) = going_back(wanted);
        world.edit_record(|record| record.driver = None);
        is_back(&back(&mut world, "c"), 2);
        assert_eq!(world.live_image().as_deref(), Some(V1));
    }
}

#[test]
fn the_newer_word_on_its_drain_counts() {
    let (mut world, _) = going_back(step!(Action::MakeCandidate { .. }));
    world.edit_record(|record| record.driver = None);
    let settings = Settings { drain_seconds: Some(1), ..Settings::default() };
    let mut c = Driver::new("c", Goal::Rollback { release: None, to: None, settings });
    let next = reach(&mut world, &mut c, step!(Action::Set));
    assert_eq!(record_after(&world, &next).release.unwrap().drain_seconds, 1);
}

/// A deploy of the very version that a rollback brings back goes on with it, by its own gate; the
/// rollback after it has none again.
#[test]
fn no_gate_is_left_of_a_deploy_that_went_on_with_it() {
    let (mut world, _) = going_back(step!(Action::MakeCandidate { .. }));
    world.edit_record(|record| record.driver = None);
    let person = set(deploy(V1, Gate::Person), |settings| settings.deadline_seconds = Some(300));
    let mut a = Driver::new("a", Goal::Deploy(person));
    reach(&mut world, &mut a, |next| matches!(next, Next::Wait { on: WaitFor::Person, .. }));
    world.edit_record(|record| record.driver = None);
    is_back(&back(&mut world, "c"), 2);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn promote_makes_its_candidate_as_well() {
    let (mut world, _) = going_back(step!(Action::MakeCandidate { .. }));
    world.edit_record(|record| record.driver = None);
    let when_ready = Goal::Promote { release: None, when_ready: true };
    is_back(&world.follow(&mut Driver::new("p", when_ready)), 2);
    let (mut world, mut b) = going_back(step!(Action::MakeCandidate { .. }));
    go(&mut world, &mut b);
    is_back(&world.follow(&mut Driver::new("p", promote())), 2);
}

#[test]
fn one_release_is_undone_once() {
    let undo = |release| Goal::Rollback {
        release: Some(release),
        to: None,
        settings: Settings::default(),
    };
    let mut world = promoted();
    let why = nothing(world.follow(&mut Driver::new("b", undo(7))));
    assert_eq!(why, "release 7 is not live: release 1 is");
    let mut b = Driver::new("b", undo(1));
    reach(&mut world, &mut b, step!(Action::Switch { .. }));
    is_back(&world.follow(&mut b), 2);
    let revision = world.revision();
    let again = world.follow(&mut Driver::new("c", undo(1)));
    assert_eq!(again, Outcome::AlreadyLive { images: vec![V1.into()], differs: Vec::new() });
    assert_eq!(world.revision(), revision, "nothing was written");
    // The rollback is a release, too.
    is_back(&world.follow(&mut Driver::new("d", undo(2))), 3);
    assert_eq!(world.live_image().as_deref(), Some(V2));
    let why = nothing(world.follow(&mut Driver::new("e", undo(1))));
    assert_eq!(why, "release 1 is not live: release 3 is");
}

fn to(number: u64) -> Goal {
    Goal::Rollback { release: None, to: Some(number), settings: Settings::default() }
}

/// V2, V3 and a version that was rejected, in this order.
fn with_a_history() -> World {
    let mut world = promoted();
    world.follow(&mut Driver::new("b", Goal::Deploy(deploy(V3, Gate::Open))));
    let goal = Goal::Deploy(deploy("kmharish/parrot-app:v4", WEBHOOK));
    world.follow(&mut Driver::asking("c", goal, Answer::Reject("".into())));
    world.follow(&mut Driver::new("d", Goal::Deploy(deploy("kmharish/parrot-app:v5", Gate::Open))));
    world
}

#[test]
fn any_release_that_was_live_can_be_gone_back_to_as_long_as_its_template_is_there() {
    let mut world = with_a_history();
    let sent = world.record().finished(1).unwrap().hash.clone();
    // Of release 1 only an old ReplicaSet is left.
    is_back(&world.follow(&mut Driver::new("e", to(1))), 5);
    assert_eq!(world.live_image().as_deref(), Some(V2));
    let live = world.serving()[0];
    assert_eq!(annotation(world.get(Kind::Deployment, live), TEMPLATE_HASH), Some(sent.as_str()));
    let again = world.follow(&mut Driver::new("f", to(1)));
    assert_eq!(again, Outcome::AlreadyLive { images: vec![V2.into()], differs: Vec::new() });
    is_back(&world.follow(&mut Driver::new("g", to(2))), 6);
    assert_eq!(world.live_image().as_deref(), Some(V3));
    // And the one before that.
    is_back(&back(&mut world, "h"), 7);
    assert_eq!(world.live_image().as_deref(), Some(V2));
}

#[test]
fn what_was_never_live_or_is_gone_is_not_gone_back_to() {
    let mut world = with_a_history();
    for (number, why) in
        [(3, "release 3 was never live; it was rejected"), (9, "release 9 is not in the history")]
    {
        let said = nothing(world.follow(&mut Driver::new("e", to(number))));
        assert!(said.ends_with(why), "{said}");
    }
    let old: Vec<String> = (world.objects.list(Kind::ReplicaSet))
        .filter(|set| set["spec"]["replicas"] == 0)
        .map(|set| bluegreen::model::name(set).to_owned())
        .collect();
    old.iter().for_each(|set| world.delete(Kind::ReplicaSet, set));
    let said = nothing(world.follow(&mut Driver::new("e", to(1))));
    assert!(said.contains("the pod template of release 1 is gone"), "{said}");
}

#[test]
fn another_process_goes_on_with_a_rollback_to_the_same_release_only() {
    let mut world = with_a_history();
    let mut e = Driver::new("e", to(1));
    reach(&mut world, &mut e, step!(Action::MakeCandidate { .. }));
    world.edit_record(|record| record.driver = None);
    for goal in [to(2), rollback()] {
        let why = nothing(done(Driver::new("f", goal).next(&world)));
        assert!(why.starts_with("release 5 is unfinished"), "{why}");
    }
    is_back(&world.follow(&mut Driver::new("g", to(1))), 5);
    assert_eq!(world.live_image().as_deref(), Some(V2));
}

#[test]
fn an_abort_puts_the_slot_back() {
    for wanted in [
        step!(Action::MakeCandidate { .. }) as fn(&Next) -> bool,
        step!(Action::Switch { .. }),
        world_drains,
    ] {
        let before = promoted();
        let (mut world, _) = going_back(wanted);
        world.follow(&mut Driver::new("x", abort()));
        assert_eq!(world.live_image().as_deref(), Some(V2));
        let spec = |world: &World| world.get(Kind::Deployment, "parrot")["spec"].clone();
        assert_eq!(spec(&world), spec(&before));
        assert_eq!(annotation(world.get(Kind::Deployment, "parrot"), RELEASE), None);
        is_back(&back(&mut world, "c"), 3);
    }
}

#[test]
fn a_version_that_no_longer_gets_ready_is_not_switched_to() {
    let mut world = promoted();
    world.bad_images.push(V1.to_owned());
    let Outcome::Finished(finished) = back(&mut world, "b") else { panic!("it goes on") };
    assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
    assert_eq!((backend(&world), world.live_image().as_deref()), ("parrot-green", Some(V2)));
    assert_eq!(world.replicas("parrot"), 0);
}

#[test]
fn a_version_that_is_edited_before_it_is_started_stops_it() {
    let (mut world, mut b) = going_back(step!(Action::MakeCandidate { .. }));
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["image"] = json!("other");
    });
    let what = changed(b.next(&world));
    assert!(what.contains("parrot, which holds the version to go back to"), "{what}");
}

/// As a manifest does that is applied again: with its Service, and without a size.
fn led_back(world: &mut World) {
    for (kind, field) in [(Kind::Service, "/spec/selector/app"), (Kind::Ingress, BACKEND)] {
        world.edit(kind, "parrot", |object| *object.pointer_mut(field).unwrap() = json!("parrot"));
    }
    world.settle();
}

const BACKEND: &str = "/spec/rules/0/http/paths/0/backend/service/name";

#[test]
fn who_was_led_away_from_what_went_live_last_is_led_there_again() {
    let mut world = promoted();
    world.scale("parrot-green", 3);
    world.settle();
    led_back(&mut world);
    assert_eq!((world.live_image().as_deref(), world.replicas("parrot")), (Some(V1), 0));
    let mut b = Driver::new("b", rollback());
    let next = reach(&mut world, &mut b, step!(Action::Start { .. }));
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!((release.from, release.to, release.warm), (Colour::Blue, Colour::Green, true));
    let next = reach(&mut world, &mut b, step!(Action::MakeCandidate { .. }));
    let deployment = "parrot-green".to_owned();
    assert_eq!(*action(&next), Action::MakeCandidate { deployment, replicas: 3 }, "none is ended");
    is_back(&world.follow(&mut b), 2);
    assert_eq!((backend(&world), world.live_image().as_deref()), ("parrot-green", Some(V2)));
    assert_eq!((world.replicas("parrot-green"), world.replicas("parrot")), (3, 0));
    // And from there to the version before, as ever.
    is_back(&back(&mut world, "c"), 3);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

/// What a switch back breaks can be told by what was answered before it alone.
#[test]
fn each_rule_is_heard_in_the_moment_before_a_version_that_runs_is_gone_back_to() {
    let begun = || {
        let mut world = promoted();
        led_back(&mut world);
        let mut b = Driver::new("b", rollback());
        b.memory.asks = true;
        let next = reach(&mut world, &mut b, waits);
        let Next::Wait { until: Some(until), on: WaitFor::Ready { .. } } = next else {
            panic!("{next:?}")
        };
        (world, b, until)
    };
    let (world, mut b, until) = begun();
    assert!(until <= world.now + SignedDuration::from_secs(1), "it is in need: {until}");
    heard::of(&mut b, &world, &[Heard::learning()]);
    b.memory.probed.as_mut().unwrap().release = 2;
    let next = b.next(&world);
    assert!(step!(Action::MarkReady)(&next), "{next:?}");
    assert_eq!(record_after(&world, &next).release.unwrap().answered, ["parrot"]);
    // Where nothing is heard it goes on all the same.
    let (mut world, mut b, until) = begun();
    world.now = until;
    assert!(step!(Action::MarkReady)(&b.next(&world)));
}

#[test]
fn what_went_live_last_and_was_edited_since_is_not_gone_back_to() {
    let mut world = promoted();
    led_back(&mut world);
    world.edit(Kind::Deployment, "parrot-green", |green| {
        green["spec"]["template"]["spec"]["containers"][0]["image"] = json!(V3);
    });
    world.settle();
    let why = nothing(back(&mut world, "b"));
    assert!(why.contains("parrot-green no longer holds the version that release 1 made"), "{why}");
    world.delete(Kind::Deployment, "parrot-green");
    let why = nothing(back(&mut world, "b"));
    assert!(why.contains("parrot-green, which release 1 made live, was deleted"), "{why}");
}

#[test]
fn a_size_that_somebody_gave_blue_meanwhile_counts_when_it_is_filled() {
    let mut world = promoted();
    world.scale("parrot", 4);
    world.settle();
    let mut b = Driver::new("b", Goal::Deploy(deploy(V3, Gate::Open)));
    let next = reach(&mut world, &mut b, step!(Action::MakeCandidate { .. }));
    assert_eq!(*action(&next), Action::MakeCandidate { deployment: "parrot".into(), replicas: 4 });
}
