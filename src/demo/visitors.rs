//! Those who look at the live page all the time: what they get is counted.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, header};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::news::News;

/// From one request to the next, whatever becomes of the one before.
const EVERY: Duration = Duration::from_millis(50);
/// A visitor who got nothing by then leaves.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many are shown to who opens the page.
const SHOWN: usize = 300;

pub struct Visitors {
    pub news: News,
    /// Whether the first has been answered.
    begun: watch::Sender<bool>,
    counts: Mutex<Counts>,
}

#[derive(Clone, Default)]
struct Counts {
    sent: u64,
    by_version: BTreeMap<String, u64>,
    failed: u64,
}

impl Visitors {
    pub fn new() -> Arc<Visitors> {
        Arc::new(Visitors {
            news: News::keeping(SHOWN),
            begun: watch::Sender::new(false),
            counts: Mutex::default(),
        })
    }

    /// Returns when the app answers.
    pub async fn begun(&self) {
        // This is the sender's owner.
        let _ = self.begun.subscribe().wait_for(|begun| *begun).await;
    }

    /// Asks for ever, from the first answer on: before that there is no app. Half of the visitors keep their connection, half come on a new one.
    pub async fn visit(self: Arc<Self>, at: SocketAddr, host: String) -> reqwest::Result<()> {
        let client = || Client::builder().no_proxy().timeout(PATIENCE);
        let kept = client().build()?;
        let new = client().pool_max_idle_per_host(0).build()?;
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let url = format!("http://{at}/who");
        let is_there = async || {
            let asked = new.get(&url).header(header::HOST, &host).send().await;
            asked.is_ok_and(|reply| reply.status().is_success())
        };
        while !is_there().await {
            ticks.tick().await;
        }
        self.begun.send_replace(true);
        for client in [&kept, &new].into_iter().cycle() {
            ticks.tick().await;
            let request = client.get(&url).header(header::HOST, &host);
            let this = Arc::clone(&self);
            tokio::spawn(async move {
                let heard = async { request.send().await?.error_for_status()?.json().await };
                this.note(heard.await);
            });
        }
        Ok(())
    }

    fn note(&self, heard: reqwest::Result<Value>) {
        let mut counts = self.counts.lock().expect("no holder panics");
        counts.sent += 1;
        let n = counts.sent;
        let event = match heard {
            Ok(who) => {
                let version = who["version"].as_str().unwrap_or_default().to_owned();
                *counts.by_version.entry(version).or_default() += 1;
                json!({"n": n, "ok": true, "version": who["version"], "colour": who["colour"]})
            }
            Err(error) => {
                counts.failed += 1;
                let why = match error.status() {
                    Some(status) => status.as_u16().to_string(),
                    None => "no answer".to_owned(),
                };
                json!({"n": n, "ok": false, "why": why})
            }
        };
        self.news.tell(format!("data: {event}\n\n"));
    }

    pub fn failed(&self) -> u64 {
        self.counts.lock().expect("no holder panics").failed
    }

    /// One line for all of them.
    pub fn summary(&self) -> String {
        let counts = self.counts.lock().expect("no holder panics").clone();
        let by_version = counts.by_version.iter().map(|(version, n)| format!("{n} by {version}"));
        let parts: Vec<String> = by_version.collect();
        let parts =
            if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        let answered = counts.sent - counts.failed;
        format!(
            "visitors sent {} requests: {answered} answered{parts}, {} failed",
            counts.sent, counts.failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_of_them_got_is_one_line() {
        let visitors = Visitors::new();
        let none = "visitors sent 0 requests: 0 answered, 0 failed";
        assert_eq!(visitors.summary(), none);
        for version in ["v1", "v2", "v1"] {
            visitors.note(Ok(json!({"version": version})));
        }
        let some = "visitors sent 3 requests: 3 answered (2 by v1, 1 by v2), 0 failed";
        assert_eq!(visitors.summary(), some);
    }
}
