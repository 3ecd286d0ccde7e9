//! What could not be looked at, because one may not or because something went wrong: said, and in
//! nobody's way.

use super::report::Check;
use crate::model::{Optional, Unknown};
use crate::release::Snapshot;

/// What a check does not know for want of some of these kinds.
pub fn of(s: &Snapshot, name: &'static str, kinds: &[Optional]) -> Vec<Check> {
    let unknown = s.objects.others.unknown(kinds);
    let forbidden: Vec<&str> = unknown
        .iter()
        .filter_map(|unknown| match unknown {
            Unknown::Forbidden { resource } => Some(resource.as_str()),
            Unknown::Failed { .. } => None,
        })
        .collect();
    let failed = unknown.iter().filter_map(|unknown| match unknown {
        Unknown::Failed { why } => {
            Some(Check::warn(name, format!("not everything was checked: {why}")))
        }
        Unknown::Forbidden { .. } => None,
    });
    let forbidden = (!forbidden.is_empty()).then(|| {
        let what = format!(
            "not everything was checked: you are not allowed to list {}",
            forbidden.join(", ")
        );
        Check::warn(name, what).hint("check APP --role prints the rights that are needed")
    });
    forbidden.into_iter().chain(failed).collect()
}
