//! Bad input: a table a subject, a row an input, with the exact message, the exit code, and what is
//! left as it was. Each row runs on a sandbox of its own. `kubeconfigs.yaml`, and what else needs a
//! process, is run by `tests/cli/bad_input.rs`.
//!
//! `BLUEGREEN_REFRESH=1` puts down what each row says.

mod changes;
mod content;
mod row;
mod sandboxed;

use anyhow::Result;
use row::{Row, refresh, rows};

/// Every row of a subject, on two threads.
fn holds(subject: &str, run: fn(&Row) -> Result<(u8, String)>) {
    let rows = rows(subject).expect("a table");
    let (first, second) = rows.split_at(rows.len() / 2);
    let came: Vec<Result<(u8, String)>> = std::thread::scope(|scope| {
        let halves = [first, second]
            .map(|half| scope.spawn(move || half.iter().map(run).collect::<Vec<_>>()));
        halves.into_iter().flat_map(|half| half.join().expect("a row panicked")).collect()
    });
    let mut failed = Vec::new();
    let mut ended = Vec::new();
    for (row, came) in rows.iter().zip(came) {
        match came {
            Ok((exit, said)) => {
                failed.extend(row.held_against(exit, &said).err());
                ended.push(Some((exit, said)));
            }
            Err(error) => {
                failed.push(error.context(row.row.clone()));
                ended.push(None);
            }
        }
    }
    if std::env::var_os("BLUEGREEN_REFRESH").is_some() {
        refresh(subject, &ended).expect("the table is written");
    }
    let failed: Vec<String> = failed.iter().map(|error| format!("{error:#}")).collect();
    assert!(failed.is_empty(), "{} of {subject}:\n{}", failed.len(), failed.join("\n\n"));
}

macro_rules! tables {
    ($($subject:ident),*) => {
        $(#[test]
        fn $subject() {
            holds(stringify!($subject), sandboxed::run);
        })*
    };
}

tables!(flags, manifests, settings, ingresses, records);
