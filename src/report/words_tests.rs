//! What is said of everything that happens, in one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::Value;

use super::*;
use crate::model::{Colour, Id, Kind};
use crate::release::Phase;

const BEGAN: &str = "2026-01-02T03:04:05Z";

fn at(seconds: i64) -> Timestamp {
    BEGAN.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds)
}

fn holder() -> String {
    "joe@desk (pid 9)".to_owned()
}

fn ending(outcome: ReleaseOutcome, by: Option<String>) -> Ending {
    Ending { outcome, reason: "the beak is wrong".to_owned(), by, at: at(0) }
}

fn steps() -> Vec<Action> {
    let [blue, green] = ["parrot", "parrot-green"].map(str::to_owned);
    let own = || "flock".to_owned();
    let images = BTreeMap::from([("parrot".to_owned(), "mirror/parrot-app:v2".to_owned())]);
    vec![
        Action::MakeRecord,
        Action::MakeService { service: green.clone() },
        Action::AlignPorts { service: green.clone() },
        Action::MakeIngress { ingress: "parrot-preview".to_owned() },
        Action::AlignIngress { ingress: "parrot-preview".to_owned() },
        Action::Start {
            number: 1,
            from: Colour::Blue,
            to: Colour::Green,
            images: vec!["parrot-app:v2".to_owned()],
        },
        Action::Acquire,
        Action::Set,
        Action::Challenge { holder: holder() },
        Action::TakeOver { holder: holder() },
        Action::Answer,
        Action::RaiseEpoch,
        Action::Stamp { object: Id::new(Kind::Deployment, &green) },
        Action::RemoveLeftover { deployment: green.clone() },
        Action::MakeBudget { budget: green.clone() },
        Action::RemoveBudget { budget: green.clone() },
        Action::AlignBudget { budget: green.clone() },
        Action::MakeAutoscaler { autoscaler: green.clone(), deployment: green.clone() },
        Action::RemoveAutoscaler { autoscaler: green.clone() },
        Action::AlignAutoscaler { autoscaler: green.clone() },
        Action::PinAutoscaler { autoscaler: own(), replicas: 3 },
        Action::UnpinAutoscaler { autoscaler: own() },
        Action::FollowPreview { colour: Colour::Green },
        Action::MakeCandidate { deployment: green.clone(), replicas: 3 },
        Action::MarkMade { deployment: green.clone(), observed: images },
        Action::MarkMade { deployment: green.clone(), observed: BTreeMap::new() },
        Action::Resize { deployment: green.clone(), replicas: 3 },
        Action::MarkReady,
        Action::MarkUnready,
        Action::Count {
            answer: AnswerKind::NotYet,
            said: "500".to_owned(),
            failures: 2,
            threshold: 60,
        },
        Action::Approve { number: 1 },
        Action::End { ending: ending(ReleaseOutcome::Aborted, Some(holder())) },
        Action::End { ending: ending(ReleaseOutcome::Rejected, None) },
        Action::Switch { ingress: blue.clone(), service: green.clone(), was: vec![blue.clone()] },
        Action::FollowLive { service: blue.clone(), colour: Colour::Green },
        Action::SwitchService { service: blue.clone(), colour: Colour::Green },
        Action::MarkSwitched,
        Action::MarkReached { only: true },
        Action::Doubt,
        Action::Mark { ingress: "parrot-preview".to_owned(), host: "r1.3c9f.invalid".to_owned() },
        Action::Unmark { ingress: "parrot-preview".to_owned() },
        Action::StartDrain { seconds: 30, confirmed: Some(Confirmed::Probe) },
        Action::StartDrain { seconds: 30, confirmed: Some(Confirmed::Marker) },
        Action::StartDrain { seconds: 30, confirmed: Some(Confirmed::Settle) },
        Action::StartDrain { seconds: 30, confirmed: Some(Confirmed::Endpoints) },
        Action::ScaleDown { deployment: blue.clone() },
        Action::Revive { said: "parrot.example.com/: 502 Bad Gateway".to_owned() },
        Action::SwitchBack { ingress: blue.clone(), service: "parrot-blue".to_owned() },
        Action::SwitchServiceBack { service: blue.clone(), colour: Colour::Blue },
        Action::Destroy { deployment: green.clone() },
        Action::Restore { deployment: blue },
        Action::Finish,
        Action::LetGo,
    ]
}

fn waits() -> Vec<WaitFor> {
    let ready = |ready, endpoints, trouble: Option<&str>| WaitFor::Ready {
        colour: Colour::Green,
        deployment: "parrot-green".to_owned(),
        ready,
        desired: 3,
        endpoints,
        pods: Vec::new(),
        trouble: trouble.map(str::to_owned),
    };
    let gate = |answer: Option<AnswerKind>| WaitFor::Gate {
        failures: answer.map_or(0, |_| 2),
        threshold: 60,
        answer,
        said: answer.map(|_| "500 Internal Server Error".to_owned()),
        expires: Some(at(600)),
    };
    let arrival =
        |by, why: &str| WaitFor::Arrival { colour: Colour::Green, by, why: Some(why.to_owned()) };
    let turn =
        |holder| WaitFor::Turn { number: 1, images: vec!["parrot-app:v2".to_owned()], holder };
    vec![
        ready(1, 1, Some("pod parrot-green-x: Unschedulable: no room")),
        ready(3, 1, None),
        ready(3, 3, None),
        WaitFor::Answer,
        gate(None),
        gate(Some(AnswerKind::NotYet)),
        gate(Some(AnswerKind::Later)),
        gate(Some(AnswerKind::Broken)),
        WaitFor::Person,
        WaitFor::Settle { colour: Colour::Green },
        arrival(Confirmed::Probe, "parrot.example.com/: 200 OK, as blue answers"),
        arrival(Confirmed::Marker, "http://r1.3c9f.invalid/ at 203.0.113.7 is not served yet"),
        arrival(Confirmed::Settle, "both versions give the same answers"),
        arrival(Confirmed::Endpoints, "an EndpointSlice of Service parrot still names parrot-1"),
        WaitFor::Arrival { colour: Colour::Green, by: Confirmed::Endpoints, why: None },
        WaitFor::Bake { colour: Colour::Blue },
        WaitFor::Drain { colour: Colour::Blue },
        WaitFor::Ended { colour: Colour::Blue },
        WaitFor::Driver { holder: holder(), phase: Some(Phase::Waiting) },
        WaitFor::SignOfLife { holder: holder() },
        turn(Some(holder())),
        turn(None),
        WaitFor::Change,
    ]
}

fn news() -> Vec<RemoteChange> {
    let counted = |answer| RemoteChange::Counted { answer, failures: 2, threshold: 60 };
    vec![
        RemoteChange::Approved { number: 1, by: holder() },
        RemoteChange::Ends { ending: ending(ReleaseOutcome::Unhealthy, None) },
        RemoteChange::Driven { by: holder() },
        RemoteChange::LetGo { was: holder() },
        RemoteChange::Ready,
        counted(AnswerKind::NotYet),
        counted(AnswerKind::Later),
        counted(AnswerKind::Broken),
        counted(AnswerKind::Reject),
        counted(AnswerKind::Pass),
        RemoteChange::Switched,
        RemoteChange::Confirmed { by: Confirmed::Probe, until: at(30) },
    ]
}

/// Holds that there is a sample of every kind, by the schema; `kept`: those that no schema has.
fn are_all<T: JsonSchema + Serialize>(samples: &[T], tag: &str, kept: &[&str]) {
    let schema = schema_for!(T).to_value();
    let kinds = schema["oneOf"].as_array().unwrap().iter();
    let kinds: BTreeSet<&str> =
        kinds.map(|kind| kind["properties"][tag]["const"].as_str().unwrap()).collect();
    let shown: Vec<Value> =
        samples.iter().map(|sample| serde_json::to_value(sample).unwrap()[tag].clone()).collect();
    let shown: BTreeSet<&str> = shown.iter().filter_map(Value::as_str).collect();
    let shown: BTreeSet<&str> = shown.into_iter().filter(|it| !kept.contains(it)).collect();
    assert_eq!(shown, kinds, "a sentence for every {tag} there is");
}

/// A step while it is taken, and what it leaves behind; a wait with what is below it; what others did.
#[test]
fn everything_that_happens_has_a_sentence() {
    let (steps, waits, news) = (steps(), waits(), news());
    are_all(&steps, "step", &[]);
    are_all(&waits, "for", &["answer", "change"]);
    are_all(&news, "news", &[]);
    let mut all = String::from("== steps: while it is done, and then\n");
    for step in &steps {
        let then = done(step).map_or_else(|| "-".to_owned(), |line| line.text);
        all += &format!("{}\n  {then}\n", would(step));
    }
    all += "== waits\n";
    for wait in &waits {
        let (head, below) = waiting(wait, Some(at(42)), at(0));
        all += &format!("{head}\n");
        below.iter().for_each(|line| all += &format!("  {line}\n"));
    }
    all += "== what another process did\n";
    news.iter().for_each(|news| all += &format!("{}\n", said(news).text));
    all += "== the rest\n";
    all += &format!("{}\n{}\n", away("Connection refused"), preview("http://green.example.com"));
    for what in [
        What::GateAnswered { answer: AnswerKind::Pass, said: String::new() },
        What::Logs {
            pod: "parrot-green-x".into(),
            container: "parrot".into(),
            lines: vec!["a".into()],
        },
        What::Reachable,
        What::Warned { check: "managers", what: "a warning".into(), hint: Some("do this".into()) },
    ] {
        settled(&what).iter().for_each(|line| all += &format!("{}\n", line.text));
    }
    insta::assert_snapshot!("sentences", all);
}
