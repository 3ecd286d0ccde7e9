//! GitHub's side of `examples/ci/github.yaml`: as much of it as that file uses. What it does not
//! know is an error, never passed over.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::super::parrot::Parrot;
use super::machine::{Machine, ROLE, Said, here};
use crate::bed::User;

pub const FILE: &str = include_str!("../../../../examples/ci/github.yaml");
const CREDENTIALS: &str = "aws-actions/configure-aws-credentials@v5";
const CHECKOUT: &str = "actions/checkout@v5";

pub fn parsed(text: &str) -> Result<Value> {
    serde_saphyr::from_str(text).context("the workflow is no YAML")
}

/// The words of a list, or the only one.
pub fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// One run of the workflow.
pub struct Run<'a> {
    app: &'a Parrot,
    user: User,
    workflow: Value,
    /// What an expression may name.
    known: BTreeMap<String, String>,
}

impl<'a> Run<'a> {
    pub fn new(app: &'a Parrot, user: &User, image: &str) -> Result<Self> {
        let workflow = parsed(&here(FILE, app))?;
        let mut known = BTreeMap::from([
            ("inputs.image".to_owned(), image.to_owned()),
            ("vars.RELEASE_ROLE".to_owned(), ROLE.to_owned()),
        ]);
        for (name, value) in entries(&workflow["env"]) {
            known.insert(format!("env.{name}"), value.as_str().unwrap_or_default().to_owned());
        }
        Ok(Self { app, user: user.clone(), workflow, known })
    }

    pub fn known(&self, name: &str) -> &str {
        self.known.get(name).map_or("", String::as_str)
    }

    /// A job that ends like this by what people do: its steps are not run.
    pub fn ends(&mut self, job: &str, result: &str) -> Result<()> {
        ensure!(self.runs(&self.workflow["jobs"][job])?, "{job} is skipped");
        self.known.insert(format!("needs.{job}.result"), result.to_owned());
        Ok(())
    }

    /// Runs a job as far as it goes: its result, and what its steps said.
    pub async fn job(&mut self, name: &str) -> Result<(String, Vec<Said>)> {
        self.carry_out(name, None).await
    }

    /// Runs a job, and cancels it when the step with an id has given this output.
    pub async fn cancel(&mut self, name: &str, at: &str) -> Result<(String, Vec<Said>)> {
        self.carry_out(name, Some(at)).await
    }

    async fn carry_out(&mut self, name: &str, at: Option<&str>) -> Result<(String, Vec<Said>)> {
        let job = self.workflow["jobs"][name].clone();
        let mut said = Vec::new();
        let mut result = "skipped";
        if self.runs(&job)? {
            result = "success";
            let machine = Machine::new(self.app, &self.user, name)?;
            let mut env = self.env(&[&self.workflow["env"], &job["env"]])?;
            env.push(("GITHUB_RUN_ID".to_owned(), "42".to_owned()));
            for step in job["steps"].as_array().context("a job without steps")? {
                let skipped = match step["if"].as_str() {
                    Some(condition) => !self.holds(condition)?,
                    None => false,
                };
                if skipped {
                    continue;
                }
                if let Some(action) = step["uses"].as_str() {
                    self.act(action, &step["with"], &mut env)?;
                    continue;
                }
                let ended = self.step(&machine, step, &env, at).await?;
                let code = ended.code;
                said.push(ended);
                match code {
                    Some(0) => continue,
                    Some(_) => result = "failure",
                    None => result = "cancelled",
                }
                break;
            }
        }
        for (output, value) in entries(&job["outputs"]) {
            let value = self.text(value.as_str().unwrap_or_default())?;
            self.known.insert(format!("needs.{name}.outputs.{output}"), value);
        }
        self.known.retain(|key, _| !key.starts_with("steps."));
        self.known.insert(format!("needs.{name}.result"), result.to_owned());
        Ok((result.to_owned(), said))
    }

    async fn step(
        &mut self,
        machine: &Machine,
        step: &Value,
        env: &[(String, String)],
        cancel_at: Option<&str>,
    ) -> Result<Said> {
        let script = step["run"].as_str().context("a step that does nothing")?;
        let output = machine.path("output");
        fs::write(&output, "")?;
        let mut env = [env, &self.env(&[&step["env"]])?].concat();
        env.push(("GITHUB_OUTPUT".to_owned(), output.display().to_string()));
        let summary = machine.path("summary").display().to_string();
        env.push(("GITHUB_STEP_SUMMARY".to_owned(), summary));
        let id = step["id"].as_str();
        let said = match cancel_at.filter(|_| id.is_some()) {
            Some(text) => machine.kill(script, &env, (&output, text)).await?,
            None => machine.run(script, &env).await?,
        };
        for line in fs::read_to_string(&output)?.lines() {
            let (key, value) = line.split_once('=').context("an output without a name")?;
            let id = id.context("an output of a step without an id")?;
            self.known.insert(format!("steps.{id}.outputs.{key}"), value.to_owned());
        }
        if let Ok(text) = fs::read_to_string(machine.path("summary")) {
            self.known.insert("summary".to_owned(), text);
        }
        Ok(said)
    }

    /// What the actions of others do.
    fn act(&self, action: &str, with: &Value, env: &mut Vec<(String, String)>) -> Result<()> {
        match action {
            // A machine has one.
            CHECKOUT => {}
            CREDENTIALS => {
                for (name, key) in
                    [("AWS_ROLE_ARN", "role-to-assume"), ("AWS_REGION", "aws-region")]
                {
                    let value = with[key].as_str().with_context(|| format!("no {key}"))?;
                    env.push((name.to_owned(), self.text(value)?));
                }
            }
            action => bail!("nothing stands for {action}"),
        }
        Ok(())
    }

    fn env(&self, maps: &[&Value]) -> Result<Vec<(String, String)>> {
        let mut env = Vec::new();
        for (name, value) in maps.iter().flat_map(|map| entries(map)) {
            env.push((name.clone(), self.text(value.as_str().context("no text")?)?));
        }
        Ok(env)
    }

    /// Whether a job runs, now that what it needs has ended.
    fn runs(&self, job: &Value) -> Result<bool> {
        ensure!(job.is_object(), "no such job");
        for needed in words(&job["needs"]) {
            ensure!(
                self.known.contains_key(&format!("needs.{needed}.result")),
                "{needed} is to run"
            );
        }
        let condition = job["if"].as_str().unwrap_or("success()");
        let all = words(&job["needs"])
            .iter()
            .all(|needed| self.known(&format!("needs.{needed}.result")) == "success");
        // Without a word about the state success() is meant.
        Ok((all || condition.contains("always()")) && self.holds(condition)?)
    }

    fn holds(&self, condition: &str) -> Result<bool> {
        for part in condition.split(" && ") {
            let pair = |sign| part.split_once(sign);
            let holds = match (part, pair(" == "), pair(" != ")) {
                ("always()" | "success()", ..) => true,
                (_, Some((name, value)), _) => self.value(name)? == literal(value)?,
                (_, _, Some((name, value))) => self.value(name)? != literal(value)?,
                _ => bail!("no condition: {part}"),
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A text with its expressions put in.
    fn text(&self, text: &str) -> Result<String> {
        let mut parts = text.split("${{ ");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once(" }}").context("an expression without an end")?;
            whole += &self.value(name)?;
            whole += rest;
        }
        Ok(whole)
    }

    fn value(&self, name: &str) -> Result<String> {
        match self.known.get(name) {
            Some(value) => Ok(value.clone()),
            // What a step did not give is empty.
            None if name.starts_with("steps.deploy.outputs.") => Ok(String::new()),
            None => bail!("nothing is known of {name}"),
        }
    }
}

fn literal(text: &str) -> Result<&str> {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inner.with_context(|| format!("no text: {text}"))
}
