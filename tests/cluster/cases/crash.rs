//! `kill -9` at every request of a deploy, before it is sent and after it was carried out: the same
//! command again finishes, and `abort` restores.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};

use super::parrot::{Parrot, V2};
use super::several::SECOND;
use crate::bed::Bed;
use crate::bed::command::Running;
use crate::support::proxy::once;
use crate::support::{Action, Proxy, Seen, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        first_release_survives_every_cut,
        next_release_survives_every_cut_write,
        rollback_survives_every_cut_write,
        switch_of_two_ingresses_survives_every_cut_write,
    ]
}

const V3: &str = "kmharish/parrot-app:v3.0";
/// A killed driver is missed only after 10 s: many cuts wait for that at the same time.
const AT_ONCE: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The request is never sent.
    Before,
    /// It is carried out, and nobody hears of it.
    After,
}

/// How the release is ended after the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    SameAgain,
    Abort,
}

/// Into green, which does not exist yet.
async fn first_release_survives_every_cut(bed: Arc<Bed>) -> Result<()> {
    let stage = Stage::set(&bed, None, Some(V2)).await?;
    let requests = stage.uncut(|seen| !seen.is_watch).await?;
    let all = (1..=requests).flat_map(|n| [(n, Cut::Before), (n, Cut::After)]);
    let again = all.clone().map(|(n, cut)| (n, cut, Then::SameAgain));
    // What was carried out is what has to be undone.
    let abort = all.filter(|(n, cut)| *cut == Cut::After && n % 3 == 0);
    let abort = abort.map(|(n, cut)| (n, cut, Then::Abort));
    stage.cut_each(again.chain(abort).collect(), |seen| seen.plain).await
}

/// Into blue, which holds an older version at 0.
async fn next_release_survives_every_cut_write(bed: Arc<Bed>) -> Result<()> {
    survives_every_cut_write(&Stage::set(&bed, Some(V2), Some(V3)).await?).await
}

async fn rollback_survives_every_cut_write(bed: Arc<Bed>) -> Result<()> {
    survives_every_cut_write(&Stage::set(&bed, Some(V2), None).await?).await
}

/// In the middle of it some people are on the one version and some on the other.
async fn switch_of_two_ingresses_survives_every_cut_write(bed: Arc<Bed>) -> Result<()> {
    survives_every_cut_write(&Stage::set_up(&bed, None, Some(V2), SECOND).await?).await
}

async fn survives_every_cut_write(stage: &Stage) -> Result<()> {
    // Not those that met a controller's status update and had to be planned again: they differ from
    // run to run.
    let done = |seen: &Seen| seen.mutating && seen.status.is_some_and(|status| status < 300);
    let writes = stage.uncut(done).await?;
    let again = (1..=writes).map(|n| (n, Cut::After, Then::SameAgain));
    let abort = (1..=writes).map(|n| (n, Cut::After, Then::Abort));
    stage.cut_each(again.chain(abort).collect(), |seen| seen.write).await
}

struct Stage {
    /// Whose user all cuts share: there are more of them than users.
    app: Parrot,
    /// The release that comes before the one that is cut.
    earlier: Option<&'static str>,
    /// What is deployed; without one it is rolled back.
    image: Option<&'static str>,
    /// Applied beside the article's app.
    more: &'static str,
    before: Picture,
    after: Mutex<Picture>,
    webhook: Webhook,
}

/// What people and scripts see of the app: who serves, and what is there.
type Picture = Vec<String>;

async fn picture(app: &Parrot) -> Result<Picture> {
    let record = app.record().await?;
    let idle = record["release"].is_null() && record["driver"].is_null();
    ensure!(idle, "a release is in progress: {record:#}");
    let selector = app.live_selector().await?;
    // Of the two that lead to the same pods, which one depends on whether it was ever changed.
    let mut picture = vec![format!("Service {selector}")];
    for ingress in app.list("ingresses").await? {
        let name = ingress["metadata"]["name"].as_str().unwrap_or_default();
        if name == "parrot-preview" {
            continue;
        }
        let backend = match app.backend_of(name).await?.as_str() {
            "parrot" if selector == "parrot" => "parrot-blue".to_owned(),
            "parrot" => "parrot-green".to_owned(),
            fixed => fixed.to_owned(),
        };
        picture.push(format!("Ingress {name} {backend}"));
    }
    picture.extend(app.deployments().await?);
    Ok(picture)
}

impl Stage {
    async fn set(
        bed: &Arc<Bed>,
        earlier: Option<&'static str>,
        image: Option<&'static str>,
    ) -> Result<Self> {
        Self::set_up(bed, earlier, image, "").await
    }

    async fn set_up(
        bed: &Arc<Bed>,
        earlier: Option<&'static str>,
        image: Option<&'static str>,
        more: &'static str,
    ) -> Result<Self> {
        let app = Parrot::empty(bed).await?;
        let (before, after) = (Vec::new(), Mutex::new(Vec::new()));
        let webhook = Webhook::start(200);
        let mut stage = Self { app, earlier, image, more, before, after, webhook };
        stage.app = stage.prepare().await?;
        stage.before = picture(&stage.app).await?;
        Ok(stage)
    }

    /// The app in a new namespace, as the release that is cut finds it.
    async fn prepare(&self) -> Result<Parrot> {
        let app = Parrot { ns: self.app.bed.namespace().await?, ..self.app.clone() };
        app.bed.let_release(&app.user, &app.ns).await?;
        app.bed.apply_file(&app.ns, "examples/parrot/parrot.yaml").await?;
        if !self.more.is_empty() {
            app.apply(self.more).await?;
        }
        app.ok(&["init", "parrot"]).await?;
        if let Some(image) = self.earlier {
            app.ok(&[
                "deploy", "parrot", "--image", image, "--yes", "--drain", "0s", "--settle", "0s",
            ])
            .await?;
        }
        Ok(app)
    }

    fn args<'a>(&self, url: &'a str) -> Vec<&'a str> {
        let command = match self.image {
            Some(image) => {
                vec!["deploy", "parrot", "--image", image, "--webhook", url, "--interval", "1s"]
            }
            None => vec!["rollback", "parrot", "--release", "1"],
        };
        [command, vec!["--drain", "0s", "--settle", "0s"]].concat()
    }

    /// Carries the release out undisturbed; how many of its requests fit.
    async fn uncut(&self, fits: impl Fn(&Seen) -> bool) -> Result<usize> {
        let proxy = proxy(&self.app.bed)?;
        let url = self.webhook.url();
        self.app.via(&proxy.url())?.ok(&self.args(&url)).await?;
        *self.after.lock().expect("nothing panics with it") = picture(&self.app).await?;
        let requests = proxy.requests().iter().filter(|seen| fits(seen)).count();
        eprintln!("crash: {requests} requests to cut");
        Ok(requests)
    }

    async fn cut_each(
        &self,
        cuts: Vec<(usize, Cut, Then)>,
        number: fn(&Seen) -> Option<usize>,
    ) -> Result<()> {
        let (started, count) = (Instant::now(), cuts.len());
        let all = stream::iter(cuts).map(async |(n, cut, then)| {
            let result = self.cut(n, cut, then, number).await;
            result.with_context(|| format!("request {n} cut {cut:?}, then {then:?}"))
        });
        let hits: Vec<bool> = all.buffer_unordered(AT_ONCE).try_collect().await?;
        let hits = hits.into_iter().filter(|hit| *hit).count();
        eprintln!("crash: {hits} of {count} cuts in {:.0} s", started.elapsed().as_secs_f32());
        // How often a watch makes it look again differs a little from run to run.
        ensure!(hits * 10 >= count * 9, "only {hits} of {count} cuts met a request");
        Ok(())
    }

    /// Whether the request came at all.
    async fn cut(
        &self,
        n: usize,
        cut: Cut,
        then: Then,
        number: fn(&Seen) -> Option<usize>,
    ) -> Result<bool> {
        let app = self.prepare().await?;
        let url = self.webhook.url();
        let hit = killed(&app, &self.args(&url), cut, move |seen| number(seen) == Some(n)).await?;

        let after = self.after.lock().expect("nothing panics with it").clone();
        let wanted = match then {
            Then::SameAgain => {
                app.ok(&self.args(&url)).await?;
                &after
            }
            Then::Abort => {
                let number = app.record().await?["number"].as_u64();
                let begun = !app.record().await?["release"].is_null();
                let output = app.run(&["abort", "parrot"]).await?;
                output.expect_code(if begun { 0 } else { 11 })?;
                let finished = number > Some(self.earlier.iter().count() as u64) && !begun;
                if finished { &after } else { &self.before }
            }
        };
        let seen = picture(&app).await?;
        ensure!(seen == *wanted, "{seen:#?}\nwhere this was expected: {wanted:#?}");
        Ok(hit)
    }
}

/// Runs a command that is killed at the first request of this kind; whether that came at all.
pub async fn killed(
    app: &Parrot,
    args: &[&str],
    cut: Cut,
    at: impl Fn(&Seen) -> bool + Send + 'static,
) -> Result<bool> {
    let proxy = proxy(&app.bed)?;
    let victim = Victim::default();
    let killer = victim.clone();
    let action = match cut {
        Cut::Before => Action::cut_before(move || killer.kill()),
        Cut::After => Action::hold_reply(move || killer.kill()),
    };
    proxy.set(once(at, action));
    let running = app.via(&proxy.url())?.spawn(args)?;
    victim.is(&running)?;
    let output = running.wait().await?;
    match (output.signal, output.code) {
        (Some(9), _) => Ok(true),
        (_, Some(0)) => Ok(false),
        _ => bail!("{output:?}"),
    }
}

/// Between a command and the API server.
pub fn proxy(bed: &Bed) -> Result<Proxy> {
    Ok(Proxy::start(bed.server(), &std::fs::read(bed.ca())?))
}

/// The process to kill, or to stop: known a moment after its start.
#[derive(Clone, Default)]
pub struct Victim(Arc<Mutex<Option<Pid>>>);

impl Victim {
    pub fn is(&self, running: &Running) -> Result<()> {
        let pid = running.pid().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        *self.0.lock().expect("nothing panics with it") = Some(pid.context("it ended at once")?);
        Ok(())
    }

    fn kill(&self) {
        self.signal(Signal::KILL);
    }

    pub fn signal(&self, signal: Signal) {
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            if let Some(pid) = *self.0.lock().expect("nothing panics with it") {
                let _ = kill_process(pid, signal);
                return;
            }
            std::thread::yield_now();
        }
    }
}
