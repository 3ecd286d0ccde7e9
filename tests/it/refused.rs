//! Writes that are refused, or answered by somebody else, again and again.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use bluegreen::sandbox::{Call, Fault};

use crate::acceptance::command::done;
use crate::bed::{Bed, in_paused_time, refused};

const DEPLOY: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --timeout 2m --yes";

fn patches(call: &Call, path: &str) -> bool {
    call.method == "PATCH" && call.path.contains(path) && !call.path.contains("dryRun")
}

/// A page of a proxy's, with a code that the API server has, too: nobody can tell whether it was carried out.
#[test]
fn a_write_that_a_proxy_answers_each_time_is_told_once_and_tried_less_and_less_often() {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let (field, faults) = bed.machine();
        let page = Fault::Answered { code: 400, headers: Vec::new(), body: b"<html>".to_vec() };
        faults.on(|call| patches(call, "/ingresses/parrot"), page);
        let said = field.exits(9, DEPLOY).await?;
        for event in ["unreachable", "reachable"] {
            let told = said.events.iter().filter(|it| it["event"] == event).count();
            ensure!(told <= 2, "{told} times {event}: {said:#?}");
        }
        let calls = faults.calls();
        let tried = calls.iter().filter(|call| patches(call, "/ingresses/parrot")).count();
        ensure!((5..=30).contains(&tried), "{tried} in two minutes");
        Ok(())
    })
    .unwrap();
}

/// Whoever takes over stamps everything first; a webhook may let nobody change some of it.
#[test]
fn what_may_not_be_stamped_keeps_nobody_from_going_back() {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let (field, faults) = bed.machine();
        let deploy = field.command(DEPLOY);
        let other = async {
            faults.freeze();
            let (mine, webhook) = bed.machine();
            let message = "admission webhook \"freeze.example\" denied the request: not now";
            let no = refused(403, "Forbidden", message);
            webhook.on(|call| patches(call, "/services/parrot-preview"), no);
            let said = mine.exits(7, "abort parrot").await?;
            let what = "the API server refuses to change Service parrot-preview";
            ensure!(said.err.contains(what) && said.err.contains("not now"), "{said:#?}");
            ensure!(said.err.contains("run the same command again"), "{said:#?}");
            ensure!(said.has(done("switch-back")), "{said:#?}");
            webhook.clear();
            mine.exits(0, "abort parrot").await?;
            faults.thaw();
            Result::Ok(())
        };
        deploy.meanwhile(6, done("mark-switched"), other).await?;
        ensure!(bed.field.replicas("parrot-green").await?.is_none());
        let route = bed.field.get(Kind::Ingress, "parrot").await?;
        ensure!(route.to_string().contains("parrot-blue"), "{route:#}");
        Ok(())
    })
    .unwrap();
}

/// A policy for hosts, say, which our own host does not meet: known before the first of six objects is made.
#[test]
fn an_ingress_that_may_not_be_made_is_known_before_anything_is() {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        let message = "admission webhook \"hosts.example\" denied the request: hosts of ours only";
        let no = refused(403, "Forbidden", message);
        faults.on(|call| call.method == "POST" && call.path.contains("/ingresses"), no);
        for line in ["check parrot", "init parrot"] {
            let said = field.exits(10, line).await?;
            let all = format!("{}{}", said.out, said.err);
            ensure!(all.contains("hosts of ours only"), "{line}: {said:#?}");
        }
        for kind in [Kind::ConfigMap, Kind::Service] {
            let names = field.list(kind).await?;
            let made = names.iter().filter(|it| it.to_string().contains("parrot-"));
            ensure!(made.count() == 0, "{names:#?}");
        }
        Ok(())
    })
    .unwrap();
}
