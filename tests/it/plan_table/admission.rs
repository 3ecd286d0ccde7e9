//! What the API server makes of a candidate is the release's; what somebody makes of it later is not.

use bluegreen::model::{EPOCH, Kind, RELEASE};
use bluegreen::release::{Action, Goal, Next, Outcome};
use serde_json::{Value, json};

use super::{action, asks, changed, deploying, done, reach, record_after, step};
use crate::world::World;
use crate::world::article::V2;
use crate::world::driver::{Driver, WEBHOOK, deploy, promote, rollback};

const GREEN: &str = "parrot-green";
const MIRRORED: &str = "mirror.example/parrot-app:v2.2";

/// As a mutating webhook does it, in the course of somebody's write: no manager owns it.
fn admission(world: &mut World) {
    world.edit(Kind::Deployment, GREEN, |deployment| {
        let pod = &mut deployment["spec"]["template"]["spec"];
        pod["containers"][0]["image"] = json!(MIRRORED);
        pod["tolerations"] = json!([{"key": "spot", "operator": "Exists"}]);
    });
}

/// Somebody's own write of a field of the template, or of another.
fn edited(world: &mut World, manager: &str, seconds: i64, fields: &Value) {
    let at = world.now + jiff::SignedDuration::from_secs(seconds);
    world.edit(Kind::Deployment, GREEN, |deployment| {
        deployment["metadata"]["managedFields"] =
            json!([{"manager": manager, "time": at.to_string(), "fieldsV1": fields}]);
    });
}

fn of_template() -> Value {
    json!({"f:spec": {"f:template": {"f:spec": {"f:tolerations": {}}}}})
}

/// The candidate is as admission has made it, and that is not written down.
fn made() -> (World, Driver) {
    let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
    world.step(&mut a);
    admission(&mut world);
    (world, a)
}

#[test]
fn what_admission_makes_of_a_candidate_is_written_down_and_is_the_releases() {
    let (mut world, mut a) = made();
    let next = a.next(&world);
    let observed = [("parrot".to_owned(), MIRRORED.to_owned())].into();
    assert_eq!(*action(&next), Action::MarkMade { deployment: GREEN.into(), observed });
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!(release.images["parrot"], V2, "it stays what was sent");
    assert_eq!(release.hash, world.release().hash);
    world.settle();
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("not finished") };
    assert_eq!(finished.observed["parrot"], MIRRORED);
    assert_eq!(world.live_image().as_deref(), Some(MIRRORED));

    let mut again = Driver::new("again", Goal::Deploy(deploy(V2, WEBHOOK)));
    let outcome = done(again.next(&world));
    assert!(matches!(outcome, Outcome::AlreadyLive { .. }), "{outcome:?}");
    let Outcome::Finished(back) = world.follow(&mut Driver::new("back", rollback())) else {
        panic!("no way back")
    };
    assert!(back.rollback);
}

#[test]
fn nothing_is_told_of_images_that_are_as_they_were_sent() {
    let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
    world.step(&mut a);
    assert!(!step!(Action::MarkMade { .. })(&a.next(&world)), "it is as it was sent");
    world.settle();
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("not finished") };
    assert!(finished.observed.is_empty());
}

#[test]
fn another_process_finds_it_where_its_reply_was_lost_or_its_driver_died() {
    let (mut world, _) = made();
    world.edit_record(|record| record.driver = None);
    for goal in [Goal::Deploy(deploy(V2, WEBHOOK)), promote()] {
        let mut world = world.clone();
        world.settle();
        let mut b = Driver::new("b", goal);
        reach(&mut world, &mut b, step!(Action::MarkMade { .. }));
        let Outcome::Finished(_) = world.follow(&mut b) else { panic!("not finished") };
    }
}

#[test]
fn until_it_is_written_down_somebodys_change_is_told_by_its_manager() {
    for (manager, seconds, fields, is_ours) in [
        ("reloader", 0, of_template(), false),
        ("reloader", 5, of_template(), false),
        // What is older, our own write has overwritten.
        ("kubectl", -60, of_template(), true),
        ("bluegreen", 5, of_template(), true),
        ("kubectl", 5, json!({"f:spec": {"f:replicas": {}}}), true),
    ] {
        let (mut world, mut a) = made();
        edited(&mut world, manager, seconds, &fields);
        match a.next(&world) {
            Next::Done(Outcome::Changed { by, .. }) if !is_ours => {
                assert_eq!(by.unwrap().manager, manager);
            }
            Next::Do(step) if is_ours => assert!(matches!(step.action, Action::MarkMade { .. })),
            next => panic!("{manager} {seconds} {fields}: {next:?}"),
        }
    }
}

/// Somebody who wrote the slot in the very second in which the release began, before its own write.
#[test]
fn the_reply_to_the_write_that_made_it_is_ours_whoever_wrote_before() {
    for (of_release, is_ours) in [("0", true), ("1", false)] {
        let (mut world, mut a) = made();
        let mut before = world.get(Kind::Deployment, GREEN).clone();
        before["metadata"]["annotations"][RELEASE] = json!(of_release);
        edited(&mut world, "kubectl", 0, &of_template());
        a.memory.reply(Some(&before), world.get(Kind::Deployment, GREEN));
        assert_eq!(step!(Action::MarkMade { .. })(&a.next(&world)), is_ours, "{of_release}");
    }
}

/// What somebody takes away leaves no trace but that it was there.
#[test]
fn what_was_taken_as_it_was_sent_is_told_from_what_somebody_takes_away_later() {
    for is_taken in [false, true] {
        let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
        world.step(&mut a);
        a.memory.reply(None, world.get(Kind::Deployment, GREEN));
        world.edit(Kind::Deployment, GREEN, |deployment| {
            let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
            match is_taken {
                true => drop(container.as_object_mut().unwrap().remove("ports")),
                false => deployment["metadata"]["annotations"]["seen"] = json!("yes"),
            }
        });
        let next = a.next(&world);
        let is_changed = matches!(next, Next::Done(Outcome::Changed { .. }));
        assert_eq!(is_changed, is_taken, "{next:?}");
    }
}

#[test]
fn once_it_is_written_down_every_other_difference_is_somebodys() {
    let (mut world, mut a) = made();
    world.step(&mut a);
    assert!(!matches!(a.next(&world), Next::Done(_)));
    world.edit(Kind::Deployment, GREEN, |deployment| {
        // As it was sent.
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = json!(V2);
    });
    assert!(changed(a.next(&world)).contains("is not the one that release 1 sent"));
}

/// Deleted before it was ever ready, it is made again; admission that is not idempotent makes another
/// of it each time.
#[test]
fn a_candidate_that_is_made_again_is_looked_at_again() {
    let (mut world, mut a) = made();
    world.step(&mut a);
    world.delete(Kind::Deployment, GREEN);
    assert!(step!(Action::MakeCandidate { .. })(&a.next(&world)));
    world.step(&mut a);
    assert!(step!(Action::MarkMade { .. })(&a.next(&world)));
    world.settle();
    assert!(matches!(world.follow(&mut a), Outcome::Finished(_)));
}

/// A stamp of ours, and a webhook that acts on updates alone.
#[test]
fn what_admission_makes_of_our_own_later_writes_is_the_releases_too() {
    for is_ours in [true, false] {
        let (mut world, mut a) = deploying(asks);
        let before = world.get(Kind::Deployment, GREEN).clone();
        if !is_ours {
            world.edit(Kind::Deployment, GREEN, |deployment| {
                deployment["spec"]["template"]["spec"]["nodeName"] = json!("somebody's");
            });
        }
        let found = world.get(Kind::Deployment, GREEN).clone();
        admission(&mut world);
        world.edit(Kind::Deployment, GREEN, |deployment| {
            deployment["metadata"]["annotations"][EPOCH] = json!("0");
        });
        // The process that wrote it knows its reply.
        a.memory.reply(Some(&found), world.get(Kind::Deployment, GREEN));
        match a.next(&world) {
            Next::Do(step) if is_ours => {
                assert!(matches!(step.action, Action::MarkMade { .. }), "{step:?}");
            }
            Next::Done(Outcome::Changed { .. }) if !is_ours => continue,
            next => panic!("{next:?}"),
        }
        let sighted = |world: &World| world.release().sighted;
        let earlier = sighted(&world);
        world.step(&mut a);
        assert_ne!(sighted(&world), earlier, "a rollback goes by it");
        world.settle();
        assert!(matches!(world.follow(&mut a), Outcome::Finished(_)));
        assert_ne!(world.get(Kind::Deployment, GREEN)["spec"], before["spec"]);
    }
}

#[test]
fn replies_to_several_writes_count_from_the_first() {
    let (mut world, mut a) = deploying(asks);
    let mut found = world.get(Kind::Deployment, GREEN).clone();
    for epoch in ["1", "0"] {
        admission(&mut world);
        world.edit(Kind::Deployment, GREEN, |deployment| {
            deployment["metadata"]["annotations"][EPOCH] = json!(epoch);
            let tolerations = &mut deployment["spec"]["template"]["spec"]["tolerations"];
            tolerations[0]["value"] = json!(epoch);
        });
        let after = world.get(Kind::Deployment, GREEN).clone();
        a.memory.reply(Some(&found), &after);
        found = after;
    }
    assert!(step!(Action::MarkMade { .. })(&a.next(&world)));
}
