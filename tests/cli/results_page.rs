//! The tables of `docs/zero-loss.md` are made of what stands in `docs/results/`.

mod tables;

use std::fs;

use crate::results::{Measured, Run, folder};

const PAGES: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/docs/zero-loss.md"),
];
/// `make test-long` sets it.
const REFRESH: &str = "BLUEGREEN_REFRESH";
const END: &str = "<!-- end -->";

/// All of them, by the names of their files.
fn runs() -> Vec<(String, Run)> {
    let mut paths: Vec<_> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let run = serde_json::from_str(&fs::read_to_string(path).unwrap());
        (name, run.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    paths.iter().map(read).collect()
}

/// The page with what the results say between its markers.
fn filled(page: &str, runs: &[(String, Run)]) -> String {
    let mut parts = page.split("<!-- results: ");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" -->\n").expect("a marker's line");
        let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("{name} has no {END}"));
        let table = tables::of(name, runs);
        text += &format!("<!-- results: {name} -->\n{table}{END}{after}");
    }
    text
}

#[test]
fn tables_are_what_was_measured() {
    let runs = runs();
    for page in PAGES {
        let made = rows(&filled(&fs::read_to_string(page).unwrap(), &runs), &runs);
        if std::env::var_os(REFRESH).is_some() {
            fs::write(page, &made).unwrap();
        }
        let kept = fs::read_to_string(page).unwrap();
        assert!(
            kept == made,
            "{page} is not what docs/results/ says: \
             BLUEGREEN_REFRESH=1 cargo test --test cli results_page"
        );
    }
}

/// The README compares in one table what others need with what we were measured to need: our cell of these
/// rows.
fn rows(page: &str, runs: &[(String, Run)]) -> String {
    let rows = [
        ("| API requests of a release", tables::requests(runs)),
        ("| the gate's yes until", tables::yes(runs)),
    ];
    let line = |line: &str| {
        let Some((_, cell)) = rows.iter().find(|(row, _)| line.starts_with(row)) else {
            return line.to_owned();
        };
        let mut cells: Vec<&str> = line.split(" | ").collect();
        cells[1] = cell;
        cells.join(" | ")
    };
    page.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// What the issue asks for, in whatever was measured last.
#[test]
fn enough_was_measured_and_nothing_failed() {
    let runs = runs();
    let ours = tables::switches(&runs).filter(|row| row.way == crate::results::Way::Bluegreen);
    let switches: usize = ours.clone().map(|row| row.switches.len()).sum();
    assert!(switches >= 100, "{switches} switches");
    assert!(ours.clone().all(|row| row.load.rate >= 2_000));
    let failed: usize = ours.map(|row| row.load.failed).sum();
    assert_eq!(failed, 0);
    for (name, run) in &runs {
        let lost = match &run.measured {
            Measured::Killed(killed) => killed.load.failed,
            Measured::Lasting(lasting) => lasting.websockets.cut + lasting.downloads.cut,
            _ => 0,
        };
        assert_eq!(lost, 0, "{name}");
    }
}
