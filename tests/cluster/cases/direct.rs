//! A version that is asked without the ingress, by way of the real API server.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bluegreen::cluster::{Access, connect, courier};
use bluegreen::gate::{Courier, Denied, Failure, Proxied};
use bluegreen::release::Reach;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use libtest_mimic::Trial;
use reqwest::{Method, Request, Response};
use serde_json::{Value, json};
use tower::{Service, ServiceExt};

use super::parrot::Parrot;
use crate::bed::{Bed, User};

pub fn trials() -> Vec<Trial> {
    crate::cases![a_version_is_asked_with_the_rights_for_it, what_is_not_there_is_no_answer]
}

/// To the app's live version, with the rights of a user.
async fn as_user(app: &Parrot, user: &User, port: u64) -> Result<Courier> {
    let access = Access {
        namespace: Some(app.ns.clone()),
        kubeconfig: Some(user.kubeconfig.clone()),
        ..Access::default()
    };
    let cluster = connect(&access).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let pods = Api::<Pod>::namespaced(app.bed.kube().clone(), &app.ns);
    let pods = pods.list(&kube::api::ListParams::default()).await?.items;
    let pods = pods.into_iter().filter_map(|pod| Some((pod.metadata.name?, 3000))).collect();
    let reach = Reach { service: "parrot-blue".to_owned(), port, tls: false, pods };
    Ok(courier(&cluster, reach))
}

async fn ask(courier: &Courier) -> Result<Response, Failure> {
    let request = Request::new(Method::GET, "http://parrot.example.com/a?b=c".parse()?);
    courier.clone().ready().await?.call(request).await
}

async fn a_version_is_asked_with_the_rights_for_it(bed: Arc<Bed>) -> Result<()> {
    bed.has_answering_pods();
    let app = Parrot::ready(&bed).await?;
    let rule = |resource: &str, verbs: Value| json!([{ "apiGroups": [""], "resources": [resource], "verbs": verbs }]);
    let both = bed.releaser(&app.ns).await?;
    let proxy = bed.narrow_user(&app.ns, rule("services/proxy", json!(["get"]))).await?;
    for user in [&both, &proxy] {
        let courier = as_user(&app, user, 80).await?;
        for _ in 0..3 {
            let answer = ask(&courier).await.map_err(anyhow::Error::from_boxed)?;
            ensure!(answer.status() == 200, "{answer:?}");
            // kwok forwards no ports.
            ensure!(answer.extensions().get::<Proxied>().is_some(), "{answer:?}");
            for name in ["audit-id", "cache-control", "x-kubernetes-pf-flowschema-uid"] {
                ensure!(!answer.headers().contains_key(name), "{answer:?}");
            }
            ensure!(answer.headers().contains_key("x-image"), "{answer:?}");
        }
        let asked = bed.audit(&user.name).await?;
        // One that is begun has more than one line.
        let forwards = asked.iter().filter(|line| line.subresource == "portforward");
        let forwards: BTreeSet<_> = forwards.map(|line| &line.id).collect();
        ensure!(forwards.len() <= 1, "a forward is tried again: {asked:#?}");
    }
    let nobody = bed.narrow_user(&app.ns, rule("pods", json!(["list"]))).await?;
    let courier = as_user(&app, &nobody, 80).await?;
    for _ in 0..2 {
        let why = ask(&courier).await.err().context("it answers")?;
        ensure!(why.is::<Denied>() && why.to_string().contains("check --role --probe"), "{why}");
    }
    let asked = bed.audit(&nobody.name).await?;
    let to_the_app = asked.iter().filter(|line| line.is_to_the_app());
    let to_the_app: BTreeSet<_> = to_the_app.map(|line| &line.id).collect();
    ensure!(to_the_app.len() == 2, "{asked:#?}");
    Ok(())
}

async fn what_is_not_there_is_no_answer(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let user = bed.releaser(&app.ns).await?;
    let why = ask(&as_user(&app, &user, 81).await?).await.err().context("it answers")?;
    ensure!(why.to_string().contains("no service port 81 found"), "{why}");
    bed.kubectl(&["scale", "deployment", "parrot", "--replicas=0", "-n", &app.ns]).await?;
    app.settled("parrot", 0).await?;
    let courier = as_user(&app, &user, 80).await?;
    let why = crate::bed::wait_for("the pods to be gone", crate::bed::SOON, async || {
        Ok(ask(&courier).await.err().map(|why| why.to_string()))
    });
    let why = why.await?;
    ensure!(why.contains("no endpoints available"), "{why}");
    Ok(())
}
