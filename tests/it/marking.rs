//! The rule that is added to our own Ingress after a switch: what becomes of a release whatever becomes of
//! it, and that it never stays.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use bluegreen::sandbox::{Call, Fault, Mutation, Operation, resources};
use http::Method;
use serde_json::Value;

use crate::acceptance::Field;
use crate::acceptance::command::{Said, done};
use crate::acceptance::outside::Ingress;
use crate::bed::{Bed, in_paused_time, refused};

const DEPLOY: &str =
    "deploy parrot --image kmharish/parrot-app:v2.2 --yes --probe http://127.0.0.1:8080";
const PROMOTE: &str = "promote parrot --probe http://127.0.0.1:8080";

/// Both versions answer alike, and it obeys our own Ingress.
fn ingress(field: &Field) -> Ingress {
    Ingress::new(field).says(|_, _| Some((200, "cached"))).obeys_ours()
}

fn is_of_ours(call: &Call) -> bool {
    call.is_write() && call.path.contains("/ingresses/parrot-preview")
}

fn confirmed(said: &Said) -> &Value {
    &said.outcome()["confirmed"]
}

async fn rules(field: &Field) -> Result<usize> {
    let ours = field.get(Kind::Ingress, "parrot-preview").await?;
    ours["spec"]["rules"].as_array().map(Vec::len).context("no rules")
}

fn status(code: u16, message: &str) -> Fault {
    refused(code, if code == 403 { "Forbidden" } else { "Invalid" }, message)
}

#[test]
fn a_release_does_without_it_where_it_is_refused() {
    let webhook = "admission webhook \"hosts.example.com\" denied the request: no .invalid";
    let forbidden = "ingresses \"parrot-preview\" is forbidden: User \"parrot\" cannot patch resource \"ingresses\"";
    for (fault, tries) in
        [(status(400, webhook), 2), (status(403, webhook), 2), (status(403, forbidden), 1)]
    {
        let ran = in_paused_time(async {
            let bed = Bed::new(1).await?;
            let (field, faults) = bed.machine();
            field.initialised().await?;
            faults.on(is_of_ours, fault.clone());
            let deploy = field.command_but(DEPLOY, &["--settle"]);
            let said = deploy.with(ingress(&bed.field).outside()).exits(0).await?;
            ensure!(confirmed(&said) == "settle", "{said:#?}");
            let calls = faults.calls().into_iter().filter(is_of_ours).count();
            ensure!(calls == tries, "{calls} tries");
            ensure!(rules(&field).await? == 1, "it was refused");
            Ok(())
        });
        ran.with_context(|| format!("{fault:?}")).unwrap();
    }
}

/// It is not fought.
#[test]
fn a_release_does_without_it_where_admission_takes_it_away() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let change = |object: &mut Value| {
            if object["metadata"]["name"] == "parrot-preview"
                && let Some(rules) = object["spec"]["rules"].as_array_mut()
            {
                rules.truncate(1);
            }
        };
        bed.sandbox.store().set_mutations(vec![Mutation {
            name: "hosts".to_owned(),
            resource: &resources::INGRESSES,
            operations: vec![Operation::Update],
            has_dry_run: true,
            change: Arc::new(change),
        }]);
        let (field, faults) = bed.machine();
        let deploy = field.command_but(DEPLOY, &["--settle"]);
        let said = deploy.with(ingress(&bed.field).outside()).exits(0).await?;
        ensure!(confirmed(&said) == "settle", "{said:#?}");
        let calls = faults.calls().into_iter().filter(is_of_ours).count();
        ensure!(calls == 1, "{calls} writes");
        Ok(())
    });
    ran.unwrap();
}

/// A process is cut at each of its writes from the switch on, in each way; whoever goes on leaves nothing of it.
#[test]
fn whoever_goes_on_after_a_cut_takes_it_away() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        let deploy = field.command_but(DEPLOY, &["--settle"]);
        let said = deploy.with(ingress(&bed.field).outside()).exits(0).await?;
        ensure!(confirmed(&said) == "marker" && said.has(done("unmark")), "{said:#?}");
        Ok(faults.calls().into_iter().filter(Call::is_write).collect::<Vec<_>>())
    });
    let writes = ran.unwrap();
    let is_switch = |call: &Call| {
        call.method == Method::PATCH && call.path.contains("/ingresses/parrot?")
            || call.path.ends_with("/ingresses/parrot")
    };
    let switch = writes.iter().position(is_switch).expect("it was switched");
    assert!(writes[switch..].iter().filter(|call| is_of_ours(call)).count() == 2, "{writes:#?}");
    for (nth, write) in writes.iter().enumerate().skip(switch) {
        for sent in [false, true] {
            let ran = in_paused_time(cut(nth, sent));
            ran.with_context(|| format!("{write:?}, {sent}")).unwrap();
        }
    }
}

async fn cut(nth: usize, sent: bool) -> Result<()> {
    let bed = Bed::new(1).await?;
    bed.field.initialised().await?;
    let (field, faults) = bed.machine();
    let mut writes = 0;
    let (asleep, wakes) = (faults.clone(), Fault::Hung { sent });
    let is_it = move |call: &Call| {
        let is_it = call.is_write() && writes == nth;
        writes += usize::from(call.is_write());
        if is_it {
            asleep.freeze();
        }
        is_it
    };
    faults.on(is_it, wakes);
    let first = field.command_but(DEPLOY, &["--settle"]).with(ingress(&bed.field).outside());
    // It stands still, or ends since the cluster is away.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(90), first.ends()).await;
    bed.field.command(PROMOTE).with(ingress(&bed.field).outside()).ends().await?;
    ensure!(rules(&bed.field).await? == 1, "the rule was left behind");
    bed.field.is_live("parrot-green", "kmharish/parrot-app:v2.2").await
}
