//! What ingress controllers say of the app's Ingresses, as Events: some say in them that they have not
//! applied a change. No sign of arrival is among them, and that nothing is said proves nothing: most
//! controllers say nothing of an Ingress, and of one that changes often client-go says no more after 25.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::{Record, Release, SaidBefore, Snapshot};
use crate::model::{Kind, name, version};
use crate::route::{Means, means};

/// So much of a message is repeated: the record holds ten releases with their reasons.
const LONGEST: usize = 500;

/// An Event of one of the app's Ingresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    pub ingress: String,
    /// Who says it.
    pub source: String,
    pub reason: String,
    pub message: String,
    /// What it says that has not been applied.
    pub means: Option<Means>,
    /// Its own name, which it keeps when it is said again.
    name: String,
    at: Option<Timestamp>,
    count: u64,
    /// In which order they were written.
    nth: Option<u64>,
}

impl Word {
    fn is_of_same(&self, other: &Word) -> bool {
        (&self.ingress, &self.source) == (&other.ingress, &other.source)
    }

    fn order(&self) -> (Option<u64>, Option<Timestamp>) {
        (self.nth, self.at)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Word { ingress, source, reason, message, .. } = self;
        write!(f, "{source} says of Ingress {ingress}: {reason}: {message}")
    }
}

/// Controllers' last words, since the switch or the switch back that is under way, if they say that it
/// has not been applied; of each controller and Ingress one.
pub fn since_the_patch(s: &Snapshot, record: &Record, release: &Release) -> Vec<Word> {
    let before = said_before(s, release).map(|said| of_routes(s, record, &said.events));
    let before = last_words(before.unwrap_or_default());
    // Where a controller had dropped an Ingress before the patch, people were not served by that one.
    let stood = |word: &Word| {
        let before = before.iter().find(|before| before.is_of_same(word));
        word.means == Some(Means::Dropped) && before.is_some_and(|it| it.means == word.means)
    };
    let mut words = last_words(said_since(s, record, release));
    words.retain(|word| word.means.is_some() && !stood(word));
    words
}

/// Of each controller and Ingress the last.
fn last_words(mut words: Vec<Word>) -> Vec<Word> {
    words.sort_by_key(|word| std::cmp::Reverse(word.order()));
    let mut last: Vec<Word> = Vec::new();
    for word in words {
        if !last.iter().any(|later| later.is_of_same(&word)) {
            last.push(word);
        }
    }
    last
}

/// The last that was said since then, whatever it says.
pub fn latest(s: &Snapshot, record: &Record, release: &Release) -> Option<String> {
    let words = said_since(s, record, release);
    words.iter().max_by_key(|word| word.order()).map(Word::to_string)
}

/// What is new since the patch, or was said again.
fn said_since(s: &Snapshot, record: &Record, release: &Release) -> Vec<Word> {
    let patched = match &release.ending {
        Some(ending) => Some(ending.at),
        None => release.switched,
    };
    let before = said_before(s, release).map(|said| of_routes(s, record, &said.events));
    let is_since = |word: &Word| match &before {
        Some(before) => before
            .iter()
            .find(|old| old.name == word.name)
            .is_none_or(|old| word.count > old.count || word.at > old.at),
        // Whoever takes a release up did not hear what was said before.
        None => patched.zip(word.at).is_some_and(|(at, said)| said.as_second() >= at.as_second()),
    };
    let mut words = of_routes(s, record, s.objects.list(Kind::Event));
    words.retain(is_since);
    words
}

/// What was heard before the patch that is under way.
fn said_before<'a>(s: &'a Snapshot, release: &Release) -> Option<&'a SaidBefore> {
    let to = if release.ending.is_some() { release.from } else { release.to };
    s.memory.said_before.as_ref().filter(|said| said.release == release.number && said.to == to)
}

fn of_routes<'a>(
    s: &Snapshot,
    record: &Record,
    events: impl IntoIterator<Item = &'a Value>,
) -> Vec<Word> {
    let routes = s.routes(record);
    let of_route = |event: &Value| {
        let about = &event["involvedObject"];
        routes.iter().any(|route| {
            // One that was deleted and made again is another.
            about["kind"] == route.kind_name()
                && about["name"] == route.name()
                && about["uid"]
                    .as_str()
                    .is_none_or(|uid| uid.is_empty() || uid == version(route.object()).uid)
        })
    };
    events.into_iter().filter(|event| of_route(event)).map(word).collect()
}

fn word(event: &Value) -> Word {
    let text = |value: &Value| value.as_str().map(one_line).filter(|text| !text.is_empty());
    let source = [&event["reportingComponent"], &event["source"]["component"]];
    let source = source.into_iter().find_map(text);
    let reason = text(&event["reason"]).unwrap_or_default();
    let means = means(&reason);
    // Either form that there is of what is said again.
    let (last, series) = (&event["lastTimestamp"], &event["series"]);
    let times = [last, &series["lastObservedTime"], &event["eventTime"], &event["firstTimestamp"]];
    let counts = [&event["count"], &series["count"]];
    Word {
        ingress: event["involvedObject"]["name"].as_str().unwrap_or_default().to_owned(),
        source: source.unwrap_or_else(|| "the ingress controller".to_owned()),
        reason,
        message: text(&event["message"]).unwrap_or_default(),
        means: means.filter(|_| event["type"] == "Warning"),
        name: name(event).to_owned(),
        at: times.into_iter().filter_map(|time| time.as_str()?.parse().ok()).max(),
        count: counts.into_iter().filter_map(Value::as_u64).max().unwrap_or_default(),
        nth: version(event).resource_version.parse().ok(),
    }
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(more: Value) -> Value {
        let mut event = json!({
            "metadata": {"name": "parrot.1", "resourceVersion": "7"},
            "involvedObject": {"kind": "Ingress", "name": "parrot"},
            "type": "Warning", "reason": "Rejected", "message": "it was\n  rejected",
        });
        let fields = more.as_object().cloned().unwrap_or_default();
        fields.into_iter().for_each(|(field, value)| event[field] = value);
        event
    }

    #[test]
    fn either_form_of_an_event_is_understood() {
        let old = word(&event(json!({
            "source": {"component": "nginx-ingress-controller"}, "count": 3,
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:01:00Z",
        })));
        assert_eq!(
            old.to_string(),
            "nginx-ingress-controller says of Ingress parrot: Rejected: it was rejected"
        );
        assert_eq!((old.count, old.means), (3, Some(Means::Dropped)));
        let new = word(&event(json!({
            "reportingComponent": "nginx", "eventTime": "2026-01-01T00:00:00.000001Z",
            "series": {"count": 3, "lastObservedTime": "2026-01-01T00:01:00.5Z"},
        })));
        assert_eq!((new.count, new.source.as_str()), (3, "nginx"));
        assert_eq!(new.at.map(|at| at.to_string()).as_deref(), Some("2026-01-01T00:01:00.5Z"));
        let bare = word(&event(json!({"type": "Normal"})));
        assert_eq!(
            (bare.means, bare.source.as_str(), bare.at),
            (None, "the ingress controller", None)
        );
    }

    #[test]
    fn a_long_message_is_cut() {
        let said = word(&event(json!({"message": "ü".repeat(2000)}))).message;
        assert_eq!(said.chars().count(), LONGEST + 3);
    }
}
