//! The sandbox's time: a date of the test's choice, carried forward by tokio's clock, so that a
//! paused runtime pauses it as well.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

#[derive(Debug)]
pub struct Clock {
    began: Timestamp,
    at: Instant,
    skipped: AtomicI64,
}

impl Clock {
    pub fn starting(began: Timestamp) -> Clock {
        Clock { began, at: Instant::now(), skipped: AtomicI64::new(0) }
    }

    pub fn now(&self) -> Timestamp {
        let skipped = SignedDuration::from_secs(self.skipped.load(Ordering::SeqCst));
        let elapsed = SignedDuration::try_from(self.at.elapsed()).unwrap_or(SignedDuration::MAX);
        self.began + elapsed + skipped
    }

    /// So many seconds pass in the cluster while its clients' clocks stand still, as those of a
    /// machine do that sleeps.
    pub fn skip(&self, seconds: u32) {
        self.skipped.fetch_add(seconds.into(), Ordering::SeqCst);
    }

    /// As objects have it: whole seconds.
    pub fn stamp(&self) -> String {
        self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The same, of a time to come.
    pub fn stamp_after(&self, seconds: u64) -> String {
        let wait = SignedDuration::from_secs(seconds.try_into().unwrap_or(i64::MAX));
        let then = self.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        then.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// As a reply's `Date` has it.
    pub fn date(&self) -> String {
        self.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}
