//! A sentence for everything that happens: the only place where events are worded.

use jiff::Timestamp;

use super::text::left;
use crate::event::What;
use crate::release::plan::{Action, WaitFor};
use crate::release::pods::Unready;
use crate::release::{AnswerKind, Confirmed, Ending, ReleaseOutcome, RemoteChange};

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
        What::Done(action) => done(action).into_iter().collect(),
        What::News(news) => vec![said(news)],
        What::Warned { what, hint, .. } => {
            let hint = hint.iter().map(|hint| Line::new(Mark::More, format!("hint: {hint}")));
            std::iter::once(Line::new(Mark::News, what.clone())).chain(hint).collect()
        }
        // Any other answer is counted, and the count says it.
        What::GateAnswered { answer: AnswerKind::Pass, .. } => {
            vec![Line::new(Mark::Good, "the gate approved the release")]
        }
        What::Logs { pod, container, lines } => {
            let head = format!("last log lines of container {container} in pod {pod}:");
            let lines = lines.iter().map(|line| Line::new(Mark::More, format!("| {line}")));
            std::iter::once(Line::new(Mark::Bad, head)).chain(lines).collect()
        }
        What::Reachable => vec![Line::new(Mark::Good, "the API server is reachable again")],
        // Said while it lasts, or as the command's result.
        What::Doing(_)
        | What::Waiting { .. }
        | What::Preview { .. }
        | What::GateAsked { .. }
        | What::GateAnswered { .. }
        | What::Unreachable { .. }
        | What::Seen(_)
        | What::DryRun { .. }
        | What::Ended { .. }
        | What::Failed { .. } => Vec::new(),
    }
}

pub fn away(why: &str) -> String {
    format!("the API server is unreachable, retrying: {why}")
}

pub fn preview(address: &str) -> String {
    format!("test the candidate at {address}")
}

/// What a step is for, before it is carried out.
pub fn would(action: &Action) -> String {
    match action {
        Action::Start { number, from, to, images } => {
            format!("start release {number}: deploy {} to {to} (live: {from})", images.join(", "))
        }
        Action::FollowPreview { colour } => format!("point the preview Service at {colour}"),
        Action::MakeCandidate { replicas, .. } => {
            format!("start the candidate with {}", pods(*replicas))
        }
        Action::Switch { service, .. } => format!("switch to Service {service}"),
        Action::SwitchService { service, colour } => {
            format!("switch Service {service} to {colour}")
        }
        Action::SwitchServiceBack { service, colour } => {
            format!("switch Service {service} back to {colour} (on an abort after the switch)")
        }
        Action::FollowLive { colour, .. } => format!("point it at {colour}"),
        Action::ScaleDown { .. } => "scale the old version down to 0".to_owned(),
        Action::SwitchBack { service, .. } => {
            format!("switch back to Service {service} (on an abort after the switch)")
        }
        Action::Challenge { holder } => format!("check whether {holder} is still running"),
        Action::Stamp { object } => format!("fence {object} against late writes"),
        Action::MakeRecord => "create the record".to_owned(),
        Action::MakeService { service } => format!("create Service {service}"),
        Action::AlignPorts { service } => format!("update the ports of Service {service}"),
        Action::MakeIngress { ingress } => format!("create Ingress {ingress}"),
        Action::AlignIngress { ingress } => format!("update Ingress {ingress}"),
        Action::Acquire => "resume the unfinished release".to_owned(),
        Action::TakeOver { holder } => format!("take over from {holder}"),
        Action::RaiseEpoch => "fence a write that got no reply".to_owned(),
        Action::RemoveLeftover { deployment } | Action::Destroy { deployment } => {
            format!("delete Deployment {deployment}")
        }
        Action::MakeBudget { budget } => format!("create PodDisruptionBudget {budget}"),
        Action::AlignBudget { budget } => format!("update PodDisruptionBudget {budget}"),
        Action::RemoveBudget { budget } => format!("delete PodDisruptionBudget {budget}"),
        Action::MakeAutoscaler { autoscaler, .. } => {
            format!("create HorizontalPodAutoscaler {autoscaler}")
        }
        Action::AlignAutoscaler { autoscaler } => {
            format!("update HorizontalPodAutoscaler {autoscaler}")
        }
        Action::RemoveAutoscaler { autoscaler } => {
            format!("delete HorizontalPodAutoscaler {autoscaler}")
        }
        Action::PinAutoscaler { autoscaler, replicas } => {
            format!("pin HorizontalPodAutoscaler {autoscaler} at {}", pods(*replicas))
        }
        Action::UnpinAutoscaler { autoscaler } => {
            format!("unpin HorizontalPodAutoscaler {autoscaler}")
        }
        Action::Resize { deployment, replicas } => {
            format!("scale Deployment {deployment} to {}", pods(*replicas))
        }
        Action::Restore { deployment } => format!("restore Deployment {deployment}"),
        Action::Approve { number } => format!("approve release {number}"),
        Action::Mark { ingress, .. } => {
            format!("add a rule to Ingress {ingress}, to confirm the switch")
        }
        Action::Unmark { ingress } => format!("delete the rule added to Ingress {ingress}"),
        // A word in the record is all that it is.
        Action::Set
        | Action::Answer
        | Action::MarkMade { .. }
        | Action::MarkReady
        | Action::MarkUnready
        | Action::Count { .. }
        | Action::End { .. }
        | Action::MarkSwitched
        | Action::MarkReached { .. }
        | Action::Doubt
        | Action::StartDrain { .. }
        | Action::Revive { .. }
        | Action::Finish
        | Action::LetGo => "update the record".to_owned(),
    }
}

fn done(done: &Action) -> Option<Line> {
    let text = match done {
        // The command's end says as much.
        Action::Set | Action::Answer | Action::Finish | Action::LetGo => return None,
        // What follows from them is a wait, which says it.
        Action::Count { .. }
        | Action::MarkSwitched
        | Action::MarkReached { .. }
        | Action::Challenge { .. } => return None,
        // A takeover's own affair: once for each object.
        Action::Stamp { .. } => return None,
        Action::StartDrain { confirmed: None, .. } => return None,
        // What is told by it is said with the drain.
        Action::Unmark { .. } => return None,
        Action::Mark { ingress, .. } => {
            format!(
                "added a rule to Ingress {ingress}: the controller serves it once it has applied \
                 the switch"
            )
        }
        Action::StartDrain { confirmed: Some(by), .. } => arrived(*by).to_owned(),
        Action::End { ending } => return Some(ends(ending)),
        Action::Doubt => {
            return Some(Line::new(
                Mark::Bad,
                "the switch was not confirmed in time: the ingress still answers \
                 with the old version, or not at all",
            ));
        }
        Action::MarkUnready => {
            return Some(Line::new(Mark::Bad, "the candidate is no longer ready"));
        }
        Action::Acquire => "resumed the unfinished release".to_owned(),
        Action::MakeRecord => "created the record".to_owned(),
        Action::MakeService { service } => format!("created Service {service}"),
        Action::AlignPorts { service } => {
            format!("updated the ports of Service {service} to the live Service's")
        }
        Action::MakeIngress { ingress } => {
            format!("created Ingress {ingress}, which names every Service of the app")
        }
        Action::AlignIngress { ingress } => {
            format!("updated Ingress {ingress} to match the app's Ingress")
        }
        Action::Start { number, from, to, images } => {
            format!("release {number}: deploying {} to {to} (live: {from})", images.join(", "))
        }
        Action::TakeOver { holder } => format!("took over from {holder}, which did not respond"),
        Action::RaiseEpoch => {
            "fenced a write that got no reply, so that it can't take effect late".to_owned()
        }
        Action::RemoveLeftover { deployment } => {
            format!("deleted Deployment {deployment}, left over from an earlier release")
        }
        Action::MakeBudget { budget } => {
            format!("created PodDisruptionBudget {budget}, a copy of the live version's")
        }
        Action::RemoveBudget { budget } => format!("deleted PodDisruptionBudget {budget}"),
        Action::AlignBudget { budget } => {
            format!("updated PodDisruptionBudget {budget} to match the app's own")
        }
        Action::MakeAutoscaler { autoscaler, deployment } => {
            format!("created HorizontalPodAutoscaler {autoscaler} for Deployment {deployment}")
        }
        Action::RemoveAutoscaler { autoscaler } => {
            format!("deleted HorizontalPodAutoscaler {autoscaler}")
        }
        Action::AlignAutoscaler { autoscaler } => {
            format!("updated HorizontalPodAutoscaler {autoscaler} to match the app's own")
        }
        Action::PinAutoscaler { autoscaler, replicas } => {
            format!("pinned HorizontalPodAutoscaler {autoscaler} at {}", pods(*replicas))
        }
        Action::UnpinAutoscaler { autoscaler } => {
            format!("unpinned HorizontalPodAutoscaler {autoscaler}")
        }
        Action::FollowPreview { colour } => format!("pointed the preview Service at {colour}"),
        Action::MakeCandidate { deployment, replicas } => {
            format!("started Deployment {deployment} with {}", pods(*replicas))
        }
        Action::MarkMade { observed, .. } if observed.is_empty() => return None,
        Action::MarkMade { deployment, observed } => {
            let images: Vec<&str> = observed.values().map(String::as_str).collect();
            let text =
                format!("admission changed Deployment {deployment}: it runs {}", images.join(", "));
            return Some(Line::new(Mark::News, text));
        }
        Action::Resize { deployment, replicas } => {
            format!("scaled Deployment {deployment} to {}", pods(*replicas))
        }
        Action::MarkReady => "the candidate is ready".to_owned(),
        Action::Approve { number } => format!("approved release {number}"),
        Action::Switch { ingress, service, was } => {
            let was = was.join(", ");
            format!("switched Ingress {ingress} to Service {service}, from {was}")
        }
        Action::SwitchService { service, colour } => {
            format!("switched Service {service} to {colour}")
        }
        Action::SwitchServiceBack { service, colour } => {
            format!("switched Service {service} back to {colour}")
        }
        Action::FollowLive { service, colour } => format!("pointed Service {service} at {colour}"),
        Action::ScaleDown { deployment } => format!("scaled Deployment {deployment} to 0"),
        Action::Revive { said } => {
            let text = format!("requests fail without the old version, starting it again: {said}");
            return Some(Line::new(Mark::Bad, text));
        }
        Action::SwitchBack { ingress, service } => {
            format!("switched Ingress {ingress} back to Service {service}")
        }
        Action::Destroy { deployment } => format!("deleted Deployment {deployment}"),
        Action::Restore { deployment } => {
            format!("restored Deployment {deployment}")
        }
    };
    Some(Line::new(Mark::Good, text))
}

/// How it is known that a switch has arrived.
pub fn arrived(by: Confirmed) -> &'static str {
    match by {
        Confirmed::Probe => "confirmed through the ingress: only the new version answers",
        Confirmed::Marker => {
            "confirmed through the ingress: it serves a rule added after the switch"
        }
        Confirmed::Settle => "waited for the ingress controller; the switch was not confirmed",
        Confirmed::Endpoints => {
            "the EndpointSlices name only the new version's pods; not confirmed by a probe"
        }
    }
}

/// What a gate did, by the record's word for its answer.
pub fn answered(answer: AnswerKind) -> &'static str {
    match answer {
        AnswerKind::Broken => "gave no valid answer",
        AnswerKind::Later => "limits the request rate",
        AnswerKind::Reject => "rejected the candidate",
        AnswerKind::Pass => "approved the release",
        AnswerKind::NotYet => "has not approved it yet",
    }
}

fn ends(ending: &Ending) -> Line {
    let by = ending.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let text = match ending.outcome {
        ReleaseOutcome::Aborted => format!("aborted{by}: {}", ending.reason),
        _ => format!("removing the candidate: {}", ending.reason),
    };
    Line::new(Mark::Bad, text)
}

fn said(news: &RemoteChange) -> Line {
    let text = match news {
        RemoteChange::Approved { number, by } => format!("release {number} was approved by {by}"),
        RemoteChange::Ends { ending } => return ends(ending),
        RemoteChange::Driven { by } => format!("{by} is running the release now"),
        RemoteChange::LetGo { was } => format!("{was} stopped; the release is unchanged"),
        RemoteChange::Ready => "the candidate is ready".to_owned(),
        RemoteChange::Counted { answer, failures, threshold } => {
            format!("the gate {} ({failures} of {threshold})", answered(*answer))
        }
        RemoteChange::Switched => "switched: the new version is live".to_owned(),
        RemoteChange::Confirmed { by, .. } => arrived(*by).to_owned(),
    };
    Line::new(Mark::News, text)
}

/// What a wait is for, in one line, with what there is to know about it below.
pub fn waiting(on: &WaitFor, until: Option<Timestamp>, now: Timestamp) -> (String, Vec<String>) {
    let after = |until: Option<Timestamp>| until.map(|until| left(until.duration_since(now)));
    let more = |word: &str, until| after(until).map(|left| format!(", {word} {left}"));
    let rest = |until| after(until).map(|left| format!(", {left} left")).unwrap_or_default();
    match on {
        WaitFor::Ready {
            deployment, ready, desired, endpoints, pods: unready, trouble, ..
        } => {
            let reached = match (ready < desired, endpoints < desired) {
                (true, _) => String::new(),
                (false, true) => format!(", {endpoints} reachable through its Service"),
                (false, false) if trouble.is_some() => String::new(),
                // An older pod is still there, or the last change has not been seen yet.
                (false, false) => ", its rollout has not completed".to_owned(),
            };
            let until = more("timeout in", until).unwrap_or_default();
            let head = format!("{deployment}: {ready} of {} ready{reached}{until}", pods(*desired));
            let mut below: Vec<String> = unready.iter().map(Unready::sentence).collect();
            below.extend(trouble.iter().filter(|_| unready.is_empty()).cloned());
            (head, below)
        }
        WaitFor::Change => ("waiting for a change".to_owned(), Vec::new()),
        WaitFor::Answer => ("asking the gate".to_owned(), Vec::new()),
        WaitFor::Gate { failures, threshold, answer, said, expires } => {
            let said = said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            let answer = answer.map_or("has not been asked yet", answered);
            let poll = more("next request in", until).unwrap_or_default();
            let head = format!("the gate {answer}{said} ({failures} of {threshold}){poll}");
            (head, expires.map(|at| goes(at, now)).into_iter().collect())
        }
        WaitFor::Person => {
            let head = "waiting for approval of the candidate".to_owned();
            (head, until.map(|at| goes(at, now)).into_iter().collect())
        }
        WaitFor::Settle { colour } => {
            let until = rest(until);
            let head = format!(
                "waiting for the ingress controller to pick up {colour}'s endpoints{until}"
            );
            (head, Vec::new())
        }
        WaitFor::Arrival { colour, by: Confirmed::Probe, why } => {
            let head = format!("probing the ingress until only {colour} answers");
            (head, why.iter().cloned().collect())
        }
        WaitFor::Arrival { by: Confirmed::Marker, why, .. } => {
            let head = "probing the ingress until it serves a rule added after the switch";
            (head.to_owned(), why.iter().cloned().collect())
        }
        WaitFor::Arrival { by: Confirmed::Settle, why, .. } => {
            let until = rest(until);
            let head = format!("waiting for the ingress controller to apply the switch{until}");
            let below = why.iter().map(|why| format!("not confirmed by a probe: {why}"));
            (head, below.collect())
        }
        WaitFor::Arrival { colour, by: Confirmed::Endpoints, why: Some(why) } => {
            let head = format!("waiting until EndpointSlices name only {colour}'s pods");
            (head, vec![why.clone()])
        }
        WaitFor::Arrival { by: Confirmed::Endpoints, why: None, .. } => {
            let until = rest(until);
            (format!("waiting for the nodes to follow the EndpointSlices{until}"), Vec::new())
        }
        WaitFor::Bake { colour } => {
            let until = rest(until);
            (format!("watching the new version, {colour} keeps its full size{until}"), Vec::new())
        }
        WaitFor::Drain { colour } => {
            let until = rest(until);
            (format!("draining {colour}{until}"), Vec::new())
        }
        WaitFor::Ended { colour } => (
            format!(
                "waiting for {colour}'s pods to terminate, and checking that no request fails without them"
            ),
            Vec::new(),
        ),
        WaitFor::Driver { holder, phase } => {
            let phase = phase.map(|phase| format!(": {phase}")).unwrap_or_default();
            (format!("following the release; {holder} is running it{phase}"), Vec::new())
        }
        WaitFor::Turn { number, images, holder } => {
            let head = format!("waiting for release {number} ({}) to end", images.join(", "));
            let below = match holder {
                Some(holder) => format!("{holder} is running it"),
                None => "no process is running it; promote or abort continues it".to_owned(),
            };
            (head, vec![below])
        }
        WaitFor::SignOfLife { holder } => {
            let until = rest(until);
            (format!("checking whether {holder} is still running{until}"), Vec::new())
        }
    }
}

/// When a wait for a yes ends by itself.
pub fn goes(at: Timestamp, now: Timestamp) -> String {
    let time = at.strftime("%H:%M:%SZ");
    format!(
        "without approval the candidate is deleted in {} ({time})",
        left(at.duration_since(now))
    )
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

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
