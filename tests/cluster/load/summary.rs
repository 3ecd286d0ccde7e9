//! What a load has shown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use k8s_openapi::jiff::Timestamp;

use super::sample::{Connection, Outcome, Sample};

/// A request that is sent so much after its time is a late one.
const LATE: Duration = Duration::from_millis(100);

pub struct Summary {
    /// By the time when they were due.
    pub samples: Vec<Sample>,
    /// When the load began.
    pub began: Timestamp,
    pub sent_for: Duration,
    pub late: Late,
    pub rate: u32,
}

/// How well a load was kept up: on a busy machine it is sent in bursts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Late {
    /// How far a request was sent behind its time, at most.
    pub most: Duration,
    pub requests: usize,
}

impl Late {
    pub fn sent(&mut self, behind: Duration) {
        self.most = self.most.max(behind);
        self.requests += usize::from(behind > LATE);
    }
}

impl Summary {
    pub fn failed(&self) -> usize {
        self.count(Sample::failed)
    }

    /// Kept-alive connections that the server closed under a request.
    pub fn reopened(&self) -> usize {
        self.count(|sample| sample.connection == Connection::Reopened)
    }

    pub fn count(&self, of: impl Fn(&Sample) -> bool) -> usize {
        self.samples.iter().filter(|sample| of(sample)).count()
    }

    /// An instant of the machine's clock, as `Sample::at` has it.
    pub fn since_began(&self, at: Timestamp) -> Duration {
        Duration::try_from(at.duration_since(self.began)).unwrap_or_default()
    }

    /// What a switch from one version to another, acknowledged at `acked`, did to the requests since
    /// then and until `end`.
    pub fn around(&self, acked: Duration, end: Duration, from: &str, to: &str) -> Around {
        let mut around = Around { first_new: None, last_old: None, failed: 0, reopened: 0 };
        for sample in self.samples.iter().filter(|sample| sample.at < end && sample.done() >= acked)
        {
            let after = sample.done() - acked;
            if sample.is_of(to) {
                around.first_new = Some(around.first_new.map_or(after, |first| after.min(first)));
            }
            if sample.is_of(from) {
                around.last_old = around.last_old.max(Some(after));
            }
            around.failed += usize::from(sample.failed());
            around.reopened += usize::from(sample.connection == Connection::Reopened);
        }
        around
    }

    /// When the first and the last answer of this version were there, of the requests due since.
    pub fn seen(&self, version: &str, since: Duration) -> Option<(Duration, Duration)> {
        let of = self.samples.iter().filter(|sample| sample.at >= since && sample.is_of(version));
        let done: Vec<Duration> = of.map(Sample::done).collect();
        Some((*done.iter().min()?, *done.iter().max()?))
    }

    /// Of the answers, failures left out.
    pub fn latency(&self, quantile: f64) -> Duration {
        let mut histogram = Histogram::<u64>::new(3).expect("3 digits are allowed");
        for sample in self.samples.iter().filter(|sample| !sample.failed()) {
            let recorded = histogram.record(sample.took.as_micros() as u64);
            recorded.expect("it grows by itself");
        }
        Duration::from_micros(histogram.value_at_quantile(quantile))
    }
}

/// After the acknowledgement.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    pub first_new: Option<Duration>,
    pub last_old: Option<Duration>,
    pub failed: usize,
    pub reopened: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut outcomes = BTreeMap::<String, usize>::new();
        for sample in &self.samples {
            let what = match &sample.outcome {
                Outcome::Answered { status: 200..=299, version } => version.to_string(),
                Outcome::Answered { status, .. } => status.to_string(),
                Outcome::Failed(failure) => format!("{failure:?}"),
            };
            *outcomes.entry(what).or_default() += 1;
        }
        write!(
            f,
            "{} requests at {}/s, {} failed, {} connections reopened; by outcome {outcomes:?}; \
             median {:?}, 99% {:?}, at most {:?}; {} sent late, at most {:?}",
            self.samples.len(),
            self.rate,
            self.failed(),
            self.reopened(),
            self.latency(0.5),
            self.latency(0.99),
            self.latency(1.0),
            self.late.requests,
            self.late.most,
        )?;
        let broken = |sample: &&Sample| matches!(sample.outcome, Outcome::Failed(_));
        self.samples.iter().filter(broken).take(5).try_for_each(|sample| write!(f, "\n{sample:?}"))
    }
}
