//! Tests of the pure core on a simulated cluster: no network, no clock, no sleep.

mod plan_properties;
mod plan_table;
mod settings_docs;
mod world;
