//! What a plan says that it was decided by: held against what it decided.

use bluegreen::release::plan::{Decided, why};
use bluegreen::release::{Aim, Condition, Me, Memory, Need, Next, Snapshot, State, Step, WaitFor};
use jiff::Timestamp;

/// Whatever waits waits for a condition that is not met, and what is done has all of its own met. Somebody
/// else who asks at that moment is shown the same.
pub fn check(decided: &Decided, me: &Me, s: &Snapshot, now: Timestamp) {
    let Decided { next, conditions } = decided;
    let unmet = |condition: &&Condition| !condition.is_met();
    match next {
        // It shows what there is, and decides nothing.
        Next::Wait { on: WaitFor::Change, .. } | Next::Done(_) => return,
        Next::Wait { on, .. } => {
            assert!(conditions.iter().any(|it| unmet(&it)), "waits for nothing: {on:?}");
        }
        Next::Ask(_) => {
            let gate = conditions.iter().find(|it| it.name == Need::Gate);
            assert!(gate.is_some_and(|gate| !gate.is_met()), "asks without need: {conditions:#?}");
        }
        Next::Do(step) => acts(step, conditions),
    }
    let record = s.record.as_ref().map(|(_, record)| record);
    let release = record.and_then(|record| record.release.as_ref());
    let drives = record.and_then(|it| it.driver.as_ref()).is_some_and(|it| it.id == me.id);
    if release.is_some() && drives && matches!(next, Next::Wait { .. } | Next::Ask(_)) {
        is_shown(conditions, s, now);
    }
}

fn acts(step: &Step, conditions: &[Condition]) {
    let Some(aim) = Aim::of(&step.action) else { return };
    let own: Vec<&Condition> = conditions.iter().filter(|it| it.step == aim).collect();
    let unmet = own.iter().find(|it| !it.is_met());
    assert!(unmet.is_none(), "{:?} in spite of {unmet:#?}", step.action);
    let shown: &[Need] = match aim {
        Aim::Ready => &[Need::Available, Need::Endpoints, Need::PodsReady],
        Aim::Switch => &[Need::Available, Need::Endpoints, Need::Gate, Need::Settled],
        Aim::Confirm => &[Need::Ingress, Need::Stamp, Need::Answers],
        Aim::ScaleDown => &[Need::Drain, Need::Available, Need::Endpoints, Need::NotAsked],
        Aim::SwitchBack => &[Need::Available, Need::Endpoints],
        Aim::Begin => &[Need::Checks],
        Aim::Drive => &[Need::SignOfLife],
        Aim::Finish | Aim::Withdraw => &[],
    };
    for need in shown {
        let is_shown = own.iter().any(|it| it.name == *need);
        assert!(is_shown, "{:?} without {need:?}: {own:#?}", step.action);
    }
}

/// Of what both look at, the driver and `status --why` say the same, or the latter that it can't know.
fn is_shown(conditions: &[Condition], s: &Snapshot, now: Timestamp) {
    let mut other = s.clone();
    other.memory = Memory::default();
    let why = why(&other, now, &[]);
    assert_eq!(why.stops, None, "{conditions:#?}");
    assert!(why.waits_for.is_some(), "{why:#?}\nfor {conditions:#?}");
    for shown in why.conditions.iter().filter(|it| it.state != State::Unknown) {
        // A yes is acted on and not written down first; that the last pod is gone is noted with its time.
        if matches!(shown.name, Need::Gate | Need::PodsEnded) {
            continue;
        }
        let of_it = |it: &&Condition| {
            (it.name, it.step, &it.object) == (shown.name, shown.step, &shown.object)
        };
        if let Some(decides) = conditions.iter().find(of_it) {
            assert_eq!((decides.state, &decides.now), (shown.state, &shown.now), "{shown:#?}");
        }
    }
}
