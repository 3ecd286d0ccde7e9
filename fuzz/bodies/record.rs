//! The record, as somebody may have edited it: whatever can be read of it, every command decides on it
//! and shows it.

use std::sync::LazyLock;

use bluegreen::gate::Payload;
use bluegreen::model::{Id, Kind, Objects, Write};
use bluegreen::release::plan::plan;
use bluegreen::release::{
    Answer, Answered, Change, Deploy, Gate, Goal, Init, LAST_NUMBER, Me, Memory, Names, Next,
    Question, RECORD_KEY, Record, Settings, Snapshot, history, status,
};
use bluegreen::report;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Builder;

/// An app that was taken in, with a candidate beside the live version, as a cluster gave it.
static OBJECTS: LazyLock<Vec<Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("objects.json")).expect("JSON"));

/// A command that has not ended by then goes in circles.
const MOST_STEPS: usize = 200;

pub fn tried(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(record) = Record::read(&json!({"data": {RECORD_KEY: text}})) else { return };
    let again = Record::read(&record.config_map(&names()));
    assert_eq!(again.as_ref(), Ok(&record), "what is written is not what is read");
    let objects = with(text);
    shown(&objects);
    if is_at_the_end(&record) {
        return;
    }
    for goal in goals() {
        driven(&goal, objects.clone());
    }
    // The same as another app's, which has a path of the same Ingress.
    let mut beside = all();
    let other = Names::new("blue-green", "toucan").record();
    let mut map =
        objects.get(names().record().kind, &names().record().name).expect("a record").clone();
    map["metadata"]["name"] = json!(other.name);
    beside.insert(other, map);
    goals().iter().for_each(|goal| driven(goal, beside.clone()));
}

/// Numbers that count up to what is refused as out of all bounds: nobody gets there by releases.
fn is_at_the_end(record: &Record) -> bool {
    let gate = record.release.as_ref().map(|release| release.gate.failures);
    let writes = record.driver.as_ref().map(|driver| driver.writes);
    let counts = [record.number, record.epoch, gate.unwrap_or(0), writes.unwrap_or(0)];
    counts.into_iter().any(|count| count > LAST_NUMBER - 1000)
}

fn names() -> Names {
    Names::new("blue-green", "parrot")
}

fn all() -> Objects {
    let mut objects = Objects::default();
    for object in OBJECTS.iter() {
        objects.insert(Id::of(object).expect("a kind that is known"), object.clone());
    }
    objects
}

fn with(record: &str) -> Objects {
    let mut objects = all();
    let id = names().record();
    let mut map = objects.get(id.kind, &id.name).expect("a record").clone();
    map["data"][RECORD_KEY] = json!(record);
    objects.insert(id, map);
    objects
}

fn goals() -> Vec<Goal> {
    let deploy = |image: &str, replace| {
        Goal::Deploy(Deploy {
            change: Change::Images(vec![image.parse().expect("an image")]),
            marks: None,
            gate: Gate::Webhook,
            detach: false,
            replace,
            allow_policy_gap: false,
            wait: false,
            settings: Settings::default(),
            expected: Default::default(),
        })
    };
    let rollback = |to| Goal::Rollback { release: None, to, settings: Settings::default() };
    vec![
        Goal::Init(Init::default()),
        deploy("kmharish/parrot-app:v2.2", false),
        deploy("kmharish/parrot-app:v3.0", true),
        Goal::Promote { release: None, when_ready: true },
        Goal::Abort { release: None, reason: None },
        rollback(None),
        rollback(Some(1)),
    ]
}

fn looked(objects: &Objects, memory: Memory) -> Option<Snapshot> {
    Snapshot::new(names(), objects.clone(), memory).ok()
}

/// What a gate is told, of the record that the objects were read with.
pub fn payload() -> Payload {
    let snapshot = looked(&all(), Memory::default()).expect("a record");
    Payload::new(&snapshot, &Question { release: 1, hash: "hash".to_owned() })
}

fn now() -> Timestamp {
    "2026-01-01T00:05:00Z".parse().expect("a time")
}

/// As `status` and `history` show it: nothing in it can move the cursor.
fn shown(objects: &Objects) {
    let snapshot = looked(objects, Memory::default()).expect("it was read before");
    let status = status::of(&snapshot, now());
    serde_json::to_string(&status).expect("plain data");
    let (_, record) = snapshot.record.as_ref().expect("it was read before");
    let history = history::of(&snapshot.names, record);
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(report::onto(
        Some(std::sync::Arc::new(|_, line: &str| {
            assert!(!line.contains(char::is_control), "{line:?}");
        })),
        async {
            report::status(&status, now(), &|verb| format!("bluegreen {verb} parrot"));
            report::history(&history, now());
        },
    ));
}

/// One command, whose every write is carried out and every wait is over, on a cluster in which nothing
/// else happens.
fn driven(goal: &Goal, mut objects: Objects) {
    let me = Me { id: "me".to_owned(), holder: "me@here (pid 1)".to_owned() };
    let (mut now, mut memory, mut version) = (now(), Memory::default(), 1000);
    let mut last = None;
    for _ in 0..MOST_STEPS {
        let mut s = looked(&objects, Memory::default()).expect("it wrote what it can't read");
        memory.note(goal, &me, s.record.as_ref().map(|(_, record)| record), now);
        s.memory = memory.clone();
        match plan(goal, &me, &s, now) {
            Next::Do(step) => {
                last = Some(step.action.clone());
                version += 1;
                if !carried_out(&mut objects, &step.write, version) {
                    return;
                }
            }
            Next::Ask(question) => {
                let (release, hash) = (question.release, question.hash);
                memory.answer = Some(Answered {
                    release,
                    hash,
                    at: now,
                    answer: Answer::Pass,
                    not_before: None,
                });
            }
            Next::Wait { until: Some(until), .. } if until > now => now = until,
            Next::Wait { .. } | Next::Done(_) => return,
        }
    }
    panic!("it goes in circles: {goal:?}: {last:?}");
}

fn carried_out(objects: &mut Objects, write: &Write, version: u64) -> bool {
    let id = write.id();
    let mut object = match write {
        Write::Create { object, .. } => object.clone(),
        Write::Patch { patch, .. } => {
            let Some(object) = objects.get(id.kind, &id.name) else { return false };
            let mut object = object.clone();
            if json_patch::patch(&mut object, patch).is_err() {
                return false;
            }
            object
        }
        Write::Delete { .. } => {
            objects.remove(id);
            return true;
        }
    };
    object["metadata"]["resourceVersion"] = json!(version.to_string());
    if id.kind != Kind::ConfigMap {
        object["metadata"]["generation"] = json!(version);
    }
    objects.insert(id.clone(), object);
    true
}
