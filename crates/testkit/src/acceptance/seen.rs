//! What `status` and `history` show of a release.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::command::{answered, done};
use super::field::{Field, V1, V2};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    before_the_first_release,
    before_init,
    at_each_phase,
    while_it_switches,
    why_it_waits,
    watched_from_beginning_to_end,
    in_the_history,
];

fn side(colour: &str, image: &str) -> Value {
    let deployment = if colour == "blue" { "parrot" } else { "parrot-green" };
    json!({
        "colour": colour, "deployment": deployment, "service": format!("parrot-{colour}"),
        "images": { "parrot": image }, "replicas": 1, "ready": 1,
    })
}

async fn before_the_first_release(field: Field) -> Result<()> {
    field.initialised().await?;
    let route = json!([{ "kind": "Ingress", "name": "parrot", "hosts": ["parrot.example.com"] }]);
    let wanted = json!({
        "app": "parrot", "namespace": field.namespace, "live": side("blue", V1),
        "candidate": null, "route": route, "release": null, "healthy": true,
        "next": ["deploy"],
    });
    // The Services that init makes have their endpoints a moment later.
    field.waits("all to be well", async |field| Ok(field.status().await? == wanted)).await
}

async fn before_init(field: Field) -> Result<()> {
    let status = field.status().await?;
    ensure!(status["healthy"] == false && status["live"].is_null(), "{status:#}");
    field.exits(10, "history parrot").await?;
    field.exits(10, "status nobody").await?;
    Ok(())
}

async fn at_each_phase(field: Field) -> Result<()> {
    field.initialised().await?;
    let image = "kmharish/parrot-app:late";
    let line =
        format!("deploy parrot --image {image} {GATE} --threshold 1000 --settle 5s --drain 10s");
    let (old, new) = (side("blue", V1), side("green", image));
    let deploy = field.command(&line).answers(&[500, 500, 500, 500, 500, 200]);
    let looks = async {
        let starting = field.status_in("starting").await?;
        ensure!(starting["live"] == old && starting["release"]["number"] == 1, "{starting:#}");
        let gate = json!({ "answer": "none", "failures": 0, "threshold": 1000 });
        ensure!(starting["release"]["gate"] == gate, "{starting:#}");
        ensure!(starting["release"]["driver"]["holder"].is_string(), "{starting:#}");

        deploy.comes(answered).await?;
        let waiting = field.status_in("waiting").await?;
        ensure!(waiting["live"] == old && waiting["candidate"] == new, "{waiting:#}");

        let text = field.exits(0, "status parrot -o human").await?.out;
        ensure!(text.contains("bluegreen promote parrot"), "{text}");

        for phase in ["confirming", "draining"] {
            let status = field.status_in(phase).await?;
            ensure!(status["live"] == new && status["candidate"].is_null(), "{status:#}");
        }
        Ok(())
    };
    deploy.meanwhile(0, done("make-candidate"), looks).await?;
    let status = field.status().await?;
    ensure!(status["release"].is_null() && status["last"]["outcome"] == "promoted", "{status:#}");
    Ok(())
}

/// Nobody drives it any more, and one of two Ingresses is switched.
async fn while_it_switches(field: Field) -> Result<()> {
    field.second_ingress().await?;
    field.initialised().await?;
    let deploy = field.command(&format!("deploy parrot --image {V2} --yes"));
    deploy.killed_at(done("switch")).await?;
    let status = field.status().await?;
    ensure!(status["release"]["phase"] == "switching" && status["healthy"] == false, "{status:#}");
    Ok(())
}

/// The conditions of the next step, at the gate, while the old version drains, and with nothing to do.
async fn why_it_waits(field: Field) -> Result<()> {
    field.initialised().await?;
    let why = async |field: &Field| -> Result<Value> {
        let said = field.exits(0, "status parrot --why").await?;
        Ok(said.events.last().map_or(Value::Null, |status| status["why"].clone()))
    };
    let of = |why: &Value, name: &str| -> Value {
        let all = why["conditions"].as_array().into_iter().flatten();
        all.clone().find(|it| it["name"] == name).cloned().unwrap_or_default()
    };
    let idle = why(&field).await?;
    ensure!(idle["next"] == "begin" && idle["waitsFor"].is_null(), "{idle:#}");
    let line = format!("deploy parrot --image {V2} {GATE} --threshold 1000 --drain 20s");
    let deploy = field.command(&line).answers(&[500, 500, 500, 500, 200]);
    let looks = async {
        let gate = why(&field).await?;
        ensure!(gate["next"] == "switch" && gate["waitsFor"] == "gate", "{gate:#}");
        let now = of(&gate, "gate")["now"].as_str().unwrap_or_default().to_owned();
        ensure!(now.contains("of 1000"), "{gate:#}");
        ensure!(of(&gate, "endpoints")["state"] == "met", "{gate:#}");
        let text = field.exits(0, "status parrot --why -o human").await?.out;
        ensure!(text.contains("waits for") && text.contains("gate: not-yet"), "{text}");
        field.status_in("draining").await?;
        let drain = why(&field).await?;
        ensure!(drain["next"] == "put-away" && drain["waitsFor"] == "drain", "{drain:#}");
        ensure!(of(&drain, "drain")["until"].is_string(), "{drain:#}");
        ensure!(of(&drain, "not-asked")["state"] == "unknown", "{drain:#}");
        Ok(())
    };
    deploy.meanwhile(0, done("count"), looks).await?;
    Ok(())
}

async fn watched_from_beginning_to_end(field: Field) -> Result<()> {
    let watch = field.command("status parrot -w");
    let release = async {
        watch.comes(|status| status["live"].is_null()).await?;
        field.initialised().await?;
        watch.comes(|status| status["healthy"] == true).await?;
        let line = format!("deploy parrot --image {V2} --yes --settle 2s --bake 3s");
        field.exits(0, &line).await?;
        // The pods of the version before go a little later than its Deployment's size.
        watch
            .comes(|status| {
                status["last"]["outcome"] == "promoted" && status["before"]["ready"] == 0
            })
            .await?;
        watch.interrupt(2);
        Ok(())
    };
    // That is how a watch is meant to end.
    let (said, ()) = watch.meanwhile(0, |_| true, release).await?;
    ensure!(said.events.last() == Some(&field.status().await?), "{said:?}");
    let phases = said.events.iter().filter_map(|status| status["release"]["phase"].as_str());
    let mut phases: Vec<_> = phases.collect();
    phases.dedup();
    ensure!(phases.starts_with(&["starting"]), "{phases:?}");
    ensure!(phases.windows(2).any(|two| two == ["confirming", "baking"]), "{phases:?}");
    Ok(())
}

async fn in_the_history(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.exits(0, "rollback parrot").await?;
    field.detached(V2).await?;
    field.exits(0, "abort parrot --reason not-today").await?;
    let history = field.history().await?;
    let told: Vec<_> = history
        .iter()
        .map(|one| (one["number"].as_u64(), one["outcome"].as_str(), one["rollback"] == true))
        .collect();
    let wanted = [
        (Some(3), Some("aborted"), false),
        (Some(2), Some("promoted"), true),
        (Some(1), Some("promoted"), false),
    ];
    ensure!(told == wanted, "{told:?}");
    ensure!(history[0]["reason"] == "not-today", "{history:#?}");
    Ok(())
}
