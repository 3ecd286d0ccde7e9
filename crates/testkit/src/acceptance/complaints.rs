//! An ingress controller that says of a switch that it has not applied it.

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use serde_json::json;

use super::command::{Command, Said, done};
use super::field::{Field, V1, V2};
use super::outside::says_instead;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    a_switch_that_is_rejected_is_taken_back,
    it_is_taken_back_where_nobody_can_be_asked,
    a_controller_that_can_not_reload_keeps_both_versions,
    what_was_said_before_counts_when_it_is_said_again,
    who_may_not_hear_it_releases_as_ever,
];

/// As the controller says it, for the nth time.
async fn says(field: &Field, reason: &str, nth: u64) -> Result<()> {
    let ingress = field.get(Kind::Ingress, "parrot").await?;
    let name = format!("parrot.{}", reason.to_lowercase());
    let again = json!({"count": nth});
    if nth > 1 {
        return field.edit(Kind::Event, &name, again).await.map(drop);
    }
    let metadata = &ingress["metadata"];
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name},
        "involvedObject": {
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "parrot",
            "namespace": field.namespace, "uid": metadata["uid"],
        },
        "type": "Warning", "reason": reason, "message": format!("{reason}: no such feather"),
        "source": {"component": "nginx-ingress-controller"}, "count": nth,
        "firstTimestamp": metadata["creationTimestamp"],
        "lastTimestamp": metadata["creationTimestamp"],
    });
    field.create(event).await.map(drop)
}

/// Behind a class of which nothing says that ingress-nginx serves it: that one says nothing by Events.
async fn taken_in(field: &Field) -> Result<()> {
    let class = json!({"spec": {"ingressClassName": "nginx-of-another"}});
    field.edit(Kind::Ingress, "parrot", class).await?;
    field.initialised().await
}

/// A deploy whose switch is answered by that.
async fn told(deploy: Command, code: u8, field: &Field, reason: &str, nth: u64) -> Result<Said> {
    let says = async { says(field, reason, nth).await };
    Ok(deploy.meanwhile(code, done("switch"), says).await?.0)
}

fn deploy(flags: &str) -> String {
    format!("deploy parrot --image {V2} --yes {flags}")
}

const ASKED: &str = "--settle 10s --probe http://203.0.113.1";
const UNASKED: &str = "--settle 10s";

async fn is_taken_back(field: &Field, said: &Said) -> Result<()> {
    let words =
        "nginx-ingress-controller says of Ingress parrot: Rejected: Rejected: no such feather";
    ensure!(said.err.contains(words), "{said:?}");
    ensure!(field.backend("parrot").await? == "parrot-blue", "it was not switched back");
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    let last = &field.history().await?[0];
    ensure!(last["outcome"] == "unhealthy", "{last:#}");
    ensure!(last["reason"].as_str().context("no reason")?.contains(words), "{last:#}");
    field.is_live("parrot", V1).await
}

async fn a_switch_that_is_rejected_is_taken_back(field: Field) -> Result<()> {
    taken_in(&field).await?;
    let unknown = says_instead(&field, "parrot-green", 404, "404 Not Found");
    let said = told(field.command(&deploy(ASKED)).with(unknown), 4, &field, "Rejected", 1).await?;
    is_taken_back(&field, &said).await
}

async fn it_is_taken_back_where_nobody_can_be_asked(field: Field) -> Result<()> {
    taken_in(&field).await?;
    let said = told(field.command(&deploy(UNASKED)), 4, &field, "Rejected", 1).await?;
    is_taken_back(&field, &said).await
}

async fn a_controller_that_can_not_reload_keeps_both_versions(field: Field) -> Result<()> {
    taken_in(&field).await?;
    for flags in [ASKED, UNASKED] {
        let stuck = says_instead(&field, "parrot-green", 200, V1);
        let deploy = field.command(&deploy(flags)).with(stuck);
        let said = told(deploy, 7, &field, "AddedOrUpdatedWithError", 1).await?;
        let words = "the ingress controller does not apply changes: nginx-ingress-controller says of \
                     Ingress parrot: AddedOrUpdatedWithError: ";
        ensure!(said.err.contains(words), "{said:?}");
        for deployment in ["parrot", "parrot-green"] {
            field.has_ready(deployment, 1).await?;
        }
        ensure!(!said.has(done("start-drain")), "{said:?}");
        field.exits(0, "abort parrot").await?;
        field.delete(Kind::Event, "parrot.addedorupdatedwitherror").await?;
        field.is_live("parrot", V1).await?;
    }
    Ok(())
}

async fn what_was_said_before_counts_when_it_is_said_again(field: Field) -> Result<()> {
    taken_in(&field).await?;
    for reason in ["Rejected", "AddedOrUpdatedWithError"] {
        says(&field, reason, 1).await?;
    }
    field.exits(0, &deploy("--settle 3s")).await?;
    field.is_live("parrot-green", V2).await?;
    let again = "AddedOrUpdatedWithError";
    let back = field.command(&format!("rollback parrot {UNASKED}"));
    let said = told(back, 7, &field, again, 2).await?;
    ensure!(said.err.contains("does not apply changes"), "{said:?}");
    Ok(())
}

async fn who_may_not_hear_it_releases_as_ever(field: Field) -> Result<()> {
    taken_in(&field).await?;
    for (refused, line, nth) in [
        ("/events?", deploy("--settle 3s"), 1),
        ("/events?watch=true", "rollback parrot --settle 3s".to_owned(), 2),
    ] {
        told(field.command(&line).without(refused), 0, &field, "Rejected", nth).await?;
    }
    field.is_live("parrot", V1).await
}
