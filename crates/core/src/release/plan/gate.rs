//! What a gate's answer means for the release that waits for it.

use super::{Action, Context, Next, Question, WaitFor, earlier, later};
use crate::release::condition::{Condition, Need};
use crate::release::{Answer, AnswerKind, Answered, Ending, GateKind, Release, ReleaseOutcome};

/// Whether the candidate may be switched to; if not, what to do instead.
pub enum Said {
    Yes,
    NotYet(Box<Next>),
}

pub fn said(cx: Context, release: &Release) -> Said {
    if gate(cx, release).is_met() {
        return Said::Yes;
    }
    if release.gate.kind == GateKind::Person {
        let wait = Next::Wait { until: release.deadline, on: WaitFor::Person };
        return Said::NotYet(Box::new(wait));
    }
    match counts(cx, release) {
        Some(answered) if release.gate.asked != Some(answered.at) => {
            Said::NotYet(Box::new(count(cx, release, answered)))
        }
        _ => Said::NotYet(Box::new(poll(cx, release))),
    }
}

/// That somebody has said yes.
pub fn gate(cx: Context, release: &Release) -> Condition {
    let of = |is_met, now: String, wanted: &str| Condition::new(Need::Gate, is_met, now, wanted);
    if let Some(yes) = &release.approved {
        return of(true, format!("approved by {}", yes.by), "approval");
    }
    let gate = &release.gate;
    match gate.kind {
        GateKind::Open => of(true, "no gate".to_owned(), "approval"),
        GateKind::Person => {
            of(false, "not approved yet".to_owned(), "approval (bluegreen promote)")
        }
        GateKind::Webhook => {
            let is_yes =
                counts(cx, release).is_some_and(|answered| answered.answer == Answer::Pass);
            let answer = gate.answer.map_or("none".to_owned(), |answer| answer.to_string());
            let (failures, threshold) = (gate.failures, gate.threshold);
            let now = match is_yes {
                true => AnswerKind::Pass.to_string(),
                false => format!("{answer}, {failures} of {threshold} without approval"),
            };
            of(is_yes, now, "pass, or approval (bluegreen promote)")
                .until(gate.again().filter(|_| !is_yes))
        }
    }
}

/// The last answer, if it was given for this very candidate.
fn counts<'a>(cx: Context<'a>, release: &Release) -> Option<&'a Answered> {
    let answered = cx.s.memory.answer.as_ref()?;
    (answered.release == release.number && answered.hash == release.hash).then_some(answered)
}

/// Writes an answer that is no yes down before the next poll, and what follows from it in the same write.
fn count(cx: Context, release: &Release, answered: &Answered) -> Next {
    let mut gate = release.gate.clone();
    gate.asked = Some(answered.at);
    gate.not_before = answered.not_before;
    let is_a_no = !matches!(answered.answer, Answer::Later(_));
    gate.failures += u64::from(is_a_no);
    let (kind, said) = answered.answer.parts();
    gate.broken += u64::from(matches!(answered.answer, Answer::Broken(_)));
    gate.answer = Some(kind);
    let times = match gate.failures {
        1 => "once".to_owned(),
        failures => format!("{failures} times in a row"),
    };
    let reason = match kind {
        AnswerKind::Reject => Some(format!("the gate rejected it: {said}")),
        _ if is_a_no && gate.failures >= gate.threshold => Some(match gate.broken {
            0 => format!("the gate gave no approval {times}: {said}"),
            broken if broken == gate.failures => {
                format!("the gate gave no valid answer {times}: {said}")
            }
            broken => format!(
                "the gate gave no approval {times}, {broken} of them without a valid answer: {said}"
            ),
        }),
        _ => None,
    };
    let ending = reason.map(|reason| Ending {
        outcome: ReleaseOutcome::Rejected,
        reason,
        by: None,
        at: cx.now,
    });
    let action = Action::Count {
        answer: kind,
        said: said.to_owned(),
        failures: gate.failures,
        threshold: gate.threshold,
    };
    let write = cx.release(|release| {
        release.gate = gate;
        release.ending = ending;
    });
    cx.act(action, write)
}

fn poll(cx: Context, release: &Release) -> Next {
    let gate = &release.gate;
    // A time that lies ahead is from a clock that was wrong.
    let wrong = gate.asked.is_some_and(|asked| asked > later(cx.now, gate.interval_seconds));
    match gate.again() {
        Some(next) if cx.now < next && !wrong => {
            let said = counts(cx, release).map(|answered| answered.answer.parts().1.to_owned());
            let on = WaitFor::Gate {
                failures: gate.failures,
                threshold: gate.threshold,
                answer: gate.answer,
                said: said.filter(|said| !said.is_empty()),
                expires: release.expires(),
            };
            Next::Wait { until: earlier(Some(next), release.deadline), on }
        }
        _ => Next::Ask(Question { release: release.number, hash: release.hash.clone() }),
    }
}
