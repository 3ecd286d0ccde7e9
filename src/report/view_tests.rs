use jiff::SignedDuration;

use super::*;
use crate::model::Colour;
use crate::release::AnswerKind;
use crate::release::pods::Unready;

const WIDE: usize = 100;

fn view() -> View {
    let command = |verb: &str| format!("bluegreen {verb} parrot -n birds");
    View::new(Commands { promote: command("promote"), abort: command("abort") })
}

fn at(millis: i64) -> Timestamp {
    let began: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    began + SignedDuration::from_millis(millis)
}

fn take(view: &mut View, millis: i64, what: What) -> Vec<String> {
    let event = Event { what, at: at(millis), app: "parrot".into(), release: Some(1) };
    let settled = view.take(&event).into_iter();
    settled.map(|s| format!("{} {}", s.line.text, s.took.unwrap_or_default())).collect()
}

fn region(view: &View, millis: i64) -> Vec<String> {
    let mut lines = view.region(at(millis), WIDE);
    // The mark moves; what it says does not.
    for line in lines.iter_mut() {
        let frame = glyphs().frames.iter().find_map(|frame| line.strip_prefix(frame));
        *line = frame.unwrap_or(line).trim_start().to_owned();
    }
    lines
}

fn gate(failures: u64, until: i64) -> What {
    let on = WaitFor::Gate {
        failures,
        threshold: 60,
        answer: Some(AnswerKind::NotYet),
        said: Some("500".into()),
        expires: Some(at(600_000)),
    };
    What::Waiting { on, until: Some(at(until)) }
}

fn counted(failures: u64) -> What {
    let (answer, said) = (AnswerKind::NotYet, "500".into());
    What::Done(Action::Count { answer, said, failures, threshold: 60 })
}

#[test]
fn a_settled_step_has_the_time_since_the_one_before() {
    let mut view = view();
    let made = Action::MakeCandidate { deployment: "parrot-green".into(), replicas: 2 };
    assert!(take(&mut view, 0, What::Doing(made.clone())).is_empty());
    assert_eq!(region(&view, 0), ["start the candidate with 2 pods (0ms)"]);
    let said = take(&mut view, 40, What::Done(made));
    assert_eq!(said, ["started Deployment parrot-green with 2 pods 40ms"]);
    assert_eq!(region(&view, 50), Vec::<String>::new());
    assert_eq!(
        take(&mut view, 4_340, What::Done(Action::MarkReady)),
        ["the candidate is ready 4.3s"]
    );
}

#[test]
fn a_wait_for_pods_says_which_and_why_and_until_when() {
    let mut view = view();
    let on = WaitFor::Ready {
        colour: Colour::Green,
        deployment: "parrot-green".into(),
        ready: 1,
        desired: 3,
        endpoints: 1,
        pods: vec![Unready { pod: "parrot-green-x".into(), reason: "ContainerCreating".into() }],
        trouble: None,
    };
    take(&mut view, 0, What::Waiting { on, until: Some(at(60_000)) });
    let wanted = [
        "parrot-green: 1 of 3 pods ready, timeout in 58s (2.0s)",
        "pod parrot-green-x: ContainerCreating",
    ];
    assert_eq!(region(&view, 2_000), wanted);
}

#[test]
fn the_gate_stays_in_place_while_it_is_polled() {
    let mut view = view();
    take(&mut view, 0, What::Preview { address: "http://p".into() });
    take(&mut view, 0, What::GateAsked { gate: "https://gate".into() });
    assert_eq!(region(&view, 0)[0], "asking the gate (0ms)");
    take(&mut view, 10, counted(1));
    take(&mut view, 10, gate(1, 10_000));
    take(&mut view, 10_000, What::GateAsked { gate: "https://gate".into() });
    assert!(
        region(&view, 10_000)[0].starts_with("the gate has not approved it yet: 500 (1 of 60)")
    );
    // Neither the count's write nor its answer leaves a line, and the time goes on.
    assert!(take(&mut view, 10_010, counted(2)).is_empty());
    take(&mut view, 10_010, gate(2, 20_000));
    let wanted = [
        "the gate has not approved it yet: 500 (2 of 60), next request in 8s (12s)",
        "without approval the candidate is deleted in 9m 48s (03:14:05Z)",
        "preview  http://p",
        "yes      bluegreen promote parrot -n birds",
        "no       bluegreen abort parrot -n birds",
    ];
    assert_eq!(region(&view, 12_000), wanted);
    let pass = What::GateAnswered { answer: AnswerKind::Pass, said: String::new() };
    assert_eq!(take(&mut view, 20_000, pass), ["the gate approved the release 20s"]);
}

#[test]
fn what_others_do_is_said_with_who() {
    use crate::release::RemoteChange;
    let mut view = view();
    let by = "jane@laptop (pid 1)".to_owned();
    let news = What::News(RemoteChange::Approved { number: 1, by });
    assert_eq!(take(&mut view, 0, news), ["release 1 was approved by jane@laptop (pid 1) "]);
}

#[test]
fn no_line_is_longer_than_the_terminal_is_wide() {
    let mut view = view();
    take(&mut view, 0, gate(2, 20_000));
    for width in [10, 20, 40, 80] {
        let lines = view.region(at(0), width);
        let mut lines = lines.iter().filter(|line| !line.contains("bluegreen"));
        assert!(lines.all(|line| line.chars().count() < width), "{width}");
        // What may be pasted is left whole.
        let whole = |line: &String| line.ends_with("no       bluegreen abort parrot -n birds");
        assert!(view.region(at(0), width).iter().any(whole), "{width}");
    }
}

#[test]
fn an_outage_is_shown_until_it_is_over() {
    let mut view = view();
    take(&mut view, 0, What::Unreachable { why: "refused".into() });
    take(&mut view, 5_000, What::Unreachable { why: "reset".into() });
    let wanted = ["the API server is unreachable, retrying: reset (6.0s)"];
    assert_eq!(region(&view, 6_000), wanted);
    assert_eq!(take(&mut view, 7_000, What::Reachable), ["the API server is reachable again 7.0s"]);
    assert_eq!(region(&view, 7_000), Vec::<String>::new());
}

#[test]
fn following_somebody_who_lives_is_one_wait() {
    let mut view = view();
    let holder = "jane@laptop (pid 1)".to_owned();
    let wait = |on| What::Waiting { on, until: None };
    let follows = || wait(WaitFor::Driver { holder: "jane@laptop (pid 1)".into(), phase: None });
    take(&mut view, 0, follows());
    let asks = Action::Challenge { holder: holder.clone() };
    assert!(take(&mut view, 15_000, What::Doing(asks.clone())).is_empty());
    assert!(take(&mut view, 15_000, What::Done(asks)).is_empty());
    take(&mut view, 15_000, wait(WaitFor::SignOfLife { holder: holder.clone() }));
    let waits = format!("checking whether {holder} is still running (16s)");
    assert_eq!(region(&view, 16_000), [waits]);
    take(&mut view, 16_000, follows());
    let follows = format!("following the release; {holder} is running it (17s)");
    assert_eq!(region(&view, 17_000), [follows]);
}

#[test]
fn a_sign_of_life_leaves_the_wait_as_it_is() {
    let mut view = view();
    take(&mut view, 0, What::Waiting { on: WaitFor::Person, until: None });
    take(&mut view, 5_000, What::Doing(Action::Answer));
    take(&mut view, 5_000, What::Done(Action::Answer));
    assert_eq!(region(&view, 6_000)[0], "waiting for approval of the candidate (6.0s)");
    let scaled = || Action::Resize { deployment: "parrot-green".into(), replicas: 2 };
    take(&mut view, 7_000, What::Doing(scaled()));
    take(&mut view, 7_000, What::Done(scaled()));
    assert_eq!(region(&view, 7_000), Vec::<String>::new());
}
