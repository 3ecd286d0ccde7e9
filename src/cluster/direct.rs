//! A version asked without the ingress: by a port that is forwarded to one of its pods, else by the API
//! server's proxy of its Service.

mod asked;
mod forward;
mod passed_on;
mod tls;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Request;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
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

/// So long a request waits for the one before it until another forward is opened beside.
const TURN_WITHIN: Duration = Duration::from_millis(250);
/// As many as there are rules that are asked, at most: then none waits for the answer of another.
const FORWARDS: usize = 8;

/// Carries what a visitor would ask for to a version of the app. Its answers are whole, up to the limit
/// of a body. One forward is kept for all requests; where these have to wait for one another, there are
/// more of them, so that many slow rules are known as soon as one.
///
/// It knows the pods of its reach alone: what is asked when those have gone, the Service proxy answers.
pub fn courier(cluster: &Cluster, reach: Reach) -> Courier {
    let way = Mutex::new(Way::Forward(Vec::new()));
    let (turns, forwards) = (Semaphore::new(1), AtomicUsize::new(0));
    let post = Arc::new(Post { cluster: cluster.clone(), reach, way, turns, forwards });
    Courier::new(service_fn(move |request: Request| {
        let post = Arc::clone(&post);
        async move { post.carry(&request).await.map(reqwest::Response::from) }
    }))
}

struct Post {
    cluster: Cluster,
    reach: Reach,
    way: Mutex<Way>,
    /// One for each forward that there may be now.
    turns: Semaphore,
    /// How many there may be; none, as long as it is not known whether any can be had.
    forwards: AtomicUsize,
}

/// How requests go, as far as that has turned out.
enum Way {
    /// With these, which are open and idle.
    Forward(Vec<Forward>),
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
        let turn = self.turn().await;
        let deadline = Instant::now() + ANSWER_WITHIN;
        let kept = match &mut *self.way.lock().await {
            Way::Shut(denied) => return Err(denied.clone().into()),
            Way::Proxy(why) => Err(why.clone()),
            Way::Forward(idle) => Ok(idle.pop()),
        };
        let (missed, is_settled) = match kept {
            Err(why) => (why, true),
            Ok(kept) => {
                let forwarded = timeout_at(deadline, self.forward(kept, &asked)).await;
                match forwarded.map_err(|_| late())? {
                    Ok((answer, forward)) => {
                        self.keep(forward).await;
                        return Ok(answer);
                    }
                    Err(Missed::Unanswered(why)) => return Err(why),
                    Err(Missed::Unopened(why)) => (why, false),
                    Err(Missed::Refused(why)) => {
                        *self.way.lock().await = Way::Proxy(why.clone());
                        (why, true)
                    }
                }
            }
        };
        // The API server answers any number at a time.
        drop(turn);
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

    /// Waits for a forward that nobody uses. Whoever waits for long lets there be one more.
    async fn turn(&self) -> SemaphorePermit<'_> {
        let mut turn = pin!(self.turns.acquire());
        loop {
            if let Ok(turn) = timeout(TURN_WITHIN, &mut turn).await {
                return turn.expect("it is never closed");
            }
            let more = |now| (1..FORWARDS).contains(&now).then_some(now + 1);
            let is_more = self.forwards.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
            self.turns.add_permits(usize::from(is_more.is_ok()));
        }
    }

    /// For the next request, if it may be asked again.
    async fn keep(&self, forward: Option<Forward>) {
        let _ = self.forwards.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst);
        if let (Way::Forward(idle), Some(forward)) = (&mut *self.way.lock().await, forward) {
            idle.push(forward);
        }
    }

    /// Asks by a forward, and hands it back if it may be asked again. Whoever waits no longer takes it along:
    /// what it is in the middle of is of no use.
    async fn forward(
        &self,
        kept: Option<Forward>,
        asked: &Asked,
    ) -> Result<(http::Response<Vec<u8>>, Option<Forward>), Missed> {
        if let Some(mut forward) = kept
            && forward.is_open().await
            && let Ok((answer, may_go_on)) = forward.ask(asked).await
        {
            return Ok((answer, may_go_on.then_some(forward)));
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
        Ok((answer, may_go_on.then_some(forward)))
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
