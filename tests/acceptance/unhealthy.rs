//! Versions that do not work.

use anyhow::{Result, ensure};
use bluegreen::release::{Gate, Goal, Outcome, Verdict};

use super::command::{deploy, plain, verdict};
use super::field::{Field, V1, V2};
use super::{Case, cases};

pub const CASES: &[Case] = cases![crashes, is_never_ready, has_no_image, then_a_good_one_goes_live];

async fn comes_to_nothing(field: &Field, tag: &str, word: &str, patience: u64) -> Result<()> {
    let mut bad = plain(&format!("kmharish/parrot-app:{tag}"), Gate::Open);
    bad.settings.timeout_seconds = Some(patience);
    let outcome = field.outcome("deploy", Goal::Deploy(bad)).await?;
    verdict(&outcome, Verdict::Unhealthy)?;
    let Outcome::Finished(finished) = outcome else { unreachable!("it has a verdict") };
    ensure!(finished.reason.contains(word), "{}", finished.reason);
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    field.is_live("parrot", V1).await
}

async fn crashes(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "crash", "exit code 1", 60).await
}

async fn is_never_ready(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "never-ready", "in time", 4).await
}

async fn has_no_image(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "pull-error", "ImagePull", 8).await
}

async fn then_a_good_one_goes_live(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "crash", "exit code 1", 60).await?;
    verdict(&field.outcome("deploy", deploy(V2, Gate::Open)).await?, Verdict::Promoted)?;
    field.is_live("parrot-green", V2).await
}
