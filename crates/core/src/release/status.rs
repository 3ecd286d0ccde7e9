//! What `status` says: a picture of the app, derived from one look at it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::plan::{Why, why};
use super::routes::Leads;
use super::{
    AnswerKind, Approval, Drift, Ending, Phase, Record, Release, ReleaseOutcome, Snapshot, Way,
    drift, template, ways,
};
use crate::model::Colour;
use crate::route::RouteKind;

/// What `bluegreen status -o json` prints: a picture of an app at one moment.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The app: its Deployment's name.
    pub app: String,
    pub namespace: String,
    /// The version that the routes point to; null if they point elsewhere, or if the app is
    /// not set up yet.
    pub live: Option<Side>,
    /// The version that a release has started, until it is live.
    pub candidate: Option<Side>,
    /// The previous version, while no release is in progress and it still runs: a rollback is one patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Side>,
    /// The objects that route traffic to the app.
    pub route: Vec<Route>,
    /// The version that was live before this one: until a release that is past its switch
    /// scales it down to 0, and then as it is kept for a rollback, without pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Side>,
    /// The release in progress.
    pub release: Option<Progress>,
    /// The last finished release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Last>,
    /// Whether the live version is ready at its full size, and all routes and the live Service point to
    /// it.
    pub healthy: bool,
    /// Why it is not healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// A kubectl command that fixes it, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// Changes of the app's size or scaling that do not apply to the live version automatically.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// The subcommands that work now, the likeliest first.
    pub next: Vec<Way>,
    /// Why the release does not go on, or none can begin, where that was asked for (`--why`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
}

/// The last finished release.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Last {
    pub number: u64,
    /// How it ended.
    pub outcome: ReleaseOutcome,
    /// The time at which it ended.
    pub ended: Timestamp,
}

/// One colour of the app.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Side {
    pub colour: Colour,
    /// The Deployment's name.
    pub deployment: String,
    /// The Service that is fixed to this colour.
    pub service: String,
    /// By container.
    pub images: BTreeMap<String, String>,
    /// How many pods it should have.
    pub replicas: u64,
    /// How many of them are ready.
    pub ready: u64,
}

/// An object that routes traffic to the app.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Route {
    pub kind: &'static str,
    pub name: String,
    /// The hosts at which it serves the app; `*` is any.
    pub hosts: Vec<String>,
}

/// A release in progress.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Progress {
    pub number: u64,
    pub phase: Phase,
    /// The colour that was live when it started.
    pub from: Colour,
    /// The candidate's colour.
    pub to: Colour,
    pub started: Timestamp,
    /// When its phase began.
    pub since: Timestamp,
    /// The person who approved the candidate, whatever the gate says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approval>,
    /// Why the candidate is not ready, or no longer ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The address at which to test the candidate while it waits for approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    pub gate: Gate,
    /// The process that runs it; null if none does: `promote`, `abort` and the same
    /// `deploy` continue it.
    pub driver: Option<Driver>,
    /// Why the candidate is being removed, if that is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// What must approve before the candidate goes live.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Gate {
    /// The last answer: `pass` is an approval, `reject` a final no, `broken` no valid answer;
    /// `none`: there was no answer yet.
    #[serde(serialize_with = "or_none")]
    #[schemars(with = "String", extend("enum" = ["none", "pass", "not-yet", "later", "reject", "broken"]))]
    pub answer: Option<AnswerKind>,
    /// Answers in a row that were no approval.
    pub failures: u64,
    /// After this many the candidate is deleted.
    pub threshold: u64,
    /// When it answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    /// The time of the next request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// When the candidate is deleted without approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

fn or_none<S: Serializer>(answer: &Option<AnswerKind>, serializer: S) -> Result<S::Ok, S::Error> {
    match answer {
        Some(answer) => answer.serialize(serializer),
        None => serializer.serialize_str("none"),
    }
}

/// The process that runs a release.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Driver {
    /// `user@host (pid)`
    pub holder: String,
    /// When it last wrote to the release's record. It need not do so while it waits: an old time
    /// does not mean that it is gone.
    pub last_seen: Timestamp,
}

impl Status {
    /// Whether `init` has taken the app in.
    pub fn is_prepared(&self) -> bool {
        self.live.is_some()
            || self.last.is_some()
            || self.release.is_some()
            || !self.route.is_empty()
    }
}

pub fn of(s: &Snapshot, now: Timestamp) -> Status {
    let next = ways::of(s, now);
    match &s.record {
        Some((_, record)) => prepared(s, record, next),
        None => unprepared(s, next),
    }
}

/// The same, with why the next step waits. `refused`: why the API server would not let a release begin, where
/// it was asked.
pub fn with_why(s: &Snapshot, now: Timestamp, refused: &[String]) -> Status {
    let mut status = of(s, now);
    for way in &mut status.next {
        if matches!(way, Way::Deploy | Way::Init) && !refused.is_empty() {
            *way = Way::Check;
        }
    }
    Status { why: Some(why(s, now, refused)), ..status }
}

/// The status of an app that `init` has taken in.
fn prepared(s: &Snapshot, record: &Record, next: Vec<Way>) -> Status {
    let leads = s.routes_lead(record);
    let live = match leads {
        Leads::To(colour) => Some(colour),
        Leads::Astray => None,
    };
    let problem = problem(s, record, leads);
    let release = record.release.as_ref();
    Status {
        app: s.names.app.clone(),
        namespace: s.names.namespace.clone(),
        live: live.and_then(|colour| side(s, colour)),
        candidate: release.and_then(|release| candidate(s, record, release)),
        kept: live.filter(|_| release.is_none()).and_then(|live| kept(s, live)),
        before: live.and_then(|live| before(s, record, live)),
        route: s
            .routes(record)
            .into_iter()
            .map(|route| Route {
                kind: route.kind_name(),
                name: route.name().to_owned(),
                hosts: route.hosts(),
            })
            .collect(),
        release: release.map(|release| progress(s, record, release)),
        last: record.history.last().map(|last| Last {
            number: last.number,
            outcome: last.outcome,
            ended: last.ended,
        }),
        healthy: problem.is_none(),
        problem,
        mend: ways::mend(s),
        drift: drift::of(s, record),
        next,
        why: None,
    }
}

/// The status of an app that nobody has taken in yet.
fn unprepared(s: &Snapshot, next: Vec<Way>) -> Status {
    Status {
        app: s.names.app.clone(),
        namespace: s.names.namespace.clone(),
        live: None,
        candidate: None,
        kept: None,
        before: None,
        route: Vec::new(),
        release: None,
        last: None,
        healthy: false,
        problem: Some(match s.slot(Colour::Blue) {
            Some(_) => "not set up for releases".to_owned(),
            None => format!("there is no Deployment {}", s.names.deployment(Colour::Blue)),
        }),
        mend: None,
        drift: Vec::new(),
        next,
        why: None,
    }
}

/// What keeps the live version from serving at its full size, or people from reaching it.
fn problem(s: &Snapshot, record: &Record, leads: Leads) -> Option<String> {
    let Leads::To(colour) = leads else {
        if record.route == RouteKind::Service {
            let service = &record.service;
            return Some(match s.live_service(record) {
                None => format!("there is no Service {service}, which is the app's route"),
                Some(_) => format!("Service {service} does not point to one colour"),
            });
        }
        return Some(match s.route_names(record)[..] {
            [] => format!("no Ingress names Service {} any more", record.service),
            [_] => "the Ingress does not point to one colour".to_owned(),
            ref several => {
                format!("the Ingresses ({}) do not all point to one colour", several.join(", "))
            }
        });
    };
    if s.live_service_leads(record) != leads {
        let service = &record.service;
        return Some(format!("Service {service} does not point to {colour}, as the Ingress does"));
    }
    let Some(slot) = s.slot(colour) else {
        return Some(format!("there is no Deployment {}", s.names.deployment(colour)));
    };
    let desired = slot.desired();
    if desired == 0 {
        return Some(format!("Deployment {} is scaled to 0", slot.name()));
    }
    (!s.serves(colour, desired)).then(|| match slot.ready_replicas() {
        ready if ready < desired => format!("{ready} of {desired} pods are ready"),
        _ if slot.is_paused() => format!("Deployment {} is paused", slot.name()),
        _ if s.endpoints(colour) < desired => {
            let service = s.names.service(colour);
            format!("Service {service} reaches {} of {desired} pods", s.endpoints(colour))
        }
        _ => format!("Deployment {} is being rolled out", slot.name()),
    })
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

/// The colour beside the live one, if it was not put away.
fn kept(s: &Snapshot, live: Colour) -> Option<Side> {
    let runs = s.slot(live.other()).is_some_and(|slot| slot.desired() > 0);
    runs.then(|| side(s, live.other())).flatten()
}

/// The version before the live one, where it is not kept running.
fn before(s: &Snapshot, record: &Record, live: Colour) -> Option<Side> {
    let old = live.other();
    let is_before = match &record.release {
        Some(release) => release.from == old,
        None => record.last_promoted().is_some() && s.slot(old)?.desired() == 0,
    };
    is_before.then(|| side(s, old)).flatten()
}

/// Why the candidate is not ready, as far as its pods were looked at.
fn trouble(s: &Snapshot, record: &Record, release: &Release) -> Option<String> {
    let edited = || {
        let slot = s.slot(release.to).filter(|slot| slot.release() == Some(release.number))?;
        release.is_edited(slot, &record.label).then(|| {
            format!(
                "the pod template of {} is not the one that release {} sent",
                slot.name(),
                release.number
            )
        })
    };
    let trouble = edited().or_else(|| Some(s.trouble(release.to)?.sentence()));
    let unready = || Some(s.unready(release.to, release.number).first()?.sentence());
    let is_ready = s.slot(release.to).is_some_and(|slot| s.serves(release.to, slot.desired()));
    trouble.or_else(unready).or_else(|| s.hindrance(record, release).filter(|_| is_ready))
}

fn progress(s: &Snapshot, record: &Record, release: &Release) -> Progress {
    let phase = s.phase(record, release);
    let waiting = Some(release).filter(|_| phase == Phase::Waiting);
    Progress {
        number: release.number,
        phase,
        from: release.from,
        to: release.to,
        started: release.started,
        since: phase.since(release),
        approved: release.approved.clone(),
        ending: release.ending.clone(),
        trouble: phase.has_candidate().then(|| trouble(s, record, release)).flatten(),
        preview: waiting.and_then(|_| s.preview_site()),
        gate: Gate {
            next: waiting.and_then(|release| release.gate.again()),
            expires: waiting.and_then(Release::expires),
            answer: release.gate.answer,
            failures: release.gate.failures,
            threshold: release.gate.threshold,
            asked: release.gate.asked,
        },
        driver: record
            .driver
            .as_ref()
            .map(|driver| Driver { holder: driver.holder.clone(), last_seen: driver.seen }),
    }
}
