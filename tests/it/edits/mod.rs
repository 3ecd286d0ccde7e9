//! What a person changes under a release, in each of its phases and while there is none.

mod changes;
mod table;

use anyhow::{Context, Result, ensure};
use bluegreen::model::{Colour, Kind};
use bluegreen::release::Phase;
use serde_json::{Value, json};

use crate::acceptance::Field;
use crate::acceptance::command::{Command, Said, answered, done};
use crate::bed::{Bed, each, in_paused_time};
use crate::tally;
pub use changes::Change;
use changes::applied;
use table::{Becomes, Remedy, Row};
pub use table::{TABLE, WHEN, When};

const V1: &str = "kmharish/parrot-app:v1.3";
const V3: &str = "kmharish/parrot-app:v3.0";
pub const DEPLOY: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --timeout 60s \
     --webhook http://gate.example.com/confirm";

/// The live Deployment, and the other one.
pub fn slots(when: When) -> (&'static str, &'static str) {
    match when {
        When::Idle(Colour::Green) => ("parrot-green", "parrot"),
        _ => ("parrot", "parrot-green"),
    }
}

pub fn deploy(field: &Field, when: When) -> Command {
    let (times, answers): (&str, &[u16]) = match when {
        When::In(Phase::Waiting) => ("--threshold 1000", &[500, 500, 500, 500, 200]),
        When::In(Phase::Confirming) => ("--settle 20s", &[200]),
        When::In(Phase::Baking) => ("--bake 20s", &[200]),
        When::In(Phase::Draining) => ("--drain 20s", &[200]),
        When::Idle(_) | When::In(Phase::Starting | Phase::Switching) => ("", &[200]),
    };
    field.command(&format!("{DEPLOY} {times}")).answers(answers)
}

/// What becomes of a release when a change happens then.
async fn with(field: &Field, change: Change, when: When) -> Result<(u8, Said)> {
    if when == When::Idle(Colour::Green) {
        field.released(V1).await?;
    }
    let deploy = deploy(field, when);
    let change = change.done(field, slots(when));
    if let When::Idle(_) = when {
        change.await?;
        return deploy.ends().await;
    }
    frozen(&deploy, when, change).await
}

/// A deploy that stands still in a phase until the change is done.
pub async fn frozen(
    deploy: &Command,
    when: When,
    change: impl Future<Output = Result<()>>,
) -> Result<(u8, Said)> {
    let When::In(phase) = when else { anyhow::bail!("no release is in progress") };
    deploy.frozen(begins(phase), change).await
}

/// The event with which a phase begins.
pub fn begins(phase: Phase) -> Box<dyn Fn(&Value) -> bool + Send> {
    match phase {
        Phase::Starting => Box::new(done("make-candidate")),
        Phase::Waiting => Box::new(answered),
        Phase::Switching => Box::new(done("switch")),
        Phase::Confirming => Box::new(done("mark-switched")),
        Phase::Baking | Phase::Draining => Box::new(done("start-drain")),
    }
}

async fn remedied(field: &Field, remedy: Remedy, code: u8) -> Result<()> {
    match remedy {
        // Of what is over there is nothing left to abort.
        Remedy::Abort if code == 7 => {
            let (code, said) = field.command("abort parrot").ends().await?;
            ensure!(matches!(code, 0 | 11), "{said:#?}");
            Ok(())
        }
        Remedy::Abort => Ok(()),
        Remedy::Apply => applied(field).await,
        Remedy::Select => {
            let service = field.get(Kind::Service, "parrot").await?;
            let selected = service["spec"]["selector"]["app"].as_str().unwrap_or_default();
            if field.find(Kind::Deployment, selected).await?.is_some() {
                return Ok(());
            }
            let live = match field.backend("parrot").await?.as_str() {
                "parrot-green" => "parrot-green",
                _ => "parrot",
            };
            let selector = json!({"spec": {"selector": {"app": live}}});
            field.edit(Kind::Service, "parrot", selector).await.map(drop)
        }
        Remedy::Init => field.initialised().await,
    }
}

async fn cell(field: &Field, row: &Row, when: When, becomes: Becomes) -> Result<()> {
    field.initialised().await?;
    let (code, said) = with(field, row.change, when).await?;
    ensure!(code == becomes.code(), "exit {code}, not {}: {}", becomes.code(), said.err);
    if becomes != Becomes::Live {
        ensure!(said.err.contains("hint: "), "{}", said.err);
        // It was not fought, nor is it by the same command again, which writes to its record alone.
        let again = field.command(&format!("{DEPLOY} --threshold 1000")).ends().await?;
        ensure!(again.0 != 0, "the same again went through: {:#?}", again.1);
        let written = again.1.events.iter().filter(|event| event["event"] == "done");
        let mut steps = written.map(|event| event["step"].as_str().unwrap_or_default());
        let fought = steps.find(|step| !["hold", "set", "let-go"].contains(step));
        ensure!(fought.is_none(), "it was fought: {:#?}", again.1);
        both_are_kept(field, row.change, when).await?;
    }
    for remedy in row.remedies {
        remedied(field, *remedy, code).await.with_context(|| format!("{remedy:?}"))?;
    }
    let next = field.command(&format!("deploy parrot --image {V3} --yes")).ends().await?;
    ensure!(next.0 == 0, "the next release: exit {}: {}", next.0, next.1.err);
    ensure!(field.routed().await? == V3, "the next release is not live");
    let status = field.status().await?;
    ensure!(status["healthy"] == true, "{status:#}");
    Ok(())
}

/// Whatever was not deleted by the user runs on.
async fn both_are_kept(field: &Field, change: Change, when: When) -> Result<()> {
    let (old, new) = slots(when);
    let (old, new) = (field.replicas(old).await?, field.replicas(new).await?);
    ensure!(
        old.is_some_and(|n| n > 0) || change == Change::LiveDeleted,
        "the old version: {old:?}"
    );
    let is_there = new.is_some_and(|n| n > 0);
    let need_not_be = matches!(when, When::Idle(_)) || change == Change::CandidateDeleted;
    ensure!(is_there || need_not_be, "{new:?}");
    Ok(())
}

#[test]
fn each_change_has_one_outcome() {
    let cells = TABLE.iter().flat_map(|row| {
        let columns = WHEN.into_iter().zip(row.becomes);
        columns.map(move |(when, becomes)| (row, when, becomes))
    });
    let cells: Vec<_> = cells.filter(|(.., becomes)| *becomes != Becomes::Nothing).collect();
    let failed = each(&cells, 2, |(row, when, becomes)| {
        let ran =
            in_paused_time(async { cell(&Bed::new(1).await?.field, row, *when, *becomes).await });
        ran.err().map(|why| format!("{:?} while {when:?}: {why:#}", row.change))
    });
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    tally::record("edits: changes in each phase", cells.len(), cells.len() - failed.len());
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn the_page_has_the_table() {
    let page = include_str!("../../../docs/changes-under-us.md");
    assert!(
        page.contains(&table::page()),
        "docs/changes-under-us.md should have:\n{}",
        table::page()
    );
}
