//! Before the first write of a release, or of `init`: what is not told by the objects alone is asked,
//! all of it at the same time.

use futures_util::future::{join, join_all};

use super::Loop;
use crate::cluster::{missing, rehearsed};
use crate::error::{Error, Kind};
use crate::event::What;
use crate::release::checks::{self, Check, Grade, rights};
use crate::release::plan::{Preflight, Step, preflight};
use crate::release::{Outcome, Snapshot};

impl Loop<'_> {
    /// Once, before a step that begins something: how the command ends if it should not.
    pub async fn preflight(&mut self, step: &Step, s: &Snapshot) -> Result<Option<Outcome>, Error> {
        if self.checked {
            return Ok(None);
        }
        let now = self.now();
        let Some(look) = preflight(&self.drive.goal, &step.doing, s, now) else {
            return Ok(None);
        };
        self.checked = true;
        let Preflight { warnings, steps } = look;
        let cluster = self.drive.cluster;
        let hint =
            format!("{} --role prints the Role that allows it", (self.drive.command)("check"));
        let all = rights::all();
        let tried = join_all(steps.into_iter().map(|step| rehearsed(cluster, step)));
        let asking = join(missing(cluster, &all), tried);
        let (missing, tried) = tokio::select! {
            asked = asking => asked,
            signal = self.drive.interrupts.next() => return Err(self.interrupted(signal)),
        };
        let has = |kind| s.objects.list(kind).next().is_some();
        let rights = match missing {
            Ok(missing) => rights::checks(&missing, has, &hint),
            Err(error) => vec![rights::unknown(&error.to_string())],
        };
        let tried = checks::rehearsed(&tried);
        let all = || warnings.iter().chain(&rights).chain(&tried);
        for check in all().filter(|check| check.verdict == Grade::Warn).cloned() {
            let Check { name, what, hint, .. } = check;
            self.emit(What::Warned { check: name, what, hint });
        }
        let failed = |checks: &[Check]| -> Vec<Check> {
            checks.iter().filter(|check| check.verdict == Grade::Fail).cloned().collect()
        };
        let forbidden = failed(&rights);
        if !forbidden.is_empty() {
            let mut error =
                Error::new(Kind::NotPermitted, "you may not do all that a release does");
            error.causes = forbidden.into_iter().map(|check| check.what).collect();
            return Err(error.hint(hint));
        }
        let reasons: Vec<String> = failed(&tried).iter().map(Check::reason).collect();
        Ok((!reasons.is_empty()).then_some(Outcome::Unfit { reasons }))
    }
}
