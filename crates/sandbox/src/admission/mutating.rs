//! Mutating admission of somebody's: what a webhook or a policy makes of objects before they are
//! stored. It comes after the writer is noted: what it changes, nobody owns.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::refusal::Refusal;
use crate::resources::Resource;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    Create,
    Update,
}

/// One webhook or policy.
#[derive(Clone)]
pub struct Mutation {
    pub name: String,
    pub resource: Resource,
    pub operations: Vec<Operation>,
    /// Whether it may be asked about what is only tried; a webhook with side effects may not.
    pub has_dry_run: bool,
    pub change: Arc<dyn Fn(&mut Value) + Send + Sync>,
}

impl fmt::Debug for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mutation { name, operations, .. } = self;
        write!(f, "{name} on {operations:?}")
    }
}

/// What all of them make of an object; nothing, where it is none of theirs.
pub fn changed(
    all: &[Mutation],
    (resource, operation): (Resource, Operation),
    object: &Value,
    dry: bool,
) -> Result<Option<Value>, Refusal> {
    let meant = |it: &&Mutation| {
        it.resource.plural == resource.plural && it.operations.contains(&operation)
    };
    let mut changed = None;
    for Mutation { name, has_dry_run, change, .. } in all.iter().filter(meant) {
        if dry && !has_dry_run {
            let why = format!("admission webhook {name:?} does not support dry run");
            return Err(Refusal::bad_request(why));
        }
        change(changed.get_or_insert_with(|| object.clone()));
    }
    Ok(changed)
}
