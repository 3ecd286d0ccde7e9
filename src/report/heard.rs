//! The API server's time, carried on since it was heard: a view that moves has no event to ask.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

#[derive(Clone, Copy, Debug)]
pub struct Heard {
    at: Timestamp,
    came: Instant,
}

impl Heard {
    pub fn just(at: Timestamp) -> Heard {
        Heard { at, came: Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        self.at + SignedDuration::try_from(self.came.elapsed()).unwrap_or_default()
    }
}
