//! The releases that are over, a line or two each.

use console::Style;
use jiff::Timestamp;

use super::print_fitted;
use super::text::{ago, lasted};
use crate::clean::clean;
use crate::release::history::History;
use crate::release::{Finished, ReleaseOutcome};

pub fn history(history: &History, now: Timestamp) {
    lines(history, now).iter().for_each(|line| print_fitted(line));
}

fn lines(history: &History, now: Timestamp) -> Vec<String> {
    let app = Style::new().bold().apply_to(clean(&history.app));
    let namespace = clean(&history.namespace);
    let count = match history.releases.len() {
        0 => "no finished release".to_owned(),
        1 => "1 release".to_owned(),
        several => format!("last {several} releases"),
    };
    let mut lines = vec![format!("{app} in namespace {namespace}: {count}")];
    lines.extend(history.releases.iter().flat_map(|finished| release(finished, now)));
    lines
}

fn release(finished: &Finished, now: Timestamp) -> Vec<String> {
    let images: Vec<&str> = finished.images.values().map(String::as_str).collect();
    let way = if finished.rollback { "back in" } else { "in" };
    let by = finished.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
    let text = clean(&format!(
        "{} {way} {}, {}, took {}{by}",
        images.join(", "),
        finished.to,
        ago(now.duration_since(finished.ended)),
        lasted(finished.ended.duration_since(finished.started)),
    ));
    let outcome = format!("{:<10}", finished.outcome.as_str());
    let outcome = match finished.outcome {
        ReleaseOutcome::Promoted => Style::new().green().apply_to(outcome),
        _ => Style::new().red().apply_to(outcome),
    };
    let mut lines = vec![format!("  {:<4} {outcome} {text}", finished.number)];
    if !finished.observed.is_empty() {
        let runs: Vec<&str> = finished.observed.values().map(String::as_str).collect();
        lines.push(format!("  {:<15} changed by admission, runs {}", "", clean(&runs.join(", "))));
    }
    if !finished.reason.is_empty() {
        lines.push(format!("  {:<15} {}", "", clean(&finished.reason)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;

    use super::*;
    use crate::model::Colour;

    fn finished(number: u64, outcome: ReleaseOutcome) -> Finished {
        let started: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        Finished {
            number,
            from: Colour::Blue,
            to: Colour::Green,
            hash: "h".to_owned(),
            images: BTreeMap::from([("parrot".to_owned(), "parrot-app:v2".to_owned())]),
            replaces: BTreeMap::new(),
            base: None,
            sighted: None,
            observed: BTreeMap::new(),
            rollback: false,
            started,
            ready: None,
            switched: None,
            confirmed: None,
            unconfirmed: None,
            arrived: None,
            missed: None,
            warnings: Vec::new(),
            kept: false,
            ended: started + SignedDuration::from_secs(42),
            outcome,
            reason: String::new(),
            by: None,
        }
    }

    fn shown(releases: Vec<Finished>) -> String {
        let (app, namespace) = ("parrot".to_owned(), "birds".to_owned());
        let now = "2026-01-02T04:04:47Z".parse().unwrap();
        let lines = lines(&History { app, namespace, releases }, now);
        // Colours are the terminal's business.
        console::strip_ansi_codes(&lines.join("\n")).into_owned()
    }

    #[test]
    fn each_release_says_what_became_of_it_and_why() {
        let aborted = Finished {
            reason: "the beak\nis wrong".to_owned(),
            by: Some("jane@laptop (pid 7)".to_owned()),
            ..finished(12, ReleaseOutcome::Aborted)
        };
        let back = Finished { rollback: true, ..finished(3, ReleaseOutcome::Promoted) };
        assert_eq!(
            shown(vec![aborted, back, finished(2, ReleaseOutcome::Promoted)]),
            "parrot in namespace birds: last 3 releases
  12   aborted    parrot-app:v2 in green, 1h 00m ago, took 42s, by jane@laptop (pid 7)
                  the beak is wrong
  3    promoted   parrot-app:v2 back in green, 1h 00m ago, took 42s
  2    promoted   parrot-app:v2 in green, 1h 00m ago, took 42s"
        );
        assert_eq!(shown(Vec::new()), "parrot in namespace birds: no finished release");
    }
}
