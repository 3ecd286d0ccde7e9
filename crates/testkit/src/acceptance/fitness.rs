//! What is looked at before a release: by `check`, and by every deploy and init.

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::command::Said;
use super::field::{Field, V1, V2};
use super::{Case, cases, kubectl};

pub const CASES: &[Case] = cases![
    check_tells_and_writes_nothing,
    check_names_what_is_in_the_way,
    nothing_begins_that_check_refuses,
    what_init_made_has_to_be_there,
    a_gap_in_the_policies_needs_a_word,
    warnings_are_said_once,
    check_in_the_middle_of_a_release,
    the_role_is_a_manifest,
    an_address_for_what_is_no_route_is_refused,
    a_way_back_needs_room,
    no_yes_is_written_that_could_not_go_on,
    an_edited_candidate_is_told,
    the_way_out_of_a_deleted_live_version_works,
    green_is_live_without_a_record,
    what_a_command_was_given_is_no_business_of_check,
];

/// What a check found, the worst first.
pub fn found(said: &Said, check: &str) -> Result<Value> {
    let report: Value = serde_json::from_str(&said.out)?;
    let checks = report["checks"].as_array().context("no checks")?;
    let found = checks.iter().find(|found| found["name"] == check);
    Ok(found.with_context(|| format!("no {check}: {report:#}"))?.clone())
}

async fn check_tells_and_writes_nothing(field: Field) -> Result<()> {
    for _ in 0..2 {
        let before = field.versions().await?;
        let said = field.exits(0, "check parrot").await?;
        ensure!(field.versions().await? == before, "something was written");
        let tried = found(&said, "dry-run")?;
        ensure!(tried["verdict"] == "pass", "{tried:#}");
        ensure!(found(&said, "rights")?["verdict"] == "pass", "{said:?}");
        let direct = found(&said, "direct")?;
        let how = direct["what"].as_str().unwrap_or_default();
        ensure!(direct["verdict"] == "pass" && how.contains(" directly"), "{direct}");
        let said = field.exits(0, "check parrot -o human").await?;
        ensure!(said.out.starts_with("parrot in namespace "), "{said:?}");
        ensure!(said.out.contains(": can be released\n") && said.err.is_empty(), "{said:?}");
        // The same when it is taken in.
        field.initialised().await?;
    }
    // And when green is live.
    field.released(V2).await?;
    let said = field.exits(0, "check parrot").await?;
    let live = found(&said, "deployment")?;
    ensure!(live["what"] == format!("Deployment parrot-green is live, {V2}"), "{live:#}");
    Ok(())
}

async fn check_names_what_is_in_the_way(field: Field) -> Result<()> {
    let nobody = field.exits(10, "check toucan").await?;
    ensure!(found(&nobody, "deployment")?["verdict"] == "fail", "{nobody:?}");
    field.delete(Kind::Ingress, "parrot").await?;
    let said = field.exits(10, "check parrot").await?;
    ensure!(found(&said, "ingress")?["verdict"] == "fail", "{said:?}");
    Ok(())
}

async fn what_init_made_has_to_be_there(field: Field) -> Result<()> {
    let said = field.exits(0, "check parrot").await?;
    let not_yet = found(&said, "prepared")?;
    ensure!(not_yet["what"] == "not set up yet: run init", "{not_yet:#}");
    field.initialised().await?;
    field.delete(Kind::Service, "parrot-preview").await?;
    let said = field.exits(10, "check parrot").await?;
    let gone = found(&said, "prepared")?;
    ensure!(gone["what"] == "there is no Service parrot-preview", "{gone:#}");
    ensure!(gone["hint"].as_str().unwrap_or_default().contains(" init parrot"), "{gone:#}");
    let deploy = format!("deploy parrot --image {V2} --yes");
    field.exits(10, &deploy).await?;
    field.exits(0, "init parrot").await?;
    // Green is live, and somebody leads callers inside back to blue, where nothing runs.
    field.released(V2).await?;
    field.exits(0, "check parrot").await?;
    let back = json!({ "spec": { "selector": { "app": "parrot" } } });
    field.edit(Kind::Service, "parrot", back).await?;
    let said = field.exits(10, "check parrot").await?;
    let two = found(&said, "prepared")?["what"].to_string();
    ensure!(two.contains("do not point to the same colour"), "{two}");
    let said = field.exits(7, &format!("deploy parrot --image {V1} --yes")).await?;
    ensure!(said.err.contains("do not point to the same colour"), "{said:?}");
    Ok(())
}

async fn nothing_begins_that_check_refuses(field: Field) -> Result<()> {
    let paused = |paused: bool| json!({"spec": {"paused": paused, "revisionHistoryLimit": 0}});
    field.edit(Kind::Deployment, "parrot", paused(true)).await?;
    let init = field.exits(10, "init parrot").await?;
    ensure!(init.err.contains("kubectl rollout resume deployment/parrot"), "{init:?}");
    ensure!(field.find(Kind::ConfigMap, "bluegreen-parrot").await?.is_none(), "init wrote");
    let mended = json!({"spec": {"paused": false, "revisionHistoryLimit": 3}});
    field.edit(Kind::Deployment, "parrot", mended).await?;
    field.initialised().await?;

    field.edit(Kind::Deployment, "parrot", paused(true)).await?;
    let before = field.versions().await?;
    let check = field.exits(10, "check parrot").await?;
    for name in ["paused", "revision-history"] {
        ensure!(found(&check, name)?["verdict"] == "fail", "{check:?}");
    }
    ensure!(check.err.contains("failed: paused, revision-history"), "{check:?}");
    let deploy = field.exits(10, &format!("deploy parrot --image {V2} --yes")).await?;
    for name in ["paused", "revision-history"] {
        let what = found(&check, name)?["what"].as_str().context("no what")?.to_owned();
        ensure!(deploy.err.contains(&what), "no {what:?}: {deploy:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn a_gap_in_the_policies_needs_a_word(field: Field) -> Result<()> {
    field
        .create(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "fence"},
            "spec": {"podSelector": {"matchLabels": {"app": "parrot"}}, "policyTypes": ["Ingress"]},
        }))
        .await?;
    for line in ["check parrot", "init parrot"] {
        let said = field.exits(10, line).await?;
        ensure!(format!("{said:?}").contains("NetworkPolicy fence"), "{said:?}");
        field.exits(0, &format!("{line} --allow-policy-gap")).await?;
    }
    let deploy = format!("deploy parrot --image {V2} --yes");
    let said = field.exits(10, &deploy).await?;
    ensure!(said.err.contains("or use --allow-policy-gap"), "{said:?}");
    field.is_untouched().await?;
    field.exits(0, &format!("{deploy} --allow-policy-gap")).await?;
    // It holds for the version that is live no more, and nobody is kept from going back to where it does.
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", V1).await
}

async fn warnings_are_said_once(field: Field) -> Result<()> {
    field
        .edit(
            Kind::Ingress,
            "parrot",
            json!({"metadata": {"annotations": {
                "nginx.ingress.kubernetes.io/affinity": "cookie",
                "argocd.argoproj.io/tracking-id": "birds:networking.k8s.io/Ingress:parrot",
            }}}),
        )
        .await?;
    for line in ["init parrot", &format!("deploy parrot --image {V2} --yes")] {
        let said = field.exits(0, line).await?;
        let warned = said.events.iter().filter(|event| event["event"] == "warned");
        let warned: Vec<&Value> = warned.map(|event| &event["check"]).collect();
        ensure!(warned == ["affinity", "managers"], "{warned:?}: {said:?}");
        ensure!(said.events[0]["event"] == "warned", "{said:?}");
    }
    let said = field.exits(0, "init parrot").await?;
    ensure!(said.events.len() == 1, "it writes nothing, and so warns of nothing: {said:?}");
    let line = format!("deploy parrot --image {V1} --yes -o human");
    let said = field.exits(0, &line).await?;
    ensure!(said.err.matches("by a cookie").count() == 1, "{said:?}");
    ensure!(said.err.contains("hint: exclude"), "{said:?}");
    Ok(())
}

async fn check_in_the_middle_of_a_release(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    let before = field.versions().await?;
    let said = field.exits(0, "check parrot").await?;
    ensure!(found(&said, "dry-run")?["what"].as_str().unwrap_or_default().contains("in progress"));
    ensure!(field.versions().await? == before, "something was written");
    field.exits(0, "promote parrot").await?;
    field.is_live("parrot-green", V2).await
}

async fn the_role_is_a_manifest(field: Field) -> Result<()> {
    let said = field.exits(0, "check parrot --role").await?;
    let role: Value = serde_saphyr::from_str(&said.out)?;
    ensure!(role["kind"] == "Role" && role["metadata"]["namespace"] == field.namespace, "{role:#}");
    ensure!(role["rules"].as_array().is_some_and(|rules| rules.len() > 5), "{role:#}");
    // What nobody needs for a release stands in a second one.
    let both = field.exits(0, "check parrot --role --probe").await?.out;
    let second = both
        .strip_prefix(said.out.trim_end())
        .and_then(|rest| rest.trim_start().strip_prefix("---"));
    let probe: Value = serde_saphyr::from_str(second.context("the first is not the same")?)?;
    ensure!(probe["metadata"]["name"] == "bluegreen-probe", "{probe:#}");
    Ok(())
}

/// Whichever command is given it, before it writes anything.
async fn an_address_for_what_is_no_route_is_refused(field: Field) -> Result<()> {
    field.initialised().await?;
    field.second_ingress().await?;
    let refused = async |line: &str| -> Result<()> {
        let before = field.versions().await?;
        for (name, why) in [
            ("toucan", "which does not exist in namespace"),
            (
                "parrot-preview",
                "which does not name the app; Ingress parrot, Ingress parrot-admin does",
            ),
        ] {
            let probe = format!("--probe ingress/{name}=http://203.0.113.1");
            let said = field.exits(10, &format!("{line} {probe}")).await?;
            let what = format!("a probe address is given for Ingress {name}, {why}");
            ensure!(said.err.contains(&what), "{line}: {said:?}");
        }
        ensure!(field.versions().await? == before, "{line} has written something");
        Ok(())
    };
    let deploy = format!("deploy parrot --image {V2}");
    refused(&format!("{deploy} --yes")).await?;
    refused(&format!("{deploy} --dry-run=server")).await?;
    field.exits(0, "init parrot").await?;
    field.detached(V2).await?;
    for line in ["promote parrot", "abort parrot", &format!("{deploy} --yes")] {
        refused(line).await?;
    }
    let probe =
        "--probe ingress/parrot=http://203.0.113.1 --probe Ingress/parrot-admin=http://203.0.113.2";
    field.exits(0, &format!("promote parrot {probe}")).await?;
    refused("rollback parrot").await
}

/// Pods that run already need none.
async fn a_way_back_needs_room(field: Field) -> Result<()> {
    let quota = async |name: &str, hard: Value| {
        let metadata = json!({"name": name});
        field
            .create(json!({
                "apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata,
                "spec": {"hard": hard},
            }))
            .await
    };
    field.initialised().await?;
    field.released(V2).await?;
    quota("tight", json!({"pods": "0"})).await?;
    let before = field.versions().await?;
    let said = field.exits(10, "rollback parrot").await?;
    let what = "ResourceQuota tight has 0 left for pods, and a candidate of 1 takes 1";
    ensure!(said.err.contains(what), "{said:?}");
    ensure!(field.versions().await? == before, "something was written");
    // Nor is it named.
    for line in ["status parrot", "status parrot --why"] {
        let status: Value = serde_json::from_str(&field.exits(0, line).await?.out)?;
        ensure!(status["next"] == json!(["check"]), "{line}: {status:#}");
    }
    field.delete(Kind::ResourceQuota, "tight").await?;
    field.exits(0, "rollback parrot --keep-old").await?;
    quota("full", json!({"pods": "0", "count/replicasets.apps": "0"})).await?;
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot-green", V2).await
}

async fn no_yes_is_written_that_could_not_go_on(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    for (kind, line) in [(Kind::Service, "promote parrot"), (Kind::Ingress, "promote parrot")] {
        field.delete(kind, "parrot-preview").await?;
        let before = field.versions().await?;
        let said = field.exits(10, line).await?;
        ensure!(said.err.contains(" parrot-preview"), "{said:?}");
        ensure!(field.versions().await? == before, "{kind}: something was written");
        field.exits(0, "init parrot").await?;
    }
    field.exits(0, "promote parrot").await?;
    field.is_live("parrot-green", V2).await
}

async fn an_edited_candidate_is_told(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    let status = field.status().await?;
    ensure!(status["release"]["trouble"].is_null(), "{status:#}");
    let edit = json!({"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}});
    field.edit(Kind::Deployment, "parrot-green", edit).await?;
    let status = field.status().await?;
    let trouble = status["release"]["trouble"].to_string();
    ensure!(trouble.contains("is not the one that release 1 sent"), "{status:#}");
    field.exits(0, "abort parrot").await.map(drop)
}

/// Each command that is named is done as kubectl would.
async fn the_way_out_of_a_deleted_live_version_works(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.delete(Kind::Deployment, "parrot-green").await?;
    let status = field.status().await?;
    let fix = status["mend"].as_str().with_context(|| format!("no way out: {status:#}"))?;
    let refused = field.exits(10, &format!("deploy parrot --image {V2} --yes")).await?;
    ensure!(refused.err.contains(fix), "{refused:?}");
    kubectl::runs(&field, fix).await?;
    let status = field.status().await?;
    ensure!(status["healthy"] == true && status["live"]["deployment"] == "parrot", "{status:#}");
    field.released(V2).await?;
    field.is_live("parrot-green", V2).await
}

async fn green_is_live_without_a_record(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.delete(Kind::ConfigMap, "bluegreen-parrot").await?;
    let said = field.exits(0, "check parrot").await?;
    let live = found(&said, "deployment")?;
    ensure!(live["what"] == format!("Deployment parrot-green is live, {V2}"), "{live:#}");
    ensure!(found(&said, "replicas")?["verdict"] == "pass", "{said:?}");
    field.exits(0, "init parrot").await?;
    field.is_live("parrot-green", V2).await
}

async fn what_a_command_was_given_is_no_business_of_check(field: Field) -> Result<()> {
    field.exits(0, "check parrot").await?;
    let said = field.exits(10, "init parrot --preview-tls-secret nest").await?;
    ensure!(!said.err.contains(" check parrot"), "{said:?}");
    field.initialised().await?;
    let probe = "--probe ingress/toucan=http://203.0.113.1";
    let deploy = format!("deploy parrot --image {V2} --yes {probe}");
    let said = field.exits(10, &deploy).await?;
    ensure!(said.err.contains("the same command with --dry-run=server"), "{said:?}");
    ensure!(!said.err.contains(" check parrot"), "{said:?}");
    Ok(())
}
