//! What `make test-long` measures, as it stands in `docs/results/`: a file a test, named after it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One test, once.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Run {
    /// What was tested; `changed` if its code was not all committed.
    pub commit: String,
    pub changed: bool,
    pub command: String,
    pub date: String,
    /// Of the machine, which everything ran on: cluster, nginx, pods and load.
    pub cores: usize,
    pub versions: Versions,
    pub measured: Measured,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Versions {
    pub ingress_nginx: String,
    pub nginx: String,
    pub kubernetes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Measured {
    Switches(Switches),
    Lasting(Lasting),
    Replaced(Replaced),
    Killed(Killed),
    GoneBad(GoneBad),
    Settle(Settle),
    Unbroken(Unbroken),
    Requests(Requests),
    Yes(Yes),
}

/// Switches there and back under a load.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Switches {
    pub way: Way,
    pub workers: u8,
    pub protocol: String,
    pub controller: Controller,
    /// Of each version.
    pub replicas: u8,
    pub load: Load,
    /// In the whole run, those of other Ingresses' changes included.
    pub reloads: usize,
    /// How often another app's Ingress was changed meanwhile.
    pub other_changes: usize,
    pub switches: Vec<Switch>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    Bluegreen,
    /// The backend of the Ingress replaced, and nothing else.
    Plain,
    Selector,
    CanaryWeight,
    /// None: another app's Ingress is changed, and nginx reloads.
    Elsewhere,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    Quiet,
    /// Another app's Ingress changes all the while.
    Busy,
    /// It has 300 other Ingresses.
    Crowded,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Load {
    /// Requests a second.
    pub rate: u32,
    pub requests: usize,
    pub failed: usize,
    /// Kept-alive connections that were closed under a request, which was then asked again.
    pub reopened: usize,
    /// Requests that were sent more than 100 ms after their time.
    pub late: usize,
    pub late_at_most_ms: u64,
}

/// Times are milliseconds after the API server's acknowledgement of the write that switches.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Switch {
    pub command: String,
    /// From before the command until after its end.
    pub reloads: usize,
    pub failed: usize,
    pub reopened: usize,
    /// None where there is no new version.
    pub first_new_ms: Option<u64>,
    /// None where the acknowledgement came after it.
    pub last_old_ms: Option<u64>,
}

/// Websockets and downloads that live for some time, one after the other, across switches.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lasting {
    pub switches: usize,
    pub websockets: Kind,
    pub downloads: Kind,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kind {
    pub at_a_time: usize,
    pub seconds_each: u64,
    pub opened: usize,
    /// Open before a switch and after it, summed over the switches.
    pub across: usize,
    pub cut: usize,
}

/// What a worker of nginx holds that a reload has replaced: the end of each connection, in seconds
/// after the reload, 0 where it came before that was over. With HTTP/2 the end is the last answer by
/// the configuration before.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replaced {
    pub websockets: Vec<u64>,
    /// With a request under way at any moment.
    pub busy_http2: Vec<u64>,
    /// With a short request every few milliseconds.
    pub steady_http2: Vec<u64>,
    /// With a short request a second.
    pub idle_http2: Vec<u64>,
    /// The same, opened just before the reload, with the first bytes just after it.
    pub opened_http2: Vec<u64>,
}

/// `kill -9` at requests of a switch, and the same command again.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Killed {
    pub requests_of_the_command: usize,
    pub kills: usize,
    pub load: Load,
}

/// All pods of the new version end at once, 3 s after the switch.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GoneBad {
    pub replicas: u8,
    pub tries: Vec<GoneBadTry>,
}

/// Times are milliseconds after the pods' end.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GoneBadTry {
    pub switched_before_ms: u64,
    /// When the API server had acknowledged the switch back.
    pub switched_back_ms: u64,
    pub last_failed_ms: u64,
    /// From the pods' end to the last failure.
    pub requests: usize,
    pub failed: usize,
}

/// Failed requests of switches so long after the candidate's readiness.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settle {
    pub controller: Controller,
    pub rate: u32,
    pub tries: Vec<SettleTries>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettleTries {
    pub after_ms: u64,
    pub failed: Vec<usize>,
}

/// A load across switches, of which no request may fail. Times are of its answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unbroken {
    pub switches: usize,
    pub reloads: usize,
    pub load: Load,
    pub median_us: u64,
    pub p99_us: u64,
}

/// What releases ask of the API server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requests {
    pub releases: Vec<ReleaseRequests>,
}

impl Requests {
    /// Of all releases: before the first write, and since.
    pub fn fewest(&self) -> Option<(usize, usize)> {
        let before = self.releases.iter().map(ReleaseRequests::before).min()?;
        Some((before, self.releases.iter().map(ReleaseRequests::since).min()?))
    }
}

/// By verb and resource; a watch is one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseRequests {
    pub replicas: u64,
    pub gate: bool,
    /// Whether the app had been released before.
    pub later: bool,
    pub before_first_write: BTreeMap<String, usize>,
    pub from_it_on: BTreeMap<String, usize>,
    /// What the API server passed on to its pods.
    pub of_the_app: usize,
}

impl ReleaseRequests {
    pub fn before(&self) -> usize {
        self.before_first_write.values().sum()
    }

    pub fn since(&self) -> usize {
        self.from_it_on.values().sum()
    }
}

/// From a gate's yes to the acknowledged patch of the Ingress, in microseconds; and what the same look and
/// a patch take by themselves.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Yes {
    pub ours_us: Vec<u64>,
    pub look_and_patch_us: Vec<u64>,
}

impl Yes {
    /// Of the medians.
    pub fn ratio(&self) -> f64 {
        let median = |times: &[u64]| {
            let mut times = times.to_vec();
            times.sort_unstable();
            times.get(times.len() / 2).copied().unwrap_or_default() as f64
        };
        median(&self.ours_us) / median(&self.look_and_patch_us)
    }
}

pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results"))
}
