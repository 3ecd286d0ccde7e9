//! Every command that is named is run in the state in which it was: by `status`, by how a command ends, and
//! by why it failed. None of them is refused because of that state.
//!
//! A state is a phase of a release and what somebody changed in it. It is made anew for each command: those
//! change it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use bluegreen::model::{Colour, Kind};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use crate::acceptance::command::Said;
use crate::acceptance::field::backend;
use crate::acceptance::{Field, kubectl};
use crate::bed::{Bed, each, in_paused_time};
use crate::edits::{self, Change, TABLE, WHEN, When};
use crate::tally;

/// So many states of two changes, one on top of the other.
const PAIRS: u32 = 60;
const V2: &str = "kmharish/parrot-app:v2.2";
const V3: &str = "kmharish/parrot-app:v3.0";
/// No command may end with these because of a state in which it was named: usage, unfit, nothing to do.
const REFUSED: [u8; 3] = [2, 10, 11];
/// What is said in words.
const SAME: &str = "the same ";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Edit {
    Of(Change),
    /// A manifest of the user's with the Service in it is applied again: blue is as it was left.
    LedBack,
    /// The same of the Service alone.
    ServiceLedBack,
    BlueEdited,
    BlueScaled,
    LiveAtNothing,
    PreviewDeleted,
    KeepWarmDeleted,
}

const OTHERS: [Edit; 7] = [
    Edit::LedBack,
    Edit::ServiceLedBack,
    Edit::BlueEdited,
    Edit::BlueScaled,
    Edit::LiveAtNothing,
    Edit::PreviewDeleted,
    Edit::KeepWarmDeleted,
];

impl Edit {
    /// Of an object that is gone by then there is nothing to be changed.
    async fn done(self, field: &Field, when: When) -> Result<()> {
        let ours = async |kind, name, patch| {
            if field.find(kind, name).await?.is_some() {
                field.edit(kind, name, patch).await?;
            }
            Ok(())
        };
        let gone = async |kind, name| {
            if field.find(kind, name).await?.is_some() {
                field.delete(kind, name).await?;
            }
            Ok(())
        };
        let service = json!({"spec": {"selector": {"app": "parrot"}}});
        match self {
            Edit::Of(change) => change.done(field, edits::slots(when)).await,
            Edit::ServiceLedBack => ours(Kind::Service, "parrot", service).await,
            Edit::LedBack => {
                ours(Kind::Service, "parrot", service).await?;
                let paths = json!({"paths": [backend("parrot")]});
                let rules = json!([{"host": "parrot.example.com", "http": paths}]);
                ours(Kind::Ingress, "parrot", json!({"spec": {"rules": rules}})).await
            }
            Edit::BlueEdited => {
                let annotations = json!({"edited": "yes"});
                let template = json!({"template": {"metadata": {"annotations": annotations}}});
                ours(Kind::Deployment, "parrot", json!({"spec": template})).await
            }
            Edit::BlueScaled => {
                ours(Kind::Deployment, "parrot", json!({"spec": {"replicas": 2}})).await
            }
            Edit::LiveAtNothing => {
                let (live, _) = edits::slots(when);
                ours(Kind::Deployment, live, json!({"spec": {"replicas": 0}})).await
            }
            Edit::PreviewDeleted => gone(Kind::Service, "parrot-preview").await,
            Edit::KeepWarmDeleted => gone(Kind::Ingress, "parrot-preview").await,
        }
    }
}

/// What becomes of the deploy that is under way when something is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deploy {
    /// It goes on, to whatever end.
    Ends,
    /// It is gone, and the record has it as its driver.
    Killed,
    /// Somebody stopped it, and it has put the release down.
    Interrupted,
}

#[derive(Clone, Debug)]
struct State {
    when: When,
    deploy: Deploy,
    edits: Vec<Edit>,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} while {:?}, the deploy {:?}", self.edits, self.when, self.deploy)
    }
}

impl State {
    /// Reached anew; what its deploy said.
    async fn reached(&self) -> Result<(Bed, Option<Said>)> {
        let bed = Bed::new(1).await?;
        let field = &bed.field;
        field.initialised().await?;
        let changes = async {
            for edit in &self.edits {
                // The second may be of what the first has taken away.
                let _ = edit.done(field, self.when).await;
            }
            Ok(())
        };
        let said = match self.when {
            When::Idle(live) => {
                if live == Colour::Green {
                    field.released(V2).await?;
                }
                changes.await?;
                None
            }
            When::In(phase) => {
                let deploy = edits::deploy(field, self.when);
                let said = match self.deploy {
                    Deploy::Ends => edits::frozen(&deploy, self.when, changes).await?.1,
                    Deploy::Killed => {
                        deploy.killed_at(edits::begins(phase)).await?;
                        changes.await?;
                        deploy.said()
                    }
                    Deploy::Interrupted => {
                        let interrupts = async {
                            deploy.comes(edits::begins(phase)).await?;
                            deploy.interrupt(2);
                            Ok(())
                        };
                        let ((_, said), ()) = tokio::try_join!(deploy.ends(), interrupts)?;
                        changes.await?;
                        said
                    }
                };
                Some(said)
            }
        };
        // Whatever follows from the changes has followed.
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        Ok((bed, said))
    }
}

/// The command lines in what was said for people: `hint: bluegreen …`, and the rows of `status` and of how a
/// release ends.
fn named(said: &str) -> Vec<String> {
    let of = |line: &str| {
        let at = ["bluegreen ", "kubectl "].into_iter().find_map(|program| {
            let at = line.find(program)?;
            let before = &line[..at];
            // At the end of a row, or after a word that says that a command follows.
            (before.ends_with("hint: ") || before.ends_with("   ") || before.ends_with(": "))
                .then_some(at)
        });
        let same = line.find(&format!("hint: {SAME}")).map(|at| at + "hint: ".len());
        Some(line[at.or(same)?..].to_owned())
    };
    said.lines().filter_map(of).collect()
}

/// Runs a line that was named; and what it says and how it ends.
async fn run(field: &Field, line: &str, after: &str) -> Result<(u8, Said)> {
    let line = match line.strip_prefix("bluegreen ") {
        Some(line) => line.to_owned(),
        None if line.starts_with(SAME) && line.contains("--replace") => {
            format!("{after} --replace")
        }
        None if line.starts_with(SAME) => after.to_owned(),
        None => return kubectl::runs(field, line).await.map(|()| (0, Said::default())),
    };
    let line = line.replace(&format!(" -n {}", field.namespace), "");
    let line = line.replace("--image IMAGE", &format!("--image {V3} --yes"));
    let is_webhook = line.contains("--webhook");
    let command = field.command(&line);
    let command = if is_webhook { command.answers(&[200]) } else { command };
    command.ends().await
}

/// What is typed in a state, and the hints of what comes of it.
async fn typed(state: &State, line: &str) -> Result<Vec<String>> {
    let (bed, said) = state.reached().await?;
    let said = match line {
        "" => said.context("nothing was deployed")?,
        line => bed.field.command(line).ends().await?.1,
    };
    Ok(named(&format!("{}\n{}", said.err, said.out)))
}

/// Each of them works after that.
async fn work(state: &State, line: &str, hints: &[String], tried: &Mutex<usize>) -> Result<()> {
    for hint in hints {
        let (bed, _) = state.reached().await?;
        if !line.is_empty() && !line.starts_with("status") {
            bed.field.command(line).ends().await?;
        }
        // Who promotes what was not made yet is told to deploy, not to promote, once more.
        let is_of_the_deploy = hint.contains("the same deploy") && !line.starts_with("deploy");
        let after = if line.is_empty() || is_of_the_deploy { edits::DEPLOY } else { line };
        let (code, said) = run(&bed.field, hint, after).await.with_context(|| hint.clone())?;
        *tried.lock().expect("no holder panics") += 1;
        // A check says what is in the way, and that is its answer.
        let is_answer = hint.starts_with("bluegreen check") && code == 10;
        ensure!(
            !REFUSED.contains(&code) || is_answer,
            "after {line:?}, {hint:?} ends with {code}: {}",
            said.err
        );
        // What status names does what it is for.
        let is_status = line.starts_with("status");
        ensure!(
            !is_status || code != 7 || hint.contains(" abort "),
            "{hint:?} stops: {}",
            said.err
        );
    }
    Ok(())
}

/// What may be typed in any state.
fn lines() -> [String; 6] {
    [
        "status parrot -o human".to_owned(),
        format!("deploy parrot --image {V3} --yes -o human"),
        "promote parrot -o human".to_owned(),
        "rollback parrot -o human".to_owned(),
        "init parrot -o human".to_owned(),
        "history parrot -o human".to_owned(),
    ]
}

fn holds(state: &State, line: &str, tried: &Mutex<usize>) -> Result<()> {
    in_paused_time(async {
        let hints: BTreeSet<String> = typed(state, line).await?.into_iter().collect();
        let hints: Vec<String> = hints.into_iter().collect();
        let is_told = !line.starts_with("status") || !state.edits.is_empty() || !hints.is_empty();
        ensure!(is_told, "status names nothing");
        work(state, line, &hints, tried).await
    })
}

fn edits_of_one(deploy: Deploy) -> Vec<State> {
    let edits = TABLE.iter().map(|row| Edit::Of(row.change)).chain(OTHERS).map(|edit| vec![edit]);
    let edits: Vec<Vec<Edit>> = edits.chain([Vec::new()]).collect();
    let states = edits.into_iter().flat_map(|edits| {
        WHEN.into_iter().map(move |when| State { when, deploy, edits: edits.clone() })
    });
    // Without a release in progress there is no deploy.
    states.filter(|it| deploy != Deploy::Killed || matches!(it.when, When::In(_))).collect()
}

/// Two changes, the same each time.
fn edits_of_two() -> Vec<State> {
    let all: Vec<Edit> = TABLE.iter().map(|row| Edit::Of(row.change)).chain(OTHERS).collect();
    let states =
        (select(&WHEN[..]), select(all.clone()), select(all)).prop_map(|(when, first, second)| {
            State { when, deploy: Deploy::Interrupted, edits: vec![first, second] }
        });
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let made = (0..PAIRS).map(|_| states.new_tree(&mut runner).expect("a state").current());
    made.collect()
}

fn all_hold(what: &str, states: &[(State, String)]) {
    let tried = Mutex::new(0);
    let failed = each(states, 2, |(state, line)| {
        holds(state, line, &tried).err().map(|why| format!("{state}, {line:?}: {why:#}"))
    });
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    let tried = *tried.lock().expect("no holder panics");
    tally::record(&format!("hints: {what}"), states.len(), states.len() - failed.len());
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(tried > states.len() / 2, "only {tried} hints were tried");
}

#[test]
fn what_status_names_works_in_each_phase_after_each_change() {
    // Whether it has a driver makes a difference by itself.
    let killed = edits_of_one(Deploy::Killed).into_iter().filter(|state| state.edits.is_empty());
    let states = edits_of_one(Deploy::Interrupted).into_iter().chain(killed).chain(edits_of_two());
    let states: Vec<_> = states.map(|state| (state, lines()[0].clone())).collect();
    all_hold("what status names", &states);
}

#[test]
fn what_an_ending_names_works_in_each_phase_after_each_change() {
    // By turns: of each two neighbours the next ones are others.
    let turns = lines().into_iter().skip(1).collect::<Vec<_>>().into_iter().cycle();
    let mut states: Vec<_> = edits_of_one(Deploy::Interrupted).into_iter().zip(turns).collect();
    // And of the deploy itself that is under way.
    let under_way = edits_of_one(Deploy::Ends).into_iter();
    let under_way = under_way.filter(|state| matches!(state.when, When::In(_)));
    states.extend(under_way.map(|state| (state, String::new())));
    all_hold("what an ending names", &states);
}
