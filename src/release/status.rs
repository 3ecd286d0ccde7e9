//! What `status` says: a picture of the app, derived from one look at it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::snapshot::Leads;
use super::{Ending, Phase, Record, Release, Snapshot, template};
use crate::model::{Colour, name};
use crate::route::hosts;

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub app: String,
    pub namespace: String,
    pub live: Option<Side>,
    pub candidate: Option<Side>,
    pub route: Vec<Route>,
    pub release: Option<Progress>,
    pub healthy: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Side {
    pub colour: Colour,
    pub deployment: String,
    pub service: String,
    pub images: BTreeMap<String, String>,
    pub replicas: u64,
    pub ready: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Route {
    pub kind: &'static str,
    pub name: String,
    pub hosts: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Progress {
    pub number: u64,
    pub phase: Phase,
    pub from: Colour,
    pub to: Colour,
    pub started: Timestamp,
    pub gate: Gate,
    pub driver: Option<Driver>,
    /// Why the candidate goes, where that is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Gate {
    /// `none pass not-yet reject broken`
    pub answer: String,
    pub failures: u64,
    pub threshold: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Driver {
    pub holder: String,
    pub last_seen: Timestamp,
}

/// The status of an app that `init` has taken in.
pub fn of(s: &Snapshot, record: &Record) -> Status {
    let leads = s.routes_lead(record);
    let live = match leads {
        Leads::To(colour) => Some(colour),
        Leads::Astray => None,
    };
    let live_size = live.and_then(|colour| s.slot(colour)).map_or(1, |slot| slot.desired().max(1));
    let healthy = live.is_some_and(|colour| s.serves(colour, live_size))
        && s.live_service_leads(record) == leads;
    let release = record.release.as_ref();
    Status {
        app: s.names.app.clone(),
        namespace: s.names.namespace.clone(),
        live: live.and_then(|colour| side(s, colour)),
        candidate: release.and_then(|release| candidate(s, record, release)),
        route: s
            .routes(record)
            .into_iter()
            .map(|ingress| Route {
                kind: "Ingress",
                name: name(ingress).to_owned(),
                hosts: hosts(ingress),
            })
            .collect(),
        release: release.map(|release| progress(s, record, release)),
        healthy,
    }
}

fn side(s: &Snapshot, colour: Colour) -> Option<Side> {
    let slot = s.slot(colour)?;
    Some(Side {
        colour,
        deployment: slot.name().to_owned(),
        service: s.names.service(colour),
        images: template::images(slot.template()),
        replicas: slot.desired(),
        ready: slot.ready_replicas(),
    })
}

/// The release's Deployment, until it is live.
fn candidate(s: &Snapshot, record: &Record, release: &Release) -> Option<Side> {
    let written = s.slot(release.to)?.release() == Some(release.number);
    let live = s.routes_lead(record) == Leads::To(release.to);
    (written && !live).then(|| side(s, release.to)).flatten()
}

fn progress(s: &Snapshot, record: &Record, release: &Release) -> Progress {
    Progress {
        number: release.number,
        phase: s.phase(record, release),
        from: release.from,
        to: release.to,
        started: release.started,
        ending: release.ending.clone(),
        gate: Gate {
            answer: release.gate.answer.clone().unwrap_or_else(|| "none".to_owned()),
            failures: release.gate.failures,
            threshold: release.gate.threshold,
        },
        driver: record
            .driver
            .as_ref()
            .map(|driver| Driver { holder: driver.holder.clone(), last_seen: driver.seen }),
    }
}
