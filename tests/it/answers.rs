//! What a candidate itself answers, before anybody is led to it.

use std::sync::Arc;

use anyhow::{Result, ensure};
use bluegreen::sandbox::Scripts;
use serde_json::Value;

use crate::acceptance::outside::Ingress;
use crate::bed::{Bed, in_paused_time};

const AT: &str = "--probe http://127.0.0.1:8080";

/// A release of an image whose pods answer with this status: how it ends, and what is said.
fn released(status: u16, code: u8) -> Result<Vec<Value>> {
    in_paused_time(async {
        let began = "2026-01-01T00:00:00Z".parse()?;
        let bed = Bed::with(1, began, Arc::new(Scripts::default())).await?;
        let (field, _) = bed.machine();
        field.exits(0, "init parrot").await?;
        let line = format!(
            "deploy parrot --image parrot:answers-{status} {AT} --threshold 60 --deadline 30s"
        );
        let gate = field.command(&format!("{line} --webhook http://gate.example.com/"));
        let said =
            gate.with(Ingress::new(&field).with_gate(&[500], &Arc::default())).exits(code).await?;
        Ok(said.events)
    })
}

#[test]
fn errors_of_its_own_end_the_release_at_the_gate() -> Result<()> {
    for status in [500, 503] {
        let events = released(status, 4)?;
        let reason = &events.last().expect("an end")["outcome"]["reason"];
        let wanted = "it answers with errors, and the live version does not: ";
        ensure!(reason.as_str().is_some_and(|reason| reason.starts_with(wanted)), "{reason}");
    }
    Ok(())
}

#[test]
fn what_it_refuses_is_a_warning() -> Result<()> {
    // Nobody says yes until the deadline.
    let events = released(404, 3)?;
    let warned = events.iter().filter(|e| e["event"] == "warned" && e["check"] == "direct");
    let warned: Vec<&Value> = warned.collect();
    ensure!(warned.len() == 1, "{events:#?}");
    let what = warned[0]["what"].as_str().unwrap_or_default();
    ensure!(what.ends_with(": 404 Not Found"), "{what}");
    Ok(())
}
