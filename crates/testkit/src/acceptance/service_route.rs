//! An app that nothing but its Service names: a release switches that Service's selector.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::command::{Said, answered, doing, done};
use super::field::{Field, V1, V2, V3};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    an_app_without_an_ingress_is_told_the_flag,
    released_and_back,
    the_gate_rejects,
    approved_by_a_person,
    aborted_at_the_gate,
    aborted_after_the_switch,
    aborted_while_it_bakes,
    killed_after_the_switch_and_finished,
    killed_while_the_nodes_follow_and_finished,
    a_switch_that_is_late_changes_nothing,
    who_puts_the_selector_back_is_not_fought,
    an_ingress_that_comes_is_in_the_way,
    kept_and_without_a_new_pod,
    a_rehearsal_writes_nothing,
    nobody_who_follows_its_endpoints_is_lost,
];

/// The parrot, with a Service of its own in place of its Ingress.
pub async fn alone(field: &Field) -> Result<()> {
    field.delete(Kind::Ingress, "parrot").await?;
    field
        .create(json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "parrot"},
            "spec": {
                "selector": {"app": "parrot"},
                "ports": [{"name": "http", "port": 80, "targetPort": 3000}],
            },
        }))
        .await
        .map(drop)
}

pub async fn initialised(field: &Field) -> Result<()> {
    alone(field).await?;
    field.exits(0, "init parrot --route service").await.map(drop)
}

/// Whom the Service leads to, what that runs, and that it is as big as it is to be.
async fn is_live(field: &Field, deployment: &str, image: &str) -> Result<()> {
    let leads = &field.get(Kind::Service, "parrot").await?["spec"]["selector"]["app"];
    ensure!(leads == deployment, "Service parrot leads to {leads}");
    let live = field.get(Kind::Deployment, deployment).await?;
    let runs = &live["spec"]["template"]["spec"]["containers"][0]["image"];
    ensure!(runs == image, "{deployment} runs {runs}, not {image}");
    ensure!(live["status"]["readyReplicas"] == live["spec"]["replicas"], "{live:#}");
    ensure!(field.list(Kind::Ingress).await?.is_empty(), "there is an Ingress");
    Ok(())
}

async fn is_as_before(field: &Field) -> Result<()> {
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    is_live(field, "parrot", V1).await
}

fn at_once() -> String {
    format!("deploy parrot --image {V2} --yes")
}

async fn an_app_without_an_ingress_is_told_the_flag(field: Field) -> Result<()> {
    alone(&field).await?;
    let before = field.versions().await?;
    for line in ["init parrot", "check parrot -o human"] {
        let said = field.exits(10, line).await?;
        let told = format!("{}{}", said.out, said.err);
        ensure!(told.contains("init parrot --route service"), "{said:?}");
    }
    let said = field.exits(0, "check parrot --route service -o human").await?;
    ensure!(said.out.contains("and Service parrot leads to it"), "{said:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn released_and_back(field: Field) -> Result<()> {
    initialised(&field).await?;
    let line = format!("deploy parrot --image {V2} --yes -o human");
    let said = field.command_but(&line, &["--settle", "--drain"]).exits(0).await?;
    ensure!(said.out.contains("not confirmed by a probe"), "{said:?}");
    is_live(&field, "parrot-green", V2).await?;
    ensure!(field.replicas("parrot").await? == Some(0), "the old version was not put away");
    let history = field.history().await?;
    ensure!(history[0]["confirmed"] == "endpoints", "{history:#?}");
    let took = |from: &str, to: &str| -> Result<i64> {
        let at = |field: &str| -> Result<jiff::Timestamp> {
            Ok(history[0][field].as_str().context("no time")?.parse()?)
        };
        Ok(at(to)?.as_second() - at(from)?.as_second())
    };
    ensure!(took("switched", "arrived")? >= 15 && took("arrived", "ended")? >= 30, "{history:#?}");
    let shown = field.exits(0, "status parrot -o human").await?.out;
    ensure!(shown.lines().any(|line| line.ends_with("Service parrot")), "{shown}");
    field.exits(0, "rollback parrot").await?;
    is_live(&field, "parrot", V1).await?;
    field.released(V3).await?;
    is_live(&field, "parrot-green", V3).await
}

async fn the_gate_rejects(field: Field) -> Result<()> {
    initialised(&field).await?;
    let before = field.get(Kind::Service, "parrot").await?;
    let deploy = field.command(&format!("deploy parrot --image {V2} {GATE}")).answers(&[500, 410]);
    deploy.exits(3).await?;
    ensure!(field.get(Kind::Service, "parrot").await? == before, "the Service was changed");
    is_as_before(&field).await
}

async fn approved_by_a_person(field: Field) -> Result<()> {
    initialised(&field).await?;
    field.detached(V2).await?;
    is_live(&field, "parrot", V1).await?;
    field.exits(0, "promote parrot").await?;
    is_live(&field, "parrot-green", V2).await
}

async fn aborted_at_the_gate(field: Field) -> Result<()> {
    initialised(&field).await?;
    let deploy = field.command(&format!("deploy parrot --image {V2} {GATE} --threshold 1000"));
    let deploy = deploy.answers(&[500]);
    deploy.meanwhile(5, answered, field.exits(0, "abort parrot")).await?;
    is_as_before(&field).await
}

async fn aborted_after_the_switch(field: Field) -> Result<()> {
    for step in ["switch-service", "mark-switched", "mark-reached"] {
        if field.find(Kind::ConfigMap, "bluegreen-parrot").await?.is_none() {
            initialised(&field).await?;
        }
        field.command(&format!("{} --settle 30s", at_once())).killed_at(done(step)).await?;
        let said = field.exits(0, "abort parrot").await?;
        ensure!(said.has(done("switch-service-back")), "{said:?}");
        is_as_before(&field).await?;
    }
    Ok(())
}

async fn aborted_while_it_bakes(field: Field) -> Result<()> {
    initialised(&field).await?;
    let deploy = field.command(&format!("{} --bake 300s", at_once()));
    deploy.meanwhile(5, done("start-drain"), field.exits(0, "abort parrot")).await?;
    is_as_before(&field).await
}

async fn is_finished(field: &Field, said: &Said) -> Result<()> {
    ensure!(said.has(done("take-over")), "it never took over: {said:?}");
    ensure!(!said.has(done("switch-service")), "it was switched twice: {said:?}");
    let history = field.history().await?;
    ensure!(history.len() == 1 && history[0]["outcome"] == "promoted", "{history:#?}");
    ensure!(field.replicas("parrot").await? == Some(0), "the old version was not put away");
    is_live(field, "parrot-green", V2).await
}

async fn killed_after_the_switch_and_finished(field: Field) -> Result<()> {
    initialised(&field).await?;
    field.command(&at_once()).killed_at(done("switch-service")).await?;
    let said = field.exits(0, &at_once()).await?;
    is_finished(&field, &said).await
}

async fn killed_while_the_nodes_follow_and_finished(field: Field) -> Result<()> {
    initialised(&field).await?;
    let line = format!("{} --settle 20s", at_once());
    field.command(&line).killed_at(done("mark-reached")).await?;
    let left = field.status().await?;
    ensure!(left["release"]["phase"] == "confirming", "{left:#}");
    let said = field.exits(0, &line).await?;
    is_finished(&field, &said).await
}

async fn a_switch_that_is_late_changes_nothing(field: Field) -> Result<()> {
    initialised(&field).await?;
    let mut left = Vec::new();
    let abort = async {
        field.exits(0, "abort parrot").await?;
        left = field.versions().await?;
        Ok(())
    };
    field.command(&at_once()).frozen_at(6, doing("switch-service"), abort).await?;
    ensure!(field.versions().await? == left, "it wrote after it was taken over");
    is_as_before(&field).await
}

async fn who_puts_the_selector_back_is_not_fought(field: Field) -> Result<()> {
    initialised(&field).await?;
    let back = json!({"spec": {"selector": {"app": "parrot"}}});
    let deploy = field.command(&format!("{} --drain 60s", at_once()));
    let edit = field.edit(Kind::Service, "parrot", back);
    let (said, _) = deploy.meanwhile(7, done("start-drain"), edit).await?;
    ensure!(said.err.contains("the selector of Service parrot was switched"), "{said:?}");
    for deployment in ["parrot", "parrot-green"] {
        ensure!(field.replicas(deployment).await? == Some(1), "{deployment} was put away");
    }
    field.exits(0, "abort parrot").await?;
    is_as_before(&field).await
}

async fn an_ingress_that_comes_is_in_the_way(field: Field) -> Result<()> {
    initialised(&field).await?;
    field.detached(V2).await?;
    field.second_ingress().await?;
    let said = field.exits(10, "promote parrot").await?;
    ensure!(said.err.contains("Ingress parrot-admin names the app"), "{said:?}");
    field.delete(Kind::Ingress, "parrot-admin").await?;
    field.exits(0, "promote parrot").await?;
    is_live(&field, "parrot-green", V2).await
}

async fn kept_and_without_a_new_pod(field: Field) -> Result<()> {
    initialised(&field).await?;
    field.exits(0, &format!("{} --keep-old", at_once())).await?;
    ensure!(field.replicas("parrot").await? == Some(1), "the old version was not kept");
    let pods = async |field: &Field| -> Result<Vec<Value>> {
        let pods = field.list(Kind::Pod).await?;
        Ok(pods.iter().map(|pod| pod["metadata"]["uid"].clone()).collect())
    };
    let before = pods(&field).await?;
    field.exits(0, "rollback parrot --keep-old").await?;
    ensure!(pods(&field).await? == before, "there are other pods");
    is_live(&field, "parrot", V1).await
}

async fn a_rehearsal_writes_nothing(field: Field) -> Result<()> {
    initialised(&field).await?;
    let before = field.versions().await?;
    let said = field.exits(0, &format!("{} --dry-run=server", at_once())).await?;
    let steps = said.events.iter().filter(|event| event["event"] == "dry-run");
    let steps: Vec<_> = steps.filter_map(|event| event["step"].as_str()).collect();
    ensure!(steps.contains(&"switch-service") && !steps.contains(&"follow-live"), "{steps:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

const TICK: Duration = Duration::from_millis(250);

/// A stand-in for kube-proxy on one node and a client there: it sends each request to one of the pods that the
/// Service's EndpointSlices named as ready so many ticks ago.
struct Node {
    late: usize,
    seen: VecDeque<Vec<String>>,
    asked: usize,
    lost: Vec<String>,
}

impl Node {
    fn new(late: usize) -> Node {
        Node { late, seen: VecDeque::new(), asked: 0, lost: Vec::new() }
    }

    /// `there`: the pods that answer now.
    fn asks(&mut self, named: &[String], there: &[String]) {
        self.seen.push_back(named.to_vec());
        if self.seen.len() > self.late + 1 {
            self.seen.pop_front();
        }
        let pods = &self.seen[0];
        self.asked += 1;
        match pods.get(self.asked % pods.len().max(1)) {
            Some(pod) if there.contains(pod) => {}
            Some(pod) => self.lost.push(format!("{pod} does not answer")),
            None => self.lost.push("there is no endpoint".to_owned()),
        }
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let mut ready = conditions.filter(|condition| condition["type"] == "Ready");
    ready.any(|it| it["status"] == "True") && pod["metadata"]["deletionTimestamp"].is_null()
}

/// Whom the Service's EndpointSlices name as ready.
async fn named(field: &Field) -> Result<Vec<String>> {
    let slices = field.list(Kind::EndpointSlice).await?;
    let label =
        |slice: &&Value| slice["metadata"]["labels"]["kubernetes.io/service-name"] == "parrot";
    let of_it = slices.iter().filter(label);
    let endpoints = of_it.flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
    let ready = endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true);
    let pods = ready.filter_map(|it| it["targetRef"]["name"].as_str());
    Ok(pods.map(str::to_owned).collect())
}

async fn load(field: &Field, nodes: &mut [Node]) -> Result<()> {
    loop {
        let named = named(field).await?;
        let pods = field.list(Kind::Pod).await?;
        let ready = pods.iter().filter(|pod| is_ready(pod));
        let there = ready.filter_map(|pod| pod["metadata"]["name"].as_str());
        let there: Vec<String> = there.map(str::to_owned).collect();
        nodes.iter_mut().for_each(|node| node.asks(&named, &there));
        sleep(TICK).await;
    }
}

async fn nobody_who_follows_its_endpoints_is_lost(field: Field) -> Result<()> {
    field.scaled("parrot", 3).await?;
    initialised(&field).await?;
    field
        .waits("the Service to reach all pods", async |field| Ok(named(field).await?.len() == 3))
        .await?;
    // At once, and as late as a node that has just programmed a change may be.
    let mut nodes = [0, 4, 40].map(Node::new);
    let releases = async {
        let unsaid = ["--settle", "--drain"];
        field.command_but(&at_once(), &unsaid).exits(0).await?;
        field.command_but("rollback parrot", &unsaid).exits(0).await?;
        let aborted = format!("deploy parrot --image {V3} --yes --bake 300s");
        let aborted = field.command_but(&aborted, &unsaid);
        aborted.meanwhile(5, done("start-drain"), field.exits(0, "abort parrot")).await?;
        Ok::<_, anyhow::Error>(())
    };
    tokio::select! {
        ended = load(&field, &mut nodes) => ended?,
        ended = releases => ended?,
    }
    for node in &nodes {
        ensure!(node.asked > 100, "only {} requests", node.asked);
        let (late, lost) = (node.late, &node.lost);
        ensure!(lost.is_empty(), "{} lost, {late} ticks late: {lost:?}", lost.len());
    }
    is_live(&field, "parrot", V1).await
}
