//! Before the first write of a release, or of `init`: what is not told by the objects alone is asked,
//! all of it at the same time.

use futures_util::future::{join, try_join};

use super::Loop;
use crate::cluster::{dry_run, missing, reply_if_any, tried};
use crate::error::{Error, Kind};
use crate::event::What;
use crate::model::Write;
use crate::release::checks::rights::{self, Right};
use crate::release::checks::{self, Check, CheckStatus, Reply};
use crate::release::plan::{Preflight, Step, preflight};
use crate::release::{Outcome, Reading, Snapshot, Tried, file_vs_cluster};

impl Loop<'_> {
    /// How the command ends, before its first write, if it was given an address to ask for what is no
    /// route of the app's.
    fn misled(&self, s: &Snapshot) -> Option<Outcome> {
        let (_, record) = s.record.as_ref().filter(|_| self.writes == 0)?;
        let route = (record.service.as_str(), record.route);
        let reasons = file_vs_cluster::no_routes(s, route, &self.drive.probe.routes());
        (!reasons.is_empty()).then_some(Outcome::Unfit { reasons })
    }

    /// Asks what the API server makes of the template in a file.
    pub async fn read_template(&mut self, of: Tried, write: &Write) -> Result<(), Error> {
        let cluster = self.drive.cluster;
        let reply = tokio::select! {
            reply = tried(cluster, write) => reply,
            signal = self.drive.interrupts.next() => return Err(self.interrupted(signal)),
        };
        let reply = reply.map_err(|error| cluster.explain(error, "dry-run the new version"))?;
        self.look.memory.reading = Some(Reading { tried: of, reply });
        Ok(())
    }

    /// Once, before a step that begins something: how the command ends if it should not.
    pub async fn preflight(&mut self, step: &Step, s: &Snapshot) -> Result<Option<Outcome>, Error> {
        if let Some(outcome) = self.misled(s) {
            return Ok(Some(outcome));
        }
        if self.checked {
            return Ok(None);
        }
        let now = self.now();
        let Some(look) = preflight(&self.drive.goal, &step.action, s, now) else {
            return Ok(None);
        };
        self.checked = true;
        let Preflight { warnings, steps, pod, is_back } = look;
        let cluster = self.drive.cluster;
        let hint = rights::hint(&(self.drive.command)("check"));
        let asking = join(
            missing(cluster, rights::all()),
            try_join(dry_run(cluster, steps), reply_if_any(cluster, pod.as_ref())),
        );
        let (missing, tried) = tokio::select! {
            asked = asking => asked,
            signal = self.drive.interrupts.next() => return Err(self.interrupted(signal)),
        };
        let missing = match missing {
            Err(error) if error.is_unauthenticated() => {
                return Err(cluster.explain(error, "check your permissions"));
            }
            missing => missing,
        };
        let (tried, pod) = tried.map_err(|error| cluster.explain(error, "dry-run the steps"))?;
        let has = |kind| s.objects.list(kind).next().is_some();
        let is_forbidden = tried.iter().any(|tried| tried.reply == Reply::Forbidden);
        let missing = missing.map(|mut missing| {
            // A way back makes nothing and deletes nothing but what was tried.
            let is_needed = |right: &Right| !["create", "delete"].contains(&right.verb);
            missing.retain(|right| !is_back || is_forbidden || is_needed(right));
            missing
        });
        let rights = rights::told(missing, has, &hint);
        let mut tried = [checks::dry_run(&tried), checks::admission(&tried, s)].concat();
        tried.extend(pod.and_then(|pod| of_pod(&pod, &tried)));
        let all = || warnings.iter().chain(&rights).chain(&tried);
        for check in all().filter(|check| check.status == CheckStatus::Warn).cloned() {
            let Check { name, what, hint, .. } = check;
            self.emit(What::Warned { check: name, what, hint });
        }
        if rights.iter().any(Check::has_failed) {
            let mut error =
                Error::new(Kind::NotPermitted, "you lack permissions that a release needs");
            error.causes =
                rights.into_iter().filter(Check::has_failed).map(|check| check.what).collect();
            return Err(error.hint(hint));
        }
        let reasons = checks::failed(&tried);
        Ok((!reasons.is_empty()).then_some(Outcome::Unfit { reasons }))
    }
}

/// What is said of a pod that was tried. Without the right to it a release goes on as ever; and what keeps
/// the steps from being tried, or is refused in them, is so with a pod, too.
fn of_pod(reply: &Reply, tried: &[Check]) -> Option<Check> {
    let check = checks::pod_template(Some(reply));
    let is_said = tried.iter().any(|it| it.status == check.status);
    let is_silent = *reply == Reply::Forbidden || check.status != CheckStatus::Pass && is_said;
    (!is_silent).then_some(check)
}
