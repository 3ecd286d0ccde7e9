//! How often something is asked that may limit how often it is asked. Pure.

use http::StatusCode;

/// So many times slower at most, as long as nothing but errors comes: those of the app's own have to be
/// known for what they are in some seconds.
const SLOW: u32 = 16;
/// And at most where answers come among them.
const SLOWEST: u32 = 128;
/// So many answers in a row, and this pace is borne.
const BORNE: u32 = 3;
/// Whatever goes on erring however slowly it is asked limits nothing.
const TRIES: u32 = 3;

pub struct Pacing {
    /// How many times slower than at first.
    factor: u32,
    /// At a quicker pace than this errors have come among answers.
    floor: u32,
    /// Answers since the last error.
    good: u32,
    /// How often errors came among answers that were asked for slowly.
    in_vain: u32,
}

impl Pacing {
    pub fn new() -> Pacing {
        Pacing { factor: 1, floor: 1, good: 0, in_vain: 0 }
    }

    pub fn factor(&self) -> u32 {
        self.factor
    }

    /// Answers in a row since the last error.
    pub fn good(&self) -> u32 {
        self.good
    }

    /// An error that may mean: not so often.
    pub fn refused(&mut self) {
        if self.good > 0 {
            self.floor = (self.factor * 2).min(SLOWEST);
            self.in_vain += u32::from(self.factor >= SLOW);
        }
        self.factor = (self.factor * 2).min(SLOW).max(self.floor);
        self.good = 0;
    }

    /// It is asked quicker again, but never as quick as was too quick.
    pub fn answered(&mut self) {
        self.good = self.good.saturating_add(1);
        if self.good.is_multiple_of(BORNE) {
            self.factor = (self.factor / 2).max(self.floor);
        }
    }

    /// Whether errors have ended with asking slowly: then they were for asking too often.
    pub fn is_borne(&self) -> bool {
        self.floor > 1 && self.good >= BORNE && self.in_vain <= TRIES
    }
}

/// Whether a proxy may say so that it is asked too often: 503, unless somebody has chosen another one, and not
/// what it says where it has no such page, or can't reach the app.
pub fn may_be_a_limit(status: StatusCode) -> bool {
    matches!(status.as_u16(), 418..=499 | 503 | 505..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nginx limits: a request costs one, so many are forgiven, and some are made good each second.
    fn limited(per_second: f64, burst: f64, until: f64) -> (Pacing, Vec<bool>) {
        let (mut pacing, mut passed) = (Pacing::new(), Vec::new());
        let (mut now, mut excess, mut last) = (0.0, 0.0, 0.0);
        while now < until {
            let would: f64 = excess - per_second * (now - last);
            let would = would.max(0.0) + 1.0;
            let passes = would <= burst + 1.0;
            if passes {
                (excess, last) = (would, now);
                pacing.answered();
            } else {
                pacing.refused();
            }
            passed.push(passes);
            now += 0.1 * f64::from(pacing.factor());
        }
        (pacing, passed)
    }

    #[test]
    fn a_pace_is_found_that_is_borne_and_errors_alone_do_not_last() {
        for (per_second, burst) in
            [(1.0, 5.0), (5.0, 25.0), (0.5, 2.0), (2.0, 0.0), (10.0 / 60.0, 50.0), (1.0, 0.0)]
        {
            let (pacing, passed) = limited(per_second, burst, 240.0);
            assert!(pacing.is_borne() && pacing.good() >= 10, "{per_second}: {passed:?}");
            let longest = passed.split(|passes| *passes).map(<[bool]>::len).max();
            assert!(longest < Some(10), "{per_second}: {longest:?}");
        }
    }

    #[test]
    fn whoever_is_not_limited_is_asked_as_quick_as_ever() {
        let (pacing, passed) = limited(10.0, 5.0, 60.0);
        assert!(pacing.factor() == 1 && !pacing.is_borne() && passed.iter().all(|passes| *passes));
    }

    #[test]
    fn what_errs_however_slowly_it_is_asked_limits_nothing() {
        let mut pacing = Pacing::new();
        for _ in 0..12 {
            pacing.answered();
            pacing.refused();
        }
        for _ in 0..9 {
            pacing.answered();
        }
        assert!(!pacing.is_borne());
        // Errors alone are asked for slower and slower for some seconds only.
        let mut pacing = Pacing::new();
        (0..40).for_each(|_| pacing.refused());
        assert_eq!(pacing.factor(), SLOW);
    }
}
