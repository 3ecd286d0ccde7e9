//! The autoscalers and budgets of the two colours, in the course of a release. The rules look at what
//! is, so whoever goes on with a release goes on with these:
//!
//! - A candidate has a budget where the live pods have one, before its first pod.
//! - The live colour's autoscaler scales freely. The other colour's, as long as that has pods, is held:
//!   neither a waiting candidate nor the version that one may have to go back to shrinks for want of
//!   requests.
//! - Right after the switch the new version gets a clone of the old one's autoscaler, unless its slot
//!   has one.
//! - Clones go with their slot; a user's own are left, and do nothing at size 0.

use super::{Action, Context, Next};
use crate::model::{Colour, Id, Kind, Write, name, string_map, version};
use crate::release::drift::{self, Lacks};
use crate::release::{Record, Release, Snapshot, autoscaling, selector, template};

const KINDS: [Kind; 2] = [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget];

/// A budget for the candidate's pods, if the live ones have one that does not hold them.
pub fn budget(
    cx: Context,
    record: &Record,
    release: &Release,
    wanted: &serde_json::Value,
) -> Option<Next> {
    let s = cx.s;
    let pods = template::coloured(wanted, &record.label, release.to, release.number);
    let candidate = string_map(&pods["metadata"]["labels"]);
    let live = s.slot(release.from)?.template();
    let live = string_map(&live["metadata"]["labels"]);
    let holds =
        |budget: &serde_json::Value, labels| selector::matches(&budget["spec"]["selector"], labels);
    let budgets = || s.objects.list(Kind::PodDisruptionBudget);
    let is_free =
        s.objects.get(Kind::PodDisruptionBudget, &s.names.deployment(release.to)).is_none();
    if !is_free || budgets().any(|budget| holds(budget, &candidate)) {
        return None;
    }
    let like = budgets().find(|budget| holds(budget, &live))?;
    let labels = &pods["metadata"]["labels"];
    let (number, epoch) = (release.number, record.epoch);
    let write =
        autoscaling::budget(&s.names, like, &record.label, release.to, labels, number, epoch)?;
    let budget = write.id().name.clone();
    Some(cx.act(Action::MakeBudget { budget }, write))
}

/// An autoscaler for the version that has just become live.
pub fn follow(cx: Context, record: &Record, release: &Release) -> Option<Next> {
    let (action, write) = copy(cx.s, release.to, (release.number, record.epoch))?;
    Some(cx.act(action, write))
}

/// The copy of the other colour's.
pub fn copy(s: &Snapshot, to: Colour, (number, epoch): (u64, u64)) -> Option<(Action, Write)> {
    let deployment = s.names.deployment(to);
    let is_free = s.objects.get(Kind::HorizontalPodAutoscaler, &deployment).is_none();
    if !is_free || !s.autoscalers(to).is_empty() {
        return None;
    }
    let like = *s.autoscalers(to.other()).first()?;
    let write = autoscaling::autoscaler(&s.names, like, to, number, epoch);
    let autoscaler = write.id().name.clone();
    Some((Action::MakeAutoscaler { autoscaler, deployment }, write))
}

/// Holds the autoscaler of the colour that is not live, and lets go of the one that is.
pub fn pin(cx: Context, live: Colour) -> Option<Next> {
    let s = cx.s;
    Colour::BOTH.into_iter().find_map(|colour| {
        let size = s.slot(colour).map_or(0, |slot| slot.desired());
        s.autoscalers(colour).into_iter().find_map(|scaler| {
            let (autoscaler, kept) = (name(scaler).to_owned(), colour != live && size > 0);
            let (action, write) = match kept {
                true => {
                    let action = Action::PinAutoscaler { autoscaler, replicas: size };
                    (action, autoscaling::pin_min_replicas(scaler, size)?)
                }
                false => (Action::UnpinAutoscaler { autoscaler }, autoscaling::unpin(scaler)?),
            };
            Some(cx.act_fresh(action, write))
        })
    })
}

/// The live version's clones brought in line with the user's own, which have changed meanwhile.
pub fn align(cx: Context, record: &Record) -> Option<Next> {
    let s = cx.s;
    if !drift::applies(s, record) {
        return None;
    }
    KINDS.into_iter().find_map(|kind| {
        let (number, epoch) = (record.number, record.epoch);
        let deployment = s.names.deployment(Colour::Green);
        let scales = kind == Kind::HorizontalPodAutoscaler;
        Some(match drift::lacks(s, record, kind)? {
            Lacks::Own { clone } => removed(cx, kind, clone),
            Lacks::Change { clone, spec, .. } => {
                let clone_name = name(clone).to_owned();
                let action = match scales {
                    true => Action::AlignAutoscaler { autoscaler: clone_name },
                    false => Action::AlignBudget { budget: clone_name },
                };
                cx.act(action, drift::align(kind, clone, spec))
            }
            Lacks::Clone { like } if scales => {
                let write = autoscaling::autoscaler(&s.names, like, Colour::Green, number, epoch);
                let autoscaler = write.id().name.clone();
                cx.act(Action::MakeAutoscaler { autoscaler, deployment }, write)
            }
            Lacks::Clone { like } => {
                let pods = &s.slot(Colour::Green)?.template()["metadata"]["labels"];
                let (label, green) = (&record.label, Colour::Green);
                let write = autoscaling::budget(&s.names, like, label, green, pods, number, epoch)?;
                let budget = write.id().name.clone();
                cx.act(Action::MakeBudget { budget }, write)
            }
        })
    })
}

/// Takes the clones of a colour away that is on its way out, or never came.
pub fn remove(cx: Context, colour: Colour) -> Option<Next> {
    KINDS.into_iter().find_map(|kind| {
        let object = cx.s.clone_beside(kind, colour)?;
        Some(removed(cx, kind, object))
    })
}

fn removed(cx: Context, kind: Kind, object: &serde_json::Value) -> Next {
    let id = Id::new(kind, name(object));
    let action = match kind {
        Kind::HorizontalPodAutoscaler => Action::RemoveAutoscaler { autoscaler: id.name.clone() },
        _ => Action::RemoveBudget { budget: id.name.clone() },
    };
    cx.act_fresh(action, Write::delete(id, version(object)))
}
