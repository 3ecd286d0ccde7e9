//! Twenty cuts of those that `tests/it/cuts/` makes on the sandbox, and who goes on with what is left.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use libtest_mimic::Trial;

use super::crash::{self, proxy};
use super::parrot::{Parrot, V1, V2};
use super::scene::{Facts, Scene, all_of, documented, stage, tidied};
use crate::bed::chronicle::Chronicle;
use crate::bed::{Bed, SOON};
use crate::guard;
use crate::support::proxy::once;
use crate::support::{Action, Latch, Reply, Seen, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![twenty_cuts]
}

const V3: &str = "kmharish/parrot-app:v3.0";
const COUNT: usize = 20;
/// Which twenty of them.
const SEED: usize = 7;
/// A killed driver is missed only after 10 s: many cuts wait for that at the same time.
const AT_ONCE: usize = 10;
/// A command that takes longer hangs.
const HANG: Duration = Duration::from_secs(120);

const SCENES: [Scene; 5] =
    [Scene::Init, Scene::Deploy, Scene::Promote, Scene::Abort, Scene::Rollback];

#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Killed before the write is sent.
    Before,
    /// Killed when it was carried out, and before it hears of it.
    After,
    /// It lives, and is told 504; the write is carried out later.
    Late,
}

const CUTS: [Cut; 3] = [Cut::Before, Cut::After, Cut::Late];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    Same,
    Abort,
    Promote,
    Rollback,
    Replace,
}

const FOLLOW: [Follow; 5] =
    [Follow::Same, Follow::Abort, Follow::Promote, Follow::Rollback, Follow::Replace];

impl Follow {
    fn args(self, scene: Scene, gate: &str) -> Vec<&str> {
        let replace = ["deploy", "parrot", "--image", V3, "--yes", "--replace"];
        match self {
            Follow::Same => scene.args(gate),
            Follow::Abort => Scene::Abort.args(gate),
            Follow::Promote => Scene::Promote.args(gate),
            Follow::Rollback => Scene::Rollback.args(gate),
            Follow::Replace => [&replace[..], &["--drain", "0s", "--settle", "0s"]].concat(),
        }
    }
}

#[derive(Debug)]
struct Job {
    scene: Scene,
    /// The write that is cut.
    n: usize,
    cut: Cut,
    follow: Follow,
}

/// At even distances over the writes of all scenes, the cuts and what follows in turn.
fn picked(writes: &[usize]) -> Vec<Job> {
    let of_scene = |(scene, writes): (Scene, &usize)| (1..=*writes).map(move |n| (scene, n));
    let all: Vec<_> = SCENES.into_iter().zip(writes).flat_map(of_scene).collect();
    let job = |k: usize| {
        let (scene, n) = all[(k * all.len() / COUNT + SEED) % all.len()];
        let (cut, follow) = (CUTS[(k + SEED) % CUTS.len()], FOLLOW[(k + SEED) % FOLLOW.len()]);
        Job { scene, n, cut, follow }
    };
    (0..COUNT).map(job).collect()
}

async fn twenty_cuts(bed: Arc<Bed>) -> Result<()> {
    let (stage, gate) = (stage(&bed).await?, Webhook::start(200));
    let gate = gate.url();
    let writes = try_join_all(SCENES.map(|scene| scene.writes(&stage, &gate))).await?;
    let jobs = picked(&writes);
    let tried = jobs.iter().map(async |job| {
        let came = job.run(&stage, &gate).await;
        came.with_context(|| format!("{job:?}"))
    });
    let came = all_of("cuts: real control plane", tried, AT_ONCE).await?;
    let hits = came.iter().filter(|is_cut| **is_cut).count();
    // How often a controller is in the way differs a little from run to run.
    ensure!(hits * 10 >= COUNT * 9, "only {hits} of {COUNT} cuts met a write");
    Ok(())
}

impl Job {
    /// Whether the write came at all.
    async fn run(&self, stage: &Parrot, gate: &str) -> Result<bool> {
        let app = self.scene.set(stage).await?;
        let chronicle = Chronicle::begin(&app.bed, &app.ns).await?;
        let played = self.play(&app, gate).await;
        let served =
            guard::judge(&chronicle.end().await?, &["parrot"], |_, image, _| self.may_serve(image));
        let is_cut = played?;
        served?;
        Ok(is_cut)
    }

    fn may_serve(&self, image: &str) -> bool {
        let asked = [Scene::Deploy, Scene::Promote, Scene::Rollback].contains(&self.scene);
        match image {
            V1 => true,
            V2 => asked || self.follow == Follow::Promote,
            V3 => self.follow == Follow::Replace,
            _ => false,
        }
    }

    async fn play(&self, app: &Parrot, gate: &str) -> Result<bool> {
        let (n, args) = (self.n, self.scene.args(gate));
        let at = move |seen: &Seen| seen.write == Some(n);
        let is_cut = match self.cut {
            Cut::Before => crash::killed(app, &args, crash::Cut::Before, at).await?,
            Cut::After => crash::killed(app, &args, crash::Cut::After, at).await?,
            Cut::Late => late(app, &args, n).await?,
        };
        let left = Facts::of(app).await?;
        let args = self.follow.args(self.scene, gate);
        let code = documented(&app.run(&args).await?)?;
        let facts = Facts::of(app).await?;
        let is_fine = self.allows(code, &left, &facts);
        ensure!(is_fine, "exit {code} of {args:?}: {left:?} became {facts:?}");
        // A candidate that was not ready may be so by now.
        if code != 11 || facts.release.is_none() {
            let proxy = proxy(&app.bed)?;
            let again = documented(&app.via(&proxy.url())?.run(&args).await?)?;
            let requests = proxy.requests();
            let written: Vec<_> = requests.iter().filter(|seen| seen.mutating).collect();
            ensure!(written.is_empty(), "exit {code}, then {again}: {written:#?}");
        }
        if self.scene == Scene::Init {
            app.ok(&Scene::Init.args(gate)).await?;
        }
        tidied(app).await.context("at last")?;
        Ok(is_cut)
    }

    /// What the command that follows may come to: what it is for, or a refusal.
    fn allows(&self, code: i32, left: &Facts, facts: &Facts) -> bool {
        let Job { scene, follow, .. } = self;
        let (from, to) = scene.versions();
        let rests = |image: &str| facts.rest() && facts.image == image;
        let untouched = facts.image == left.image && facts.release == left.release;
        match (follow, code) {
            // The app has not been taken in.
            (_, 10) => *scene == Scene::Init && *follow != Follow::Same && untouched,
            (Follow::Same, 0) => rests(to),
            // Of what is done already there is nothing to do.
            (Follow::Same, 11) => [Scene::Promote, Scene::Abort].contains(scene) && rests(to),
            (Follow::Abort, 0) => rests(from),
            (Follow::Abort, 11) => facts.rest() && untouched,
            (Follow::Promote, 0) => rests(to) && left.release.is_some(),
            (Follow::Promote, 5) => rests(from) && *scene == Scene::Abort,
            (Follow::Promote | Follow::Rollback, 11) => untouched,
            (Follow::Rollback, 0) => rests(V1),
            (Follow::Replace, 0) => rests(V3),
            _ => false,
        }
    }
}

/// A command that is told 504 to a write, which arrives when its next one has, or when it has ended.
async fn late(app: &Parrot, args: &[&str], n: usize) -> Result<bool> {
    let (proxy, gate) = (proxy(&app.bed)?, Latch::new());
    let answer = Some(Reply::kube_status(504, "Timeout"));
    let action = Action::Late { answer, gate: gate.clone() };
    proxy.set(once(move |seen| seen.write == Some(n), action));
    let through = app.via(&proxy.url())?;
    let ended = {
        let mut command = pin!(through.ok(args));
        let next =
            proxy.wait_for_request(HANG, |seen| seen.write > Some(n) && seen.status.is_some());
        tokio::select! {
            ended = &mut command => ended,
            _ = next => {
                gate.open();
                command.await
            }
        }
    };
    gate.open();
    ended?;
    let is_cut = proxy.requests().iter().any(|seen| seen.write == Some(n));
    if is_cut {
        proxy
            .wait_for_request(SOON, |seen| seen.write == Some(n) && seen.upstream_status.is_some())
            .await;
    }
    Ok(is_cut)
}
