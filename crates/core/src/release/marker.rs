//! The marker: a rule that is added to the Ingress of ours when a switch has been made, for a host that
//! nobody has. An ingress controller that takes in changes of Ingresses in their order serves it only once
//! it has taken in the switch as well. So where the versions answer alike, that tells what their answers
//! do not.
//!
//! It is read off the Ingress itself: whoever drives finds it there, and takes it away again.

use serde_json::{Value, json};

use super::settings::SETTLE_SECONDS;
use super::{Record, Release, Snapshot, managed, ports, template};
use crate::model::{Id, Kind, Write};
use crate::route::{DataPlane, Marker, Markers};

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

fn markers(s: &Snapshot) -> Markers {
    Markers::new(&managed::secret(s)[..PART])
}

/// By which hosts it is seen whether the ingress has taken in a release's marker.
pub fn hosts(s: &Snapshot, record: &Record, release: &Release) -> Option<Hosts> {
    let nobodys = template::hash(&json!(["nobody's", managed::secret(s)]));
    let marker = marker(s, record, release)?;
    Some(Hosts {
        known: managed::host(s),
        unknown: Markers::new(&nobodys[..PART]).host(release.number),
        marker: marker.host,
        path: marker.path,
    })
}

/// For the candidate's Service alone.
fn marker(s: &Snapshot, record: &Record, release: &Release) -> Option<Marker> {
    let mut ports = ports::asked_for(s, record);
    ports.sort_by_key(Value::to_string);
    markers(s).of(release.number, &s.names.service(release.to), ports.first()?)
}

/// The Ingress as it is without one.
pub fn without(s: &Snapshot, ingress: &Value) -> Value {
    markers(s).without(ingress)
}

/// Whether the Ingress has a release's own.
pub fn is_there(s: &Snapshot, record: &Record, release: &Release) -> bool {
    let marker = marker(s, record, release);
    marker.zip(s.managed_ingress()).is_some_and(|(marker, ours)| marker.is_in(ours))
}

/// Whether a release may have one: of controllers that were tried, ingress-nginx alone needs an Ingress of
/// ours.
fn is_for(s: &Snapshot, record: &Record, release: &Release) -> bool {
    release.switched.is_some()
        && s.data_plane(&record.service, record.route).plane == DataPlane::IngressNginx
}

/// Whether it can tell anything of a release's switch now.
pub fn is_of_use(s: &Snapshot, record: &Record, release: &Release) -> bool {
    // Whoever says how long a switch takes is taken at his word.
    let is_said = release.settle_said || release.settle_seconds != SETTLE_SECONDS;
    !is_said
        && is_for(s, record, release)
        && release.drain_until.is_none()
        && release.ending.is_none()
        && managed::unfit(s, record).is_none()
}

/// The Ingress of ours, while a driver of a release may write it: also one before this, which had not been
/// told how long a switch takes.
pub fn written<'a>(s: &'a Snapshot, record: &Record) -> Option<&'a Value> {
    let release = record.release.as_ref()?;
    let ours = s.managed_ingress()?;
    let may_be = is_for(s, record, release) && release.drain_until.is_none();
    (may_be || markers(s).places(ours).next().is_some()).then_some(ours)
}

/// Adds it, in the place of any that was left behind.
pub fn add(s: &Snapshot, record: &Record, release: &Release) -> Option<Write> {
    let ours = s.managed_ingress()?;
    Some(marker(s, record, release)?.add(&markers(s), ours))
}

/// Takes away whatever stands there.
pub fn remove(s: &Snapshot) -> Option<Write> {
    markers(s).remove(s.managed_ingress()?)
}

/// That one stands there though no release looks for it any more.
pub fn left(s: &Snapshot) -> Option<String> {
    remove(s)?;
    let ingress = s.names.preview();
    let why = s.memory.refusal(&Id::new(Kind::Ingress, &ingress));
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Some(format!("Ingress {ingress} still has the rule that was added to confirm a switch{why}"))
}
