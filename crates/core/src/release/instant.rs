//! Instants, reckoned with within what one can be: a time from the cluster or the record may be any.

use jiff::{SignedDuration, Timestamp};

/// So much later.
pub fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// So many seconds later.
pub fn later(at: Timestamp, seconds: u64) -> Timestamp {
    after(at, SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// The one that comes first, of those that there are.
pub fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}
