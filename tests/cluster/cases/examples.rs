//! The examples of every `--help`, run: on the app that they are about, in the order in which a
//! person would.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use libtest_mimic::Trial;
use tokio::process::Command;

use super::parrot::{Parrot, V2};
use crate::bed::Bed;
use crate::bed::command::{Signal, binary};
use crate::support::Webhook;

#[path = "../../cli/examples.rs"]
mod lines;

pub fn trials() -> Vec<Trial> {
    crate::cases![examples_do_what_they_say]
}

/// Where an app is at the end.
#[derive(Clone, Copy)]
enum End {
    Before,
    Released,
    Back,
}

/// What an app goes through, and where that ends. Together every example.
const STORIES: [(&[&str], End); 6] = [
    (
        &[
            "bluegreen check parrot -n blue-green",
            "bluegreen check parrot -n blue-green -o json",
            "bluegreen check parrot -n blue-green --role | kubectl apply -f -",
            INIT,
            "bluegreen deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 --dry-run=server",
            "bluegreen deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 \
             --webhook https://gate.example.com/parrot",
            "bluegreen status parrot -n blue-green",
            WATCH,
            "bluegreen status parrot -n blue-green --why",
            "bluegreen status parrot -n blue-green -o json",
            "bluegreen history parrot -n blue-green",
            "bluegreen history parrot -n blue-green -o json",
        ],
        End::Released,
    ),
    (&["bluegreen init parrot -n blue-green --target-port 3000", DETACH, PROMOTE], End::Released),
    (&[INIT, DETACH, "bluegreen promote parrot -n blue-green --release 1"], End::Released),
    (
        &[INIT, DETACH, "bluegreen abort parrot -n blue-green --reason 'the beak is wrong'"],
        End::Before,
    ),
    (
        &[
            INIT,
            "bluegreen deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 --yes",
            "bluegreen rollback parrot -n blue-green --release 1",
            ROLLBACK,
            ROLLBACK,
            "bluegreen rollback parrot -n blue-green --to 3",
        ],
        End::Released,
    ),
    (
        &[
            INIT,
            "bluegreen deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 --yes \
             --bake 1m --keep-old",
            ROLLBACK,
        ],
        End::Back,
    ),
];
/// The only one that a person has to end.
const WATCH: &str = "bluegreen status parrot -n blue-green -w";
const INIT: &str = "bluegreen init parrot -n blue-green";
const DETACH: &str =
    "bluegreen deploy parrot -n blue-green --image parrot=kmharish/parrot-app:v2.2 --detach";
const PROMOTE: &str = "bluegreen promote parrot -n blue-green";
const ROLLBACK: &str = "bluegreen rollback parrot -n blue-green";
/// What a test has its own of.
const NAMESPACE: [&str; 2] = ["-n", "blue-green"];
const GATE: &str = "https://gate.example.com/parrot";

async fn help(words: &[&str]) -> Result<String> {
    let output = Command::new(binary()).args(words).arg("--help").output().await?;
    ensure!(output.status.success(), "{output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

/// Every example of the commands that need a cluster.
async fn examples() -> Result<BTreeSet<String>> {
    let mut examples = BTreeSet::new();
    for subcommand in
        ["init", "deploy", "status", "history", "check", "promote", "abort", "rollback"]
    {
        examples.extend(lines::of(&help(&[subcommand]).await?));
    }
    let all = lines::of(&help(&[]).await?);
    ensure!(!all.is_empty() && all.iter().all(|line| examples.contains(line)), "{all:#?}");
    Ok(examples)
}

async fn goes_through(bed: &Arc<Bed>, story: &[&str], end: End) -> Result<()> {
    let app = Parrot::applied(bed).await?;
    let gate = Webhook::start(200);
    for line in story {
        let mut words = lines::words(line);
        let namespace = words.windows(2).position(|pair| pair == NAMESPACE);
        words.drain(namespace.map_or(0..0, |at| at..at + 2));
        words.iter_mut().filter(|word| *word == GATE).for_each(|word| *word = gate.url());
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        if *line == WATCH {
            let mut watch = app.spawn(&words)?;
            watch.says("parrot in namespace").await?;
            watch.signal(Signal::INT)?;
            watch.wait().await?.expect_code(0)?;
        } else {
            app.ok(&words).await?;
        }
    }
    match end {
        End::Before => app.is_as_before().await,
        End::Released => app.is_released(V2).await,
        End::Back => app.is_back().await,
    }
}

async fn examples_do_what_they_say(bed: Arc<Bed>) -> Result<()> {
    let told: BTreeSet<&str> =
        STORIES.iter().flat_map(|(lines, _)| lines.iter().copied()).collect();
    let examples = examples().await?;
    let examples: BTreeSet<&str> = examples.iter().map(String::as_str).collect();
    ensure!(told == examples, "the stories are other lines\n{told:#?}\nthan --help {examples:#?}");
    let stories = STORIES.map(|(story, end)| {
        let bed = &bed;
        async move { goes_through(bed, story, end).await.with_context(|| story.join("\n")) }
    });
    try_join_all(stories).await.map(drop)
}
