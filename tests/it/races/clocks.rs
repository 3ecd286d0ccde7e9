//! Whatever a machine believes the time to be, and however long it slept: the API server's counts.

use std::sync::Arc;

use anyhow::{Result, ensure};
use bluegreen::sandbox::Scripts;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::V2;
use crate::acceptance::command::{answered, done};
use crate::bed::{Bed, in_paused_time};

const GATED: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --deadline 30m \
     --webhook http://gate.example.com/confirm";

/// A release and an abort of another, in a cluster with this clock: what was said, and when.
fn told(now: Timestamp) -> Result<Vec<(Value, SignedDuration)>> {
    in_paused_time(async {
        let Bed { sandbox: _sandbox, field } =
            Bed::with(1, now, Arc::new(Scripts::default())).await?;
        field.initialised().await?;
        let first = field.command(GATED).answers(&[500, 200]).exits(0).await?;
        let deploy = field.command(&GATED.replace("v2.2", "v3.0")).answers(&[500]);
        let (second, abort) = deploy.meanwhile(5, answered, field.exits(0, "abort parrot")).await?;
        let said = [first.events, second.events, abort.events].concat();
        said.iter()
            .map(|event| {
                let at: Timestamp = event["at"].as_str().unwrap_or_default().parse()?;
                Ok((event["event"].clone(), at.duration_since(now)))
            })
            .collect()
    })
}

/// This machine's clock is right, or wrong by decades in either direction.
#[test]
fn the_local_clock_is_not_used() {
    let whole: Timestamp = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let right = told(whole).unwrap();
    for seconds in [-3_600, 3_600, -800_000_000, 800_000_000] {
        let wrong = told(whole + SignedDuration::from_secs(seconds)).unwrap();
        assert_eq!(right, wrong, "{seconds} s");
    }
}

/// An hour passes at the gate while the machine sleeps, whose own clock then stands still.
async fn slept(bed: &Bed, deadline: &str) -> Result<(u8, crate::acceptance::command::Said)> {
    let (laptop, faults) = bed.machine();
    let deploy = laptop.command(&GATED.replace("30m", deadline)).answers(&[500, 200]);
    let sleep = async {
        faults.freeze();
        bed.sandbox.store().clock().skip(3_600);
        faults.thaw();
        Ok(())
    };
    deploy.frozen(answered, sleep).await
}

#[test]
fn a_laptop_that_slept_goes_on() {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let (code, said) = slept(&bed, "2h").await?;
        ensure!(code == 0, "{said:#?}");
        bed.field.is_live("parrot-green", V2).await
    })
    .unwrap();
}

#[test]
fn a_laptop_that_slept_past_the_deadline_promotes_nothing() {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let (code, said) = slept(&bed, "30m").await?;
        ensure!(code == 3, "{said:#?}");
        bed.field.is_untouched().await
    })
    .unwrap();
}

#[test]
fn a_laptop_that_slept_while_another_went_on_writes_nothing() {
    for (line, image) in [("promote parrot", Some(V2)), ("abort parrot", None)] {
        in_paused_time(async {
            let bed = Bed::new(1).await?;
            bed.field.initialised().await?;
            let mut left = Vec::new();
            let (laptop, _) = bed.machine();
            let deploy = laptop.command(GATED).answers(&[500, 200]);
            let other = async {
                bed.sandbox.store().clock().skip(600);
                let said = bed.field.exits(0, line).await?;
                ensure!(said.has(done("take-over")), "{said:#?}");
                left = bed.field.versions().await?;
                bed.sandbox.store().clock().skip(3_000);
                Ok(())
            };
            let (code, said) = deploy.frozen(answered, other).await?;
            ensure!(code == 6, "{said:#?}");
            ensure!(bed.field.versions().await? == left, "it wrote after it woke up");
            match image {
                Some(image) => bed.field.is_live("parrot-green", image).await,
                None => bed.field.is_untouched().await,
            }
        })
        .unwrap();
    }
}
