//! The report of all checks, a line each.

use console::Style;

use super::print_fitted;
use super::text::glyphs;
use crate::clean::clean;
use crate::release::checks::{Check, CheckStatus, Report};

pub fn checks(report: &Report) {
    lines(report).iter().for_each(|line| print_fitted(line));
}

fn lines(report: &Report) -> Vec<String> {
    let count = |grade, word: &str| match report.count(grade) {
        0 => String::new(),
        1 => format!(", 1 {word}"),
        several => format!(", {several} {word}s"),
    };
    let verdict = match report.fit {
        true => Style::new().green().apply_to("can be released"),
        false => Style::new().red().apply_to("can't be released as it is"),
    };
    let app = Style::new().bold().apply_to(clean(&report.app));
    let mut lines = vec![format!(
        "{app} in namespace {}: {verdict}{}{}",
        clean(&report.namespace),
        count(CheckStatus::Fail, "failure"),
        count(CheckStatus::Warn, "warning")
    )];
    let widest = report.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    lines.extend(report.checks.iter().flat_map(|check| row(check, widest)));
    lines
}

fn row(check: &Check, widest: usize) -> Vec<String> {
    let glyphs = glyphs();
    let mark = match check.status {
        CheckStatus::Pass => Style::new().green().apply_to(glyphs.good),
        CheckStatus::Warn => Style::new().yellow().apply_to(glyphs.news),
        CheckStatus::Fail => Style::new().red().apply_to(glyphs.bad),
    };
    let text = clean(&check.what);
    let mut lines = vec![format!("  {mark} {:<widest$}  {text}", check.name)];
    lines.extend(check.hint.iter().map(|hint| {
        let hint = format!("hint: {}", clean(hint));
        format!("    {:<widest$}  {}", "", Style::new().dim().apply_to(hint))
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(checks: Vec<Check>) -> String {
        let lines = lines(&Report::new("parrot", "birds", checks));
        // Colours are the terminal's business, and so are the marks.
        console::strip_ansi_codes(&lines.join("\n")).replace(['✓', '•', '✗'], "#")
    }

    #[test]
    fn each_check_has_a_line_and_what_to_do_stands_below() {
        let paused = Check::fail("paused", "it is\npaused").hint("kubectl rollout resume it");
        let replicas = Check::warn("replicas", "scaled to 0");
        let text = shown(vec![Check::pass("strategy", "RollingUpdate"), paused, replicas]);
        let text = text.replace("  + ", "  # ").replace("  x ", "  # ").replace("  * ", "  # ");
        assert_eq!(
            text,
            "parrot in namespace birds: can't be released as it is, 1 failure, 1 warning
  # strategy  RollingUpdate
  # paused    it is paused
              hint: kubectl rollout resume it
  # replicas  scaled to 0"
        );
        let text = shown(vec![Check::pass("strategy", "RollingUpdate")]);
        assert!(text.starts_with("parrot in namespace birds: can be released\n"), "{text}");
    }
}
