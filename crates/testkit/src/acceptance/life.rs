//! A release from its beginning to its end.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;

use super::command::done;
use super::field::{Field, V1, V2, V3};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    init_twice_writes_nothing,
    nothing_without_init,
    nothing_without_a_word_of_a_gate,
    back_and_forth,
    the_same_again_writes_nothing,
    left_ready_and_promoted,
    left_ready_twice_writes_nothing,
    three_replicas_are_three_before_the_switch,
    two_ingresses_are_switched,
    the_switch_is_seen_at_the_ingress,
    a_rehearsal_writes_nothing,
];

async fn init_twice_writes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    let before = field.versions().await?;
    let again = field.exits(0, "init parrot -o human").await?;
    ensure!(again.out.contains("already, nothing was changed"), "{again:?}");
    ensure!(field.versions().await? == before, "something was written");
    field.is_live("parrot", V1).await
}

async fn nothing_without_init(field: Field) -> Result<()> {
    let before = field.versions().await?;
    for line in ["deploy parrot --image new:1 --yes", "promote parrot", "rollback parrot"] {
        let said = field.exits(10, line).await?;
        ensure!(said.err.contains("bluegreen init parrot"), "{said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn nothing_without_a_word_of_a_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let before = field.versions().await?;
    let said = field.exits(2, &format!("deploy parrot --image {V2}")).await?;
    for way in ["--webhook", "--detach", "--yes"] {
        ensure!(said.err.contains(way), "{said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn back_and_forth(field: Field) -> Result<()> {
    field.initialised().await?;
    for (image, deployment, other) in [
        (V2, "parrot-green", "parrot"),
        (V3, "parrot", "parrot-green"),
        (V1, "parrot-green", "parrot"),
    ] {
        field.released(image).await?;
        field.is_live(deployment, image).await?;
        ensure!(field.replicas(other).await? == Some(0), "{other} was not put away");
    }
    Ok(())
}

async fn the_same_again_writes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    let before = field.versions().await?;
    let said = field.exits(0, &format!("deploy parrot --image {V2} --yes")).await?;
    ensure!(said.outcome()["result"] == "already-live" && !said.wrote(), "{said:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn left_ready_and_promoted(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    field.is_live("parrot", V1).await?;
    let preview = field.get(Kind::Service, "parrot-preview").await?;
    ensure!(preview["spec"]["selector"]["app"] == "parrot-green", "{preview:#}");
    field.exits(0, "promote parrot").await?;
    field.is_live("parrot-green", V2).await?;
    let before = field.versions().await?;
    field.exits(11, "promote parrot").await?;
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn left_ready_twice_writes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    let before = field.versions().await?;
    let said = field.exits(0, &format!("deploy parrot --image {V2} --detach")).await?;
    ensure!(said.outcome()["result"] == "detached" && !said.wrote(), "{said:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn three_replicas_are_three_before_the_switch(field: Field) -> Result<()> {
    field.initialised().await?;
    field.scaled("parrot", 3).await?;
    field.detached(V2).await?;
    // As many as the live version has: they are there before anybody is asked.
    field.has_ready("parrot-green", 3).await?;
    // The live version grows meanwhile: the candidate has to follow before it takes over.
    field.scaled("parrot", 4).await?;
    field.exits(0, "promote parrot --when-ready").await?;
    field.has_ready("parrot-green", 4).await?;
    field.is_live("parrot-green", V2).await
}

async fn two_ingresses_are_switched(field: Field) -> Result<()> {
    field.second_ingress().await?;
    field.initialised().await?;
    field.released(V2).await?;
    for ingress in ["parrot", "parrot-admin"] {
        ensure!(field.backend(ingress).await? == "parrot-green", "{ingress} was not switched");
    }
    field.is_live("parrot-green", V2).await?;
    field.exits(0, "rollback parrot").await?;
    for ingress in ["parrot", "parrot-admin"] {
        ensure!(field.backend(ingress).await? == "parrot-blue", "{ingress} was not put back");
    }
    field.is_live("parrot", V1).await
}

/// The case stands at the ingress's address, and answers for the version that is routed to.
async fn the_switch_is_seen_at_the_ingress(field: Field) -> Result<()> {
    field.initialised().await?;
    let at = "--probe http://127.0.0.1:8080";
    let said = field.exits(0, &format!("deploy parrot --image {V2} --yes {at}")).await?;
    ensure!(said.has(done("switch")), "{said:?}");
    let last = &field.history().await?[0];
    ensure!(last["confirmed"] == "probe", "{last:#}");
    field.is_live("parrot-green", V2).await
}

async fn a_rehearsal_writes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    let before = field.versions().await?;
    let line = format!("deploy parrot --image {V2} --dry-run=server --yes");
    let said = field.exits(0, &line).await?;
    let steps = said.events.iter().filter(|event| event["event"] == "dry-run");
    let steps: Vec<_> = steps.filter_map(|event| event["step"].as_str()).collect();
    ensure!(steps.contains(&"make-candidate") && steps.contains(&"switch"), "{steps:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}
