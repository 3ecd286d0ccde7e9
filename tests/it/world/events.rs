//! What a program that follows a command would read of its plan: held against the schema.

use bluegreen::event::{Event, What};
use bluegreen::release::Next;
use jiff::Timestamp;

use crate::schema;

/// Every decision of a plan that is said is an event that the schema knows.
pub fn check(next: &Next, at: Timestamp) {
    let what = match next.clone() {
        Next::Do(step) => What::Doing(step.action),
        Next::Wait { until, on } => What::Waiting { on, until },
        Next::Done(outcome) => What::Ended { outcome },
        Next::Ask(_) => return,
    };
    let event = Event { what, at, app: "parrot".to_owned(), release: Some(1) };
    let line = serde_json::to_string(&event).unwrap();
    schema::events(&line).unwrap();
}
