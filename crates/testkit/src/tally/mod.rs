//! What was tried and how much of it passed, for the table that `make test` ends with.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Names the file that `tests/run` makes the table of.
const TABLE: &str = "BLUEGREEN_TABLE";

/// A row of the table, of those tests that are many in one. Whether all passed is the test's own to
/// assert, after this: the table shows those that failed as well.
pub fn record(what: &str, tried: usize, passed: usize) {
    eprintln!("{what}: {passed} of {tried} passed");
    if let Some(table) = std::env::var_os(TABLE) {
        add(Path::new(&table), what, tried, passed);
    }
}

fn add(table: &Path, what: &str, tried: usize, passed: usize) {
    let file = OpenOptions::new().create(true).append(true).open(table);
    // One write a row: several test programs may share the file.
    let row = format!("{what}\t{tried}\t{passed}\n");
    let written = file.and_then(|mut file| file.write_all(row.as_bytes()));
    written.unwrap_or_else(|error| panic!("cannot write {TABLE} {}: {error}", table.display()));
}

#[test]
fn rows_are_added() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table");
    add(&table, "cuts: deploy", 12, 11);
    add(&table, "cuts: abort", 3, 3);
    let rows = std::fs::read_to_string(table).unwrap();
    assert_eq!(rows, "cuts: deploy\t12\t11\ncuts: abort\t3\t3\n");
}
