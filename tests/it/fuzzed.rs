//! The bodies of the fuzz targets, on stable: their seeds, and what comes of changing those. cargo-fuzz
//! runs them longer (`make test-long`).

#[path = "../../fuzz/bodies/mod.rs"]
mod bodies;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bluegreen::release::{RECORD_KEY, Record};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::tally;

/// So many changed inputs a target; `PROPTEST_CASES` makes it more.
const CASES: u32 = 512;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("seeds").map(|entry| entry.expect("a seed").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a seed")).collect()
}

/// What somebody's editor, or a broken disk, makes of a file.
#[derive(Clone, Debug)]
enum Edit {
    Cut(prop::sample::Index),
    Put(prop::sample::Index, Vec<u8>),
    Take(prop::sample::Index, usize),
    /// A number for a number: most of what a record holds.
    Number(prop::sample::Index, u64),
    Repeat(prop::sample::Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<prop::sample::Index>;
    let odd = prop::sample::select(vec![0, 1, 1 << 31, 1 << 53, u64::MAX / 2, u64::MAX]);
    prop_oneof![
        1 => at().prop_map(Edit::Cut),
        4 => (at(), prop::collection::vec(any::<u8>(), 1..8)).prop_map(|(at, put)| Edit::Put(at, put)),
        4 => (at(), 1..40_usize).prop_map(|(at, many)| Edit::Take(at, many)),
        8 => (at(), odd).prop_map(|(at, number)| Edit::Number(at, number)),
        2 => (at(), 1..200_usize).prop_map(|(at, many)| Edit::Repeat(at, many)),
    ]
}

fn edited(mut input: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let length = input.len().max(1);
        match edit {
            Edit::Cut(at) => input.truncate(at.index(length)),
            Edit::Put(at, put) => {
                let at = at.index(length).min(input.len());
                input.splice(at..at, put.iter().copied());
            }
            Edit::Take(at, many) => {
                let at = at.index(length).min(input.len());
                let end = (at + many).min(input.len());
                input.drain(at..end);
            }
            Edit::Number(at, number) => {
                let from = at.index(length).min(input.len());
                let digit = |byte: &u8| byte.is_ascii_digit();
                if let Some(first) = input[from..].iter().position(digit) {
                    let first = from + first;
                    let many = input[first..].iter().take_while(|byte| digit(byte)).count();
                    input.splice(first..first + many, number.to_string().into_bytes());
                }
            }
            Edit::Repeat(at, many) => {
                let at = at.index(length).min(input.len());
                let end = (at + many).min(input.len());
                let part = input[at..end].to_vec();
                input.splice(at..at, part);
            }
        }
    }
    input
}

fn tried(target: &str, body: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in &seeds {
        body(seed);
    }
    let one = (0..seeds.len(), prop::collection::vec(edit(), 1..6));
    let mut config = Config { failure_persistence: None, ..Config::default() };
    config.cases = config.cases.max(CASES);
    let cases = config.cases as usize;
    let mut runner = TestRunner::new(config);
    let ran = runner.run(&one, |(seed, edits)| {
        let input = edited(seeds[seed].clone(), &edits);
        let ran = catch_unwind(AssertUnwindSafe(|| body(&input)));
        let text = String::from_utf8_lossy(&input);
        prop_assert!(ran.is_ok(), "{target} panicked on {text:?}");
        Ok(())
    });
    let tried = seeds.len() + cases;
    tally::record(&format!("fuzzed on stable: {target}"), tried, tried - usize::from(ran.is_err()));
    ran.unwrap_or_else(|error| panic!("{error}"));
}

macro_rules! targets {
    ($($target:ident),*) => {
        $(#[test]
        fn $target() {
            tried(stringify!($target), bodies::$target::tried);
        })*

        #[test]
        fn every_body_is_a_target() {
            let names: Vec<_> = bodies::ALL.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
            for name in names {
                let file = format!("{}/fuzz/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
                let text = fs::read_to_string(&file).expect("a target");
                assert!(text.contains(&format!("bodies::{name}::tried(input)")), "{file}");
            }
        }
    };
}

targets!(answer, credentials, files, record, template);

/// Seeds that are refused at once would try nothing.
#[test]
fn the_records_are_read() {
    let seeds = seeds("record");
    for seed in &seeds {
        let text = String::from_utf8(seed.clone()).expect("text");
        Record::read(&json!({"data": {RECORD_KEY: text}})).expect("a record");
    }
}
