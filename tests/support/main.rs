//! Tests of what the tests of the cluster stand on, without a cluster.
#![forbid(unsafe_code)]

#[path = "../cluster/support/mod.rs"]
mod support;

mod client;
mod cluster;
mod faults;
mod gate_example;
mod proxy;
mod webhook;

use std::time::Duration;

/// Long enough for a busy machine; what is expected comes at once.
const SOON: Duration = Duration::from_secs(10);

/// How long something that must not happen is given to happen. What waits for
/// it would come within a millisecond, so a short time misses little.
const NEVER: Duration = Duration::from_millis(100);
