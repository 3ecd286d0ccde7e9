//! A version asked without the ingress: by a port that is forwarded to one of its pods, else by the API
//! server's proxy of its Service.

mod asked;
mod forward;
mod passed_on;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Request;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use tower::service_fn;

use super::Cluster;
use crate::gate::{Courier, Denied, Failure};
use crate::release::Reach;
use asked::Asked;
use forward::{Forward, Unopened};
use passed_on::Amiss;

/// For each request, from its turn on.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Of that, for a forward, so that there is time to ask in the other way.
const OPEN_WITHIN: Duration = Duration::from_secs(3);

/// Carries what a visitor would ask for to a version of the app. Its answers are whole, up to the limit
/// of a body. One forward is kept for all requests, so they wait for one another.
///
/// It knows the pods of its reach alone: what is asked when those have gone, the Service proxy answers.
pub fn courier(cluster: &Cluster, reach: Reach) -> Courier {
    let way = Mutex::new(Way::Forward(None));
    let post = Arc::new(Post { cluster: cluster.clone(), reach, way });
    Courier::new(service_fn(move |request: Request| {
        let post = Arc::clone(&post);
        async move { post.carry(&request).await.map(reqwest::Response::from) }
    }))
}

struct Post {
    cluster: Cluster,
    reach: Reach,
    way: Mutex<Way>,
}

/// How requests go, as far as that has turned out.
enum Way {
    /// With the one that is open.
    Forward(Option<Forward>),
    /// There are no forwards to be had, and why.
    Proxy(String),
    Shut(Denied),
}

/// Why nothing came by a forward.
enum Missed {
    /// There will be none later either.
    Refused(String),
    /// There was none, for all that can be told.
    Unopened(String),
    /// It was the app: it would be no other way.
    Unanswered(Failure),
}

impl Post {
    async fn carry(&self, request: &Request) -> Result<http::Response<Vec<u8>>, Failure> {
        let asked = Asked::of(request)?;
        let mut way = self.way.lock().await;
        let deadline = Instant::now() + ANSWER_WITHIN;
        let (missed, is_settled) = match &mut *way {
            Way::Shut(denied) => return Err(denied.clone().into()),
            Way::Proxy(why) => (why.clone(), true),
            Way::Forward(kept) => {
                let forwarded = timeout_at(deadline, self.forward(kept, &asked)).await;
                match forwarded.map_err(|_| late())? {
                    Ok(answer) => return Ok(answer),
                    Err(Missed::Unanswered(why)) => return Err(why),
                    Err(Missed::Unopened(why)) => (why, false),
                    Err(Missed::Refused(why)) => {
                        *way = Way::Proxy(why.clone());
                        (why, true)
                    }
                }
            }
        };
        // The API server answers any number at a time.
        drop(way);
        let passed_on = timeout_at(deadline, passed_on::ask(&self.cluster, &self.reach, &asked));
        match passed_on.await.map_err(|_| late())? {
            Ok(answer) => {
                if !is_settled {
                    *self.way.lock().await = Way::Proxy(missed);
                }
                Ok(answer)
            }
            Err(Amiss::NotAllowed(why)) if is_settled => {
                let denied = Denied(denial(&missed, &why));
                *self.way.lock().await = Way::Shut(denied.clone());
                Err(denied.into())
            }
            Err(Amiss::NotAllowed(why)) => Err(both(&missed, &why)),
            Err(Amiss::Failed(why)) if is_settled => Err(why.into()),
            Err(Amiss::Failed(why)) => Err(both(&missed, &why)),
        }
    }

    async fn forward(
        &self,
        kept: &mut Option<Forward>,
        asked: &Asked,
    ) -> Result<http::Response<Vec<u8>>, Missed> {
        // Whoever waits no longer takes it along: what it is in the middle of is of no use.
        if let Some(mut forward) = kept.take()
            && forward.is_open().await
            && let Ok((answer, may_go_on)) = forward.ask(asked).await
        {
            *kept = may_go_on.then_some(forward);
            return Ok(answer);
        }
        // The app has closed it meanwhile, or the pod is gone.
        let mut forward = match timeout(OPEN_WITHIN, self.open()).await {
            Ok(opened) => opened?,
            Err(_) => {
                let why = format!("no forward within {} s", OPEN_WITHIN.as_secs());
                return Err(Missed::Unopened(why));
            }
        };
        let (answer, may_go_on) = forward.ask(asked).await?;
        *kept = may_go_on.then_some(forward);
        Ok(answer)
    }

    /// To the first of the pods that is still there.
    async fn open(&self) -> Result<Forward, Missed> {
        let mut missed = Missed::Unopened("no pod is ready".to_owned());
        for (pod, port) in &self.reach.pods {
            missed = match Forward::open(&self.cluster, pod, *port, self.reach.tls).await {
                Ok(forward) => return Ok(forward),
                Err(Unopened::Gone(why)) => Missed::Unopened(why),
                Err(Unopened::Refused(why)) => return Err(Missed::Refused(why)),
                Err(Unopened::Failed(why)) => return Err(Missed::Unopened(why)),
            };
        }
        Err(missed)
    }
}

fn late() -> Failure {
    format!("it did not answer within {} s", ANSWER_WITHIN.as_secs()).into()
}

fn both(forward: &str, proxy: &str) -> Failure {
    format!("by port-forward: {forward}; by the Service proxy: {proxy}").into()
}

fn denial(forward: &str, proxy: &str) -> String {
    format!(
        "neither way is open: {forward}; {proxy}; either of these rights would do: get and create on \
         pods/portforward, or get on services/proxy (bluegreen check --role --probe)"
    )
}

#[cfg(test)]
#[path = "direct_tests.rs"]
mod tests;
