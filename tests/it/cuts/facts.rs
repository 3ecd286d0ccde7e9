//! What is true of the app, worked out from the objects alone; and whether `status` says so.

use anyhow::{Context, Result, ensure};
use bluegreen::sandbox::{Key, Store, resources};
use serde_json::{Value, json};

use super::bed::NAMESPACE;

type Resource = resources::Resource;

pub fn get(store: &Store, resource: Resource, name: &str) -> Value {
    let object = store.get(&Key::new(resource, NAMESPACE, name));
    object.map_or(Value::Null, |object| (*object).clone())
}

/// The record, if there is one.
pub fn record(store: &Store) -> Option<Value> {
    let map = get(store, &resources::CONFIG_MAPS, "bluegreen-parrot");
    map["data"]["record"].as_str().and_then(|text| serde_json::from_str(text).ok())
}

fn image(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]["image"]
}

/// In short: who is led where, and what is under way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Facts {
    /// The Service that the user's Ingress names; the live one, where there is none.
    pub backend: String,
    /// The Deployment that it leads to; before `init` it may lead nowhere.
    pub deployment: String,
    pub image: String,
    /// Whether the live Service leads there too.
    pub agree: bool,
    /// The release in progress.
    pub release: Option<u64>,
    pub driven: bool,
}

impl Facts {
    pub fn of(store: &Store) -> Facts {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let ingress = get(store, &resources::INGRESSES, "parrot");
        let path = &ingress["spec"]["rules"][0]["http"]["paths"][0];
        let backend = match ingress.is_null() {
            true => "parrot".to_owned(),
            false => text(&path["backend"]["service"]["name"]),
        };
        let leads = |service: &str| {
            let service = get(store, &resources::SERVICES, service);
            text(&service["spec"]["selector"]["app"])
        };
        let deployment = leads(&backend);
        let image = text(image(&get(store, &resources::DEPLOYMENTS, &deployment)));
        let agree = leads("parrot") == deployment;
        let record = record(store).unwrap_or_default();
        let release = record["release"]["number"].as_u64();
        let driven = record["driver"].is_object();
        Facts { backend, deployment, image, agree, release, driven }
    }
}

/// The release in progress, as the record has it.
#[derive(Clone, PartialEq, Debug)]
pub struct UnderWay {
    /// The version that it is to make live, and the one that it started from.
    pub image: String,
    pub from: String,
    /// Why it has to end.
    pub ending: Option<String>,
}

impl UnderWay {
    pub fn of(store: &Store) -> Option<UnderWay> {
        let record = record(store)?;
        let release = record["release"].as_object()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let [image, from] = ["images", "replaces"].map(|of| text(&release[of]["parrot"]));
        let ending = release.get("ending").map(|ending| text(&ending["outcome"]));
        Some(UnderWay { image, from, ending })
    }
}

/// How many ready endpoints a Service has.
fn endpoints(store: &Store, service: &str) -> u64 {
    let slices = store.list(&resources::ENDPOINT_SLICES, Some(NAMESPACE));
    let of_service = slices
        .iter()
        .filter(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == service);
    let endpoints =
        of_service.flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
    endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true).count() as u64
}

/// Whether a status is what the objects say.
pub fn is_true(status: &Value, store: &Store) -> Result<()> {
    let facts = Facts::of(store);
    let what = || format!("{facts:?}, but status says {status:#}");
    let Some(record) = record(store) else {
        ensure!(status["release"].is_null() && status["healthy"] == false, what());
        return Ok(());
    };
    let release = &record["release"];
    ensure!(status["release"]["number"] == release["number"], what());
    ensure!(status["release"]["ending"].is_null() == release["ending"].is_null(), what());
    let holder = if release.is_null() { &Value::Null } else { &record["driver"]["holder"] };
    ensure!(status["release"]["driver"]["holder"] == *holder, what());
    let live = &status["live"];
    if facts.deployment.is_empty() {
        // The live Service has not been made yet.
        ensure!(live.is_null() && status["healthy"] == false, what());
        return Ok(());
    }
    ensure!(live["deployment"] == *facts.deployment, what());
    let is_side = |side: &Value, what: &dyn Fn() -> String| -> Result<()> {
        let name = side["deployment"].as_str().context("a side without a Deployment")?;
        let deployment = get(store, &resources::DEPLOYMENTS, name);
        let ready = deployment["status"]["readyReplicas"].as_u64().unwrap_or(0);
        ensure!(side["images"] == json!({"parrot": image(&deployment)}), what());
        ensure!(side["replicas"] == deployment["spec"]["replicas"], what());
        ensure!(side["ready"] == ready, what());
        Ok(())
    };
    is_side(live, &what)?;
    let number = release["number"].to_string();
    let other = match live["deployment"].as_str() {
        Some("parrot") => "parrot-green",
        _ => "parrot",
    };
    let slot = get(store, &resources::DEPLOYMENTS, other);
    let is_candidate = slot["metadata"]["annotations"]["bluegreen/release"] == *number;
    ensure!(status["candidate"].is_null() != is_candidate, "candidate: {}", what());
    if is_candidate {
        is_side(&status["candidate"], &what)?;
    }
    let deployment = get(store, &resources::DEPLOYMENTS, &facts.deployment);
    // A stamp is a change as well: for a moment nobody knows what it leads to.
    let is_seen =
        deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"];
    let size = live["replicas"].as_u64().unwrap_or(0);
    let reached = endpoints(store, live["service"].as_str().unwrap_or_default());
    let serves = is_seen && live["ready"] == size && size > 0 && reached >= size;
    ensure!(status["healthy"] == (serves && facts.agree), what());
    ensure!(status["healthy"] == true || status["problem"].is_string(), what());
    Ok(())
}
