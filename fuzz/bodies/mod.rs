//! What is done with an input that may be anything. Nothing of it may panic; what else has to hold is
//! asserted. cargo-fuzz runs these by `fuzz_targets/`, and `cargo test` by `tests/it/fuzzed.rs`.
#![allow(dead_code, reason = "each fuzz target is a program of its own, and uses one of them")]

pub mod answer;
pub mod credentials;
pub mod files;
pub mod record;
pub mod template;

/// What is done with an input.
type Body = fn(&[u8]);

/// Each by its name: those of the folders in `seeds/`.
pub const ALL: [(&str, Body); 5] = [
    ("answer", answer::tried),
    ("credentials", credentials::tried),
    ("files", files::tried),
    ("record", record::tried),
    ("template", template::tried),
];
