//! Tests on a simulated cluster: no network, no clock, no sleep, but for those in `bad_input` that run
//! the binary.

#[path = "../acceptance/mod.rs"]
mod acceptance;
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
#[path = "../guard/mod.rs"]
mod guard;
mod hints;
mod listening;
mod marking;
mod network;
mod on_sandbox;
mod others;
mod plan_properties;
mod plan_table;
mod preflight;
mod races;
#[path = "../scalars/mod.rs"]
mod scalars;
mod scalars_read;
#[allow(dead_code, reason = "what status prints is for other test programs")]
#[path = "../schema/mod.rs"]
mod schema;
mod settings_docs;
mod signed;
mod stand;
#[path = "../tally/mod.rs"]
mod tally;
mod world;
