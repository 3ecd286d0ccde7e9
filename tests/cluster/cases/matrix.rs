//! The switches of `bluegreen` itself, there and back, at a load: by workers, protocol, what else the
//! controller has to do, and size. `make test-long` has all of it, `tests/cluster/run --ignored
//! matrix::w1` a part; what they show stands in `docs/results/`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use k8s_openapi::jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::json;

use super::pair::{Changing, NEW, OLD, Pair, route};
use super::parrot::V2;
use super::saved::{load, ms, save};
use super::served::Served;
use crate::bed::ingress::Ingress;
use crate::bed::{Bed, SOON, wait_for};
use crate::load::{Protocol, Summary};
use crate::results::{Controller, Measured, Switch, Switches, Way};

/// Requests a second, half of them on kept-alive connections.
const RATE: u32 = 2_000;
const CROWD: usize = 300;
/// Of the crowd's objects.
const AT_ONCE: usize = 16;

#[derive(Clone, Copy)]
struct Row {
    workers: u8,
    protocol: Protocol,
    controller: Controller,
    replicas: u8,
}

/// Each value with either number of workers. The crowd is made for a row and taken away after it.
pub fn trials() -> Vec<Trial> {
    use Controller::{Busy, Crowded, Quiet};
    use Protocol::{Http1, Http2};
    let rows = [
        (Http1, Quiet, 1),
        (Http2, Quiet, 5),
        (Http1, Busy, 5),
        (Http2, Busy, 1),
        (Http1, Crowded, 1),
        (Http2, Crowded, 5),
    ];
    let rows = [1, 3].into_iter().flat_map(|workers| {
        rows.map(|(protocol, controller, replicas)| Row { workers, protocol, controller, replicas })
    });
    let trial = |row: Row| crate::suite::trial(row.name(), move |bed| Box::pin(row.measure(bed)));
    rows.map(trial).collect()
}

impl Row {
    fn name(self) -> String {
        let Self { workers, protocol, controller, replicas } = self;
        let name = format!("matrix::w{workers}_{protocol:?}_{controller:?}_{replicas}");
        name.to_lowercase()
    }

    /// There and back, as often.
    fn count(self) -> usize {
        match self.protocol {
            Protocol::Http1 => 11,
            // Each with a longer drain.
            Protocol::Http2 => 6,
        }
    }

    /// After the probe has seen that the switch has arrived: longer than any request here. An HTTP/2
    /// connection may stay with a worker that is replaced: here for 8 s, see `load::connection`.
    fn drain(self) -> &'static str {
        match self.protocol {
            Protocol::Http1 => "1s",
            Protocol::Http2 => "10s",
        }
    }

    async fn measure(self, bed: Arc<Bed>) -> Result<()> {
        let ingress = bed.ingress(self.workers).await?;
        let others = Others::of(&bed, &ingress, self.controller).await?;
        let served = Served::behind(&bed, &ingress, self.replicas).await?;
        let running = served.load(&ingress, self.protocol, RATE).start();
        let (before, changes) = (ingress.reloads(), others.changes());
        let probe = ["--probe", &format!("http://{}", ingress.http1()), "-o", "json"];
        let mut reloads = Vec::new();
        for n in 0..self.count() {
            let before = ingress.reloads();
            let output = served.app.ok(&[&self.command(n)[..], &probe].concat()).await?;
            ensure!(output.stdout.contains(r#""confirmed":"probe""#), "{output:?}");
            reloads.push(ingress.reloads() - before);
        }
        let summary = running.stop().await?;
        let row = Switches {
            way: Way::Bluegreen,
            workers: self.workers,
            protocol: protocol(self.protocol),
            controller: self.controller,
            replicas: self.replicas,
            load: load(&summary),
            reloads: ingress.reloads() - before,
            other_changes: others.changes() - changes,
            switches: self.switches(&summary, &served.switched().await?, &reloads)?,
        };
        let arrived = row.switches.iter().all(|switch| switch.first_new_ms.is_some());
        let others_reload = row.other_changes > 0;
        save(&self.name(), Measured::Switches(row))?;
        others.end(&bed).await?;
        eprintln!("{}: {summary}", self.name());
        ensure!(summary.failed() == 0, "{summary}");
        ensure!(arrived, "a version never answered: {summary}");
        let one_each = reloads.iter().all(|reloads| *reloads == 1);
        ensure!(one_each || others_reload, "not one reload a switch: {reloads:?}");
        Ok(())
    }

    fn command(self, n: usize) -> Vec<&'static str> {
        let command = match n % 2 {
            0 => vec!["deploy", "parrot", "--image", V2, "--yes"],
            _ => vec!["rollback", "parrot"],
        };
        [command, vec!["--drain", self.drain()]].concat()
    }

    fn switches(
        self,
        summary: &Summary,
        acked: &[Timestamp],
        reloads: &[usize],
    ) -> Result<Vec<Switch>> {
        ensure!(acked.len() == self.count(), "{} switches in the audit log", acked.len());
        let commands = (0..self.count()).map(|n| self.command(n)[0]);
        let commands: Vec<_> = commands.zip(reloads.iter().copied()).collect();
        switches(summary, acked, &commands)
    }
}

/// What each switch, from the old version to the new one and back, did to a load.
pub fn switches(
    summary: &Summary,
    acked: &[Timestamp],
    commands: &[(&str, usize)],
) -> Result<Vec<Switch>> {
    let mut ways = [(OLD, NEW), (NEW, OLD)].into_iter().cycle();
    let mut all = Vec::new();
    let acked: Vec<Duration> = acked.iter().map(|at| summary.since_began(*at)).collect();
    for (n, (at, (command, reloads))) in acked.iter().zip(commands).enumerate() {
        let (from, to) = ways.next().context("there is always a way")?;
        let end = acked.get(n + 1).copied().unwrap_or(summary.sent_for);
        let around = summary.around(*at, end, from, to);
        all.push(Switch {
            command: (*command).to_owned(),
            reloads: *reloads,
            failed: around.failed,
            reopened: around.reopened,
            first_new_ms: around.first_new.map(ms),
            last_old_ms: around.last_old.map(ms),
        });
    }
    Ok(all)
}

pub fn protocol(protocol: Protocol) -> String {
    match protocol {
        Protocol::Http1 => "HTTP/1.1".to_owned(),
        Protocol::Http2 => "HTTP/2".to_owned(),
    }
}

/// What else the controller has.
enum Others {
    None,
    Changing(Changing),
    Crowd { ns: String },
}

impl Others {
    async fn of(bed: &Arc<Bed>, ingress: &Ingress, controller: Controller) -> Result<Self> {
        match controller {
            Controller::Quiet => Ok(Self::None),
            Controller::Busy => Ok(Self::Changing(Pair::served(bed, ingress).await?.changing())),
            Controller::Crowded => {
                let ns = bed.crowd_namespace().await?;
                let objects = crowd(&ns).into_iter().map(|(path, object)| {
                    let request = http::Request::post(path).body(object.into_bytes());
                    async { anyhow::Ok(bed.kube().request_text(request?).await?) }
                });
                let made: Vec<String> =
                    stream::iter(objects).buffer_unordered(AT_ONCE).try_collect().await?;
                ensure!(made.len() == 2 * CROWD);
                // The last of them is served, so the others are known.
                let host = format!("other-{}.{ns}.example.com", CROWD - 1);
                wait_for("the crowd to be served", SOON, async || {
                    Ok((ingress.get(&host, "/").await?.status == 503).then_some(()))
                })
                .await?;
                Ok(Self::Crowd { ns })
            }
        }
    }

    fn changes(&self) -> usize {
        match self {
            Self::Changing(changing) => changing.changes(),
            Self::None | Self::Crowd { .. } => 0,
        }
    }

    async fn end(self, bed: &Bed) -> Result<()> {
        let Self::Crowd { ns } = self else { return Ok(()) };
        bed.kubectl(&["delete", "ingress", "--all", "-n", &ns]).await.map(drop)
    }
}

/// Where each goes, and what it is. Their Services have no pods: what takes time is the size of nginx's
/// configuration.
fn crowd(ns: &str) -> Vec<(String, String)> {
    let one = |n| {
        let name = format!("other-{n}");
        let service = json!({
            "metadata": { "name": name },
            "spec": { "selector": { "app": "other" }, "ports": [{ "port": 80 }] },
        });
        let ingress = route(&name, &format!("{name}.{ns}.example.com"), &[&name]);
        let ingresses = format!("/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses");
        [
            (format!("/api/v1/namespaces/{ns}/services"), service.to_string()),
            (ingresses, ingress.to_string()),
        ]
    };
    (0..CROWD).flat_map(one).collect()
}
