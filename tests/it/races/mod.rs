//! Two commands at the same time, from two machines, in many orders.

mod clocks;
mod sharing;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kube::Client;

use crate::acceptance::Field;
use crate::bed::{Bed, in_paused_time};
use crate::tally;

/// As many histories of each.
const SEEDS: u64 = 60;

const V2: &str = "kmharish/parrot-app:v2.2";
const V3: &str = "kmharish/parrot-app:v3.0";

/// A machine whose every call takes a time of its own: that is what orders two commands.
fn far_away(bed: &Bed) -> Field {
    let api = bed.sandbox.api().with_latency(Duration::from_millis(300));
    let namespace = bed.field.namespace.clone();
    Field::new(Client::new(api, namespace.clone()), &namespace)
}

/// Runs one race with each seed.
fn race(what: &str, run: impl AsyncFn(&Bed, &Field, &Field, u64) -> Result<()>) {
    let tried = |seed: u64| {
        let ran = in_paused_time(async {
            let bed = Bed::new(seed).await?;
            bed.field.initialised().await?;
            let (one, other) = (far_away(&bed), far_away(&bed));
            run(&bed, &one, &other, seed).await
        });
        ran.err().map(|why| format!("with seed {seed}: {why:#}"))
    };
    let failed: Vec<String> = (1..=SEEDS).filter_map(tried).collect();
    let tried = usize::try_from(SEEDS).unwrap_or_default();
    tally::record(&format!("races: {what}"), tried, tried - failed.len());
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

async fn outcomes(field: &Field) -> Result<Vec<String>> {
    let history = field.history().await?;
    let outcomes = history.iter().map(|it| it["outcome"].as_str().map(str::to_owned));
    outcomes.collect::<Option<_>>().context("a release without an outcome")
}

#[test]
fn of_two_deploys_one_works_and_the_other_ends_at_once() {
    race("two deploys", async |bed, one, other, _| {
        let deploy = |field: &Field, image: &str| {
            let line = format!("deploy parrot --image {image} --yes --drain 60s");
            let command = field.command(&line);
            async move {
                let (code, said) = command.ends().await?;
                anyhow::Ok((code, said, tokio::time::Instant::now()))
            }
        };
        let (a, b) = tokio::try_join!(deploy(one, V2), deploy(other, V3))?;
        let (won, lost, image) = if a.0 == 0 { (&a, &b, V2) } else { (&b, &a, V3) };
        ensure!((won.0, lost.0) == (0, 6), "{a:#?}\n{b:#?}");
        let since = lost.1.err.split_once(", since ").map_or("", |(_, rest)| rest);
        let since = since.lines().next().unwrap_or_default();
        // In whole seconds.
        let told = since.starts_with("2026-") && since.len() == "2026-01-01T00:00:00Z".len();
        let named = lost.1.err.contains("is being released by ") && told;
        ensure!(named && lost.1.err.contains('@'), "{:#?}", lost.1);
        ensure!(!lost.1.has(|event| event["step"] == "start" && event["event"] == "done"));
        ensure!(won.2 - lost.2 > Duration::from_secs(30), "it waited for the end of the other");
        ensure!(outcomes(&bed.field).await? == ["promoted"]);
        bed.field.is_live("parrot-green", image).await
    });
}

#[test]
fn of_two_deploys_that_wait_one_comes_after_the_other() {
    race("two deploys with --wait", async |bed, one, other, _| {
        let [first, second] =
            [V2, V3].map(|image| format!("deploy parrot --image {image} --yes --wait"));
        let (a, b) = tokio::try_join!(one.exits(0, &first), other.exits(0, &second))?;
        let waited = |said: &crate::acceptance::command::Said| {
            said.has(|event| event["on"]["for"] == "turn")
        };
        ensure!(waited(&a) != waited(&b), "{a:#?}\n{b:#?}");
        ensure!(outcomes(&bed.field).await? == ["promoted", "promoted"]);
        bed.field.is_live("parrot", if waited(&a) { V2 } else { V3 }).await
    });
}

#[test]
fn of_promote_and_abort_exactly_one_wins() {
    race("promote and abort", async |bed, one, other, seed| {
        bed.field.detached(V2).await?;
        let promote = one.command("promote parrot");
        let abort = async {
            // Not always at the same instant.
            tokio::time::sleep(Duration::from_millis(seed % 6 * 200)).await;
            other.command("abort parrot").ends().await
        };
        let (promoted, aborted) = tokio::try_join!(promote.ends(), abort)?;
        let codes = (promoted.0, aborted.0);
        let both_say = |what: &str| {
            let says = |said: &crate::acceptance::command::Said| {
                said.out.contains(what) || said.err.contains(what)
            };
            says(&promoted.1) && says(&aborted.1)
        };
        match &outcomes(&bed.field).await?[..] {
            [outcome] if outcome == "promoted" => {
                ensure!(codes == (0, 11) && both_say("promoted"), "{promoted:#?}\n{aborted:#?}");
                bed.field.is_live("parrot-green", V2).await
            }
            [outcome] if outcome == "aborted" => {
                let is_right = matches!(codes, (5 | 11, 0)) && both_say("aborted");
                ensure!(is_right, "{promoted:#?}\n{aborted:#?}");
                ensure!(bed.field.replicas("parrot-green").await?.is_none());
                bed.field.is_live("parrot", "kmharish/parrot-app:v1.2").await
            }
            other => anyhow::bail!("{other:?}"),
        }
    });
}
