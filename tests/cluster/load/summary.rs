//! What a load has shown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::sample::{Connection, Outcome, Sample};

pub struct Summary {
    /// By the time when they were due.
    pub samples: Vec<Sample>,
    pub sent_for: Duration,
    /// How far a request was sent behind its time, at most.
    pub late: Duration,
    pub rate: u32,
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
             median {:?}, 99% {:?}, at most {:?}; sent at most {:?} late",
            self.samples.len(),
            self.rate,
            self.failed(),
            self.reopened(),
            self.latency(0.5),
            self.latency(0.99),
            self.latency(1.0),
            self.late,
        )?;
        let broken = |sample: &&Sample| matches!(sample.outcome, Outcome::Failed(_));
        self.samples.iter().filter(broken).take(5).try_for_each(|sample| write!(f, "\n{sample:?}"))
    }
}
