//! The conditions by which one plan was made, as it went through them.

use std::cell::RefCell;

use super::{Context, Next};
use crate::release::condition::{Aim, Condition, all_met};

/// Each group in the order in which it was looked at; what is looked at twice stands there once.
#[derive(Default)]
pub struct Needs(RefCell<Vec<Vec<Condition>>>);

impl Needs {
    /// The groups, the last one that was not met being what a wait is for.
    pub fn into_groups(self) -> Vec<Vec<Condition>> {
        self.0.into_inner()
    }
}

impl Context<'_> {
    /// Whether all of these conditions of a step are met. Whatever decides about a wait goes through here,
    /// so what `status --why` shows is what decided.
    pub fn all(&self, step: Aim, conditions: impl IntoIterator<Item = Condition>) -> bool {
        let conditions = conditions.into_iter().map(|it| Condition { step, ..it });
        let conditions: Vec<Condition> = conditions.collect();
        let met = all_met(&conditions);
        self.needs.0.borrow_mut().push(conditions);
        met
    }

    /// A condition that rests on what the driver alone has heard: for anybody else it is not known.
    pub fn heard(&self, condition: Condition) -> Condition {
        match self.is_driver {
            true => condition,
            false => condition.unknown(self.driver().map(|driver| driver.holder.clone())),
        }
    }

    fn driver(&self) -> Option<&crate::release::Driver> {
        self.s.record.as_ref().and_then(|(_, record)| record.driver.as_ref())
    }
}

/// All conditions of a plan, each once.
pub fn flat(groups: &[Vec<Condition>]) -> Vec<Condition> {
    let mut all: Vec<Condition> = Vec::new();
    for condition in groups.iter().flatten() {
        if !all.contains(condition) {
            all.push(condition.clone());
        }
    }
    all
}

/// A decision, and the conditions that were looked at for it.
pub struct Decided {
    pub next: Next,
    pub conditions: Vec<Condition>,
}
