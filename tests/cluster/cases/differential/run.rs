//! Both sides, and how steps are taken on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bluegreen::sandbox::{Api, Store};
use serde_json::{Value, json};

use super::ask::{Ask, Step, delete, get, json_patch, post};
use super::compare;
use super::differences::Known;
use super::mask::Mask;
use super::plane::Plane;
use super::side::{Reply, Side, Way};

/// More than these are not shown.
const SHOWN: usize = 300;

pub struct Both {
    real: Side,
    sandbox: Side,
    pub known: Known,
    masks: (Mask, Mask),
    /// What a row is called, in what is found.
    row: String,
    pub found: Vec<String>,
    /// By kind and verb: how many requests were compared.
    pub requests: BTreeMap<(String, &'static str), usize>,
    _plane: Arc<Plane>,
}

impl Both {
    pub async fn new() -> Result<Both> {
        let plane = Plane::shared().await?;
        let store = Store::new(1, jiff::Timestamp::now());
        Ok(Both {
            real: Side::new(Way::Real(plane.client.clone())),
            sandbox: Side::new(Way::Sandbox(Api::new(&store))),
            known: Known::read()?,
            masks: Default::default(),
            row: String::new(),
            found: Vec::new(),
            requests: BTreeMap::new(),
            _plane: plane,
        })
    }

    /// A namespace in both.
    pub async fn namespace(&mut self, name: &str) -> Result<()> {
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name },
        });
        self.prepare(&post("/api/v1/namespaces", &namespace)).await?;
        // Pods are refused without one; the sandbox has none.
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "default" },
        });
        let accounts = format!("/api/v1/namespaces/{name}/serviceaccounts");
        let made = self.real.ask(&post(&accounts, &account)).await?;
        ensure!(made.code == 201, "{made:?}");
        Ok(())
    }

    pub fn begin(&mut self, row: String) {
        self.row = row;
        self.masks = Default::default();
        self.real.forget();
        self.sandbox.forget();
    }

    pub async fn take(&mut self, kind: &str, step: &Step) -> Result<()> {
        match step {
            Step::Ask(ask) => {
                let (real, sandbox) = tokio::try_join!(self.real.ask(ask), self.sandbox.ask(ask))
                    .with_context(|| format!("{}: {ask:?}", self.row))?;
                self.compare(kind, ask, real, sandbox);
            }
            Step::Mark { collection } => {
                self.real.mark(collection).await?;
                self.sandbox.mark(collection).await?;
            }
            Step::Watch { path, collection, end } => {
                self.watch(kind, path, collection, end).await?
            }
        }
        Ok(())
    }

    async fn prepare(&mut self, ask: &Ask) -> Result<()> {
        tokio::try_join!(self.real.ask(ask), self.sandbox.ask(ask))?;
        Ok(())
    }

    async fn watch(&mut self, kind: &str, path: &str, collection: &str, end: &Value) -> Result<()> {
        let (ask, name) = (get(path), end["metadata"]["name"].as_str().unwrap_or_default());
        let one = format!("{collection}/{name}");
        let mut seen = Vec::new();
        for side in [&mut self.real, &mut self.sandbox] {
            let watch = side.open(&ask).await?;
            side.ask(&post(collection, end)).await?;
            side.ask(&delete(&one, &json!({ "gracePeriodSeconds": 0 }))).await?;
            seen.push(watch.until_gone(name).await?);
        }
        let sandbox = seen.pop().context("two sides")?;
        let real = seen.pop().context("two sides")?;
        self.compare(kind, &ask, real, sandbox);
        Ok(())
    }

    fn compare(&mut self, kind: &str, ask: &Ask, real: Reply, sandbox: Reply) {
        *self.requests.entry((kind.to_owned(), ask.verb())).or_default() += 1;
        let real = self.masks.0.reply(ask, real);
        let sandbox = self.masks.1.reply(ask, sandbox);
        for difference in compare::replies(&real, &sandbox) {
            if self.known.has(kind, ask.verb(), &difference) {
                continue;
            }
            self.found.push(format!(
                "{}: {} {} {:.300}\n    {}\n      real    {}\n      sandbox {}",
                self.row,
                ask.method,
                ask.path,
                ask.body,
                difference.path,
                difference.real,
                difference.sandbox
            ));
        }
    }

    /// Takes away what each side has seen, whoever holds it.
    pub async fn clear(&mut self) -> Result<()> {
        let released = json!([{ "op": "add", "path": "/metadata/finalizers", "value": [] }]);
        for side in [&mut self.real, &mut self.sandbox] {
            for one in side.objects() {
                side.ask(&delete(&one, &json!({ "gracePeriodSeconds": 0 }))).await?;
                side.ask(&json_patch(&one, &released)).await?;
            }
        }
        Ok(())
    }

    /// Fails with all that was found.
    pub fn judge(&self, is_whole: bool) -> Result<()> {
        let n = self.found.len();
        if let Some(path) = std::env::var_os("BLUEGREEN_DIFFERENCES") {
            std::fs::write(path, self.found.join("\n"))?;
        }
        let shown = self.found[..n.min(SHOWN)].join("\n");
        ensure!(n == 0, "{n} differences that are not listed:\n{shown}\n{n} differences");
        let unmet = self.known.unmet();
        ensure!(!is_whole || unmet.is_empty(), "listed, and not found: {unmet:?}");
        Ok(())
    }
}
