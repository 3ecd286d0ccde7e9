//! What the user has changed of the app's size, on blue or beside it, while green is live: green has what
//! blue had when green went live. The next release goes into blue, and finds it there.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::routes::Leads;
use super::{Record, Slot, Snapshot, Way, autoscaling, selector};
use crate::model::{Colour, Id, Kind, Write, name, pointer, string_map, version};

/// A change of the user's that does not apply to the live version automatically.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Drift {
    pub what: String,
    /// The subcommand that applies it to the live version, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// Otherwise the kubectl command that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// What brings the live version's clone of a kind in line with the user's own.
pub enum Lacks<'a> {
    /// There is none.
    Clone { like: &'a Value },
    /// It is as the user's own was.
    Change { clone: &'a Value, like: &'a Value, spec: Value },
    /// The user's own is gone.
    Own { clone: &'a Value },
}

/// Nothing while a release is in progress, or blue is live.
pub fn of(s: &Snapshot, record: &Record) -> Vec<Drift> {
    if !applies(s, record) {
        return Vec::new();
    }
    let [blue, green] = [Colour::Blue, Colour::Green].map(|colour| s.names.deployment(colour));
    let kinds = [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget];
    let beside = kinds.into_iter().filter_map(|kind| {
        let what = match lacks(s, record, kind)? {
            Lacks::Clone { like } => {
                format!("{kind} {} targets {blue}, and not {green}, which is live", name(like))
            }
            Lacks::Change { clone, like, .. } => {
                format!("{kind} {} of the live version differs from {}", name(clone), name(like))
            }
            Lacks::Own { clone } => format!(
                "{kind} {} of the live version is a copy of one that was deleted",
                name(clone)
            ),
        };
        Some(Drift { what, way: Some(Way::Init), mend: None })
    });
    beside.chain(size(s, record)).collect()
}

pub fn applies(s: &Snapshot, record: &Record) -> bool {
    let live = Leads::To(Colour::Green);
    record.release.is_none()
        && s.routes_lead(record) == live
        && s.live_service_leads(record) == live
}

pub fn lacks<'a>(s: &'a Snapshot, record: &Record, kind: Kind) -> Option<Lacks<'a>> {
    let clone = s.clone_beside(kind, Colour::Green);
    let (like, spec) = match kind {
        Kind::HorizontalPodAutoscaler => autoscaler(s),
        _ => budget(s, record),
    }?;
    match (clone, like) {
        (None, None) => None,
        (Some(clone), None) => Some(Lacks::Own { clone }),
        (None, Some(like)) => Some(Lacks::Clone { like }),
        (Some(clone), Some(like)) => (autoscaling::unpinned_spec(clone) != spec)
            .then_some(Lacks::Change { clone, like, spec }),
    }
}

/// The user's own, and what the live version's would be like it; nothing where the live version has one
/// that is no clone.
fn autoscaler(s: &Snapshot) -> Option<(Option<&Value>, Value)> {
    let clone = s.clone_beside(Kind::HorizontalPodAutoscaler, Colour::Green).map(name);
    if s.autoscalers(Colour::Green).into_iter().any(|scaler| Some(name(scaler)) != clone) {
        return None;
    }
    let like = s.autoscalers(Colour::Blue).first().copied();
    let spec = like.map(|like| {
        spec_of(autoscaling::autoscaler(&s.names, like, Colour::Green, 0, 0)).unwrap_or_default()
    });
    Some((like, spec.unwrap_or_default()))
}

fn budget<'a>(s: &'a Snapshot, record: &Record) -> Option<(Option<&'a Value>, Value)> {
    let clone = s.clone_beside(Kind::PodDisruptionBudget, Colour::Green).map(name);
    let others = || s.objects.list(Kind::PodDisruptionBudget).filter(|it| Some(name(it)) != clone);
    let [blue, green] = [Colour::Blue, Colour::Green].map(|colour| s.slot(colour));
    let labels = |slot: Slot| slot.template()["metadata"]["labels"].clone();
    let (blue, green) = (labels(blue?), labels(green?));
    let holds =
        |budget: &&Value, pods| selector::matches(&budget["spec"]["selector"], &string_map(pods));
    if others().any(|budget| holds(&budget, &green)) {
        return None;
    }
    let like = others().find(|budget| holds(budget, &blue));
    let Some(like) = like else { return Some((None, Value::Null)) };
    let write = autoscaling::budget(&s.names, like, &record.label, Colour::Green, &green, 0, 0)
        .and_then(spec_of);
    Some((Some(like), write?))
}

fn spec_of(write: Write) -> Option<Value> {
    match write {
        Write::Create { mut object, .. } => Some(object["spec"].take()),
        _ => None,
    }
}

/// A size that somebody has given blue, which has none by itself while green is live.
fn size(s: &Snapshot, record: &Record) -> Option<Drift> {
    let (blue, green) = (s.slot(Colour::Blue)?, s.slot(Colour::Green)?);
    let is_kept = record.last_promoted().is_some_and(|last| last.kept);
    let is_scaled = Colour::BOTH.into_iter().any(|colour| !s.autoscalers(colour).is_empty());
    let (given, has) = (blue.desired(), green.desired());
    if is_kept || is_scaled || given == 0 || given == has {
        return None;
    }
    let what = format!(
        "Deployment {} was scaled to {given}, but {}, which is live, has {has}",
        blue.name(),
        green.name()
    );
    let flags = &s.names.flags;
    let mend = format!("kubectl scale deployment/{}{flags} --replicas={given}", green.name());
    Some(Drift { what, way: None, mend: Some(mend) })
}

/// What makes a clone like the user's own is now.
pub fn align(kind: Kind, clone: &Value, spec: Value) -> Write {
    use json_patch::{PatchOperation, ReplaceOperation};
    let replace =
        PatchOperation::Replace(ReplaceOperation { path: pointer(["spec"]), value: spec });
    Write::patch(Id::new(kind, name(clone)), &version(clone), vec![replace])
}
