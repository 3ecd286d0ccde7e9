//! After the switch: that it arrived, that the new version holds, and what becomes of the old one.

use bluegreen::model::{Colour, Kind, RELEASE, annotation};
use bluegreen::release::{
    Action, AnswerKind, Confirmed, Deploy, Gate, Goal, Memory, NOT_ASKED, Next, Outcome,
    ReleaseOutcome, Settings, Sight, WaitFor,
};

use jiff::Timestamp;

use super::heard::{self, Heard};
use super::{action, changed, go, reach, record_after, step, written};
use crate::world::World;
use crate::world::article::{V1, V2, backend, initialised};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, promote, rollback, set};

const V3: &str = "kmharish/parrot-app:v3";

/// A release that has just been switched.
pub fn switched(deploy: Deploy) -> (World, Driver) {
    let mut world = initialised();
    let mut driver = Driver::new("a", Goal::Deploy(deploy));
    reach(&mut world, &mut driver, step!(Action::MarkSwitched));
    heard::before(&mut driver, &world, &["parrot"]);
    go(&mut world, &mut driver);
    driver.memory.probed = None;
    (world, driver)
}

pub fn plain() -> Deploy {
    deploy(V2, WEBHOOK)
}

pub fn with(change: impl FnOnce(&mut Settings)) -> Deploy {
    set(plain(), change)
}

fn arrival(next: &Next) -> (Confirmed, Option<&str>) {
    match next {
        Next::Wait { on: WaitFor::Arrival { by, why, .. }, .. } => (*by, why.as_deref()),
        next => panic!("no wait for the switch: {next:?}"),
    }
}

/// Until one version alone answers.
pub fn arrives(next: &Next) -> bool {
    matches!(next, Next::Wait { on: WaitFor::Arrival { by: Confirmed::Probe, .. }, .. })
}

pub fn drains(next: &Next) -> bool {
    matches!(next, Next::Wait { on: WaitFor::Drain { .. }, .. })
}

#[test]
fn the_switch_is_written_down_with_the_gates_yes() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(plain()));
    let next = reach(&mut world, &mut a, step!(Action::MarkSwitched));
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!(release.switched, Some(world.now));
    assert_eq!(release.gate.answer, Some(AnswerKind::Pass));
    assert_eq!((release.confirmed, release.drain_until), (None, None));
}

#[test]
fn where_nothing_can_be_asked_the_ingress_controller_gets_its_time() {
    let (mut world, mut a) = switched(plain());
    for blind in [None, Some("both versions give the same answers")] {
        if let Some(why) = blind {
            heard::of(&mut a, &world, &[Heard::nothing(why)]);
        }
        let why = blind.map_or(NOT_ASKED.to_owned(), |why| format!("parrot: {why}"));
        assert_eq!(arrival(&a.next(&world)), (Confirmed::Settle, Some(why.as_str())));
    }
    world.pass(9);
    assert_eq!(arrival(&a.next(&world)).0, Confirmed::Settle);
    world.pass(1);
    let next = a.next(&world);
    let confirmed = Some(Confirmed::Settle);
    assert_eq!(*action(&next), Action::StartDrain { seconds: 30, confirmed });
    assert_eq!(record_after(&world, &next).release.unwrap().confirmed, confirmed);
}

#[test]
fn its_time_is_a_setting() {
    let (world, mut a) = switched(with(|settings| settings.settle_seconds = Some(0)));
    assert!(step!(Action::StartDrain { .. })(&a.next(&world)));
}

#[test]
fn a_second_of_new_answers_alone_confirms_the_switch_at_once() {
    let (mut world, mut a) = switched(plain());
    for (answers, seconds) in [(100, 0), (29, 30)] {
        heard::of(&mut a, &world, &[Heard::version(Colour::Green, answers, seconds)]);
        assert_eq!(arrival(&a.next(&world)), (Confirmed::Probe, None), "{answers} in {seconds} s");
    }
    world.pass(600);
    heard::of(&mut a, &world, &[Heard::version(Colour::Green, 30, 1)]);
    let next = a.next(&world);
    let confirmed = Some(Confirmed::Probe);
    assert_eq!(*action(&next), Action::StartDrain { seconds: 30, confirmed });
    assert_eq!(record_after(&world, &next).release.unwrap().unconfirmed, None);
    // What was heard of another release says nothing.
    a.memory.probed.as_mut().unwrap().release = 7;
    let next = a.next(&world);
    let settled = Action::StartDrain { seconds: 30, confirmed: Some(Confirmed::Settle) };
    assert_eq!(*action(&next), settled);
}

#[test]
fn what_one_ingress_shows_leaves_another_its_time() {
    let (mut world, mut a) = switched(plain());
    let why = "zoo: both versions give the same answers";
    let zoo = Heard::nothing("both versions give the same answers").named("zoo");
    let seen = [Heard::version(Colour::Green, 80, 5), zoo];
    for _ in 0..2 {
        heard::of(&mut a, &world, &seen);
        assert_eq!(arrival(&a.next(&world)), (Confirmed::Settle, Some(why)));
        world.pass(5);
    }
    let next = a.next(&world);
    let confirmed = Some(Confirmed::Settle);
    assert_eq!(*action(&next), Action::StartDrain { seconds: 30, confirmed });
    let unconfirmed = record_after(&world, &next).release.unwrap().unconfirmed;
    assert_eq!(unconfirmed.as_deref(), Some(why));
}

#[test]
fn its_time_counts_from_the_last_old_answer_of_another() {
    let (mut world, mut a) = switched(plain());
    world.pass(30);
    let zoo = Heard::nothing("both versions give the same answers").named("zoo");
    let late = Heard::version(Colour::Green, 80, 5).other(world.now);
    for _ in 0..2 {
        heard::of(&mut a, &world, &[late.clone(), zoo.clone()]);
        assert_eq!(arrival(&a.next(&world)).0, Confirmed::Settle);
        world.pass(5);
    }
    assert!(step!(Action::StartDrain { .. })(&a.next(&world)));
}

#[test]
fn as_long_as_the_old_version_answers_it_stays() {
    let (mut world, mut a) = switched(plain());
    let old = |a: &mut Driver, world: &World| {
        heard::of(a, world, &[Heard::version(Colour::Blue, 64, 6)]);
    };
    let why = Some("parrot: 200 OK");
    old(&mut a, &world);
    assert_eq!(arrival(&a.next(&world)), (Confirmed::Probe, why));
    world.pass(10);
    let next = a.next(&world);
    assert_eq!(*action(&next), Action::Doubt);
    assert!(record_after(&world, &next).release.unwrap().doubted);
    go(&mut world, &mut a);
    for seconds in [50, 500, 39] {
        world.pass(seconds);
        old(&mut a, &world);
        assert_eq!(arrival(&a.next(&world)), (Confirmed::Probe, why));
    }
    world.pass(1);
    let what = changed(a.next(&world));
    assert_eq!(what, "the switch was not confirmed within 600 s: parrot: 200 OK");
    assert_eq!(world.replicas("parrot"), 1);
}

/// Nobody can tell the versions apart, and the one answer that came when the time was over is an error.
#[test]
fn a_hiccup_at_the_end_of_its_time_is_no_doubt() {
    let (mut world, mut a) = switched(plain());
    world.pass(10);
    let alike = Heard::nothing("both versions give the same answers");
    heard::of(&mut a, &world, &[Heard::errors(9, 4).alike()]);
    assert_eq!(arrival(&a.next(&world)).0, Confirmed::Probe);
    heard::of(&mut a, &world, &[alike]);
    assert!(step!(Action::StartDrain { .. })(&a.next(&world)), "{:?}", a.next(&world));
    // At one of two addresses of the rule they go on.
    let some = [Heard::errors(10, 5).alike(), Heard::version(Colour::Green, 60, 6).named("zoo")];
    let mut sight = heard::sight(&world, &some);
    sight.rules.iter_mut().for_each(|rule| rule.rule = "both".to_owned());
    world.edit_record(|r| r.release.as_mut().unwrap().answered.push("zoo".to_owned()));
    heard::hears(&mut a, sight);
    assert_eq!(*action(&a.next(&world)), Action::Doubt);
}

/// Nobody can tell the versions apart, and one of two addresses gives errors for longer than the switch may take.
fn erring() -> (World, Driver) {
    let (mut world, mut a) = switched(plain());
    world.edit_record(|r| r.release.as_mut().unwrap().answered.push("b".to_owned()));
    world.pass(15);
    heard::hears(&mut a, at_two(&world, Heard::errors(60, 14)));
    assert_eq!(*action(&a.next(&world)), Action::Doubt);
    go(&mut world, &mut a);
    (world, a)
}

fn at_two(world: &World, second: Heard) -> Sight {
    let alike = Heard::nothing("both versions give the same answers");
    let mut sight = heard::sight(world, &[alike, second.alike().named("b")]);
    sight.rules.iter_mut().for_each(|rule| rule.rule = "parrot".to_owned());
    sight
}

/// They are nobody's old answers: once they are over, time tells as it did.
#[test]
fn errors_that_end_after_the_switchs_time_let_it_begin_anew() {
    let (mut world, mut a) = erring();
    let last = world.now;
    let over = |world: &World| {
        let mut sight = at_two(world, Heard::nothing("both versions give the same answers"));
        sight.rules[1].erred_until = Some(last);
        sight
    };
    for seconds in [1, 8] {
        world.pass(seconds);
        heard::hears(&mut a, over(&world));
        assert_eq!(arrival(&a.next(&world)).0, Confirmed::Settle, "{:?}", a.next(&world));
    }
    // Who takes it over hears for as long that there are none.
    let mut b = Driver::new("b", promote());
    let mut taken = world.clone();
    taken.edit_record(|record| record.driver = None);
    go(&mut taken, &mut b);
    heard::hears(&mut b, at_two(&taken, Heard::nothing("both versions give the same answers")));
    taken.pass(9);
    assert_eq!(arrival(&b.next(&taken)).0, Confirmed::Settle, "{:?}", b.next(&taken));
    taken.pass(1);
    for (world, driver) in [(&mut world, &mut a), (&mut taken, &mut b)] {
        world.pass(1);
        let next = driver.next(world);
        let confirmed = Some(Confirmed::Settle);
        assert_eq!(*action(&next), Action::StartDrain { seconds: 30, confirmed });
    }
}

#[test]
fn errors_that_go_on_at_one_address_keep_both_versions() {
    let (mut world, mut a) = erring();
    world.pass(584);
    heard::hears(&mut a, at_two(&world, Heard::errors(64, 60)));
    assert_eq!(arrival(&a.next(&world)).0, Confirmed::Probe);
    world.pass(1);
    let what = changed(a.next(&world));
    assert_eq!(what, "the switch was not confirmed within 600 s: b: 502 Bad Gateway");
    // Nor does somebody who hears nothing of it take them for over.
    let (mut world, _) = erring();
    world.edit_record(|record| record.driver = None);
    let mut b = Driver::new("b", promote());
    go(&mut world, &mut b);
    heard::of(&mut b, &world, &[]);
    world.pass(60);
    assert_eq!(arrival(&b.next(&world)).0, Confirmed::Probe, "{:?}", b.next(&world));
    // Old answers are more than errors.
    let (mut world, mut a) = erring();
    world.pass(1);
    heard::of(&mut a, &world, &[Heard::version(Colour::Blue, 1, 0)]);
    let next = a.next(&world);
    assert_eq!(*action(&next), Action::Doubt);
    assert!(!record_after(&world, &next).release.unwrap().erring);
}

/// Both versions are there to be asked: nothing of it is the first one's memory.
#[test]
fn who_goes_on_with_a_switch_asks_like_who_began_it() {
    let (mut world, mut a) = switched(plain());
    world.pass(10);
    heard::of(&mut a, &world, &[Heard::version(Colour::Blue, 64, 6)]);
    go(&mut world, &mut a);
    world.edit_record(|record| record.driver = None);
    world.pass(3600);
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    b.memory.asks = true;
    go(&mut world, &mut b);
    for seconds in [0, 19] {
        world.pass(seconds);
        assert_eq!(arrival(&b.next(&world)), (Confirmed::Probe, None), "nothing is heard yet");
    }
    heard::of(&mut b, &world, &[Heard::version(Colour::Blue, 64, 6)]);
    assert_eq!(arrival(&b.next(&world)), (Confirmed::Probe, Some("parrot: 200 OK")));
    heard::of(&mut b, &world, &[Heard::version(Colour::Green, 30, 3)]);
    let confirmed = Some(Confirmed::Probe);
    assert_eq!(*action(&b.next(&world)), Action::StartDrain { seconds: 30, confirmed });
}

#[test]
fn who_can_not_tell_does_not_take_time_for_a_proof_where_old_answers_came() {
    let (mut world, mut a) = switched(plain());
    world.pass(10);
    heard::of(&mut a, &world, &[Heard::version(Colour::Blue, 64, 6)]);
    go(&mut world, &mut a);
    world.edit_record(|record| record.driver = None);
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    go(&mut world, &mut b);
    for seconds in [0, 3600] {
        world.pass(seconds);
        let what = changed(b.next(&world));
        assert!(what.contains("this process can't check it again"), "{what}");
    }
    heard::of(&mut b, &world, &[Heard::nothing("no rights")]);
    let mut c = b.clone();
    c.memory = Memory::default();
    heard::of(&mut c, &world, &[Heard::nothing("no rights")]);
    assert_eq!(arrival(&c.next(&world)), (Confirmed::Probe, Some("parrot: no rights")));
    world.pass(600);
    assert!(changed(c.next(&world)).contains("this process can't check"));
    // A person may say how long it takes.
    world.edit_record(|record| record.driver = None);
    let longer = with(|settings| settings.settle_seconds = Some(60));
    let mut d = Driver::new("d", Goal::Deploy(longer));
    let next = reach(&mut world, &mut d, step!(Action::StartDrain { .. }));
    let settled = Action::StartDrain { seconds: 60, confirmed: Some(Confirmed::Settle) };
    assert_eq!(*action(&next), settled);
}

/// Several controllers may stand behind one address.
#[test]
fn a_drain_is_never_shorter_than_what_the_controller_can_take() {
    for (drain, settle, kept) in [(1, 10, 10), (60, 10, 60), (1, 0, 1)] {
        let (world, mut a) = switched(with(|settings| {
            (settings.drain_seconds, settings.settle_seconds) = (Some(drain), Some(settle));
        }));
        heard::of(&mut a, &world, &[Heard::version(Colour::Green, 30, 3)]);
        let next = a.next(&world);
        let confirmed = Some(Confirmed::Probe);
        assert_eq!(*action(&next), Action::StartDrain { seconds: kept, confirmed });
        let until = record_after(&world, &next).release.unwrap().drain_until.unwrap();
        assert_eq!((until - world.now).get_seconds(), i64::try_from(kept).unwrap());
    }
}

#[test]
fn it_bakes_at_full_size_before_it_is_put_away() {
    let baking = with(|settings| settings.bake_seconds = Some(600));
    let (mut world, mut a) = switched(baking);
    let next = reach(&mut world, &mut a, step!(Action::StartDrain { .. }));
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!((release.bake_until.unwrap() - world.now).get_seconds(), 600);
    go(&mut world, &mut a);
    for seconds in [0, 100, 499] {
        world.pass(seconds);
        let on = WaitFor::Bake { colour: Colour::Blue };
        assert_eq!(a.next(&world), Next::Wait { until: release.bake_until, on });
    }
    assert_eq!(world.replicas("parrot"), 1);
    world.pass(1);
    assert!(step!(Action::ScaleDown { .. })(&a.next(&world)));
    // A drain that is longer than the bake is kept, too.
    let both = with(|settings| {
        (settings.bake_seconds, settings.drain_seconds) = (Some(5), Some(60));
    });
    let (mut world, mut a) = switched(both);
    let next = reach(&mut world, &mut a, drains);
    let until = world.release().drain_until;
    assert_eq!(next, Next::Wait { until, on: WaitFor::Drain { colour: Colour::Blue } });
}

#[test]
fn the_newer_word_counts_in_the_drain_too_until_the_old_version_is_put_away() {
    let (mut world, mut a) = switched(plain());
    reach(&mut world, &mut a, drains);
    let arrived = world.release().arrived.unwrap();
    world.edit_record(|record| record.driver = None);
    let longer = with(|settings| {
        (settings.drain_seconds, settings.bake_seconds) = (Some(90), Some(600));
    });
    let mut b = Driver::new("b", Goal::Deploy(longer.clone()));
    let next = reach(&mut world, &mut b, step!(Action::Set));
    let release = record_after(&world, &next).release.unwrap();
    let after = |until: Option<Timestamp>| (until.unwrap() - arrived).get_seconds();
    assert_eq!((after(release.drain_until), after(release.bake_until)), (90, 600));
    let next = reach(&mut world, &mut b, step!(Action::ScaleDown { .. }));
    assert_eq!((world.now - arrived).get_seconds(), 600, "{next:?}");
    go(&mut world, &mut b);

    world.edit_record(|record| record.driver = None);
    let mut c = Driver::new("c", Goal::Deploy(with(|settings| settings.bake_seconds = Some(900))));
    go(&mut world, &mut c);
    assert!(
        step!(Action::Finish)(&c.next(&world)),
        "nobody is kept any more: {:?}",
        c.next(&world)
    );
}

/// The pods of a Deployment stop answering.
fn go_bad(world: &mut World, image: &str) {
    world.bad_images.push(image.to_owned());
    world.settle();
}

#[test]
fn a_new_version_that_stops_answering_is_left_at_once() {
    for wanted in [step!(Action::StartDrain { .. }) as fn(&Next) -> bool, drains, |next| {
        matches!(next, Next::Wait { on: WaitFor::Arrival { .. }, .. })
    }] {
        let (mut world, mut a) = switched(plain());
        reach(&mut world, &mut a, wanted);
        go_bad(&mut world, V2);
        let next = a.next(&world);
        let Action::End { ending } = action(&next) else { panic!("{next:?}") };
        assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
        assert!(ending.reason.starts_with("it failed after the switch: "), "{}", ending.reason);
        assert!(written(&next).fresh == bluegreen::release::Fresh::Serving, "on a look of its own");
        let before = world.now;
        reach(&mut world, &mut a, step!(Action::SwitchBack { .. }));
        assert_eq!(world.now, before, "nothing is waited for");
        let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
        assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
        assert_eq!((backend(&world), world.live_image().as_deref()), ("parrot-blue", Some(V1)));
        assert!(world.find(Kind::Deployment, "parrot-green").is_none());
    }
}

#[test]
fn it_is_left_while_it_bakes() {
    let (mut world, mut a) = switched(with(|settings| settings.bake_seconds = Some(600)));
    reach(&mut world, &mut a, |n| matches!(n, Next::Wait { on: WaitFor::Bake { .. }, .. }));
    world.pass(300);
    go_bad(&mut world, V2);
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
    assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn nobody_is_sent_back_to_what_is_no_better() {
    let (mut world, mut a) = switched(plain());
    reach(&mut world, &mut a, drains);
    go_bad(&mut world, V1);
    assert!(drains(&a.next(&world)), "the old one is of no concern");
    // A node that takes both down: whichever comes back first.
    let ends = |world: &mut World, name: &str| {
        world.edit(Kind::EndpointSlice, name, |slice| {
            slice["endpoints"] = serde_json::json!([]);
        });
    };
    let (mut world, mut a) = switched(plain());
    reach(&mut world, &mut a, drains);
    ends(&mut world, "parrot-green-ends");
    assert!(step!(Action::End { .. })(&a.next(&world)));
    ends(&mut world, "parrot-blue-ends");
    assert!(drains(&a.next(&world)));
}

#[test]
fn an_old_version_that_is_kept_is_gone_back_to_by_one_patch() {
    let kept = with(|settings| settings.keep_old = Some(true));
    let (mut world, mut a) = switched(kept);
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
    assert_eq!((finished.outcome, finished.kept), (ReleaseOutcome::Promoted, true));
    assert_eq!((world.replicas("parrot"), world.replicas("parrot-green")), (1, 1));
    let pods = |world: &World| world.objects.list(Kind::Pod).cloned().collect::<Vec<_>>();
    let before = pods(&world);
    world.pass(60);
    let mut b = Driver::new("b", rollback());
    let began = world.now;
    reach(&mut world, &mut b, step!(Action::Switch { .. }));
    assert_eq!(world.now, began, "nothing is waited for");
    assert_eq!(pods(&world), before, "and nothing is started");
    let Outcome::Finished(finished) = world.follow(&mut b) else { panic!("it goes on") };
    assert_eq!((finished.outcome, finished.rollback), (ReleaseOutcome::Promoted, true));
    assert_eq!(world.live_image().as_deref(), Some(V1));
    assert_eq!(world.replicas("parrot-green"), 0, "this one was not to be kept");
}

/// The Deployment controller has to see the new annotations first, which takes nothing from its pods.
#[test]
fn a_kept_version_stays_warm_while_its_annotations_are_not_observed() {
    let (mut world, mut a) = switched(with(|settings| settings.keep_old = Some(true)));
    world.follow(&mut a);
    world.pass(60);
    let mut b = Driver::new("b", rollback());
    reach(&mut world, &mut b, step!(Action::MakeCandidate { .. }));
    world.step(&mut b);
    // Of a Deployment the API server counts changes of annotations as well.
    world.edit(Kind::Deployment, "parrot", |deployment| {
        let generation = deployment["metadata"]["generation"].as_i64().unwrap();
        deployment["metadata"]["generation"] = (generation + 1).into();
    });
    let next = b.next(&world);
    assert!(matches!(next, Next::Wait { on: WaitFor::Ready { .. }, .. }), "{next:?}");
    assert!(world.release().warm);
}

#[test]
fn a_kept_version_that_has_not_been_there_long_is_waited_for() {
    let (mut world, mut a) = switched(with(|settings| settings.keep_old = Some(true)));
    world.follow(&mut a);
    let mut b = Driver::new("b", rollback());
    let began = world.now;
    reach(&mut world, &mut b, step!(Action::Switch { .. }));
    assert_eq!((world.now - began).get_seconds(), 5);
}

/// The next release goes into its slot; if that is aborted, it is there again.
#[test]
fn a_kept_version_stands_again_after_an_abort() {
    let (mut world, mut a) = switched(with(|settings| settings.keep_old = Some(true)));
    world.follow(&mut a);
    world.scale("parrot", 3);
    world.settle();
    let before = world.get(Kind::Deployment, "parrot")["spec"].clone();
    let mut c = Driver::new("c", Goal::Deploy(deploy(V3, Gate::Person)));
    reach(&mut world, &mut c, |n| matches!(n, Next::Wait { on: WaitFor::Person, .. }));
    world.follow(&mut Driver::new("x", abort()));
    assert_eq!(world.get(Kind::Deployment, "parrot")["spec"], before);
    assert_eq!(annotation(world.get(Kind::Deployment, "parrot"), RELEASE), None);
    world.follow(&mut Driver::new("b", rollback()));
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

/// More pods than the quota has room for: those that were there answer as before.
#[test]
fn a_new_version_that_cannot_grow_is_not_left() {
    let (mut world, mut a) = switched(with(|settings| settings.bake_seconds = Some(600)));
    let bakes = |n: &Next| matches!(n, Next::Wait { on: WaitFor::Bake { .. }, .. });
    reach(&mut world, &mut a, bakes);
    let since = world.now.to_string();
    world.edit(Kind::Deployment, "parrot-green", |green| {
        green["spec"]["replicas"] = serde_json::json!(3);
        green["status"]["conditions"] = serde_json::json!([{
            "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
            "message": "exceeded quota", "lastTransitionTime": since,
        }]);
    });
    world.pass(60);
    assert!(bakes(&a.next(&world)), "{:?}", a.next(&world));
}

/// Its driver died in the drain, and somebody goes on a day later, while a pod is being moved.
#[test]
fn who_takes_a_drain_up_later_gives_the_new_version_its_time_again() {
    let (mut world, mut a) = switched(plain());
    reach(&mut world, &mut a, drains);
    world.edit_record(|record| record.driver = None);
    world.pass(24 * 3600);
    world.scale("parrot-green", 2);
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    go(&mut world, &mut b);
    world.edit(Kind::EndpointSlice, "parrot-green-ends", |slice| {
        slice["endpoints"].as_array_mut().unwrap().pop();
    });
    let next = b.next(&world);
    assert!(matches!(next, Next::Wait { on: WaitFor::Ready { .. }, .. }), "{next:?}");
    world.pass(600);
    assert!(step!(Action::End { .. })(&b.next(&world)), "but no more than that");
}

/// The ingress controller knows the one pod that was kept, and none of the others yet.
#[test]
fn a_kept_version_that_has_to_grow_is_waited_for() {
    let (mut world, mut a) = switched(with(|settings| settings.keep_old = Some(true)));
    world.follow(&mut a);
    world.scale("parrot-green", 3);
    world.settle();
    world.pass(60);
    let mut b = Driver::new("b", rollback());
    let began = world.now;
    reach(&mut world, &mut b, step!(Action::MakeCandidate { .. }));
    // A look in between, as the pods take their time.
    world.step(&mut b);
    assert!(step!(Action::MarkUnready)(&b.next(&world)), "it is warm no more");
    go(&mut world, &mut b);
    reach(&mut world, &mut b, step!(Action::Switch { .. }));
    assert_eq!((world.now - began).get_seconds(), 5);
}

/// Safety rule 1, the other way round: the new version has grown meanwhile.
#[test]
fn who_aborts_while_it_bakes_goes_back_to_a_version_of_the_size_that_serves() {
    let (mut world, mut a) = switched(with(|settings| settings.bake_seconds = Some(3600)));
    reach(&mut world, &mut a, |n| matches!(n, Next::Wait { on: WaitFor::Bake { .. }, .. }));
    world.scale("parrot-green", 5);
    world.settle();
    let mut x = Driver::new("x", abort());
    world.edit_record(|record| record.driver = None);
    let next = reach(&mut world, &mut x, |n| {
        step!(Action::Resize { .. })(n) || step!(Action::SwitchBack { .. })(n)
    });
    assert_eq!(*action(&next), Action::Resize { deployment: "parrot".into(), replicas: 5 });
    go(&mut world, &mut x);
    reach(&mut world, &mut x, step!(Action::SwitchBack { .. }));
}

/// It wrote no settle time, and no `switched` or `confirmed` either.
#[test]
fn a_release_that_an_older_version_began_gets_the_default_time() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(plain()));
    reach(&mut world, &mut a, step!(Action::MarkSwitched));
    world.edit(Kind::ConfigMap, "bluegreen-parrot", |map| {
        let text = map["data"]["record"].as_str().unwrap();
        let mut record: serde_json::Value = serde_json::from_str(text).unwrap();
        record["release"].as_object_mut().unwrap().remove("settleSeconds");
        record["driver"] = serde_json::Value::Null;
        map["data"]["record"] = record.to_string().into();
    });
    assert_eq!(world.release().settle_seconds, 10);
}

#[test]
fn an_ingress_that_is_deleted_in_the_drain_is_said_to_be() {
    let (mut world, mut a) = switched(plain());
    reach(&mut world, &mut a, drains);
    world.delete(Kind::Ingress, "parrot");
    let what = changed(a.next(&world));
    assert!(!what.contains("()"), "{what}");
}
