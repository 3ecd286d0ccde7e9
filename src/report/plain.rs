//! Progress as plain lines with times: for a file, a pipe, a CI log, a terminal that can do no more.

use jiff::{SignedDuration, Timestamp};

use super::words::{self, Commands, Line, Mark};
use crate::event::{Event, What};
use crate::release::plan::WaitFor;

/// A wait is mentioned again so often, so that nobody thinks it hangs. The loop that we report on
/// speaks each minute.
const SAY_AGAIN: SignedDuration = SignedDuration::from_secs(55);

/// Chooses the lines: what has been said already is not said again.
pub struct Plain {
    commands: Commands,
    /// The last wait that was mentioned, and when.
    waited: Option<(String, Timestamp)>,
    /// Whether it was said what a person may type.
    asked: bool,
}

impl Plain {
    pub fn new(commands: Commands) -> Plain {
        Plain { commands, waited: None, asked: false }
    }

    pub fn lines(&mut self, event: &Event) -> Vec<String> {
        let time = event.at.strftime("%H:%M:%SZ");
        let lines = self.said(event);
        lines.into_iter().map(|line| format!("{time}  {line}")).collect()
    }

    fn said(&mut self, event: &Event) -> Vec<String> {
        match &event.what {
            What::Waiting { on, until } => self.waiting(on, *until, event.at),
            What::Unreachable { why } => {
                let away = words::away(why);
                // Each try fails in words of its own.
                let topic = "unreachable".to_owned();
                if self.is_news(topic, event.at) { vec![away] } else { Vec::new() }
            }
            What::Preview { address } => vec![words::preview(address)],
            what => {
                let lines = plain(words::settled(what));
                if !lines.is_empty() {
                    self.waited = None;
                }
                lines
            }
        }
    }

    fn waiting(&mut self, on: &WaitFor, until: Option<Timestamp>, now: Timestamp) -> Vec<String> {
        let topic = match on {
            // Times and counts go on by themselves.
            WaitFor::Gate { answer, said, .. } => format!("gate {answer:?} {said:?}"),
            WaitFor::Ready { deployment, ready, desired, trouble, .. } => {
                format!("{deployment} {ready} {desired} {trouble:?}")
            }
            // Who is followed is asked again and again, and lives.
            WaitFor::SignOfLife { holder } if self.follows(holder) => return Vec::new(),
            on => words::waiting(on, None, now).0,
        };
        if !self.is_news(topic, now) {
            return Vec::new();
        }
        let (head, below) = words::waiting(on, until, now);
        let mut lines = vec![head];
        lines.extend(below.into_iter().map(|line| format!("  {line}")));
        if words::is_a_decision(on) && !self.asked {
            self.asked = true;
            lines.push(format!("  yes: {}", self.commands.promote));
            lines.push(format!("  no:  {}", self.commands.abort));
        }
        lines
    }

    fn follows(&self, holder: &str) -> bool {
        let driver = WaitFor::Driver { holder: holder.to_owned(), phase: None };
        let follows = words::waiting(&driver, None, Timestamp::default()).0;
        self.waited.as_ref().is_some_and(|(topic, _)| topic.starts_with(&follows))
    }

    fn is_news(&mut self, topic: String, now: Timestamp) -> bool {
        let known = self.waited.as_ref().filter(|(said, _)| *said == topic);
        let news = known.is_none_or(|(_, at)| now.duration_since(*at) >= SAY_AGAIN);
        if news {
            self.waited = Some((topic, now));
        }
        news
    }
}

fn plain(lines: Vec<Line>) -> Vec<String> {
    let text = |line: Line| match line.mark {
        Mark::More => format!("  {}", line.text),
        Mark::Good | Mark::Bad | Mark::News => line.text,
    };
    lines.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::AnswerKind;
    use crate::release::Phase;

    const BEGAN: &str = "2026-01-02T03:04:05Z";

    fn plain() -> Plain {
        let command = |verb: &str| format!("bluegreen {verb} parrot -n birds");
        Plain::new(Commands { promote: command("promote"), abort: command("abort") })
    }

    fn lines(plain: &mut Plain, after: i64, what: What) -> Vec<String> {
        let began: Timestamp = BEGAN.parse().unwrap();
        let at = began + SignedDuration::from_secs(after);
        plain.lines(&Event { what, at, app: "parrot".into(), release: Some(1) })
    }

    fn gate(failures: u64, said: &str) -> What {
        let on = WaitFor::Gate {
            failures,
            threshold: 60,
            answer: Some(AnswerKind::NotYet),
            said: Some(said.into()),
            expires: None,
        };
        What::Waiting { on, until: None }
    }

    #[test]
    fn a_wait_for_a_person_names_what_to_type() {
        let on = WaitFor::Person;
        let said = lines(&mut plain(), 0, What::Waiting { on, until: None });
        let wanted = [
            "03:04:05Z  waiting for approval of the candidate",
            "03:04:05Z    yes: bluegreen promote parrot -n birds",
            "03:04:05Z    no:  bluegreen abort parrot -n birds",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn the_gates_answers_are_said_when_they_change_and_each_minute() {
        let mut plain = plain();
        assert_eq!(lines(&mut plain, 0, gate(1, "500")).len(), 3);
        assert_eq!(lines(&mut plain, 10, gate(2, "500")), Vec::<String>::new());
        let changed = lines(&mut plain, 20, gate(3, "404"));
        assert_eq!(changed, ["03:04:25Z  the gate has not approved it yet: 404 (3 of 60)"]);
        assert_eq!(lines(&mut plain, 70, gate(8, "404")), Vec::<String>::new());
        let again = lines(&mut plain, 80, gate(9, "404"));
        assert_eq!(again, ["03:05:25Z  the gate has not approved it yet: 404 (9 of 60)"]);
    }

    #[test]
    fn pods_that_take_their_time_are_mentioned_when_their_number_changes() {
        let mut plain = plain();
        let reached = |ready, endpoints, trouble: Option<&str>| What::Waiting {
            on: WaitFor::Ready {
                colour: crate::model::Colour::Green,
                deployment: "parrot-green".into(),
                ready,
                desired: 2,
                endpoints,
                pods: Vec::new(),
                trouble: trouble.map(Into::into),
            },
            until: None,
        };
        let ready = |ready, trouble: Option<&str>| reached(ready, 0, trouble);
        let first = ["03:04:05Z  parrot-green: 0 of 2 pods ready"];
        assert_eq!(lines(&mut plain, 0, ready(0, None)), first);
        assert_eq!(lines(&mut plain, 1, ready(0, None)), Vec::<String>::new());
        assert_eq!(lines(&mut plain, 2, ready(1, None)).len(), 1);
        assert_eq!(lines(&mut plain, 3, ready(1, Some("ErrImagePull"))).len(), 2);
        for (second, endpoints, what) in
            [(4, 1, "1 reachable through its Service"), (65, 2, "its rollout has not completed")]
        {
            let said = lines(&mut plain, second, reached(2, endpoints, None));
            assert!(
                said[0].ends_with(&format!("parrot-green: 2 of 2 pods ready, {what}")),
                "{said:?}"
            );
        }
    }

    #[test]
    fn an_api_server_that_is_away_is_mentioned_once_a_minute() {
        let mut plain = plain();
        let away = |why: &str| What::Unreachable { why: why.into() };
        assert_eq!(lines(&mut plain, 0, away("refused")).len(), 1);
        assert_eq!(lines(&mut plain, 5, away("reset")), Vec::<String>::new());
        assert_eq!(lines(&mut plain, 60, away("reset")).len(), 1);
        assert_eq!(lines(&mut plain, 61, What::Reachable).len(), 1);
        assert_eq!(lines(&mut plain, 62, away("refused")).len(), 1);
    }

    #[test]
    fn somebody_who_lives_is_followed_in_one_line_a_minute() {
        let mut plain = plain();
        let jane = || "jane@laptop (pid 1)".to_owned();
        let mut waits = |after, on| lines(&mut plain, after, What::Waiting { on, until: None });
        let first = waits(0, WaitFor::Driver { holder: jane(), phase: None });
        assert_eq!(first, ["03:04:05Z  following the release; jane@laptop (pid 1) is running it"]);
        assert_eq!(waits(15, WaitFor::SignOfLife { holder: jane() }), Vec::<String>::new());
        assert_eq!(
            waits(16, WaitFor::Driver { holder: jane(), phase: None }),
            Vec::<String>::new()
        );
        assert_eq!(waits(60, WaitFor::Driver { holder: jane(), phase: None }).len(), 1);
        let drains = WaitFor::Driver { holder: jane(), phase: Some(Phase::Draining) };
        let said = waits(60, drains);
        let drains =
            "03:05:05Z  following the release; jane@laptop (pid 1) is running it: draining";
        assert_eq!(said, [drains]);
        // Somebody who may be gone is another matter, until there is an answer.
        let joe = || "joe@desk (pid 2)".to_owned();
        assert_eq!(waits(61, WaitFor::SignOfLife { holder: joe() }).len(), 1);
        assert_eq!(waits(62, WaitFor::Driver { holder: joe(), phase: None }).len(), 1);
    }
}
