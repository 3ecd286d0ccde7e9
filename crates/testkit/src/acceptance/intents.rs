//! What people say of a release that another command has started.

use std::time::Duration;

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use jiff::SignedDuration;
use tokio::time::sleep;

use super::command::{answered, done};
use super::field::{Field, V1, V2, V3};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    left_ready_and_aborted,
    promoted_while_it_waits_at_the_gate,
    aborted_while_it_waits_at_the_gate,
    aborted_while_it_drains,
    aborted_while_it_bakes,
    another_version_is_in_the_way,
    another_version_replaces_it,
    the_same_deploy_goes_on,
    a_number_means_one_release,
    not_promoted_before_it_is_ready,
    promoted_when_it_is_ready,
    nothing_is_in_progress,
];

async fn left_ready_and_aborted(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    field.exits(0, "abort parrot").await?;
    field.is_untouched().await
}

/// A deploy that waits at its gate.
fn waits(image: &str) -> String {
    format!("deploy parrot --image {image} {GATE} --interval 1h")
}

async fn promoted_while_it_waits_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&waits(V2)).answers(&[500]);
    let promote = field.exits(0, "promote parrot");
    let (said, promote) = deploy.meanwhile(0, answered, promote).await?;
    for said in [said, promote] {
        ensure!(said.outcome()["outcome"] == "promoted", "{said:?}");
    }
    // By the watch on the record: the next poll is an hour away.
    ensure!(deploy.polls() == 1, "{} polls", deploy.polls());
    field.is_live("parrot-green", V2).await
}

async fn aborted_while_it_waits_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&waits(V2)).answers(&[500]);
    let abort = field.exits(0, "abort parrot --reason it-is-dead");
    let (said, _) = deploy.meanwhile(5, answered, abort).await?;
    ensure!(said.err.contains("it-is-dead"), "{said:?}");
    let last = &field.history().await?[0];
    ensure!(last["outcome"] == "aborted" && last["reason"] == "it-is-dead", "{last:#}");
    field.is_untouched().await
}

/// People are back where they were, and the candidate is gone.
async fn is_switched_back(field: &Field) -> Result<()> {
    ensure!(field.backend("parrot").await? == "parrot-blue", "it was not switched back");
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    field.is_live("parrot", V1).await
}

async fn aborted_while_it_drains(field: Field) -> Result<()> {
    field.initialised().await?;
    let before = field.get(Kind::Deployment, "parrot").await?;
    let deploy = field.command(&format!("deploy parrot --image {V2} --yes --drain 15s"));
    let abort = field.exits(0, "abort parrot");
    let (said, _) = deploy.meanwhile(5, done("start-drain"), abort).await?;
    is_switched_back(&field).await?;
    // Requests of before may still be on the candidate.
    let drained = said.when("destroy")?.duration_since(said.when("start-drain")?);
    // It counts from when the step was decided, which is done a moment later.
    ensure!(drained >= SignedDuration::from_secs(14), "it had {drained:?} to drain");
    let after = field.get(Kind::Deployment, "parrot").await?;
    ensure!(after["spec"] == before["spec"], "the live version was touched: {after:#}");
    Ok(())
}

async fn aborted_while_it_bakes(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&format!("deploy parrot --image {V2} --yes --bake 1h"));
    let abort = async {
        field.status_in("baking").await?;
        // The drain is over by then.
        sleep(Duration::from_secs(3)).await;
        ensure!(field.replicas("parrot").await? == Some(1), "the old version was put away");
        let baking = field.status_in("baking").await?;
        ensure!(baking["live"]["colour"] == "green" && baking["healthy"] == true, "{baking:#}");
        field.exits(0, "abort parrot").await
    };
    deploy.meanwhile(5, done("mark-switched"), abort).await?;
    is_switched_back(&field).await
}

async fn another_version_is_in_the_way(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    let before = field.versions().await?;
    let said = field.exits(11, &format!("deploy parrot --image {V3} --yes")).await?;
    ensure!(said.outcome()["result"] == "in-the-way", "{said:?}");
    ensure!(said.err.contains("--replace") && said.err.contains(V2), "{said:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn another_version_replaces_it(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    field.exits(0, &format!("deploy parrot --image {V3} --yes --replace")).await?;
    let history = field.history().await?;
    ensure!(history.len() == 2 && history[1]["outcome"] == "aborted", "{history:#?}");
    field.is_live("parrot-green", V3).await
}

async fn the_same_deploy_goes_on(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    field.exits(0, &format!("deploy parrot --image {V2} {GATE}")).await?;
    let history = field.history().await?;
    ensure!(history.len() == 1, "{history:#?}");
    field.is_live("parrot-green", V2).await
}

async fn a_number_means_one_release(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    let before = field.versions().await?;
    for line in ["promote parrot --release 2", "abort parrot --release 2"] {
        field.exits(11, line).await?;
    }
    ensure!(field.versions().await? == before, "something was written");
    field.exits(0, "promote parrot --release 1").await?;
    // It is live: a script that says it twice is not told off.
    let before = field.versions().await?;
    field.exits(0, "promote parrot --release 1").await?;
    for line in ["promote parrot --release 2", "abort parrot --release 1"] {
        field.exits(11, line).await?;
    }
    ensure!(field.versions().await? == before, "something was written");
    field.is_live("parrot-green", V2).await
}

async fn not_promoted_before_it_is_ready(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&waits("kmharish/parrot-app:never-ready"));
    let both = async {
        let said = field.exits(11, "promote parrot").await?;
        ensure!(said.err.contains("--when-ready"), "{said:?}");
        field.exits(0, "abort parrot").await
    };
    deploy.meanwhile(5, done("make-candidate"), both).await?;
    field.is_untouched().await
}

async fn promoted_when_it_is_ready(field: Field) -> Result<()> {
    field.initialised().await?;
    let image = "kmharish/parrot-app:late";
    let deploy = field.command(&waits(image)).answers(&[500]);
    let promote = field.exits(0, "promote parrot --when-ready");
    deploy.meanwhile(0, done("make-candidate"), promote).await?;
    field.is_live("parrot-green", image).await
}

async fn nothing_is_in_progress(field: Field) -> Result<()> {
    field.initialised().await?;
    let idle = async || {
        let before = field.versions().await?;
        for verb in ["promote", "abort"] {
            let said = field.exits(11, &format!("{verb} parrot")).await?;
            ensure!(said.err.contains(&format!("nothing to {verb}")), "{said:?}");
        }
        ensure!(field.versions().await? == before, "something was written");
        anyhow::Ok(())
    };
    idle().await?;
    field.released(V2).await?;
    idle().await
}
