//! The README's pictures: of what a terminal really showed. `make pictures` makes them anew.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use anstyle::RgbColor;
use anstyle_svg::{Palette, Term};
use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use regex::{Captures, Regex};

use super::parrot::{Parrot, V2};
use super::saved::is_refreshing;
use crate::bed::Bed;
use crate::support::terminal::Terminal;
use crate::support::{Answer, Latch, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![release_is_current, abort_is_current, status_is_current]
}

/// Set by `make pictures`.
const COLUMNS: u16 = 100;
const LETTERS: RgbColor = RgbColor(0xd1, 0xd7, 0xe0);
const GROUND: RgbColor = RgbColor(0x16, 0x1b, 0x22);
/// A terminal's colours, light enough for a dark ground: the usual blue is not.
const COLOURS: Palette = Palette([
    RgbColor(0x48, 0x4f, 0x58),
    RgbColor(0xff, 0x7b, 0x72),
    RgbColor(0x3f, 0xb9, 0x50),
    RgbColor(0xd2, 0x99, 0x22),
    RgbColor(0x58, 0xa6, 0xff),
    RgbColor(0xbc, 0x8c, 0xff),
    RgbColor(0x39, 0xc5, 0xcf),
    RgbColor(0xb1, 0xba, 0xc4),
    RgbColor(0x8b, 0x94, 0x9e),
    RgbColor(0xff, 0xa1, 0x98),
    RgbColor(0x56, 0xd3, 0x64),
    RgbColor(0xe3, 0xb3, 0x41),
    RgbColor(0x79, 0xc0, 0xff),
    RgbColor(0xd2, 0xa8, 0xff),
    RgbColor(0x56, 0xd4, 0xdd),
    RgbColor(0xf0, 0xf6, 0xfc),
]);
const JANE: &str = "jane@laptop (pid 4711)";
const JOE: &str = "joe@desk (pid 2303)";

/// A webhook that says no three times, and nothing more until the latch is open: then yes.
fn gate() -> (Webhook, Latch) {
    let (webhook, yes) = (Webhook::start(200), Latch::new());
    let no = || Answer::from(500);
    webhook.queue([no(), no(), no(), Answer::from(200).when_opened(&yes)]);
    (webhook, yes)
}

async fn release_is_current(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (webhook, yes) = gate();
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1s"];
    let times = ["--settle", "1s", "--drain", "1s"];
    let mut deploy = app.terminal(COLUMNS, &[&args[..], &times[..]].concat(), &[])?;
    deploy.shows("(3 of 60)").await?;
    let asks = painted(&deploy);
    yes.open();
    ensure!(deploy.ends().await? == 0, "{}", deploy.screen());

    let mut picture = Picture::new();
    picture.prompt("deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 \\");
    picture.text("    --webhook https://gate.example.com/parrot");
    picture.lines(&asks, &["12ms", "31ms", "4.3s", "7s", "26s", "9m 27s"])?;
    picture.later("the fourth time it is asked, the gate says yes");
    let rest = after(&painted(&deploy), "the candidate is ready")?;
    let parts = ["1m 25s", "4.4s", "41s", "10s", "30s", "10s"];
    picture.lines(&rest, &[&["41s", "14ms", "9ms", "10s", "30s"][..], &parts].concat())?;
    picture.check("release")
}

async fn abort_is_current(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let mut deploy = app.terminal(COLUMNS, &["deploy", "parrot", "--image", V2], &[])?;
    deploy.shows("waits for a person").await?;
    let waits = painted(&deploy);
    let reason = "the beak is wrong";
    let args = ["abort", "parrot", "--reason", reason];
    let mut abort = app.terminal(COLUMNS, &args, &[("USER", "joe")])?;
    ensure!(abort.ends().await? == 0, "{}", abort.screen());
    ensure!(deploy.ends().await? == 5, "{}", deploy.screen());

    let mut picture = Picture::new();
    picture.prompt("deploy parrot -n blue-green --image kmharish/parrot-app:v2.2");
    picture.lines(&waits, &["12ms", "31ms", "4.3s", "4m 10s"])?;
    picture.later("joe looks at the preview, and types in a terminal of his own");
    picture.prompt(&format!("abort parrot -n blue-green --reason \"{reason}\""));
    picture.lines(&painted(&abort), &[])?;
    picture.later("the first terminal");
    picture.lines(&after(&painted(&deploy), "the candidate is ready")?, &["38ms"])?;
    picture.check("abort")
}

async fn status_is_current(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (webhook, _) = gate();
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "3s"];
    let deploy = app.terminal(COLUMNS, &args, &[])?;
    deploy.shows("(3 of 60)").await?;
    let mut status = app.terminal(COLUMNS, &["status", "parrot"], &[])?;
    ensure!(status.ends().await? == 0, "{}", status.screen());

    let mut picture = Picture::new();
    picture.prompt("status parrot -n blue-green");
    picture.lines(&painted(&status), &["36s", "2s", "8s", "9m 28s", "2s"])?;
    picture.check("status")
}

/// What a terminal shows, line by line, with the codes of its colours.
fn painted(terminal: &Terminal) -> Vec<String> {
    let text = terminal.painted();
    let lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    let used = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines[..used].to_vec()
}

/// The lines after the one that holds this text.
fn after(lines: &[String], text: &str) -> Result<Vec<String>> {
    let line = lines.iter().position(|line| line.contains(text));
    let line = line.with_context(|| format!("no {text:?} in {lines:?}"))?;
    Ok(lines[line + 1..].to_vec())
}

static TIMES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(\d+m \d\ds|\d+h \d\dm|\d+ms|\d+\.\ds|\d+s)\b").expect("a valid pattern")
});

static OTHERS: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
    let all = [
        (r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "⠹"),
        (r"\b\d\d:\d\d:\d\dZ", "14:32:05Z"),
        (r"\bbed-\d{3}\b", "blue-green"),
        (r"\bjane@testbed \(pid \d+\)", JANE),
        (r"\bjoe@testbed \(pid \d+\)", JOE),
    ];
    all.map(|(pattern, usual)| (Regex::new(pattern).expect("a valid pattern"), usual))
});

/// Terminals one below the other, as text with codes for colours.
struct Picture(String);

impl Picture {
    fn new() -> Self {
        Self(String::new())
    }

    fn text(&mut self, line: &str) {
        self.0 += &format!("\x1b[1m{line}\x1b[0m\n");
    }

    fn prompt(&mut self, command: &str) {
        self.0 += "\x1b[32m$\x1b[0m ";
        self.text(&format!("bluegreen {command}"));
    }

    /// What happens before the next lines.
    fn later(&mut self, what: &str) {
        self.0 += &format!("\n\x1b[3;90m  … {what}\x1b[0m\n\n");
    }

    /// What was shown, with these times in place of those that it took.
    fn lines(&mut self, lines: &[String], times: &[&str]) -> Result<()> {
        let mut text = lines.join("\n");
        for (varies, usual) in OTHERS.iter() {
            text = varies.replace_all(&text, *usual).into_owned();
        }
        let mut left = times.iter();
        let mut count = 0;
        let text = TIMES.replace_all(&text, |found: &Captures| {
            count += 1;
            left.next().map_or_else(|| found[0].to_owned(), |&time| time.to_owned())
        });
        ensure!(count == times.len(), "{count} times where {} are given:\n{text}", times.len());
        self.0 += &text;
        self.0 += "\x1b[0m\n";
        Ok(())
    }

    fn svg(&self) -> String {
        let term = Term::new()
            .palette(COLOURS)
            .fg_color(LETTERS.into())
            .bg_color(GROUND.into())
            .min_width_px(840);
        // A part of a text has no opacity, only its letters have.
        term.render_svg(self.0.trim_end()).replace("{ opacity: 0.4; }", "{ fill-opacity: 0.7; }")
    }

    fn check(&self, name: &str) -> Result<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/pictures/{name}.svg"));
        if is_refreshing() {
            return std::fs::write(&path, self.svg()).context("cannot write a picture");
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        let file = path.display();
        ensure!(known == self.svg(), "{file} is not what a terminal shows now: make pictures");
        Ok(())
    }
}
