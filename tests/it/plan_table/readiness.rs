//! A candidate that is made: ready, not yet, never.

use bluegreen::model::{Colour, Id, Kind, name};
use bluegreen::release::{
    Action, Answer, Change, Deploy, Gate, Goal, Next, Outcome, ReleaseOutcome, WaitFor,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    action, asks, assert_patch, changed, deploying, go, promoted, reach, record_after, step, waits,
};
use crate::world::World;
use crate::world::article::{V1, V2, initialised};
use crate::world::controllers::Controller;
use crate::world::driver::{Driver, WEBHOOK, deploy, set};

/// The candidate is written, and what came of it; no controller has looked at it.
fn made() -> (World, Driver) {
    let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
    world.step(&mut a);
    (world, a)
}

fn waiting() -> (World, Driver) {
    deploying(asks)
}

fn ending(world: &World, next: &Next) -> bluegreen::release::Ending {
    assert!(matches!(action(next), Action::End { .. }), "{next:?}");
    record_after(world, next).release.unwrap().ending.unwrap()
}

#[test]
fn it_is_ready_only_when_every_controller_says_so_and_the_endpoints_are_there() {
    let (mut world, mut a) = made();
    let ready_by = world.release().ready_by;
    let stages: [&[Controller]; 5] = [
        &[],
        &[Controller::Status],
        &[Controller::Deployments, Controller::ReplicaSets, Controller::Status],
        &[Controller::Kubelets],
        &[Controller::Status],
    ];
    for stage in stages {
        stage.iter().for_each(|controller| world.run_controller(*controller));
        let Next::Wait { until, on } = a.next(&world) else { panic!("{:?}", a.next(&world)) };
        assert_eq!(until, Some(ready_by));
        let WaitFor::Ready { colour, desired, endpoints, .. } = on else { panic!("{on:?}") };
        assert_eq!((colour, desired, endpoints), (Colour::Green, 1, 0));
    }
    world.run_controller(Controller::Endpoints);
    assert_eq!(*action(&a.next(&world)), Action::MarkReady);
}

#[test]
fn a_status_of_an_older_generation_counts_for_nothing() {
    let (mut world, mut a) = made();
    world.settle();
    world.edit(Kind::Deployment, "parrot-green", |d| d["metadata"]["generation"] = json!(99));
    assert!(waits(&a.next(&world)));
}

#[test]
fn a_pod_of_another_template_that_is_still_there_counts_against_it() {
    for field in ["replicas", "updatedReplicas", "availableReplicas"] {
        for count in [0, 2] {
            let (mut world, mut a) = made();
            world.settle();
            world.edit(Kind::Deployment, "parrot-green", |d| d["status"][field] = json!(count));
            assert!(waits(&a.next(&world)), "{field}: {count}");
        }
    }
}

#[test]
fn a_paused_candidate_is_not_ready() {
    let (mut world, mut a) = made();
    world.edit(Kind::Deployment, "parrot-green", |d| d["spec"]["paused"] = json!(true));
    world.settle();
    assert!(waits(&a.next(&world)));
}

#[test]
fn the_template_is_written_down_as_it_is_read_back_and_then_that_it_is_ready() {
    let mut world = initialised();
    // From a file: what is read back has the API server's defaults, which were not sent.
    let file = crate::world::article::deployment()["spec"]["template"].clone();
    let settings = Deploy { change: Change::Template(file), ..deploy(V2, WEBHOOK) };
    let mut a = Driver::new("a", Goal::Deploy(settings));
    let next = reach(&mut world, &mut a, step!(Action::MarkMade { .. }));
    let release = record_after(&world, &next).release.unwrap();
    let observed = release.observed.unwrap().template;
    assert_ne!(observed, release.hash);
    let next = reach(&mut world, &mut a, step!(Action::MarkReady));
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!((release.waiting, release.sighted), (Some(world.now), Some(observed)));
    go(&mut world, &mut a);
    assert!(asks(&a.next(&world)));
}

#[test]
fn without_a_gate_the_switch_waits_only_for_the_ingress_controller() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Open)));
    let next = reach(&mut world, &mut a, step!(Action::MarkReady));
    let ready = record_after(&world, &next).release.unwrap().waiting.unwrap();
    assert_eq!(ready, world.now);
    go(&mut world, &mut a);
    let settled = ready + SignedDuration::from_secs(5);
    let on = WaitFor::Settle { colour: Colour::Green };
    assert_eq!(a.next(&world), Next::Wait { until: Some(settled), on });
    world.now = settled;
    assert!(step!(Action::Switch { .. })(&a.next(&world)));
}

#[test]
fn a_candidate_that_is_ready_again_has_to_settle_again() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Open)));
    reach(&mut world, &mut a, step!(Action::MarkReady));
    go(&mut world, &mut a);
    world.pass(4);
    world.bad_images.push(V2.into());
    world.settle();
    assert_eq!(*action(&a.next(&world)), Action::MarkUnready);
    world.step(&mut a);
    world.bad_images.clear();
    world.settle();
    assert_eq!(*action(&a.next(&world)), Action::MarkReady);
    go(&mut world, &mut a);
    world.pass(4);
    assert!(waits(&a.next(&world)));
    world.pass(1);
    assert!(step!(Action::Switch { .. })(&a.next(&world)));
}

#[test]
fn annotations_that_the_deployment_controller_has_not_seen_make_no_candidate_unready() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Open)));
    reach(&mut world, &mut a, step!(Action::MarkReady));
    go(&mut world, &mut a);
    world.pass(5);
    let annotate = |world: &mut World, value| {
        world.edit(Kind::Deployment, "parrot-green", |d| {
            d["metadata"]["annotations"]["touched"] = json!(value);
        });
    };
    annotate(&mut world, "once");
    let until = Some(world.now + SignedDuration::from_secs(5));
    let next = a.next(&world);
    assert!(
        matches!(&next, Next::Wait { until: u, on: WaitFor::Ready { .. } } if *u == until),
        "{next:?}"
    );
    // It has settled long ago.
    world.settle();
    assert!(step!(Action::Switch { .. })(&a.next(&world)));
    // A controller that never sees them is not waited for in the name of readiness.
    annotate(&mut world, "again");
    world.pass(5);
    assert_eq!(*action(&a.next(&world)), Action::MarkUnready);
}

#[test]
fn the_deadline_counts_while_the_candidate_settles() {
    let mut world = initialised();
    let deploy = set(deploy(V2, Gate::Open), |settings| settings.deadline_seconds = Some(3));
    let mut a = Driver::new("a", Goal::Deploy(deploy));
    reach(&mut world, &mut a, step!(Action::MarkReady));
    go(&mut world, &mut a);
    let Next::Wait { until: Some(until), .. } = a.next(&world) else { panic!("no wait") };
    assert_eq!(Some(until), world.release().deadline);
    world.now = until;
    assert!(step!(Action::End { .. })(&a.next(&world)));
}

#[test]
fn the_candidate_grows_when_the_live_one_has_grown_and_waits_again() {
    let (mut world, mut a) = waiting();
    world.scale("parrot", 3);
    world.settle();
    let next = a.next(&world);
    assert_eq!(*action(&next), Action::Resize { deployment: "parrot-green".into(), replicas: 3 });
    let three = json!([{"op": "add", "path": "/spec/replicas", "value": 3}]);
    assert_patch(&next, &world, Kind::Deployment, "parrot-green", three);
    world.step(&mut a);
    assert_eq!(*action(&a.next(&world)), Action::MarkUnready);
    world.step(&mut a);
    assert!(waits(&a.next(&world)));
    world.settle();
    assert_eq!(*action(&a.next(&world)), Action::MarkReady);
    go(&mut world, &mut a);
    assert!(asks(&a.next(&world)));
}

#[test]
fn the_candidate_does_not_shrink_with_the_live_one() {
    let mut world = initialised();
    world.scale("parrot", 3);
    world.settle();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, asks);
    world.scale("parrot", 1);
    world.settle();
    assert!(asks(&a.next(&world)));
}

#[test]
fn endpoints_that_are_fewer_than_the_replicas_are_waited_for() {
    let (mut world, mut a) = waiting();
    world.edit(Kind::EndpointSlice, "parrot-green-ends", |s| s["endpoints"] = json!([]));
    let next = a.next(&world);
    assert_eq!(*action(&next), Action::MarkUnready);
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!(release.waiting, None);
    assert_eq!((release.ready_by - world.now).get_seconds(), 600);
    world.step(&mut a);
    assert!(waits(&a.next(&world)));
}

#[test]
fn a_candidate_that_crashes_is_given_up_before_the_timeout() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy("parrot-app:crash", WEBHOOK)));
    let next = reach(&mut world, &mut a, step!(Action::End { .. }));
    assert!(world.now < world.release().ready_by);
    let ending = ending(&world, &next);
    assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
    assert!(ending.reason.contains("container parrot of pod parrot-green-"), "{ending:?}");
    assert!(ending.reason.contains("CrashLoopBackOff: crashed 4 times"), "{ending:?}");
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("not finished") };
    assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
    assert!(world.find(Kind::Deployment, "parrot-green").is_none(), "destroyed");
}

#[test]
fn trouble_that_may_mend_is_waited_for_and_told() {
    let (mut world, mut a) = made();
    world.run_controller(Controller::Deployments);
    world.run_controller(Controller::ReplicaSets);
    let pod = format!("{}-0", world.current_set("parrot-green"));
    world.edit(Kind::Pod, &pod, |pod| {
        pod["status"] = json!({"containerStatuses": [{
            "name": "parrot", "image": V2, "imageID": "", "restartCount": 0, "ready": false,
            "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}},
        }]});
    });
    let Next::Wait { until, on: WaitFor::Ready { trouble, .. } } = a.next(&world) else {
        panic!("{:?}", a.next(&world))
    };
    assert!(trouble.unwrap().ends_with("ErrImagePull: no such host"));
    assert_eq!((until.unwrap() - world.now).get_seconds(), 15, "looks again when that is over");
    world.now = until.unwrap();
    assert!(ending(&world, &a.next(&world)).reason.contains("ErrImagePull"));
}

#[test]
fn a_candidate_that_never_gets_ready_is_given_up_at_the_timeout() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy("parrot-app:never-ready", WEBHOOK)));
    let next = reach(&mut world, &mut a, step!(Action::End { .. }));
    assert_eq!(world.now, world.release().ready_by);
    let ending = ending(&world, &next);
    assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
    assert_eq!(
        ending.reason,
        "0 of 1 pods of parrot-green were ready in time, and Service parrot-green reached 0 of them"
    );
}

#[test]
fn a_rollout_that_is_not_over_in_time_is_said_to_be_the_reason() {
    let (mut world, mut a) = made();
    world.settle();
    world.edit(Kind::Deployment, "parrot-green", |d| d["metadata"]["generation"] = json!(99));
    world.pass(600);
    let reason = ending(&world, &a.next(&world)).reason;
    let what = "1 of 1 pods of parrot-green were ready in time, but its rollout had";
    assert!(reason.starts_with(what), "{reason}");
}

#[test]
fn the_deadline_comes_before_the_timeout_and_before_a_yes() {
    let settings = set(deploy(V2, WEBHOOK), |settings| settings.deadline_seconds = Some(120));
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(settings.clone()));
    reach(&mut world, &mut a, step!(Action::MakeCandidate { .. }));
    world.step(&mut a);
    let Next::Wait { until, .. } = a.next(&world) else { panic!("{:?}", a.next(&world)) };
    assert_eq!((until.unwrap() - world.now).get_seconds(), 120);

    world.settle();
    let next = reach(&mut world, &mut a, step!(Action::Switch { .. }));
    assert!(step!(Action::Switch { .. })(&next));
    world.pass(120);
    let ending = ending(&world, &a.next(&world));
    assert_eq!(ending.outcome, ReleaseOutcome::Rejected);
    assert!(ending.reason.contains("deadline"), "{ending:?}");
}

#[test]
fn a_deadline_that_passed_while_nobody_drove_destroys_also_what_was_approved() {
    let settings = set(deploy(V2, Gate::Person), |settings| settings.deadline_seconds = Some(120));
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(settings.clone()));
    reach(&mut world, &mut a, step!(Action::MarkReady));
    go(&mut world, &mut a);
    world.edit_record(|record| {
        record.driver = None;
        let (by, at) = ("somebody".to_owned(), world_now());
        record.release.as_mut().unwrap().approved = Some(bluegreen::release::Approval { by, at });
    });
    world.pass(3600);
    let mut promote = Driver::new("p", crate::world::driver::promote());
    let next = reach(&mut world, &mut promote, step!(Action::End { .. } | Action::Switch { .. }));
    assert_eq!(ending(&world, &next).outcome, ReleaseOutcome::Rejected);
}

fn world_now() -> jiff::Timestamp {
    World::new().now
}

#[test]
fn a_template_that_somebody_edits_stops_the_release() {
    let edits: [fn(&mut World); 4] = [
        |world| {
            world.edit(Kind::Deployment, "parrot-green", |d| {
                d["spec"]["template"]["spec"]["containers"][0]["image"] = json!("miner:1");
            });
        },
        |world| {
            world.edit(Kind::Deployment, "parrot-green", |d| {
                d["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "X"}]);
            });
        },
        |world| {
            world.edit(Kind::Deployment, "parrot-green", |d| {
                d["metadata"]["annotations"]["bluegreen/template-hash"] = json!("another");
            });
        },
        |world| {
            world.edit(Kind::Deployment, "parrot-green", |d| {
                let annotations = d["metadata"]["annotations"].as_object_mut().unwrap();
                annotations.remove("bluegreen/template-hash");
            });
        },
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let (mut world, mut a) = waiting();
        edit(&mut world);
        let what = changed(a.next(&world));
        assert!(what.contains("is not the one that release 1 sent"), "{number}: {what}");
    }
}

#[test]
fn a_candidate_that_somebody_deletes_or_overwrites_stops_the_release() {
    let (mut world, mut a) = waiting();
    world.edit(Kind::Deployment, "parrot-green", |d| {
        d["metadata"]["annotations"]["bluegreen/release"] = json!("7");
    });
    assert!(
        changed(a.next(&world)).contains("parrot-green, the candidate, was deleted or overwritten")
    );
    world.delete(Kind::Deployment, "parrot-green");
    assert!(changed(a.next(&world)).contains("was deleted or overwritten"));
}

#[test]
fn a_candidate_that_was_not_yet_seen_ready_is_made_again() {
    let (mut world, mut a) = made();
    world.delete(Kind::Deployment, "parrot-green");
    assert!(step!(Action::MakeCandidate { .. })(&a.next(&world)));
}

#[test]
fn a_candidate_that_the_api_server_refuses_ends_the_release() {
    let (world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
    let id = Id::new(Kind::Deployment, "parrot-green");
    a.memory.refused.insert(id, "admission webhook: no".to_owned());
    let ending = ending(&world, &a.next(&world));
    assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
    assert_eq!(ending.reason, "the API server refuses it: admission webhook: no");
}

#[test]
fn a_live_deployment_that_is_deleted_stops_the_release() {
    let (mut world, _) = made();
    world.delete(Kind::Deployment, "parrot");
    world.edit_record(|record| record.driver = None);
    let goal = Goal::Promote { release: None, when_ready: true };
    let mut promote = Driver::new("p", goal);
    // Before the yes, which would stand there when it is back.
    assert!(changed(promote.next(&world)).contains("parrot was deleted"));
}

#[test]
fn no_yes_is_written_to_what_somebody_has_changed() {
    let image = |image: &str| serde_json::json!({"spec": {"template": {"spec": {"containers": [{"name": "parrot", "image": image}]}}}});
    for (name, what) in [
        ("parrot", "the pod template of parrot, which release 1 started from, was changed"),
        ("parrot-green", "the pod template of parrot-green is not the one that release 1 sent"),
    ] {
        let (mut world, _) = super::deploying(super::asks);
        world.edit_record(|record| record.driver = None);
        world.edit(Kind::Deployment, name, |object| {
            json_patch::merge(object, &image("kmharish/parrot-app:v9"));
        });
        world.settle();
        let goal = Goal::Promote { release: None, when_ready: false };
        let said = changed(Driver::new("p", goal).next(&world));
        assert!(said.starts_with(what), "{said}");
        assert_eq!(world.release().approved, None);
    }
}

#[test]
fn a_blip_hours_later_gets_the_time_that_getting_ready_had() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Person)));
    reach(&mut world, &mut a, |next| matches!(next, Next::Wait { until: None, .. }));
    world.pass(2 * 3600);
    world.bad_images.push(V2.to_owned());
    world.settle();
    let next = a.next(&world);
    assert!(!step!(Action::End { .. })(&next), "given up at once: {next:?}");
    let next = reach(&mut world, &mut a, step!(Action::End { .. }));
    assert!((world.now - world.release().started).get_seconds() >= 2 * 3600 + 600);
    assert!(ending(&world, &next).reason.contains("0 of 1 pods"));
}

/// What the kubelets say; nothing else has been seen since.
fn pods_say(world: &mut World, status: impl Fn(&mut Value)) {
    let green = |pod: &&Value| pod["metadata"]["labels"]["app"] == "parrot-green";
    let pods: Vec<String> =
        world.objects.list(Kind::Pod).filter(green).map(|pod| name(pod).to_owned()).collect();
    for pod in pods {
        world.edit(Kind::Pod, &pod, |pod| status(&mut pod["status"]));
    }
}

fn is_not_ready(status: &mut Value) {
    status["conditions"][0]["status"] = json!("False");
    status["containerStatuses"][0]["ready"] = json!(false);
}

#[test]
fn a_crash_loop_at_the_gate_ends_the_release_by_what_its_pods_say_alone() {
    for gate in [WEBHOOK, Gate::Person] {
        let mut world = initialised();
        let goal = Goal::Deploy(deploy(V2, gate));
        let mut a = Driver::asking("a", goal, Answer::NotYet("later".to_owned()));
        let at_gate = |next: &Next| {
            matches!(next, Next::Wait { on: WaitFor::Gate { .. } | WaitFor::Person, .. })
        };
        reach(&mut world, &mut a, at_gate);
        for (restarts, ends) in [(0, false), (1, false), (2, true)] {
            pods_say(&mut world, |status| {
                is_not_ready(status);
                let container = &mut status["containerStatuses"][0];
                container["restartCount"] = json!(restarts);
                container["state"] = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
            });
            let next = a.next(&world);
            assert_eq!(step!(Action::End { .. })(&next), ends, "{restarts}: {next:?}");
        }
        let ending = ending(&world, &a.next(&world));
        assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
        assert!(ending.reason.contains("last with exit code 1"), "{}", ending.reason);
    }
}

#[test]
fn a_candidate_that_is_unready_for_a_while_loses_no_count_and_is_not_asked_about() {
    let mut world = initialised();
    let goal = Goal::Deploy(set(deploy(V2, WEBHOOK), |s| s.deadline_seconds = Some(7200)));
    let mut a = Driver::asking("a", goal, Answer::NotYet("later".to_owned()));
    let counted = |n| move |next: &Next| matches!(next, Next::Wait { on: WaitFor::Gate { failures, .. }, .. } if *failures == n);
    reach(&mut world, &mut a, counted(3));
    let before = world.release();
    pods_say(&mut world, is_not_ready);
    assert_eq!(*action(&a.next(&world)), Action::MarkUnready);
    world.step(&mut a);
    // It is the time at which the gate would be asked next.
    world.pass(120);
    assert!(matches!(a.next(&world), Next::Wait { on: WaitFor::Ready { .. }, .. }));
    world.settle();
    assert_eq!(*action(&a.next(&world)), Action::MarkReady);
    world.step(&mut a);
    let after = world.release();
    assert_eq!((after.gate, after.deadline), (before.gate, before.deadline));
    assert!(asks(&a.next(&world)));
}

#[test]
fn growing_hours_later_gets_the_time_that_getting_ready_had() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Person)));
    reach(&mut world, &mut a, |next| matches!(next, Next::Wait { until: None, .. }));
    world.pass(2 * 3600);
    world.scale("parrot", 3);
    world.settle();
    world.step(&mut a);
    let next = a.next(&world);
    assert!(!step!(Action::End { .. })(&next), "given up at once: {next:?}");
}

#[test]
fn a_second_version_that_never_gets_ready_leaves_the_first_alone() {
    let mut world = promoted();
    let mut b = Driver::new("b", Goal::Deploy(deploy("parrot-app:never-ready", WEBHOOK)));
    let Outcome::Finished(finished) = world.follow(&mut b) else { panic!("not finished") };
    assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
    assert_eq!(world.live_image().as_deref(), Some(V2));
    assert_eq!((world.image("parrot").as_str(), world.replicas("parrot")), (V1, 0));
}
