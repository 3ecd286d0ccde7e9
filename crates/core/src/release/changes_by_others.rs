//! What other processes did to a release: two looks at the record, compared.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{AnswerKind, Confirmed, Ending, Me, Record, Release};

/// What another process did to the release.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "news", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[schemars(rename = "News")]
pub enum RemoteChange {
    /// Somebody promoted it.
    Approved { number: u64, by: String },
    /// The candidate is being removed: an abort, or another driver's decision.
    Ends { ending: Ending },
    /// Another process runs the release now.
    Driven { by: String },
    /// No process runs it any more.
    LetGo { was: String },
    /// Its driver found the candidate ready.
    Ready,
    /// Its driver counted an answer of the gate that was no approval.
    Counted {
        answer: AnswerKind,
        /// Such answers in a row, up to now.
        failures: u64,
        /// After this many the candidate is deleted.
        threshold: u64,
    },
    /// Its driver has made the candidate live.
    Switched,
    /// Its driver has confirmed that only the new version gets requests now.
    Confirmed {
        by: Confirmed,
        /// The old version is kept until then.
        until: Timestamp,
    },
}

/// What is new in a record that was changed by others, to a process that knew the one before.
pub fn between(before: &Record, after: &Record, me: &Me) -> Vec<RemoteChange> {
    let (Some(was), Some(is)) = (&before.release, &after.release) else { return Vec::new() };
    if was.number != is.number {
        return Vec::new();
    }
    let mut news = Vec::new();
    news.extend(driver(before, after, me));
    news.extend(progress(was, is));
    if was.approved.is_none()
        && let Some(intent) = is.approved.as_ref().filter(|intent| intent.by != me.holder)
    {
        news.push(RemoteChange::Approved { number: is.number, by: intent.by.clone() });
    }
    if was.switched.is_none() && is.switched.is_some() {
        news.push(RemoteChange::Switched);
    }
    if was.confirmed.is_none()
        && let (Some(by), Some(until)) = (is.confirmed, is.drain_until.max(is.bake_until))
    {
        news.push(RemoteChange::Confirmed { by, until });
    }
    if was.ending.is_none()
        && let Some(ending) = &is.ending
    {
        news.push(RemoteChange::Ends { ending: ending.clone() });
    }
    news
}

fn driver(before: &Record, after: &Record, me: &Me) -> Option<RemoteChange> {
    match (&before.driver, &after.driver) {
        (Some(was), Some(is)) if was.id != is.id && is.id != me.id => {
            Some(RemoteChange::Driven { by: is.holder.clone() })
        }
        (Some(was), None) if was.id != me.id => {
            Some(RemoteChange::LetGo { was: was.holder.clone() })
        }
        (None, Some(is)) if is.id != me.id => Some(RemoteChange::Driven { by: is.holder.clone() }),
        _ => None,
    }
}

fn progress(was: &Release, is: &Release) -> Vec<RemoteChange> {
    let mut news = Vec::new();
    if was.waiting.is_none() && is.waiting.is_some() {
        news.push(RemoteChange::Ready);
    }
    if was.gate.failures != is.gate.failures
        && let Some(answer) = is.gate.answer
    {
        let (failures, threshold) = (is.gate.failures, is.gate.threshold);
        news.push(RemoteChange::Counted { answer, failures, threshold });
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::record::tests::release;
    use crate::release::{Approval, Driver, ReleaseOutcome};
    use crate::route::Label;

    fn at() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn driver(id: &str) -> Driver {
        let (since, seen) = (at(), at());
        Driver { id: id.into(), holder: format!("{id}@host"), since, seen, writes: 1 }
    }

    fn record() -> Record {
        let label = Label { key: "app".into(), blue: "parrot".into() };
        let mut record = Record::new("parrot".into(), label, 1, 0);
        record.driver = Some(driver("a"));
        record.release = Some(release(1));
        record
    }

    /// What `b` hears when a record becomes this.
    fn news(change: impl FnOnce(&mut Record, &mut Release)) -> Vec<RemoteChange> {
        let before = record();
        let mut after = before.clone();
        let mut release = after.release.take().unwrap();
        change(&mut after, &mut release);
        after.release = Some(release);
        between(&before, &after, &Me { id: "b".into(), holder: "b@host".into() })
    }

    #[test]
    fn each_thing_that_others_do_is_news() {
        assert_eq!(news(|_, _| {}), []);
        let intent = |by: &str| Some(Approval { by: by.into(), at: at() });
        let by = "c@host".to_owned();
        let approved = [RemoteChange::Approved { number: 1, by: by.clone() }];
        assert_eq!(news(|_, release| release.approved = intent("c@host")), approved);
        assert_eq!(news(|_, release| release.approved = intent("b@host")), [], "our own");
        let ending = Ending {
            outcome: ReleaseOutcome::Aborted,
            reason: "r".into(),
            by: Some(by.clone()),
            at: at(),
        };
        let ends = news(|_, release| release.ending = Some(ending.clone()));
        assert_eq!(ends, [RemoteChange::Ends { ending }]);
        assert_eq!(
            news(|record, _| record.driver = Some(driver("c"))),
            [RemoteChange::Driven { by }]
        );
        assert_eq!(news(|record, _| record.driver = Some(driver("b"))), [], "our own takeover");
        assert_eq!(
            news(|record, _| record.driver = None),
            [RemoteChange::LetGo { was: "a@host".into() }]
        );
        assert_eq!(news(|_, release| release.waiting = Some(at())), [RemoteChange::Ready]);
        assert_eq!(news(|_, release| release.switched = Some(at())), [RemoteChange::Switched]);
        let confirmed = [RemoteChange::Confirmed { by: Confirmed::Probe, until: at() }];
        let confirm = |_: &mut Record, release: &mut Release| {
            (release.confirmed, release.drain_until) = (Some(Confirmed::Probe), Some(at()));
        };
        assert_eq!(news(confirm), confirmed);
        let counted =
            [RemoteChange::Counted { answer: AnswerKind::Broken, failures: 3, threshold: 60 }];
        let count = |_: &mut Record, release: &mut Release| {
            release.gate.failures = 3;
            release.gate.answer = Some(AnswerKind::Broken);
        };
        assert_eq!(news(count), counted);
        assert_eq!(news(|_, release| release.number = 2), [], "another release");
    }
}
