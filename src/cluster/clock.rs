//! One clock for everybody: the API server's, carried forward by this machine's monotonic one.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The `Date` header counts whole seconds.
const RESOLUTION: SignedDuration = SignedDuration::from_secs(1);

#[derive(Debug, Default)]
pub struct Clock(Mutex<Option<(Timestamp, Instant)>>);

impl Clock {
    pub fn now(&self) -> Timestamp {
        match *self.0.lock().expect("no holder panics") {
            Some((then, at)) => carried(then, at),
            // Before the first reply nothing is decided by it.
            None => Timestamp::now(),
        }
    }

    /// Takes in a reply's `Date`. A header that is behind by less than its own resolution says
    /// nothing new, and time does not go back for it.
    pub fn hear(&self, date: &str) {
        let Ok(said) = jiff::fmt::rfc2822::parse(date) else { return };
        let said = said.timestamp();
        let mut known = self.0.lock().expect("no holder panics");
        let agrees = known.is_some_and(|(then, at)| {
            let now = carried(then, at);
            now >= said && now.duration_since(said) <= RESOLUTION * 2
        });
        if !agrees {
            *known = Some((said, Instant::now()));
        }
    }
}

fn carried(then: Timestamp, at: Instant) -> Timestamp {
    then + SignedDuration::try_from(at.elapsed()).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_server_whatever_this_machine_believes() {
        let clock = Clock::default();
        clock.hear("Wed, 21 Oct 2015 07:28:00 GMT");
        let said: Timestamp = "2015-10-21T07:28:00Z".parse().unwrap();
        assert!(clock.now() >= said && clock.now() < said + SignedDuration::from_mins(5));

        // Half a second of truncation is no step back; an hour is another time.
        let before = clock.now();
        clock.hear("Wed, 21 Oct 2015 07:27:59 GMT");
        assert!(clock.now() >= before);
        clock.hear("Wed, 21 Oct 2015 06:00:00 GMT");
        assert!(clock.now() < before);
        clock.hear("not a date");
        assert!(clock.now() < before);
    }
}
