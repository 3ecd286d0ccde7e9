//! Before the first write of a release, or of `init`: what is not told by the objects alone is asked,
//! all of it at the same time.

use futures_util::future::{join, try_join};

use super::Loop;
use crate::cluster::{Breadth, Cluster, dry_run, missing, reply_if_any, tried};
use crate::error::{Error, Kind};
use crate::event::What;
use crate::model::Write;
use crate::release::checks::rights;
use crate::release::checks::{self, Check, CheckStatus, DryRun, Reply};
use crate::release::plan::{Action, Asked, Preflight, preflight};
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

    /// Once, before a step that begins something, or says that all is ready: how the command ends if it should
    /// not.
    pub async fn preflight(
        &mut self,
        action: Option<&Action>,
        s: &Snapshot,
    ) -> Result<Begin, Error> {
        if let Some(outcome) = self.misled(s) {
            return Ok(Begin::Not(outcome));
        }
        if self.checked {
            return Ok(Begin::Go);
        }
        let now = self.now();
        let Some(look) = preflight(&self.drive.goal, action, s, now) else {
            return Ok(Begin::Go);
        };
        let cluster = self.drive.cluster;
        let hint = rights::hint(&(self.drive.command)("check"));
        // Who writes nothing has been told before.
        let warnings = if action.is_some() { look.warnings.clone() } else { Vec::new() };
        let Said { is_outdated, rights, tried } = tokio::select! {
            said = asked(cluster, s, look, &hint) => said?,
            signal = self.drive.interrupts.next() => return Err(self.interrupted(signal)),
        };
        self.looks += 1;
        if is_outdated && self.looks < LOOKS {
            self.observe(Breadth::All).await?;
            return Ok(Begin::LookAgain);
        }
        self.checked = true;
        let all = || warnings.iter().chain(&rights).chain(&tried);
        for check in all().filter(|check| check.status == CheckStatus::Warn).cloned() {
            let Check { name, what, hint, .. } = check;
            self.emit(What::Warned { check: name, what, hint });
        }
        not_permitted(rights, &hint)?;
        let reasons = checks::failed(&tried);
        Ok(match reasons.is_empty() {
            true => Begin::Go,
            false => Begin::Not(Outcome::Unfit { reasons }),
        })
    }
}

/// How often it is looked, where what is there changes between the look and the try.
pub const LOOKS: usize = 5;

/// What follows from what the API server says before a first write.
pub enum Begin {
    Go,
    /// What was tried has changed meanwhile, and was read again.
    LookAgain,
    Not(Outcome),
}

/// What the API server says before a first write.
pub struct Said {
    /// Whether it was asked about what had changed meanwhile.
    pub is_outdated: bool,
    pub rights: Vec<Check>,
    pub tried: Vec<Check>,
}

/// Asks it. `hint`: how one gets rights.
pub async fn asked(
    cluster: &Cluster,
    s: &Snapshot,
    look: Preflight,
    hint: &str,
) -> Result<Said, Error> {
    let Preflight { steps, pod, rights: asked, .. } = look;
    let (missing, tried) = join(
        missing(cluster, rights::all()),
        try_join(dry_run(cluster, steps), reply_if_any(cluster, pod.as_ref())),
    )
    .await;
    let missing = match missing {
        Err(error) if error.is_unauthenticated() => {
            return Err(cluster.explain(error, "check your permissions"));
        }
        missing => missing,
    };
    let (tried, pod) = tried.map_err(|error| cluster.explain(error, "dry-run the steps"))?;
    let has = |kind| s.objects.list(kind).next().is_some();
    let forbidden = tried.iter().filter(|tried| tried.reply == Reply::Forbidden);
    let write = |tried: &DryRun| (tried.step.write.verb(), tried.step.write.id().kind.plural());
    let forbidden: Vec<_> = forbidden.map(write).collect();
    let missing = missing.map(|mut missing| {
        missing.retain(|right| asked == Asked::All || right.is_needed_to_go_on(&forbidden));
        missing
    });
    let rights = rights::told(missing, has, hint);
    let is_outdated = checks::are_outdated(&tried);
    let mut tried = [checks::dry_run(&tried), checks::admission(&tried, s)].concat();
    tried.extend(pod.and_then(|pod| of_pod(&pod, &tried)));
    Ok(Said { is_outdated, rights, tried })
}

/// Ends a command that may not do what it would have to.
pub fn not_permitted(rights: Vec<Check>, hint: &str) -> Result<(), Error> {
    let lacking = rights.into_iter().filter(Check::has_failed).map(|check| check.what);
    let causes: Vec<String> = lacking.collect();
    if causes.is_empty() {
        return Ok(());
    }
    let error = Error::new(Kind::NotPermitted, "you lack permissions that a release needs");
    Err(Error { causes, ..error.hint(hint) })
}

/// What is said of a pod that was tried. Without the right to it a release goes on as ever; and what keeps
/// the steps from being tried, or is refused in them, is so with a pod, too.
fn of_pod(reply: &Reply, tried: &[Check]) -> Option<Check> {
    let check = checks::pod_template(Some(reply));
    let is_said = tried.iter().any(|it| it.status == check.status);
    let is_silent = *reply == Reply::Forbidden || check.status != CheckStatus::Pass && is_said;
    (!is_silent).then_some(check)
}
