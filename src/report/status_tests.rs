use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;
use crate::release::plan::Why;
use crate::release::status::{Driver, Gate, Last, Route};
use crate::release::{Aim, Approval, Condition, Drift, Ending, Need, ReleaseOutcome, Way};

fn at(seconds: i64) -> Timestamp {
    let began: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    began + SignedDuration::from_secs(seconds)
}

fn side(colour: Colour, image: &str, ready: u64) -> Side {
    let green = if colour == Colour::Green { "-green" } else { "" };
    Side {
        colour,
        deployment: format!("parrot{green}"),
        service: format!("parrot-{colour}"),
        images: BTreeMap::from([("parrot".to_owned(), image.to_owned())]),
        replicas: 1,
        ready,
    }
}

fn parrot() -> Status {
    Status {
        app: "parrot".into(),
        namespace: "birds".into(),
        live: Some(side(Colour::Blue, "parrot-app:v1.2", 1)),
        candidate: None,
        kept: None,
        before: None,
        route: vec![Route {
            kind: "Ingress",
            name: "parrot".into(),
            hosts: vec!["parrot.example.com".into()],
        }],
        release: None,
        last: None,
        healthy: true,
        problem: None,
        mend: None,
        drift: Vec::new(),
        next: vec![Way::Deploy],
        why: None,
    }
}

fn under_way(phase: Phase) -> Progress {
    Progress {
        number: 3,
        phase,
        from: Colour::Blue,
        to: Colour::Green,
        started: at(0),
        since: at(67),
        approved: None,
        trouble: None,
        preview: None,
        gate: Gate {
            answer: Some(AnswerKind::NotYet),
            failures: 12,
            threshold: 60,
            asked: Some(at(120)),
            next: None,
            expires: None,
        },
        driver: Some(Driver { holder: "jane@laptop (pid 7)".into(), last_seen: at(120) }),
        ending: None,
    }
}

fn why_at_the_gate() -> Why {
    let step = Aim::Switch;
    let of = |name, met, now: &str, wanted: &str| Condition {
        step,
        ..Condition::new(name, met, now, wanted)
    };
    let conditions = vec![
        Condition { step: Aim::Drive, ..of(Need::Driver, true, "jane@laptop (pid 7)", "any") },
        of(Need::Endpoints, true, "1 ready", "at least 1").of("Service parrot-green"),
        of(Need::Gate, false, "not-yet, 12 of 60 without approval", "pass").until(Some(at(135))),
        of(Need::NotAsked, false, "", "only the new version answers").unknown(Some("jane".into())),
    ];
    Why { next: step, waits_for: Some(Need::Gate), stops: None, conditions }
}

fn shown(status: &Status) -> String {
    let next = Next::of(status, &|verb| format!("bluegreen {verb} parrot -n birds"));
    let lines = lines(status, at(127), &next);
    // Colours are the terminal's business.
    lines.iter().map(|line| format!("{}\n", console::strip_ansi_codes(line))).collect()
}

/// All of them side by side, so that a change of words is read in one place.
#[test]
fn pictures() {
    let mut all = String::new();
    let mut show = |name: &str, status: Status| all += &format!("== {name}\n{}\n", shown(&status));
    show("nothing in progress", parrot());
    let last = Some(Last { number: 2, outcome: ReleaseOutcome::Promoted, ended: at(0) });
    show("after a release", Status { last, ..parrot() });
    let kept = Some(side(Colour::Green, "parrot-app:v2.2", 1));
    let back = || vec![Way::Deploy, Way::Rollback];
    show("the version before was kept", Status { kept, next: back(), ..parrot() });
    let gate = |answer| Gate { answer: Some(answer), ..under_way(Phase::Waiting).gate };
    let yes = Progress { gate: gate(AnswerKind::Pass), ..under_way(Phase::Confirming) };
    let before = Some(side(Colour::Green, "parrot-app:v1.1", 1));
    let next = vec![Way::Abort];
    show("switched", Status { release: Some(yes.clone()), before, next, ..parrot() });
    let before = Some(Side { replicas: 0, ..side(Colour::Green, "parrot-app:v1.1", 0) });
    show("the version before was put away", Status { before, next: back(), ..parrot() });
    let left = Some(Progress { driver: None, ..under_way(Phase::Draining) });
    let next = vec![Way::Promote, Way::Abort];
    show("switched, and left there", Status { release: left, next, ..parrot() });
    let approved = Some(Approval { by: "joe@desk (pid 9)".into(), at: at(66) });
    let release = Some(Progress { approved, ..yes });
    show("a person said yes", Status { release, next: vec![Way::Abort], ..parrot() });
    let candidate = Some(side(Colour::Green, "parrot-app:v2.2", 1));
    let gate = Gate { next: Some(at(135)), expires: Some(at(600)), ..gate(AnswerKind::NotYet) };
    let preview = Some("http://parrot-preview.birds.svc".to_owned());
    let release = Some(Progress { gate, preview, ..under_way(Phase::Waiting) });
    let next = vec![Way::Promote, Way::Abort];
    show("waiting for the gate", Status { candidate, release: release.clone(), next, ..parrot() });
    let next = vec![Way::PromoteWhenReady, Way::Abort];
    let why = Some(why_at_the_gate());
    let release_why = release.clone();
    show("why it waits", Status { release: release_why, why, ..parrot() });
    show("waiting, and not ready any more", Status { release, next, ..parrot() });
    let candidate = Some(side(Colour::Green, "parrot-app:v2.2", 0));
    let gate = Gate { answer: None, failures: 0, asked: None, ..under_way(Phase::Starting).gate };
    let trouble = Some("pod parrot-green-x: Unschedulable: no room".to_owned());
    let release = Some(Progress { gate, trouble, driver: None, ..under_way(Phase::Starting) });
    let next = vec![Way::PromoteWhenReady, Way::Abort];
    show("starting, nobody was asked yet", Status { candidate, release, next, ..parrot() });
    let (outcome, by) = (ReleaseOutcome::Aborted, Some("joe@desk (pid 9)".into()));
    let ending = Some(Ending { outcome, reason: "the beak".into(), by, at: at(100) });
    let release = Some(Progress { ending, ..under_way(Phase::Waiting) });
    show("on its way out", Status { release: release.clone(), next: Vec::new(), ..parrot() });
    let release = release.map(|release| Progress { driver: None, ..release });
    let next = vec![Way::Abort];
    show("on its way out, and left there", Status { release, next, ..parrot() });
    let drift = vec![
        Drift { what: "an autoscaler differs".into(), way: Some(Way::Init), mend: None },
        Drift { what: "a size differs".into(), way: None, mend: Some("kubectl scale it".into()) },
    ];
    show("changed beside the live version", Status { drift, ..parrot() });
    let problem = Some("0 of 1 pods are ready".to_owned());
    let (live, healthy) = (Some(side(Colour::Blue, "parrot-app:v1.2", 0)), false);
    show("not healthy", Status { problem, live, healthy, ..parrot() });
    let problem = Some("Service parrot does not point to blue, as the Ingress does".to_owned());
    let mend = Some("kubectl patch service parrot -n birds -p '{}'".to_owned());
    show("led apart", Status { problem, mend, healthy, next: Vec::new(), ..parrot() });
    let problem = Some("not set up for releases".to_owned());
    let (live, route) = (None, Vec::new());
    let next = vec![Way::Init];
    show("not prepared", Status { problem, live, route, healthy, next, ..parrot() });
    let problem = Some("not set up for releases".to_owned());
    let next = vec![Way::Check];
    show(
        "not to be prepared",
        Status { problem, live: None, route: Vec::new(), healthy, next, ..parrot() },
    );
    insta::assert_snapshot!(all);
}
