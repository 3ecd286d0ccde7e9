//! Admission that changes Deployments, where the way to the API server or the webhook has its faults.

use std::sync::Arc;

use anyhow::Result;
use bluegreen::model::Kind;
use bluegreen::sandbox::{Call, Fault, Mutation, Operation, resources};
use serde_json::{Value, json};

use crate::acceptance::Said;
use crate::bed::{Bed, in_paused_time};

const V1: &str = "kmharish/parrot-app:v1.2";
const V2: &str = "kmharish/parrot-app:v2.2";

fn mirrored(image: &str) -> String {
    image.replace("kmharish/", "mirror.example/")
}

fn mirror(has_dry_run: bool) -> Vec<Mutation> {
    let change = |deployment: &mut Value| {
        let image = &mut deployment["spec"]["template"]["spec"]["containers"][0]["image"];
        *image = json!(mirrored(image.as_str().unwrap_or_default()));
    };
    vec![Mutation {
        name: "mirror.example".to_owned(),
        resource: &resources::DEPLOYMENTS,
        operations: vec![Operation::Create, Operation::Update],
        has_dry_run,
        change: Arc::new(change),
    }]
}

/// Deploys the second version, and then the first again into the slot that held it.
fn deployed(has_dry_run: bool, lost: fn(&Call) -> bool) -> Vec<Said> {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        bed.sandbox.store().set_mutations(mirror(has_dry_run));
        let size = json!({"spec": {"revisionHistoryLimit": 5}});
        field.edit(Kind::Deployment, "parrot", size).await?;
        field.has_ready("parrot", 1).await?;
        field.initialised().await?;
        let mut all = Vec::new();
        for (deployment, image) in [("parrot-green", V2), ("parrot", V1)] {
            let mut is_first = true;
            let once = move |call: &Call| {
                let is_real = call.path.contains("/deployments") && !call.path.contains("dryRun");
                is_real && lost(call) && std::mem::take(&mut is_first)
            };
            faults.on(once, Fault::Unanswered);
            all.push(field.exits(0, &format!("deploy parrot --image {image} --yes")).await?);
            faults.clear();
            field.is_live(deployment, &mirrored(image)).await?;
        }
        Result::Ok(all)
    });
    ran.unwrap()
}

fn warnings(said: &Said) -> Vec<&Value> {
    said.events.iter().filter(|event| event["event"] == "warned").collect()
}

#[test]
fn a_reply_that_is_lost_is_looked_up_and_counts() {
    for method in ["POST", "PATCH"] {
        let lost: fn(&Call) -> bool = match method {
            "POST" => |call| call.method == "POST",
            _ => |call| call.method == "PATCH",
        };
        let all = deployed(true, lost);
        assert!(all.iter().any(|said| said.has(|event| event["event"] == "unreachable")));
    }
}

/// What can't be tried is said; it is taken as it comes all the same.
#[test]
fn a_webhook_without_dry_run_is_told_and_no_reason() {
    for said in deployed(false, |_| false) {
        let told = warnings(&said);
        assert!(!told.is_empty() && told.iter().all(|it| it["check"] == "dry-run"), "{said:?}");
        let what = told[0]["what"].as_str().unwrap_or_default();
        assert!(what.contains("\"mirror.example\" does not support dry run"), "{what}");
    }
}
