//! The core of `bluegreen`: what is pure. No I/O, no clock, no kube client; its dependencies are all data.
//!
//! Internal: it changes with the tool, and no other program is meant to build on it.

pub mod model;
pub mod release;
pub mod route;
