//! The tables of `docs/zero-loss.md` are made of what stands in `docs/results/`.

mod tables;

use std::fs;

use crate::results::{Measured, ReleaseRequests, Run, folder};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/zero-loss.md");
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
    let (page, runs) = (fs::read_to_string(PAGE).unwrap(), runs());
    let made = filled(&page, &runs);
    if std::env::var_os(REFRESH).is_some() {
        fs::write(PAGE, &made).unwrap();
    }
    let kept = fs::read_to_string(PAGE).unwrap();
    assert!(
        kept == made,
        "docs/zero-loss.md is not what docs/results/ says: \
         BLUEGREEN_REFRESH=1 cargo test --test cli results_page"
    );
}

/// The README's row, between what others need.
#[test]
fn the_requests_in_the_readme_are_what_was_measured() {
    const ROW: &str = "| API requests of a release";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let (readme, runs) = (fs::read_to_string(path).unwrap(), runs());
    let requests = runs.iter().find_map(|(_, run)| match &run.measured {
        Measured::Requests(requests) => Some(&requests.releases),
        _ => None,
    });
    let releases = requests.expect("docs/results/requests.json");
    let most = |count: fn(&ReleaseRequests) -> usize| releases.iter().map(count).max().unwrap();
    let (before, since) = (most(ReleaseRequests::before), most(ReleaseRequests::since));
    let row = readme.lines().find(|line| line.starts_with(ROW)).expect("its row");
    let mut cells: Vec<String> = row.split(" | ").map(str::to_owned).collect();
    cells[1] = format!("{before} before its first write, {since} from there to its last");
    let made = cells.join(" | ");
    if std::env::var_os(REFRESH).is_some() {
        fs::write(path, readme.replace(row, &made)).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap().contains(&made), "it has to be: {made}");
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
