//! What is outside the cluster: the gate, and the app through its ingress.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, ensure};
use bluegreen::gate::{Courier, Failure, Outside};
use bluegreen::model::Kind;
use http::Method;
use reqwest::{Request, Response};
use tokio::time::Instant;
use tower::service_fn;

use super::field::Field;

/// The gate's address, on a command line.
pub const GATE: &str = "--webhook http://gate.example.com/confirm";
/// What is no status: the gate can't be reached.
pub const BROKEN: u16 = 0;

/// A gate that says these, the last of them for ever, and counts; and an ingress that has each change
/// at once.
pub fn answers(field: &Field, answers: &[u16], polls: &Arc<AtomicUsize>) -> Outside {
    Ingress::new(field).with_gate(answers, polls)
}

/// Stands in for ingress controllers behind one address, by turns: each leads where the Ingress of the
/// app led a while ago.
#[derive(Clone)]
pub struct Ingress {
    field: Field,
    late: Vec<Duration>,
    /// Where it led, and since when.
    led: Past<String>,
    turn: Arc<AtomicUsize>,
    /// What it answers by itself: by the Service that it would lead to.
    own: Option<Own>,
    /// Whether a host that the Ingress has no rule for gets its own 404.
    knows_hosts: bool,
    /// The host under which it shows the candidate.
    preview: Option<&'static str>,
    /// The hosts that bluegreen's own Ingress had, and since when, where each of these is answered.
    ours: Option<Past<Vec<String>>>,
    /// So many requests a second are let through, and so many more are forgiven.
    limit: Option<(f64, f64)>,
    /// How many too many there were, and when.
    excess: Arc<Mutex<(f64, Option<Instant>)>>,
    /// Those that it was asked for.
    hosts: Arc<Mutex<Vec<String>>>,
}

/// What was so, and since when.
type Past<T> = Arc<Mutex<Vec<(Instant, T)>>>;

type Own = fn(&str, &Pods) -> Option<(u16, &'static str)>;

/// How many pods blue is to have.
pub struct Pods(pub u64);

impl Ingress {
    pub fn new(field: &Field) -> Ingress {
        let (led, turn) = (Arc::default(), Arc::default());
        Ingress {
            field: field.clone(),
            late: vec![Duration::ZERO],
            led,
            turn,
            own: None,
            knows_hosts: false,
            ours: None,
            preview: None,
            limit: None,
            excess: Arc::default(),
            hosts: Arc::default(),
        }
    }

    /// One controller for each, so many seconds late.
    pub fn late(self, seconds: &[u64]) -> Ingress {
        Ingress { late: seconds.iter().map(|late| Duration::from_secs(*late)).collect(), ..self }
    }

    pub fn says(self, own: Own) -> Ingress {
        Ingress { own: Some(own), ..self }
    }

    pub fn knows_hosts(self) -> Ingress {
        Ingress { knows_hosts: true, ..self }
    }

    /// It obeys bluegreen's own Ingress, too, which lets nobody in.
    pub fn obeys_ours(self) -> Ingress {
        Ingress { ours: Some(Arc::default()), ..self }
    }

    /// Under this host it shows the candidate.
    pub fn previews(self, host: &'static str) -> Ingress {
        Ingress { preview: Some(host), ..self }
    }

    /// As nginx limits requests: by 503, without a word of when to come again.
    pub fn limited(self, per_second: f64, burst: f64) -> Ingress {
        Ingress { limit: Some((per_second, burst)), ..self }
    }

    fn lets_through(&self) -> bool {
        let Some((per_second, burst)) = self.limit else { return true };
        let mut state = self.excess.lock().expect("no holder panics");
        let now = Instant::now();
        let passed = state.1.map_or(0.0, |last| now.duration_since(last).as_secs_f64());
        let excess = (state.0 - per_second * passed).max(0.0) + 1.0;
        if excess <= burst + 1.0 {
            *state = (excess, Some(now));
        }
        excess <= burst + 1.0
    }

    /// How often it was asked for a host.
    pub fn asked_for(&self, host: &str) -> usize {
        let hosts = self.hosts.lock().expect("no holder panics");
        hosts.iter().filter(|asked| *asked == host).count()
    }

    /// With a gate that says yes.
    pub fn outside(self) -> Outside {
        self.with_gate(&[200], &Arc::default())
    }

    /// With a gate that says these, the last of them for ever, and counts.
    pub fn with_gate(self, answers: &[u16], polls: &Arc<AtomicUsize>) -> Outside {
        let (answers, polls) = (answers.to_vec(), Arc::clone(polls));
        Outside::given(Courier::new(service_fn(move |request: Request| {
            let (this, answers, polls) = (self.clone(), answers.clone(), Arc::clone(&polls));
            async move {
                if request.method() == Method::GET {
                    return Ok(this.answer(&request).await?);
                }
                let n = polls.fetch_add(1, Ordering::SeqCst);
                match answers.get(n).or(answers.last()).copied() {
                    None | Some(BROKEN) => Err(Failure::from("nobody is there")),
                    Some(status) => Ok(response(status, String::new())),
                }
            }
        })))
    }

    /// The Service of the version that the Ingress leads to: what a controller knows is pods.
    async fn fixed(&self) -> Result<String> {
        let service = self.field.get(Kind::Service, &self.field.backend("parrot").await?).await?;
        let is_green = service["spec"]["selector"]["app"] == "parrot-green";
        Ok(if is_green { "parrot-green" } else { "parrot-blue" }.to_owned())
    }

    async fn has_host(&self, asked: &str) -> Result<bool> {
        let ingress = self.field.get(Kind::Ingress, "parrot").await?;
        let rules = ingress["spec"]["rules"].as_array().cloned().unwrap_or_default();
        Ok(rules.iter().any(|rule| rule["host"] == asked))
    }

    async fn hosts_of_ours(&self) -> Result<Vec<String>> {
        let ours = self.field.get(Kind::Ingress, "parrot-preview").await?;
        let rules = ours["spec"]["rules"].as_array().cloned().unwrap_or_default();
        Ok(rules.iter().filter_map(|rule| Some(rule["host"].as_str()?.to_owned())).collect())
    }

    async fn answer(&self, request: &Request) -> Result<Response> {
        if !self.lets_through() {
            return Ok(response(503, "limited".to_owned()));
        }
        let host = request.headers().get("host").and_then(|host| host.to_str().ok());
        let host = host.or(request.url().host_str()).unwrap_or_default();
        self.hosts.lock().expect("no holder panics").push(host.to_owned());
        if self.knows_hosts && !self.has_host(host).await? {
            return Ok(response(404, "no such host".to_owned()));
        }
        if self.preview.is_some() && request.url().host_str() == self.preview {
            return Ok(match self.field.asks("parrot-preview").await {
                Ok(said) => response(200, said),
                Err(_) => response(503, "nginx".to_owned()),
            });
        }
        let late = self.late[self.turn.fetch_add(1, Ordering::SeqCst) % self.late.len()];
        if let Some(ours) = &self.ours
            && let Some(host) = request.url().host_str().filter(|host| host.ends_with(".invalid"))
        {
            let hosts = self.hosts_of_ours().await?;
            let has_it = had(&mut ours.lock().expect("no holder panics"), hosts, late);
            let status = if has_it.iter().any(|known| known == host) { 403 } else { 404 };
            return Ok(response(status, String::new()));
        }
        let named = self.fixed().await?;
        let leads = had(&mut self.led.lock().expect("no holder panics"), named, late);
        if let Some(own) = self.own {
            let blue = self.field.replicas("parrot").await?.unwrap_or(0);
            if let Some((status, said)) = own(&leads, &Pods(blue)) {
                ensure!(status != BROKEN, "no route to host");
                return Ok(response(status, said.to_owned()));
            }
        }
        match self.field.asks(&leads).await {
            Ok(said) => Ok(response(200, said)),
            Err(_) => Ok(response(502, "nginx".to_owned())),
        }
    }
}

/// What a controller knows that is so late; what is new now is written down.
fn had<T: Clone + PartialEq>(known: &mut Vec<(Instant, T)>, new: T, late: Duration) -> T {
    let now = Instant::now();
    if known.last().is_none_or(|(_, last)| *last != new) {
        known.push((now, new));
    }
    let has = known.iter().rev().find(|(since, _)| now.duration_since(*since) >= late);
    has.unwrap_or(&known[0]).1.clone()
}

/// An ingress that says this while the Ingress names a certain Service; else it has each change at once.
pub fn says_instead(
    field: &Field,
    service: &'static str,
    status: u16,
    body: &'static str,
) -> Outside {
    let field = field.clone();
    Outside::given(Courier::new(service_fn(move |_: Request| {
        let field = field.clone();
        async move {
            if field.backend("parrot").await? == service {
                return Ok(response(status, body.to_owned()));
            }
            Ok::<_, Failure>(response(200, field.routed().await?))
        }
    })))
}

fn response(status: u16, body: String) -> Response {
    let response = http::Response::builder().status(status).body(body);
    Response::from(response.expect("this is a response"))
}
