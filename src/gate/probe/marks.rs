//! What the ingress answers to hosts of our own Ingress: to one that it knows, to one that nobody has, and
//! to the marker, which it knows once it has taken in what came before that. Pure.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::answer::Heard;
use crate::release::marker::Hosts;
use crate::release::{Mark, are_enough};

/// So many answers tell what a host always gets.
const FEW: usize = 10;
/// No more are kept.
const KEPT: usize = 64;

/// Which host is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    Known,
    Nobodys,
    Marker,
}

impl Whose {
    pub const ALL: [Whose; 3] = [Whose::Known, Whose::Nobodys, Whose::Marker];

    pub fn host(self, hosts: &Hosts) -> &str {
        match self {
            Whose::Known => &hosts.known,
            Whose::Nobodys => &hosts.unknown,
            Whose::Marker => &hosts.marker,
        }
    }
}

/// One address.
pub struct Marks {
    at: String,
    /// The statuses, by host; none where nothing came, or somebody asks to come again later.
    heard: [VecDeque<(Timestamp, Option<u16>)>; 3],
    /// What the known host and nobody's get, once each was seen to get the same always. A hiccup later
    /// changes nothing of it.
    apart: Option<(u16, u16)>,
    /// How many answers there were.
    count: u64,
}

impl Marks {
    pub fn new(at: String) -> Marks {
        Marks { at, heard: Default::default(), apart: None, count: 0 }
    }

    pub fn note(&mut self, whose: Whose, heard: &Heard, at: Timestamp) {
        let status = match heard {
            Heard::Answer(answer) if !answer.is_put_off() => Some(answer.status().as_u16()),
            Heard::Answer(_) | Heard::Nobody(_) | Heard::Denied(_) => None,
        };
        self.count += 1;
        let kept = &mut self.heard[whose as usize];
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((at, status));
        if let (Some(known), Some(nobodys)) =
            (self.always(Whose::Known), self.always(Whose::Nobodys))
        {
            self.apart = Some((known, nobodys));
        }
    }

    /// Whether the next request is to come a little late. Behind one address several controllers may answer by
    /// turns: whoever asks in step with others would hear the same one always.
    pub fn is_out_of_step(&self) -> bool {
        self.count.is_multiple_of(2)
    }

    /// What a host has got of late, if that is one and the same.
    fn always(&self, whose: Whose) -> Option<u16> {
        let newest = self.heard[whose as usize].iter().rev().take(FEW);
        let mut statuses = newest.map(|(_, status)| *status);
        let first = statuses.next()??;
        let alike = statuses.take_while(|status| *status == Some(first)).count() + 1;
        (alike == FEW).then_some(first)
    }

    /// Whether enough is known of a host that stays as it is.
    pub fn is_learnt(&self, whose: Whose) -> bool {
        whose != Whose::Marker && self.always(whose).is_some()
    }

    /// The status of an Ingress's rule, where that is no trouble of the proxy's own.
    fn told(&self) -> Option<u16> {
        self.apart
            .filter(|(known, nobodys)| known != nobodys && *known < 500)
            .map(|(known, _)| known)
    }

    fn has_it(&self) -> bool {
        let Some(known) = self.told() else { return false };
        let newest = self.heard[Whose::Marker as usize].iter().rev();
        let alike: Vec<Timestamp> =
            newest.take_while(|(_, status)| *status == Some(known)).map(|(at, _)| *at).collect();
        let lasted =
            alike.first().zip(alike.last()).map(|(last, first)| last.duration_since(*first));
        lasted.is_some_and(|lasted| are_enough(alike.len() as u64, lasted))
    }

    pub fn mark(&self) -> Mark {
        let tells = self.apart.map(|_| self.told().is_some());
        Mark { at: self.at.clone(), tells, has_it: self.has_it() }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::super::answer::Answer;
    use super::*;

    /// Each heard a tenth of a second after the one before.
    struct Told(Marks, i64);

    impl Told {
        fn new() -> Told {
            Told(Marks::new("http://r1.ab.invalid/ at 203.0.113.7".to_owned()), 0)
        }

        fn hears(&mut self, whose: Whose, status: u16, times: usize) -> Mark {
            for _ in 0..times {
                self.1 += 100;
                let at = Timestamp::from_millisecond(self.1).unwrap();
                let heard = match StatusCode::from_u16(status) {
                    Ok(status) => Heard::Answer(Answer::new(status, &HeaderMap::new(), b"")),
                    Err(_) => Heard::Nobody("nobody is there".to_owned()),
                };
                self.0.note(whose, &heard, at);
            }
            self.0.mark()
        }
    }

    #[test]
    fn it_tells_where_a_host_that_is_known_is_answered_otherwise_than_one_that_is_not() {
        for (known, nobodys, tells) in [
            (403, 404, Some(true)),
            (200, 404, Some(true)),
            (403, 200, Some(true)),
            (404, 404, Some(false)),
            (308, 308, Some(false)),
            (503, 404, Some(false)),
            (0, 404, None),
            (429, 404, None),
        ] {
            let mut told = Told::new();
            assert_eq!(told.hears(Whose::Known, known, 10).tells, None);
            assert_eq!(told.hears(Whose::Nobodys, nobodys, 9).tells, None);
            let mark = told.hears(Whose::Nobodys, nobodys, 1);
            assert_eq!(mark.tells, tells, "{known} and {nobodys}");
            assert!(!mark.has_it);
        }
    }

    #[test]
    fn the_marker_is_taken_in_when_it_is_answered_like_a_known_host_for_thirty_times() {
        let mut told = Told::new();
        told.hears(Whose::Known, 403, 10);
        told.hears(Whose::Nobodys, 404, 10);
        assert!(!told.hears(Whose::Marker, 404, 60).has_it);
        assert!(!told.hears(Whose::Marker, 403, 29).has_it);
        // One of several controllers is late.
        assert!(!told.hears(Whose::Marker, 404, 1).has_it);
        assert!(!told.hears(Whose::Marker, 403, 29).has_it);
        // A hiccup of another host is none of the marker's.
        assert!(!told.hears(Whose::Known, 502, 1).has_it);
        assert!(told.hears(Whose::Marker, 403, 1).has_it);
    }

    #[test]
    fn an_answer_of_neither_kind_is_no_sign() {
        for other in [200, 502, 503, 429, 0] {
            let mut told = Told::new();
            told.hears(Whose::Known, 403, 10);
            told.hears(Whose::Nobodys, 404, 10);
            assert!(!told.hears(Whose::Marker, other, 60).has_it, "{other}");
        }
    }

    #[test]
    fn where_both_become_alike_nothing_is_told_any_more() {
        let mut told = Told::new();
        told.hears(Whose::Known, 403, 10);
        told.hears(Whose::Nobodys, 404, 10);
        assert!(told.hears(Whose::Marker, 403, 30).has_it);
        let mark = told.hears(Whose::Nobodys, 403, 10);
        assert_eq!((mark.tells, mark.has_it), (Some(false), false));
    }
}
