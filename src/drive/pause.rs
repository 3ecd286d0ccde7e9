//! Between two looks: watches, the gate's answer, a point in time, a signal.

use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Drive;
use crate::cluster::{Change, Cluster, Spec, Watches, about};
use crate::event::What;
use crate::gate::probe::{Prober, Targets};
use crate::gate::{Outside, Payload};
use crate::model::{Colour, Kind, RELEASE};
use crate::release::plan::{Question, WaitFor};
use crate::release::{Answered, Probed, Release, SLICE_SERVICE, Sight, Snapshot};
use crate::settings::Probe;

/// A pause without news still says now and then that it is one.
const SAY_AGAIN: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Pause {
    pub watches: Watches,
    poll: Option<Poll>,
    probe: Option<Asking>,
    said: Option<(WaitFor, Instant)>,
    /// Whether it is not for us to hear what is said of Ingresses.
    pub is_deaf: bool,
}

struct Poll {
    question: Question,
    answer: Pin<Box<dyn Future<Output = Answered>>>,
}

/// The app, asked through the ingress for one release.
struct Asking {
    release: u64,
    /// Why it can't be asked, until that has been told.
    prober: Result<Prober, Option<String>>,
}

/// Why a pause ended.
pub enum Woken {
    Changes(Vec<Change>),
    Answered(Answered),
    Probed(Probed),
    Time,
    Signal,
}

impl Pause {
    /// Asks the gate, unless that very question is under way. Says that it did.
    pub fn ask(&mut self, drive: &Drive, s: &Snapshot, question: Question) -> Option<What> {
        if self.poll.as_ref().is_some_and(|poll| poll.question == question) {
            return None;
        }
        let webhook = drive.gate?.clone();
        let payload = Payload::new(s, &question);
        let cluster = drive.cluster.clone();
        let gate = webhook.to_string();
        let asked = question.clone();
        let answer = Box::pin(async move {
            let now = || cluster.clock().now();
            let answer = webhook.ask(&payload, &now).await;
            let at = now();
            Answered { release: asked.release, hash: asked.hash, at, answer }
        });
        self.poll = Some(Poll { question, answer });
        Some(What::GateAsked { gate })
    }

    /// Whether a pause is worth a word: a new one, or a long one.
    pub fn is_news(&mut self, on: &WaitFor) -> bool {
        let news =
            self.said.as_ref().is_none_or(|(said, at)| said != on || at.elapsed() >= SAY_AGAIN);
        if news {
            self.said = Some((on.clone(), Instant::now()));
        }
        news
    }

    /// How long until this pause is worth another word.
    fn again(&self) -> Duration {
        let since = self.said.as_ref().map(|(_, at)| at.elapsed());
        since.and_then(|since| SAY_AGAIN.checked_sub(since)).unwrap_or(SAY_AGAIN)
    }

    /// The next pause is news, whatever it is for.
    pub fn say_again(&mut self) {
        self.said = None;
    }

    /// Whether the release has been switched that the app is now asked for.
    fn prepare_probe(&mut self, drive: &Drive, s: &Snapshot, on: &WaitFor) -> Option<bool> {
        let release = asked_for(s, on)?;
        if self.probe.as_ref().is_none_or(|asking| asking.release != release.number) {
            self.probe = Some(Asking::new(drive.probe, drive.outside, s, release));
        }
        Some(release.switched.is_some())
    }

    pub async fn wait(
        &mut self,
        drive: &mut Drive<'_>,
        s: &Snapshot,
        now: Timestamp,
        until: Option<Timestamp>,
        on: &WaitFor,
    ) -> Woken {
        let mut specs = specs(s, on);
        if !self.is_deaf && matches!(on, WaitFor::Arrival { .. }) {
            specs.extend(complaints(s));
        }
        self.watches.want(drive.cluster, &specs);
        let left = until.map(|until| until.duration_since(now));
        let again = self.again();
        let left = left.map_or(again, |left| Duration::try_from(left).unwrap_or_default());
        // A moment more: a clock that rounds must not wake us before the time has come.
        let left = left.min(again) + Duration::from_millis(5);
        let switched = self.prepare_probe(drive, s, on);
        let poll = async {
            match &mut self.poll {
                Some(poll) => poll.answer.as_mut().await,
                None => std::future::pending().await,
            }
        };
        let probe = async {
            match (&mut self.probe, switched) {
                (Some(asking), Some(switched)) => asking.next(drive.cluster, switched).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            change = self.watches.next() => {
                let mut changes = vec![change];
                changes.extend(std::iter::from_fn(|| self.watches.pending()));
                // A release goes on without these.
                let is_denied = |change: &Change| {
                    matches!(change, Change::Denied { kind: Kind::Event, .. })
                };
                self.is_deaf |= changes.iter().any(is_denied);
                changes.retain(|change| !is_denied(change));
                Woken::Changes(changes)
            }
            answered = poll => {
                self.poll = None;
                Woken::Answered(answered)
            }
            probed = probe => Woken::Probed(probed),
            () = tokio::time::sleep(left) => Woken::Time,
            _ = drive.interrupts.next() => Woken::Signal,
        }
    }
}

impl Asking {
    fn new(probe: &Probe, outside: &Outside, s: &Snapshot, release: &Release) -> Asking {
        let record = s.record.as_ref().map(|(_, record)| record);
        let (routes, services) = record.map(|r| (s.routes(r), s.serving(r))).unwrap_or_default();
        let targets = Targets::find(&routes, &services, probe);
        let replicas = s.slot(release.from).map_or(1, |slot| slot.desired());
        let prober = Prober::new(targets, replicas, outside).map_err(Some);
        Asking { release: release.number, prober }
    }

    async fn next(&mut self, cluster: &Cluster, switched: bool) -> Probed {
        let sight = match &mut self.prober {
            Ok(prober) => prober.next(switched, || cluster.clock().now()).await,
            Err(why) => match why.take() {
                Some(why) => Sight::Blind { why },
                None => std::future::pending().await,
            },
        };
        Probed { release: self.release, sight }
    }
}

/// The release that the app is asked for, from the candidate's readiness on until the switch is known
/// to have arrived.
fn asked_for<'a>(s: &'a Snapshot, on: &WaitFor) -> Option<&'a Release> {
    let release = s.record.as_ref()?.1.release.as_ref()?;
    let is_wanted = match on {
        WaitFor::Gate { .. } | WaitFor::Answer | WaitFor::Person | WaitFor::Settle { .. } => true,
        WaitFor::Arrival { .. } => true,
        WaitFor::Ready { .. }
        | WaitFor::Bake { .. }
        | WaitFor::Drain { .. }
        | WaitFor::Driver { .. }
        | WaitFor::SignOfLife { .. }
        | WaitFor::Turn { .. }
        | WaitFor::Change => false,
    };
    (is_wanted && release.ending.is_none()).then_some(release)
}

/// What is said of each of the app's Ingresses, while whoever obeys them may not have done so yet. Not of
/// all in the namespace: of hundreds there is more to hear than a release has use for.
fn complaints(s: &Snapshot) -> Vec<Spec> {
    let names = s.record.as_ref().map(|(_, record)| s.ingress_names(record));
    let specs = names.unwrap_or_default().into_iter();
    specs.map(|name| Spec::fields(Kind::Event, about(&[name]))).collect()
}

/// What a pause has to see: always the record, through which other commands speak.
fn specs(s: &Snapshot, on: &WaitFor) -> Vec<Spec> {
    let record = s.names.record();
    let mut specs = vec![Spec::named(record.kind, record.name)];
    let release = s.record.as_ref().and_then(|(_, record)| record.release.as_ref());
    let pods = release.map(|release| {
        let number = s.pods_release(release.to, release.number);
        Spec::labelled(Kind::Pod, format!("{RELEASE}={number}"))
    });
    let deployment = |colour: Colour| Spec::named(Kind::Deployment, s.names.deployment(colour));
    let slices = |colour: Colour| {
        let of_service = format!("{SLICE_SERVICE}={}", s.names.service(colour));
        Spec::labelled(Kind::EndpointSlice, of_service)
    };
    match on {
        WaitFor::Ready { colour, .. } | WaitFor::Settle { colour } => {
            specs.push(deployment(*colour));
            specs.push(slices(*colour));
            specs.extend(pods);
        }
        WaitFor::Arrival { .. } | WaitFor::Bake { .. } | WaitFor::Drain { .. } => {
            // Whether the new version still serves, and the old one could.
            specs.extend(release.map(|release| deployment(release.to)));
            specs.extend(Colour::BOTH.map(slices));
            specs.extend(pods);
            // And whether people are still led to it.
            if let Some((_, record)) = &s.record {
                specs.push(Spec::named(Kind::Service, &record.service));
                let routes = s.ingress_names(record).into_iter();
                specs.extend(routes.map(|name| Spec::named(Kind::Ingress, name)));
            }
        }
        WaitFor::Change => {
            specs.extend(Colour::BOTH.map(deployment));
            specs.extend(pods);
            // The record says which Services and Ingresses are the app's.
            if let Some((_, record)) = &s.record {
                let services = s.serving(record);
                let slices = format!("{SLICE_SERVICE} in ({})", services.join(","));
                specs.push(Spec::labelled(Kind::EndpointSlice, slices));
                specs.extend(services.into_iter().map(|name| Spec::named(Kind::Service, name)));
                let routes = s.ingress_names(record).into_iter();
                specs.extend(routes.map(|name| Spec::named(Kind::Ingress, name)));
            }
        }
        WaitFor::Gate { .. }
        | WaitFor::Answer
        | WaitFor::Person
        | WaitFor::Driver { .. }
        | WaitFor::SignOfLife { .. }
        | WaitFor::Turn { .. } => {}
    }
    specs
}
