//! What an ingress controller says of the app's Ingress after the switch.

use bluegreen::model::{Colour, Kind};
use bluegreen::release::complaints::latest;
use bluegreen::release::{
    Action, Confirmed, Goal, Next, Outcome, Probed, ReleaseOutcome, SaidBefore, Sight, WaitFor,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::heard::{self, Heard};
use super::{action, changed, go, reach, step, written};
use crate::world::World;
use crate::world::article::{V2, initialised, with_two_ingresses};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy};

/// A release that is about to be switched, by whoever heard what is said before.
fn about_to_switch(mut world: World) -> (World, Driver) {
    let mut driver = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut driver, step!(Action::Switch { .. }));
    (world, driver)
}

/// What it hears is what stands there now.
fn hears(world: &World, driver: &mut Driver) {
    let events = world.objects.list(Kind::Event).cloned().collect();
    driver.memory.said_before = Some(SaidBefore { release: 1, to: Colour::Green, events });
}

fn switched(world: &mut World, driver: &mut Driver) {
    reach(world, driver, step!(Action::MarkSwitched));
    go(world, driver);
}

fn event(name: &str, reason: &str, at: Timestamp) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": name, "namespace": "blue-green"},
        "involvedObject": {"kind": "Ingress", "name": "parrot", "namespace": "blue-green"},
        "type": if reason == "AddedOrUpdated" { "Normal" } else { "Warning" },
        "reason": reason, "message": format!("{reason} it was"), "count": 1,
        "source": {"component": "nginx-ingress-controller"},
        "firstTimestamp": whole(at), "lastTimestamp": whole(at),
    })
}

/// An Event's time has seconds.
fn whole(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap().to_string()
}

fn says(world: &mut World, name: &str, reason: &str) {
    let event = event(name, reason, world.now);
    world.add(event);
}

/// The same again.
fn repeats(world: &mut World, name: &str) {
    let now = whole(world.now);
    world.edit(Kind::Event, name, |event| {
        event["count"] = json!(event["count"].as_u64().unwrap() + 1);
        event["lastTimestamp"] = json!(now);
    });
}

fn sees(driver: &mut Driver, sight: Sight) {
    driver.memory.probed = Some(Probed { release: 1, sight });
}

fn old(at: Timestamp) -> Sight {
    heard::sight_at(at, &[Heard::version(Colour::Blue, 64, 6)])
}

/// The first of the new ones.
fn new(at: Timestamp) -> Sight {
    heard::sight_at(at, &[Heard::version(Colour::Green, 1, 0)])
}

fn goes_back(next: &Next) -> Option<&str> {
    match next {
        Next::Do(step) => match &step.action {
            Action::End { ending } if ending.outcome == ReleaseOutcome::Unhealthy => {
                Some(&ending.reason)
            }
            _ => None,
        },
        _ => None,
    }
}

fn waits(next: &Next) -> bool {
    matches!(next, Next::Wait { on: WaitFor::Arrival { .. }, .. })
}

#[test]
fn a_switch_that_the_controller_rejects_is_taken_back_at_once() {
    let (mut world, mut a) = about_to_switch(initialised());
    hears(&world, &mut a);
    switched(&mut world, &mut a);
    says(&mut world, "parrot.1", "Rejected");
    // Whatever the probe has heard so far.
    for sight in [None, Some(old(world.now)), Some(new(world.now))] {
        a.memory.probed = sight.map(|sight| Probed { release: 1, sight });
        let next = a.next(&world);
        assert_eq!(
            goes_back(&next),
            Some(
                "the switch was rejected: nginx-ingress-controller reports for Ingress parrot: \
                 Rejected: Rejected it was"
            ),
            "{next:?}"
        );
        assert!(written(&next).fresh == bluegreen::release::Fresh::Serving, "on a look of its own");
    }
    a.memory.probed = None;
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
    assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
}

/// Of a second after which only new answers came: somebody else serves the Ingress.
#[test]
fn new_answers_disprove_what_a_controller_says() {
    for reason in ["Rejected", "AddedOrUpdatedWithError"] {
        let (mut world, mut a) = about_to_switch(initialised());
        hears(&world, &mut a);
        switched(&mut world, &mut a);
        says(&mut world, "parrot.1", reason);
        heard::of(&mut a, &world, &[Heard::version(Colour::Green, 30, 1)]);
        let confirmed = Some(Confirmed::Probe);
        assert_eq!(*action(&a.next(&world)), Action::StartDrain { seconds: 30, confirmed });
    }
}

#[test]
fn a_controller_that_does_not_apply_changes_is_not_waited_for() {
    for reason in ["AddedOrUpdatedWithError", "RejectedWithError"] {
        let (mut world, mut a) = about_to_switch(initialised());
        hears(&world, &mut a);
        switched(&mut world, &mut a);
        says(&mut world, "parrot.1", reason);
        heard::of(&mut a, &world, &[Heard::learning()]);
        assert!(waits(&a.next(&world)), "nothing is heard yet");
        let alike = Heard::nothing("both versions give the same answers");
        let blind = heard::sight(&world, &[alike]);
        for sight in [old(world.now), blind] {
            sees(&mut a, sight);
            let Next::Done(Outcome::Changed { what, by: None, .. }) = a.next(&world) else {
                panic!("{:?}", a.next(&world))
            };
            assert_eq!(
                what,
                format!(
                    "the ingress controller does not apply changes: nginx-ingress-controller \
                     reports for Ingress parrot: {reason}: {reason} it was"
                )
            );
        }
        assert_eq!((world.replicas("parrot"), world.replicas("parrot-green")), (1, 1));
        sees(&mut a, new(world.now));
        assert!(waits(&a.next(&world)), "it seems to have come nevertheless");
    }
}

#[test]
fn what_was_said_before_the_patch_says_nothing_of_it() {
    for reason in ["Rejected", "AddedOrUpdatedWithError"] {
        let (mut world, mut a) = about_to_switch(initialised());
        // In the second of the switch, by a clock that is ahead.
        says(&mut world, "parrot.1", reason);
        world.edit(Kind::Event, "parrot.1", |event| {
            event["lastTimestamp"] = json!("2099-01-01T00:00:00Z");
        });
        hears(&world, &mut a);
        switched(&mut world, &mut a);
        sees(&mut a, old(world.now));
        assert!(waits(&a.next(&world)), "{reason}: {:?}", a.next(&world));
        let s = a.look(&world);
        let (_, record) = s.record.clone().unwrap();
        assert_eq!(latest(&s, &record, record.release.as_ref().unwrap()), None);
    }
}

/// It keeps its name, and its time may be in the same second.
#[test]
fn what_is_said_again_counts() {
    let (mut world, mut a) = about_to_switch(initialised());
    says(&mut world, "parrot.1", "AddedOrUpdatedWithError");
    hears(&world, &mut a);
    switched(&mut world, &mut a);
    sees(&mut a, old(world.now));
    assert!(waits(&a.next(&world)));
    repeats(&mut world, "parrot.1");
    assert!(changed(a.next(&world)).contains("does not apply changes"));
}

#[test]
fn the_last_word_counts() {
    let (mut world, mut a) = about_to_switch(initialised());
    hears(&world, &mut a);
    switched(&mut world, &mut a);
    sees(&mut a, old(world.now));
    says(&mut world, "parrot.1", "AddedOrUpdatedWithError");
    says(&mut world, "parrot.2", "Rejected");
    says(&mut world, "parrot.3", "AddedOrUpdated");
    assert!(waits(&a.next(&world)), "it was mended");
    let s = a.look(&world);
    let (_, record) = s.record.clone().unwrap();
    let said = latest(&s, &record, record.release.as_ref().unwrap()).unwrap();
    assert!(
        said.ends_with("reports for Ingress parrot: AddedOrUpdated: AddedOrUpdated it was"),
        "{said}"
    );
    // Another controller's word is none of its own.
    let mut other = event("parrot.4", "Sync", world.now);
    (other["type"], other["source"]["component"]) = (json!("Normal"), json!("another"));
    repeats(&mut world, "parrot.2");
    world.add(other);
    assert!(goes_back(&a.next(&world)).is_some());
}

/// Two controllers obey one class, and people come in by the other one.
#[test]
fn one_that_had_dropped_the_ingress_before_is_nobodys_controller() {
    let (mut world, mut a) = about_to_switch(initialised());
    says(&mut world, "parrot.1", "Rejected");
    hears(&world, &mut a);
    switched(&mut world, &mut a);
    repeats(&mut world, "parrot.1");
    assert!(waits(&a.next(&world)), "{:?}", a.next(&world));
    // Unless it took it in again meanwhile: the release before this one was rejected, say.
    let (mut world, mut a) = about_to_switch(initialised());
    says(&mut world, "parrot.1", "Rejected");
    says(&mut world, "parrot.2", "AddedOrUpdated");
    hears(&world, &mut a);
    switched(&mut world, &mut a);
    repeats(&mut world, "parrot.1");
    assert!(goes_back(&a.next(&world)).is_some());
}

#[test]
fn what_is_said_of_something_else_is_passed_over() {
    let (mut world, mut a) = about_to_switch(initialised());
    hears(&world, &mut a);
    switched(&mut world, &mut a);
    for (nth, (field, value)) in [
        ("name", "toucan"),
        ("kind", "VirtualServer"),
        // One of the same name that was there before.
        ("uid", "another"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut event = event(&format!("parrot.{nth}"), "Rejected", world.now);
        event["involvedObject"][field] = json!(value);
        world.add(event);
    }
    let mut normal = event("parrot.n", "Rejected", world.now);
    normal["type"] = json!("Normal");
    world.add(normal);
    assert!(waits(&a.next(&world)), "{:?}", a.next(&world));
}

#[test]
fn what_is_said_of_each_ingress_counts() {
    let (mut world, mut a) = about_to_switch(with_two_ingresses());
    hears(&world, &mut a);
    switched(&mut world, &mut a);
    let second = world.release();
    assert!(second.switched.is_some());
    says(&mut world, "parrot.1", "AddedOrUpdated");
    let names: Vec<String> =
        world.objects.list(Kind::Ingress).map(|i| bluegreen::model::name(i).to_owned()).collect();
    let other = names.iter().find(|name| !["parrot", "parrot-preview"].contains(&name.as_str()));
    let mut event = event("zoo.1", "Rejected", world.now);
    event["involvedObject"]["name"] = json!(other.unwrap());
    world.add(event);
    let next = a.next(&world);
    let reason = goes_back(&next).unwrap_or_else(|| panic!("{next:?}"));
    assert!(
        reason.contains(&format!("reports for Ingress {}: Rejected", other.unwrap())),
        "{reason}"
    );
}

/// It has not heard what was said before, so it goes by the time, which has whole seconds.
#[test]
fn who_takes_the_release_up_goes_by_the_time() {
    for (seconds, counts) in [(-1, false), (0, true), (1, true)] {
        let (mut world, mut a) = about_to_switch(initialised());
        switched(&mut world, &mut a);
        let at = world.release().switched.unwrap() + jiff::SignedDuration::from_secs(seconds);
        world.add(event("parrot.1", "Rejected", at));
        world.edit_record(|record| record.driver = None);
        let mut b = Driver::new("b", Goal::Deploy(deploy(V2, WEBHOOK)));
        go(&mut world, &mut b);
        let next = b.next(&world);
        assert_eq!(goes_back(&next).is_some(), counts, "{seconds}: {next:?}");
    }
}

/// What was said of the switch is not said of the way back.
#[test]
fn the_way_back_has_words_of_its_own() {
    let (mut world, mut a) = about_to_switch(initialised());
    hears(&world, &mut a);
    switched(&mut world, &mut a);
    says(&mut world, "parrot.1", "Rejected");
    world.pass(5);
    world.edit_record(|record| record.driver = None);
    let mut x = Driver::new("x", abort());
    reach(&mut world, &mut x, step!(Action::SwitchBack { .. }));
    let said = |x: &mut Driver, world: &World| {
        let s = x.look(world);
        let (_, record) = s.record.clone().unwrap();
        latest(&s, &record, record.release.as_ref().unwrap())
    };
    assert_eq!(said(&mut x, &world), None);
    let events = world.objects.list(Kind::Event).cloned().collect();
    x.memory.said_before = Some(SaidBefore { release: 1, to: Colour::Blue, events });
    assert_eq!(said(&mut x, &world), None);
    go(&mut world, &mut x);
    says(&mut world, "parrot.2", "AddedOrUpdated");
    assert!(said(&mut x, &world).unwrap().contains("AddedOrUpdated"));
}
