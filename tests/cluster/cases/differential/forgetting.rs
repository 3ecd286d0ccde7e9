//! Watches from before what the servers remember.

use std::sync::Arc;

use anyhow::{Result, ensure};
use bluegreen::sandbox::{Api, Store};

use super::ask::{get, post};
use super::compare;
use super::kinds::Kind;
use super::mask::Mask;
use super::plane::Plane;
use super::side::{Side, Way};
use crate::bed::Bed;

/// The first version of all: each has moved on when it is asked for it.
const EARLY: &str = "watch=true&timeoutSeconds=30&resourceVersion=1";

pub async fn forgets_as_the_real_one(_: Arc<Bed>) -> Result<()> {
    let mut plane = Plane::own().await?;
    let store = Store::new(1, jiff::Timestamp::now());
    let mut real = Side::new(Way::Real(plane.client.clone()));
    let mut sandbox = Side::new(Way::Sandbox(Api::new(&store)));
    let kinds = Kind::read()?;
    let namespaces = kinds.iter().find(|kind| kind.plural == "namespaces").expect("it is a kind");
    for side in [&mut real, &mut sandbox] {
        side.ask(&post(&namespaces.collection(""), &namespaces.object("parrots"))).await?;
    }
    plane.renew().await?;
    store.compact();
    // Of events the API server remembers nothing: it asks etcd, which forgets nothing here.
    for kind in kinds.iter().filter(|kind| !kind.is_part && kind.plural != "events") {
        let ask = get(&format!("{}?{EARLY}", kind.collection("parrots")));
        let mut told = Vec::new();
        for side in [&mut real, &mut sandbox] {
            let events = side.open(&ask).await?.until_gone("nobody").await?;
            ensure!(events.body[0]["object"]["code"] == 410, "{}: {events:?}", kind.plural);
            told.push(Mask::default().reply(&ask, events));
        }
        let found = compare::replies(&told[0], &told[1]);
        ensure!(found.is_empty(), "{}: {found:?}", kind.plural);
    }
    Ok(())
}
