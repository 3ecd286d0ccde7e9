//! Bad input: a table a subject, a row an input, with the exact message, the exit code, and what is
//! left as it was. Each row runs on a sandbox of its own: in this process, or, where a socket or the
//! environment is what is bad, as a process.
//!
//! `BLUEGREEN_REFRESH=1` puts down what each row says.

mod changes;
mod content;
mod gate;
mod process;
mod row;
mod sandboxed;

use anyhow::Result;
use row::{Row, refresh, rows};

use crate::bed::each;
use crate::tally;

/// Every row of a subject, so many at once.
fn holds(subject: &str, at_once: usize, run: fn(&Row) -> Result<(u8, String)>) {
    let rows = rows(subject).expect("a table");
    let came = each(&rows, at_once, run);
    let mut failed = Vec::new();
    let mut ended = Vec::new();
    for (row, came) in rows.iter().zip(came) {
        match came {
            Ok((exit, said)) => {
                let wrong = row.held_against(exit, &said).err();
                ended.push(wrong.is_some().then_some((exit, said)));
                failed.extend(wrong);
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
    tally::record(&format!("bad input: {subject}"), rows.len(), rows.len() - failed.len());
    let failed: Vec<String> = failed.iter().map(|error| format!("{error:#}")).collect();
    assert!(failed.is_empty(), "{} of {subject}:\n{}", failed.len(), failed.join("\n\n"));
}

macro_rules! tables {
    ($($subject:ident: $at_once:literal, $run:path;)*) => {
        $(#[test]
        fn $subject() {
            holds(stringify!($subject), $at_once, $run);
        })*
    };
}

tables! {
    flags: 2, sandboxed::run;
    manifests: 2, sandboxed::run;
    settings: 2, sandboxed::run;
    ingresses: 2, sandboxed::run;
    records: 2, sandboxed::run;
    // These wait more than they work.
    webhooks: 12, process::run;
    kubeconfigs: 12, process::run;
}
