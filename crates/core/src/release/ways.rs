//! What a person may type now: subcommands that the plan would not refuse in this state. It is asked
//! itself, so that no hint names what then ends with "nothing to do".

use jiff::Timestamp;
use json_patch::PatchOperation;
use schemars::JsonSchema;
use serde::Serialize;

use super::goal::Gate;
use super::plan::{Next, dry_run, plan};
use super::{
    Change, Declared, Deploy, Goal, Init, Me, Memory, Outcome, Phase, Record, Release, Settings,
    Snapshot, Unreadable, checks,
};
use crate::model::{Colour, Kind, Write};
use crate::release::routes::Leads;
use crate::route::Switch;

/// So many writes to the record are followed: a yes that is written down, a driver that takes over.
const FOLLOWED: usize = 4;

/// A subcommand that works now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub enum Way {
    #[serde(rename = "init")]
    Init,
    /// Nothing else works until that is fixed.
    #[serde(rename = "check")]
    Check,
    #[serde(rename = "deploy")]
    Deploy,
    #[serde(rename = "promote")]
    Promote,
    /// Approve a candidate that is not ready yet.
    #[serde(rename = "promote --when-ready")]
    PromoteWhenReady,
    #[serde(rename = "abort")]
    Abort,
    #[serde(rename = "rollback")]
    Rollback,
}

/// The likeliest first.
pub fn of(s: &Snapshot, now: Timestamp) -> Vec<Way> {
    // Whoever types it is another process than the one that asks here, and finds the same beyond the namespace.
    let mut memory = Memory::default();
    memory.beyond.clone_from(&s.memory.beyond);
    let s = &Snapshot { memory, ..s.clone() };
    let Some((_, record)) = &s.record else {
        let ways = s.slot(Colour::Blue).map(|_| taken_in(s, now));
        return ways.into_iter().collect();
    };
    let Some(release) = &record.release else { return idle(s, now) };
    if release.ending.is_some() {
        // Without a driver it stays as it is until somebody goes on with it.
        return if record.driver.is_none() { vec![Way::Abort] } else { Vec::new() };
    }
    let phase = s.phase(record, release);
    // Whoever drives it goes on by itself, but for a word that it waits for.
    let is_asked = phase == Phase::Waiting || record.driver.is_none();
    let first = held_up(s, record, release, now);
    let first = first.or_else(|| is_asked.then(|| promoted(s, now)).flatten());
    first.into_iter().chain([Way::Abort]).collect()
}

/// What has to be put in order before the first Ingress is switched: a yes would end there.
fn held_up(s: &Snapshot, record: &Record, release: &Release, now: Timestamp) -> Option<Way> {
    if s.begun(record, release) || s.switched(record, release) || release.switched.is_some() {
        return None;
    }
    let (service, label) = (record.service.as_str(), &record.label);
    let is_fit = checks::routes(s, record, release.back.is_some()).is_empty()
        && checks::unable(s, service, label, release.from).is_empty();
    if !is_fit {
        return Some(Way::Check);
    }
    (!checks::missing(s, record).is_empty()).then(|| taken_in(s, now))
}

fn promoted(s: &Snapshot, now: Timestamp) -> Option<Way> {
    let goes = |when_ready| works(s, &Goal::Promote { release: None, when_ready }, now);
    match (goes(false), || goes(true)) {
        (true, _) => Some(Way::Promote),
        (false, later) if later() => Some(Way::PromoteWhenReady),
        _ => None,
    }
}

/// Whether `init` would take the app in, or put it in order; else what tells why not.
fn taken_in(s: &Snapshot, now: Timestamp) -> Way {
    if works(s, &Goal::Init(Init::default()), now) { Way::Init } else { Way::Check }
}

fn idle(s: &Snapshot, now: Timestamp) -> Vec<Way> {
    let settings = Settings::default();
    let back = Goal::Rollback { release: None, to: None, settings };
    let back = works(s, &back, now).then_some(Way::Rollback);
    // The version that is live, so that nothing but the state is in the way.
    let deploy = Goal::Deploy(Deploy {
        change: Change::Images(Vec::new()),
        marks: None,
        gate: Gate::Open,
        detach: false,
        replace: false,
        wait: false,
        settings,
        expected: Declared::default(),
        allow_policy_gap: false,
    });
    let first = match followed(s, &deploy, now) {
        Err(_) => Some(Way::Check),
        Ok(Some(Outcome::Unprepared { .. })) => Some(taken_in(s, now)),
        Ok(Some(outcome)) if refuses(&outcome) => {
            // With routes that lead apart there is a command of kubectl's: `mend`.
            mend(s).is_none().then_some(Way::Check)
        }
        Ok(_) => Some(Way::Deploy),
    };
    first.into_iter().chain(back).collect()
}

/// That the user's own Deployment is not there: one that was taken in has to come back.
pub fn no_deployment(s: &Snapshot) -> String {
    let what = s.names.no_deployment();
    match s.record {
        Some(_) => format!("{what}: apply its manifest again"),
        None => what,
    }
}

/// That nobody is served, as the version that is live is not there.
pub fn no_live(s: &Snapshot, live: Colour) -> String {
    let what = format!("there is no Deployment {}", s.names.deployment(live));
    match mend(s) {
        Some(mend) => {
            format!("{what}, which is live: to serve the version before it again: {mend}")
        }
        None => what,
    }
}

/// The command of kubectl's that leads the live Service to where the Ingress leads, where it does not.
pub fn mend(s: &Snapshot) -> Option<String> {
    let (_, record) = s.record.as_ref()?;
    let Leads::To(colour) = s.routes_lead(record) else { return None };
    if record.release.is_none() && s.slot(colour).is_none() {
        return to_the_other(s, record, colour.other());
    }
    s.live_service(record)?;
    if record.release.is_some() || s.live_service_leads(record) == Leads::To(colour) {
        return None;
    }
    Some(select(s, record, &record.service, colour))
}

/// The command that makes a Service select a colour.
pub fn select(s: &Snapshot, record: &Record, service: &str, colour: Colour) -> String {
    let flags = &s.names.flags;
    let (key, value) = (&record.label.key, record.label.value(colour));
    let patch = serde_json::json!({"spec": {"selector": {key: value}}});
    format!("kubectl patch service {service}{flags} --type=merge -p '{patch}'")
}

/// The live Deployment was deleted, and nobody is served: the commands that start the other one and lead
/// everybody there.
fn to_the_other(s: &Snapshot, record: &Record, colour: Colour) -> Option<String> {
    let (slot, flags) = (s.slot(colour)?, &s.names.flags);
    let name = slot.name();
    let replicas = slot.desired().max(1);
    let mut commands = vec![
        format!("kubectl scale deployment/{name}{flags} --replicas={replicas}"),
        format!("kubectl rollout status deployment/{name}{flags}"),
    ];
    let (services, to) = (s.serving(record), s.names.service(colour));
    let (app, release, epoch) = (s.names.app.as_str(), record.number, record.epoch);
    let label = &record.label;
    let switch = Switch { app, services: &services, to: &to, colour, label, release, epoch };
    // The live Service may be the route: it is led below.
    let routes = s.routes(record).into_iter().filter(|route| route.kind() != Kind::Service);
    commands.extend(routes.filter_map(|route| {
        let Write::Patch { id, patch } = route.switch(&switch) else { return None };
        let is_led = |it: &&PatchOperation| matches!(it, PatchOperation::Replace(_));
        let patch: Vec<&PatchOperation> = patch.0.iter().filter(is_led).collect();
        let patch = serde_json::to_string(&patch).ok()?;
        let (kind, name) = (id.kind.to_string().to_lowercase(), id.name);
        Some(format!("kubectl patch {kind} {name}{flags} --type=json -p '{patch}'"))
    }));
    commands.extend(s.live_service(record).map(|_| select(s, record, &record.service, colour)));
    Some(commands.join(" && "))
}

fn works(s: &Snapshot, goal: &Goal, now: Timestamp) -> bool {
    followed(s, goal, now).is_ok_and(|outcome| outcome.is_none_or(|outcome| !refuses(&outcome)))
}

/// How a command would end before it has written anything but the record, if it would.
fn followed(s: &Snapshot, goal: &Goal, now: Timestamp) -> Result<Option<Outcome>, Unreadable> {
    let me = Me { id: "asked".to_owned(), holder: "asked".to_owned() };
    let mut s = s.clone();
    for _ in 0..FOLLOWED {
        match plan(goal, &me, &s, now) {
            Next::Done(outcome) => return Ok(Some(outcome)),
            Next::Do(step) if step.write.id().kind == Kind::ConfigMap => {
                s = dry_run::after(&s, &step)?;
            }
            Next::Do(_) | Next::Wait { .. } | Next::Ask(_) => return Ok(None),
        }
    }
    Ok(None)
}

/// Whether it would end without having done what it is for.
fn refuses(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Changed { .. }
        | Outcome::NothingToDo { .. }
        | Outcome::InTheWay { .. }
        | Outcome::NotReady { .. }
        | Outcome::NotInitialised
        | Outcome::Unprepared { .. }
        | Outcome::Unfit { .. }
        | Outcome::Misfit { .. }
        | Outcome::Misread { .. }
        | Outcome::Ungated => true,
        Outcome::Initialised
        | Outcome::Finished(_)
        | Outcome::AlreadyLive { .. }
        | Outcome::Detached { .. }
        | Outcome::Busy { .. }
        | Outcome::TakenOver { .. }
        | Outcome::DryRun => false,
    }
}
