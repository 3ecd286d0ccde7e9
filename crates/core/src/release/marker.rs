//! The marker: a rule that is added to the Ingress of ours when a switch has been made, for a host that
//! nobody has. An ingress controller that takes in changes of Ingresses in their order serves it only once
//! it has taken in the switch as well. So where the versions answer alike, that tells what their answers
//! do not.
//!
//! It is read off the Ingress itself: whoever drives finds it there, and takes it away again.

use json_patch::{AddOperation, PatchOperation, RemoveOperation};
use serde_json::{Value, json};

use super::settings::SETTLE_SECONDS;
use super::{Record, Release, Snapshot, ports, template, warm};
use crate::model::{Id, Kind, Write, name, pointer, version};
use crate::route::DataPlane;

/// The hosts by which the ingress is asked, and the path, which is the same for all three.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hosts {
    /// One that our Ingress has for good.
    pub known: String,
    /// One that nobody has, in the marker's form.
    pub unknown: String,
    pub marker: String,
    pub path: String,
}

/// So much of a hash is a part of a host's name.
const PART: usize = 16;

fn end(s: &Snapshot) -> String {
    format!(".{}.invalid", &warm::secret(s)[..PART])
}

/// By which hosts it is seen whether the ingress has taken in a release's marker.
pub fn hosts(s: &Snapshot, record: &Record, release: &Release) -> Option<Hosts> {
    let number = release.number;
    let nobodys = template::hash(&json!(["nobody's", warm::secret(s)]));
    Some(Hosts {
        known: warm::host(s),
        unknown: format!("r{number}.{}.invalid", &nobodys[..PART]),
        marker: format!("r{number}{}", end(s)),
        path: rule(s, record, release)?["http"]["paths"][0]["path"].as_str()?.to_owned(),
    })
}

/// As the rules of the Ingress's other host, for the candidate's Service alone.
fn rule(s: &Snapshot, record: &Record, release: &Release) -> Option<Value> {
    let mut ports = ports::asked_for(s, record);
    ports.sort_by_key(Value::to_string);
    let path = warm::path(&s.names.service(release.to), ports.first()?);
    let host = format!("r{}{}", release.number, end(s));
    Some(json!({"host": host, "http": {"paths": [path]}}))
}

fn ours(s: &Snapshot) -> Option<&Value> {
    s.objects.get(Kind::Ingress, &s.names.preview())
}

/// Where the rules for markers stand in an Ingress of ours, of whatever release they are.
fn places<'a>(
    s: &Snapshot,
    ingress: &'a Value,
) -> impl DoubleEndedIterator<Item = usize> + use<'a> {
    let end = end(s);
    let rules = ingress["spec"]["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    rules.iter().enumerate().filter_map(move |(nth, rule)| {
        let number = rule["host"].as_str()?.strip_prefix('r')?.strip_suffix(&end)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(nth)
    })
}

/// The Ingress as it is without one.
pub fn without(s: &Snapshot, ingress: &Value) -> Value {
    let mut without = ingress.clone();
    if let Some(rules) = without["spec"]["rules"].as_array_mut() {
        for nth in places(s, ingress).rev() {
            rules.remove(nth);
        }
    }
    without
}

/// Whether the Ingress has a release's own.
pub fn is_there(s: &Snapshot, record: &Record, release: &Release) -> bool {
    let rule = rule(s, record, release);
    let rules = ours(s).and_then(|ours| ours["spec"]["rules"].as_array());
    rule.is_some_and(|rule| rules.is_some_and(|rules| rules.contains(&rule)))
}

/// Whether a release may have one: of controllers that were tried, ingress-nginx alone needs an Ingress of
/// ours. Whoever says how long a switch takes is taken at his word.
fn is_for(s: &Snapshot, record: &Record, release: &Release) -> bool {
    !release.settle_said
        && release.settle_seconds == SETTLE_SECONDS
        && release.switched.is_some()
        && s.data_plane(&record.service).plane == DataPlane::IngressNginx
}

/// Whether it can tell anything of a release's switch now.
pub fn is_of_use(s: &Snapshot, record: &Record, release: &Release) -> bool {
    is_for(s, record, release)
        && release.drain_until.is_none()
        && release.ending.is_none()
        && warm::unfit(s, record).is_none()
}

/// The Ingress of ours, while a driver of a release may write it.
pub fn written<'a>(s: &'a Snapshot, record: &Record) -> Option<&'a Value> {
    let release = record.release.as_ref()?;
    let ours = ours(s)?;
    let may_be = is_for(s, record, release) && release.drain_until.is_none();
    (may_be || places(s, ours).next().is_some()).then_some(ours)
}

/// Adds it, in the place of any that was left behind.
pub fn add(s: &Snapshot, record: &Record, release: &Release) -> Option<Write> {
    let ours = ours(s)?;
    let mut changes = removals(s, ours);
    let (path, value) = (pointer(["spec", "rules", "-"]), rule(s, record, release)?);
    changes.push(PatchOperation::Add(AddOperation { path, value }));
    Some(Write::patch(Id::new(Kind::Ingress, name(ours)), &version(ours), changes))
}

/// Takes away whatever stands there.
pub fn remove(s: &Snapshot) -> Option<Write> {
    let ours = ours(s)?;
    let changes = removals(s, ours);
    let id = Id::new(Kind::Ingress, name(ours));
    (!changes.is_empty()).then(|| Write::patch(id, &version(ours), changes))
}

/// The last first: each moves those behind it.
fn removals(s: &Snapshot, ours: &Value) -> Vec<PatchOperation> {
    let places = places(s, ours).rev().map(|nth| {
        let path = pointer(["spec", "rules", nth.to_string().as_str()]);
        PatchOperation::Remove(RemoveOperation { path })
    });
    places.collect()
}
