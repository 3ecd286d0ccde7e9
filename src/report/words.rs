//! A sentence for everything that happens: the only place where events are worded.

use jiff::Timestamp;

use super::text::left;
use crate::event::What;
use crate::release::plan::{Doing, WaitFor};
use crate::release::pods::Unready;
use crate::release::{Confirmed, Ending, News, Verdict};

/// What a line is about, by which it is marked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    Good,
    Bad,
    /// What somebody else did, or what has to be known.
    News,
    /// Belongs to the line before.
    More,
}

/// A line that stays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub mark: Mark,
    pub text: String,
}

impl Line {
    fn new(mark: Mark, text: impl Into<String>) -> Line {
        Line { mark, text: text.into() }
    }
}

/// The command lines that a waiting person may want to type.
#[derive(Clone, Debug)]
pub struct Commands {
    pub promote: String,
    pub abort: String,
}

/// What an event leaves behind on the screen, if anything.
pub fn settled(what: &What) -> Vec<Line> {
    match what {
        What::Done(doing) => done(doing).into_iter().collect(),
        What::News(news) => vec![said(news)],
        What::Warned { what, hint, .. } => {
            let hint = hint.iter().map(|hint| Line::new(Mark::More, format!("hint: {hint}")));
            std::iter::once(Line::new(Mark::News, what.clone())).chain(hint).collect()
        }
        // Any other answer is counted, and the count says it.
        What::GateAnswered { answer, .. } if answer == "pass" => {
            vec![Line::new(Mark::Good, "the gate says yes")]
        }
        What::Logs { pod, container, lines } => {
            let head = format!("the last lines of container {container} of pod {pod}:");
            let lines = lines.iter().map(|line| Line::new(Mark::More, format!("| {line}")));
            std::iter::once(Line::new(Mark::Bad, head)).chain(lines).collect()
        }
        What::Reachable => vec![Line::new(Mark::Good, "the API server answers again")],
        // Said while it lasts, or as the command's result.
        What::Doing(_)
        | What::Waiting { .. }
        | What::Preview { .. }
        | What::GateAsked { .. }
        | What::GateAnswered { .. }
        | What::Unreachable { .. }
        | What::Seen(_)
        | What::Rehearsed { .. }
        | What::Ended { .. }
        | What::Failed { .. } => Vec::new(),
    }
}

pub fn away(why: &str) -> String {
    format!("the API server does not answer, waiting for it: {why}")
}

pub fn preview(address: &str) -> String {
    format!("the candidate can be tested at {address}")
}

/// What a step is for, before it is carried out.
pub fn would(doing: &Doing) -> String {
    match doing {
        Doing::Start { number, from, to, images } => {
            format!("begin release {number}, {} into {to} while {from} is live", images.join(", "))
        }
        Doing::FollowPreview { colour } => format!("let the preview follow {colour}"),
        Doing::MakeCandidate { replicas, .. } => {
            format!("start the candidate with {}", pods(*replicas))
        }
        Doing::Switch { service, .. } => format!("switch to Service {service}"),
        Doing::FollowLive { colour, .. } => format!("let it follow {colour}"),
        Doing::PutAway { .. } => "put the old version away, scaled to 0".to_owned(),
        Doing::SwitchBack { service, .. } => {
            format!("switch back to Service {service}, should it be aborted after the switch")
        }
        Doing::Challenge { holder } => format!("ask {holder} for a sign of life"),
        Doing::Stamp { object } => format!("stamp {object}, so that nothing old arrives late"),
        // What else there is belongs to releases that are under way.
        other => done(other).map_or_else(|| "keep the record".to_owned(), |line| line.text),
    }
}

fn done(done: &Doing) -> Option<Line> {
    let text = match done {
        // The command's end says as much.
        Doing::Set | Doing::Answer | Doing::Finish | Doing::LetGo => return None,
        // What follows from them is a wait, which says it.
        Doing::Count { .. } | Doing::MarkSwitched | Doing::Challenge { .. } => return None,
        // A takeover's own affair: once for each object.
        Doing::Stamp { .. } => return None,
        Doing::StartDrain { confirmed: None, .. } => return None,
        // What is told by it is said with the drain.
        Doing::Unmark { .. } => return None,
        Doing::Mark { ingress, .. } => {
            format!("added a rule to Ingress {ingress}: it is served once the switch is")
        }
        Doing::StartDrain { confirmed: Some(by), .. } => arrived(*by).to_owned(),
        Doing::End { ending } => return Some(ends(ending)),
        Doing::Doubt => {
            return Some(Line::new(Mark::Bad, "the switch has not arrived in its time"));
        }
        Doing::MarkUnready => {
            return Some(Line::new(Mark::Bad, "the candidate is no longer ready"));
        }
        Doing::Hold => "goes on with the unfinished release".to_owned(),
        Doing::MakeRecord => "made the record".to_owned(),
        Doing::MakeService { service } => format!("made Service {service}"),
        Doing::AlignPorts { service } => {
            format!("gave Service {service} the ports that the live one has now")
        }
        Doing::MakeIngress { ingress } => {
            format!("made Ingress {ingress}, which names all Services of the app")
        }
        Doing::AlignIngress { ingress } => {
            format!("let Ingress {ingress} name the app as the user's Ingress does now")
        }
        Doing::Start { number, from, to, images } => {
            format!("release {number}: {} into {to}, {from} is live", images.join(", "))
        }
        Doing::TakeOver { holder } => format!("took over from {holder}, which did not answer"),
        Doing::RaiseEpoch => "a write got no reply: made sure that it can't arrive late".to_owned(),
        Doing::RemoveLeftover { deployment } => {
            format!("removed Deployment {deployment}, which a release that is over left behind")
        }
        Doing::MakeBudget { budget } => {
            format!("made PodDisruptionBudget {budget}, as the live pods have it")
        }
        Doing::RemoveBudget { budget } => format!("removed PodDisruptionBudget {budget}"),
        Doing::AlignBudget { budget } => {
            format!("gave PodDisruptionBudget {budget} what the app's own has now")
        }
        Doing::MakeAutoscaler { autoscaler, deployment } => {
            format!("made HorizontalPodAutoscaler {autoscaler} for Deployment {deployment}")
        }
        Doing::RemoveAutoscaler { autoscaler } => {
            format!("removed HorizontalPodAutoscaler {autoscaler}")
        }
        Doing::AlignAutoscaler { autoscaler } => {
            format!("gave HorizontalPodAutoscaler {autoscaler} what the app's own has now")
        }
        Doing::HoldAutoscaler { autoscaler, replicas } => {
            format!("HorizontalPodAutoscaler {autoscaler} holds {} now", pods(*replicas))
        }
        Doing::FreeAutoscaler { autoscaler } => {
            format!("HorizontalPodAutoscaler {autoscaler} scales freely again")
        }
        Doing::FollowPreview { colour } => format!("the preview Service now follows {colour}"),
        Doing::MakeCandidate { deployment, replicas } => {
            format!("started Deployment {deployment}, {}", pods(*replicas))
        }
        Doing::MarkMade { observed, .. } if observed.is_empty() => return None,
        Doing::MarkMade { deployment, observed } => {
            let images: Vec<&str> = observed.values().map(String::as_str).collect();
            let text = format!("admission changed {deployment}: it runs {}", images.join(", "));
            return Some(Line::new(Mark::News, text));
        }
        Doing::Resize { deployment, replicas } => {
            format!("scaled Deployment {deployment} to {}", pods(*replicas))
        }
        Doing::MarkReady => "the candidate is ready".to_owned(),
        Doing::Approve { number } => format!("approved release {number}"),
        Doing::Switch { ingress, service, was } => {
            let was = was.join(", ");
            format!("switched: Ingress {ingress} now names Service {service}, no longer {was}")
        }
        Doing::FollowLive { service, colour } => format!("Service {service} now follows {colour}"),
        Doing::PutAway { deployment } => format!("put Deployment {deployment} away, scaled to 0"),
        Doing::Revive { said } => {
            let text = format!("the old version is missed, and starts again: {said}");
            return Some(Line::new(Mark::Bad, text));
        }
        Doing::SwitchBack { ingress, service } => {
            format!("switched back: Ingress {ingress} now names Service {service}")
        }
        Doing::Destroy { deployment } => format!("destroyed Deployment {deployment}"),
        Doing::Restore { deployment } => {
            format!("Deployment {deployment} is as it was before")
        }
    };
    Some(Line::new(Mark::Good, text))
}

/// How it is known that a switch has arrived.
pub fn arrived(by: Confirmed) -> &'static str {
    match by {
        Confirmed::Probe => "confirmed through the ingress: only the new version answers",
        Confirmed::Marker => {
            "confirmed through the ingress: it serves a rule that came after the switch"
        }
        Confirmed::Settle => "the ingress controller had its time to take the switch in",
    }
}

/// What a gate did, by the record's word for its answer.
pub fn answered(answer: &str) -> &'static str {
    match answer {
        "broken" => "could not be asked",
        "later" => "is asked too often",
        "reject" => "rejects the candidate",
        "pass" => "says yes",
        _ => "says not yet",
    }
}

fn ends(ending: &Ending) -> Line {
    let by = ending.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let text = match ending.outcome {
        Verdict::Aborted => format!("aborted{by}: {}", ending.reason),
        _ => format!("the candidate goes: {}", ending.reason),
    };
    Line::new(Mark::Bad, text)
}

fn said(news: &News) -> Line {
    let text = match news {
        News::Approved { number, by } => format!("release {number} was approved by {by}"),
        News::Ends { ending } => return ends(ending),
        News::Driven { by } => format!("{by} drives the release now"),
        News::LetGo { was } => format!("{was} has left the release as it is"),
        News::Ready => "the candidate is ready".to_owned(),
        News::Counted { answer, failures, threshold } => {
            format!("the gate {} ({failures} of {threshold})", answered(answer))
        }
        News::Switched => "switched: the new version is live".to_owned(),
        News::Confirmed { by, .. } => arrived(*by).to_owned(),
    };
    Line::new(Mark::News, text)
}

/// What a wait is for, in one line, with what there is to know about it below.
pub fn waiting(on: &WaitFor, until: Option<Timestamp>, now: Timestamp) -> (String, Vec<String>) {
    let after = |until: Option<Timestamp>| until.map(|until| left(until.duration_since(now)));
    let more = |word: &str, until| after(until).map(|left| format!(", {word} {left}"));
    match on {
        WaitFor::Ready {
            deployment, ready, desired, endpoints, pods: unready, trouble, ..
        } => {
            let reached = match (ready < desired, endpoints < desired) {
                (true, _) => String::new(),
                (false, true) => format!(", {endpoints} reachable through its Service"),
                (false, false) if trouble.is_some() => String::new(),
                // An older pod is still there, or the last change has not been seen yet.
                (false, false) => ", its Deployment is not done yet".to_owned(),
            };
            let until = more("given up in", until).unwrap_or_default();
            let head = format!("{deployment}: {ready} of {} ready{reached}{until}", pods(*desired));
            let mut below: Vec<String> = unready.iter().map(Unready::sentence).collect();
            below.extend(trouble.iter().filter(|_| unready.is_empty()).cloned());
            (head, below)
        }
        WaitFor::Change => ("waiting for a change".to_owned(), Vec::new()),
        WaitFor::Answer => ("asking the gate".to_owned(), Vec::new()),
        WaitFor::Gate { failures, threshold, answer, said, expires } => {
            let said = said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            let answer = answer.as_deref().map_or("has not been asked", answered);
            let poll = more("asked again in", until).unwrap_or_default();
            let head = format!("the gate {answer}{said} ({failures} of {threshold}){poll}");
            (head, expires.map(|at| goes(at, now)).into_iter().collect())
        }
        WaitFor::Person => {
            let head = "the candidate waits for a person's yes".to_owned();
            (head, until.map(|at| goes(at, now)).into_iter().collect())
        }
        WaitFor::Settle { colour } => {
            let until = more("for another", until).unwrap_or_default();
            let head = format!("the ingress controller gets to know the pods of {colour}{until}");
            (head, Vec::new())
        }
        WaitFor::Arrival { colour, by: Confirmed::Probe, why } => {
            let head = format!("asking through the ingress until only {colour} answers");
            (head, why.iter().cloned().collect())
        }
        WaitFor::Arrival { by: Confirmed::Marker, why, .. } => {
            let head =
                "asking through the ingress until it serves a rule that came after the switch";
            (head.to_owned(), why.iter().cloned().collect())
        }
        WaitFor::Arrival { by: Confirmed::Settle, why, .. } => {
            let until = more("for another", until).unwrap_or_default();
            let head = format!("the ingress controller takes the switch in{until}");
            let below = why.iter().map(|why| format!("not confirmed by a probe: {why}"));
            (head, below.collect())
        }
        WaitFor::Bake { colour } => {
            let until = more("for another", until).unwrap_or_default();
            (
                format!("the new version is watched, {colour} stays at its full size{until}"),
                Vec::new(),
            )
        }
        WaitFor::Drain { colour } => {
            let until = more("for another", until).unwrap_or_default();
            (format!("{colour} stays for requests that it still answers{until}"), Vec::new())
        }
        WaitFor::Ended { colour } => (
            format!("the pods of {colour} end, and whether they are missed is listened for"),
            Vec::new(),
        ),
        WaitFor::Driver { holder, phase } => {
            let phase = phase.map(|phase| format!(": {phase}")).unwrap_or_default();
            (format!("{holder} drives the release, following it{phase}"), Vec::new())
        }
        WaitFor::Turn { number, images, holder } => {
            let head = format!("waiting for release {number} ({}) to end", images.join(", "));
            let below = match holder {
                Some(holder) => format!("{holder} drives it"),
                None => "nobody drives it: it goes on with a promote or an abort".to_owned(),
            };
            (head, vec![below])
        }
        WaitFor::SignOfLife { holder } => {
            let until = more("for at most", until).unwrap_or_default();
            (format!("waiting for a sign of life of {holder}{until}"), Vec::new())
        }
    }
}

/// When a wait for a yes ends by itself.
pub fn goes(at: Timestamp, now: Timestamp) -> String {
    let time = at.strftime("%H:%M:%SZ");
    format!("without a yes it goes in {}, at {time}", left(at.duration_since(now)))
}

/// Whether a person can end this wait with a word.
pub fn is_a_decision(on: &WaitFor) -> bool {
    matches!(on, WaitFor::Gate { .. } | WaitFor::Answer | WaitFor::Person)
}

/// Whether another process has to act, or to show that it lives.
pub fn is_about_a_driver(on: &WaitFor) -> bool {
    matches!(on, WaitFor::Driver { .. } | WaitFor::SignOfLife { .. })
}

pub fn pods(n: u64) -> String {
    if n == 1 { "1 pod".to_owned() } else { format!("{n} pods") }
}
