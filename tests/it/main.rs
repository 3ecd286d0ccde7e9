//! Tests of the pure core on a simulated cluster: no network, no clock, no sleep.

#[path = "../acceptance/mod.rs"]
mod acceptance;
mod cuts;
mod on_sandbox;
mod plan_properties;
mod plan_table;
#[allow(dead_code, reason = "what status prints is for other test programs")]
#[path = "../schema/mod.rs"]
mod schema;
mod settings_docs;
#[path = "../tally/mod.rs"]
mod tally;
mod world;
