//! A sentence for every event: the only place where they are worded.

use crate::event::What;
use crate::release::Verdict;
use crate::release::plan::{Doing, WaitFor};

/// Text from a cluster or a webhook can't move the cursor or colour the terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// What an event has to say, if anything.
pub fn lines(what: &What, command: &dyn Fn(&str) -> String) -> Vec<String> {
    match what {
        What::Doing(_) | What::Ended { .. } | What::Failed { .. } => Vec::new(),
        // A result, which goes elsewhere.
        What::Rehearsed { .. } => Vec::new(),
        What::Done(done) => said(done).into_iter().collect(),
        What::Waiting { on, .. } => waiting(on, command).into_iter().collect(),
        What::Preview { address } => vec![format!("the candidate can be tested at {address}")],
        What::GateAsked { .. } => Vec::new(),
        // Any other answer is counted, and the count says it.
        What::GateAnswered { answer, .. } if answer == "pass" => {
            vec!["the gate says yes".to_owned()]
        }
        What::GateAnswered { .. } => Vec::new(),
        What::Logs { pod, container, lines } => {
            let head = format!("the last lines of container {container} of pod {pod}:");
            std::iter::once(head).chain(lines.iter().map(|line| format!("  | {line}"))).collect()
        }
        What::Unreachable { why } => {
            vec![format!("the API server does not answer, waiting for it: {why}")]
        }
        What::Reachable => vec!["the API server answers again".to_owned()],
    }
}

/// What a step of a rehearsal is for.
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
        // What else there is belongs to releases that are under way.
        other => said(other).unwrap_or_else(|| "keep the record".to_owned()),
    }
}

fn said(done: &Doing) -> Option<String> {
    Some(match done {
        Doing::MakeRecord => "made the record".to_owned(),
        Doing::MakeService { service } => format!("made Service {service}"),
        Doing::AlignPorts { service } => {
            format!("gave Service {service} the ports that the live one has now")
        }
        Doing::Start { number, from, to, images } => {
            format!("release {number}: {} into {to}, {from} is live", images.join(", "))
        }
        Doing::Hold | Doing::Set | Doing::Answer | Doing::Finish => return None,
        Doing::Challenge { holder } => format!("asked {holder} for a sign of life"),
        Doing::TakeOver { holder } => format!("took over from {holder}, which did not answer"),
        Doing::RaiseEpoch => "a write got no reply: made sure that it can't arrive late".to_owned(),
        Doing::Stamp { object } => format!("stamped {object}, so that nothing old arrives late"),
        Doing::RemoveLeftover { deployment } => {
            format!("removed Deployment {deployment}, which a release that is over left behind")
        }
        Doing::FollowPreview { colour } => format!("the preview Service now follows {colour}"),
        Doing::MakeCandidate { deployment, replicas } => {
            format!("started Deployment {deployment}, {}", pods(*replicas))
        }
        Doing::Resize { deployment, replicas } => {
            format!("scaled Deployment {deployment} to {}", pods(*replicas))
        }
        Doing::MarkReady => "the candidate is ready".to_owned(),
        Doing::MarkUnready => "the candidate is no longer ready".to_owned(),
        Doing::Count { answer, said, failures, threshold } => {
            let what = match answer.as_str() {
                "broken" => "the gate could not be asked",
                "reject" => "the gate rejects the candidate",
                _ => "the gate says not yet",
            };
            format!("{what}: {said} ({failures} of {threshold})")
        }
        Doing::Approve { number } => format!("approved release {number}"),
        Doing::End { ending } => {
            let by = ending.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            match ending.outcome {
                Verdict::Aborted => format!("aborted{by}: {}", ending.reason),
                _ => format!("the candidate goes: {}", ending.reason),
            }
        }
        Doing::Switch { ingress, service } => {
            format!("switched: Ingress {ingress} now names Service {service}")
        }
        Doing::FollowLive { service, colour } => format!("Service {service} now follows {colour}"),
        Doing::StartDrain { seconds } => {
            format!("the other version stays {seconds} s for requests that it still answers")
        }
        Doing::PutAway { deployment } => format!("put Deployment {deployment} away, scaled to 0"),
        Doing::SwitchBack { ingress, service } => {
            format!("switched back: Ingress {ingress} now names Service {service}")
        }
        Doing::Destroy { deployment } => format!("destroyed Deployment {deployment}"),
        Doing::Restore { deployment } => {
            format!("Deployment {deployment} is as it was before, scaled to 0")
        }
        Doing::LetGo => "the release is kept as it is, nobody drives it now".to_owned(),
    })
}

fn waiting(on: &WaitFor, command: &dyn Fn(&str) -> String) -> Option<String> {
    Some(match on {
        WaitFor::Ready { colour, ready, desired, endpoints, trouble } => {
            let trouble = trouble.as_ref().map(|said| format!("; {said}")).unwrap_or_default();
            format!("{colour}: {ready} of {} ready, {endpoints} reachable{trouble}", pods(*desired))
        }
        WaitFor::Gate { failures, threshold } => {
            format!("waiting for the gate's yes ({failures} of {threshold})")
        }
        WaitFor::Person => {
            format!("waiting for {} or {}", command("promote"), command("abort"))
        }
        WaitFor::Drain { colour } => format!("waiting for requests that {colour} still answers"),
        WaitFor::Driver { holder } => format!("{holder} drives the release, following it"),
        WaitFor::SignOfLife { holder } => format!("waiting for a sign of life of {holder}"),
    })
}

fn pods(n: u64) -> String {
    if n == 1 { "1 pod".to_owned() } else { format!("{n} pods") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_for_a_person_names_what_to_type() {
        let on = WaitFor::Person;
        let command = |verb: &str| format!("bluegreen {verb} parrot -n birds");
        let said = lines(&What::Waiting { on, until: None }, &command);
        let wanted =
            "waiting for bluegreen promote parrot -n birds or bluegreen abort parrot -n birds";
        assert_eq!(said, [wanted]);
    }
}
