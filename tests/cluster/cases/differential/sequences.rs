//! Sequences that are drawn from a seed: a few names, many hands.

use std::sync::Arc;

use anyhow::{Context, Result};
use fastrand::Rng;
use serde_json::{Value, json};

use super::ask::{Ask, Step, delete, get, json_patch, merge_patch, post, put, strategic_patch};
use super::kinds::{Kind, patch};
use super::run::Both;
use crate::bed::Bed;

/// Other seeds, and how many sequences: `SEED` or `SEED:COUNT`; the seed may be `random`.
const VARIABLE: &str = "BLUEGREEN_SEQUENCES";
const SEED: u64 = 6;
pub const COUNT: usize = 30;
pub const LENGTH: usize = 25;

pub async fn draws_the_same_conclusions(_: Arc<Bed>) -> Result<()> {
    let (seed, count) = match std::env::var(VARIABLE) {
        Err(_) => (SEED, COUNT),
        Ok(given) => {
            let (seed, count) = given.split_once(':').unwrap_or((&given, ""));
            let count = if count.is_empty() { COUNT } else { count.parse()? };
            let seed = match seed {
                "random" => fastrand::u64(..1_000_000),
                seed => seed.parse().with_context(|| format!("{VARIABLE} is SEED:COUNT"))?,
            };
            (seed, count)
        }
    };
    let mut both = Both::new().await?;
    let kinds = Kind::read()?;
    // Other files' parts, and namespaces, which stay: nobody empties them here.
    let kinds: Vec<&Kind> = kinds
        .iter()
        .filter(|kind| !(kind.is_part || kind.is_read) && kind.plural != "namespaces")
        .collect();
    for n in 0..count {
        let mut random = Rng::with_seed(seed.wrapping_add(n as u64));
        let namespace = format!("sequence-{n}");
        both.namespace(&namespace).await?;
        let kind = kinds[n % kinds.len()];
        let collection = kind.collection(&namespace);
        both.begin(format!("seed {seed}, sequence {n} ({})", kind.plural));
        both.take(kind.plural, &Step::Mark { collection: collection.clone() }).await?;
        for _ in 0..LENGTH {
            let ask = drawn(kind, &collection, &mut random);
            both.take(kind.plural, &Step::Ask(ask)).await?;
        }
        let path = format!("{collection}?watch=true&timeoutSeconds=30&resourceVersion=<start>");
        both.take(kind.plural, &Step::Ask(get(&collection))).await?;
        both.take(kind.plural, &Step::Watch { path, collection, end: kind.object("end") }).await?;
    }
    both.judge(false).with_context(|| format!("{VARIABLE}={seed}:{count}"))?;
    eprintln!(
        "differential: {count} sequences of {LENGTH} from seed {seed}, {} requests compared",
        both.requests.values().sum::<usize>()
    );
    Ok(())
}

fn drawn(kind: &Kind, collection: &str, random: &mut Rng) -> Ask {
    let name = ["a", "b"][random.usize(..2)];
    let one = format!("{collection}/{name}");
    let version = ["<version>", "<version>", "<first-version>"][random.usize(..3)];
    let value = ["1", "2", "3"][random.usize(..3)];
    let dry = if random.u8(..8) == 0 { "?dryRun=All" } else { "" };
    let label = json!({ "metadata": { "labels": { "n": value } } });
    match random.u8(..14) {
        0..=3 => post(&format!("{collection}{dry}"), &varied(kind, name, random)),
        4 => get(&one),
        5 => get(&format!("{collection}?labelSelector=n%3D{value}")),
        6 => {
            let mut object = varied(kind, name, random);
            object["metadata"]["resourceVersion"] = json!(version);
            put(&format!("{one}{dry}"), &object)
        }
        7 => put(&format!("{one}{dry}"), &varied(kind, name, random)),
        8 => json_patch(
            &format!("{one}{dry}"),
            &json!([
                { "op": "test", "path": "/metadata/resourceVersion", "value": version },
                { "op": "add", "path": "/metadata/labels/n", "value": value },
            ]),
        ),
        9 => match kind.changed.len() {
            0 => merge_patch(&one, &label),
            // Another change of those that are listed.
            changes => json_patch(&one, &patch(&kind.changed[random.usize(..changes)].1)),
        },
        10 => merge_patch(&format!("{one}{dry}"), &label),
        11 => strategic_patch(&one, &finalizers(random)),
        12 => delete(&one, &json!({ "preconditions": { "resourceVersion": version } })),
        _ => {
            let policy = ["Background", "Foreground", "Orphan"][random.usize(..3)];
            delete(&format!("{one}{dry}"), &json!({ "propagationPolicy": policy }))
        }
    }
}

/// Valid or not, as one of the kind's rows has it.
fn varied(kind: &Kind, name: &str, random: &mut Rng) -> Value {
    let mut object = kind.object(name);
    // What is given by hand is taken for whoever comes later.
    let variants: Vec<_> = kind.new.iter().filter(|(name, _)| !name.ends_with(", given")).collect();
    if random.u8(..3) == 0 && !variants.is_empty() {
        let changes = patch(&variants[random.usize(..variants.len())].1);
        let changes: json_patch::Patch = serde_json::from_value(changes).expect("it is a patch");
        json_patch::patch(&mut object, &changes).expect("it fits the object");
    }
    object
}

fn finalizers(random: &mut Rng) -> Value {
    let held = json!({ "metadata": { "finalizers": ["birds.example.com/nest"] } });
    match random.bool() {
        true => held,
        false => json!({ "metadata": { "finalizers": null } }),
    }
}
