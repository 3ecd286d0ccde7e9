//! Tests on a simulated cluster: no network, no clock, no sleep, but for those in `bad_input` that run
//! the binary.

mod admission;
mod answers;
mod bad_input;
mod bed;
mod cuts;
mod direct;
mod each_minute;
mod edits;
mod escapes;
mod forged;
mod fuzzed;
mod hints;
mod listening;
mod looks;
mod marking;
mod network;
mod on_sandbox;
mod others;
mod plan_properties;
mod plan_table;
mod preflight;
mod races;
mod refused;
mod scalars_read;
mod settings_docs;
mod signed;
mod stand;
mod world;

use bluegreen_testkit::{acceptance, guard, scalars, schema, tally};
