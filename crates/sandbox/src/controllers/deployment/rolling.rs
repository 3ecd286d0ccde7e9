//! A rolling update: the new ReplicaSet grows, the old ones shrink, within what is allowed.

use std::sync::Arc;

use serde_json::Value;

use super::Rollout;
use super::sizes::{available, size};

impl Rollout<'_> {
    /// Whether something was done.
    pub fn grow_new(&self) -> bool {
        let Some(new) = &self.new else { return false };
        let has = size(new);
        let all: i64 = self.all().map(|set| size(set)).sum();
        let room = (self.sizes.most() - all).max(0);
        // More than wanted is taken away, whatever the others have.
        let wanted = self.sizes.desired.min(has + room);
        if wanted != has {
            self.resize(new, wanted);
        }
        wanted != has
    }

    /// Whether something was done.
    pub fn shrink_old(&mut self) -> bool {
        let Some(new) = self.new.clone() else { return false };
        let all: i64 = self.all().map(|set| size(set)).sum();
        // What the new one is still missing is not there to replace anything.
        let spare = all - self.sizes.least() - (size(&new) - available(&new));
        if spare <= 0 || self.old.iter().all(|set| size(set) == 0) {
            return false;
        }
        if self.old.iter().any(|set| size(set) > 0 && available(set) > size(set)) {
            // What was taken before is still counted as there.
            return false;
        }
        // First the old pods that serve nobody, then the others.
        let mut left = spare;
        let taken = self.shrink_each(|set| size(set) - available(set), &mut left);
        let working: i64 = self.all().map(|set| available(set)).sum();
        let mut left = (working - self.sizes.least()).max(0);
        taken + self.shrink_each(size, &mut left) > 0
    }

    /// Takes from each old ReplicaSet what it can give, as long as something is to be taken.
    fn shrink_each(&mut self, gives: impl Fn(&Value) -> i64, left: &mut i64) -> i64 {
        let mut taken = 0;
        for place in 0..self.old.len() {
            let set = Arc::clone(&self.old[place]);
            let less = gives(&set).min(*left);
            if less > 0 {
                self.old[place] = self.resize(&set, size(&set) - less);
                *left -= less;
                taken += less;
            }
        }
        taken
    }
}
