//! A sandbox with the app taken in, for commands that are typed there.

use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};
use bluegreen::cli::Cli;
use bluegreen::commands::{Surroundings, run_in};
use bluegreen::drive::Interrupts;
use bluegreen::gate::{Courier, Failure, Outside};
use bluegreen::model::Kind;
use bluegreen::sandbox::{Faults, Key, Nodes, Sandbox, Scripts, resources};
use clap::Parser;
use reqwest::{Request, Response};
use serde_json::Value;
use tower::service_fn;

use crate::acceptance::Field;
use crate::bed::{Bed, NAMESPACE};

pub struct Stand {
    pub sandbox: Sandbox,
    pub field: Field,
    pub faults: Faults,
    pub outside: Outside,
    folder: tempfile::TempDir,
}

impl Stand {
    pub async fn with(nodes: Arc<dyn Nodes>) -> Result<Stand> {
        let bed = Bed::with(1, "2026-01-01T00:00:00Z".parse()?, nodes).await?;
        let (field, faults) = bed.machine();
        field.exits(0, "init parrot").await?;
        let outside = Outside::given(Courier::new(service_fn(async |_: Request| {
            Err::<Response, _>(Failure::from("nobody is there"))
        })));
        let folder = tempfile::tempdir()?;
        Ok(Stand { sandbox: bed.sandbox, field, faults, outside, folder })
    }

    pub async fn new() -> Result<Stand> {
        Stand::with(Arc::new(Scripts::default())).await
    }

    /// What a command line said that ended with this code.
    pub async fn said(&self, code: u8, words: &[&str]) -> Result<String> {
        let said: Arc<Mutex<String>> = Arc::default();
        let heard = Arc::clone(&said);
        let around = Surroundings {
            client: Some(self.field.client.clone()),
            outside: self.outside.clone(),
            interrupts: Some(Interrupts::given().1),
            paper: Some(Arc::new(move |_, line: &str| {
                *heard.lock().expect("no holder panics") += &format!("{line}\n");
            })),
        };
        let words = [&["bluegreen"], words, &["-n", NAMESPACE]].concat();
        let ended = run_in(&Cli::parse_from(&words), &around).await;
        let said = said.lock().expect("no holder panics").clone();
        ensure!(ended == code, "{words:?}: exit {ended}, not {code}: {said}");
        Ok(said)
    }

    /// A file of JSON, as YAML takes it too; where it is.
    pub fn file(&self, name: &str, value: &Value) -> Result<String> {
        let escaped = |c: char| match c.is_ascii() {
            true => c.to_string(),
            false => format!("\\u{:04x}", u32::from(c)),
        };
        self.text(name, &value.to_string().chars().map(escaped).collect::<String>())
    }

    pub fn text(&self, name: &str, text: &str) -> Result<String> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// Past everything that an API server would say to it.
    pub fn forge(&self, kind: Kind, name: &str, forge: impl FnOnce(&mut Value)) {
        let resource = resources::of_kind(kind.api_version(), &kind.to_string()).expect("a kind");
        let change = |old: &Value| {
            let mut new = old.clone();
            forge(&mut new);
            Ok(new)
        };
        let key = Key::new(resource, NAMESPACE, name);
        assert!(self.sandbox.store().edit(resource, &key, change).is_ok(), "there is no {name}");
    }

    pub fn forge_record(&self, forge: impl FnOnce(&mut Value)) {
        self.forge(Kind::ConfigMap, "bluegreen-parrot", |object| {
            let text = object["data"]["record"].as_str().unwrap_or_default();
            let mut record: Value = serde_json::from_str(text).expect("it is a record");
            forge(&mut record);
            object["data"]["record"] = record.to_string().into();
        });
    }
}
