//! Between two looks: watches, the gate's answer, a point in time, a signal.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Drive;
use super::asking::{Asking, Whom, asked_for};
use crate::cluster::{Change, Spec, Watches, about};
use crate::event::What;
use crate::gate::{Payload, Reply};
use crate::model::{Colour, Id, Kind, name};
use crate::release::plan::{Question, WaitFor};
use crate::release::{Answered, Confirmed, Probed, SLICE_SERVICE, Snapshot};
use crate::route::{Route, RouteKind};

/// A pause without news still says now and then that it is one.
const SAY_AGAIN: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Pause {
    pub watches: Watches,
    poll: Option<Poll>,
    probe: Option<Asking>,
    said: Option<(WaitFor, Instant)>,
    /// Whether it is not for us to hear what is said of routes.
    pub is_deaf: bool,
}

struct Poll {
    question: Question,
    answer: Pin<Box<dyn Future<Output = Answered>>>,
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
            let Reply { answer, after } = webhook.ask(&payload, &now).await;
            let at = now();
            let not_before = after.map(|after| at.checked_add(after).unwrap_or(Timestamp::MAX));
            Answered { release: asked.release, hash: asked.hash, at, answer, not_before }
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

    /// Whether there is anything to hear of the app's routes, and it is for us.
    pub fn may_hear(&self, s: &Snapshot) -> bool {
        let record = s.record.as_ref().map(|(_, record)| record);
        let may_complain = record.is_some_and(|r| s.data_plane(&r.service, r.route).may_complain());
        may_complain && !self.is_deaf
    }

    /// Whether the app is asked now, and which version is to answer.
    fn prepare_probe(&mut self, drive: &Drive, s: &Snapshot, on: &WaitFor) -> Option<Whom> {
        let (release, whom) = asked_for(s, on)?;
        match &mut self.probe {
            Some(asking) if asking.is_about(release) => asking.follow(drive, s, release),
            _ => self.probe = Some(Asking::new(drive, s, release)),
        }
        Some(whom)
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
        if matches!(on, WaitFor::Arrival { .. }) && self.may_hear(s) {
            specs.extend(complaints(s));
        }
        self.watches.want(drive.cluster, &specs);
        let left = until.map(|until| until.duration_since(now));
        let again = self.again();
        let left = left.map_or(again, |left| Duration::try_from(left).unwrap_or_default());
        // A moment more: a clock that rounds must not wake us before the time has come.
        let left = left.min(again) + Duration::from_millis(5);
        let whom = self.prepare_probe(drive, s, on);
        let poll = async {
            match &mut self.poll {
                Some(poll) => poll.answer.as_mut().await,
                None => std::future::pending().await,
            }
        };
        // On the heap, as all that a whole command awaits stands on one stack.
        let probe = Box::pin(async {
            match (&mut self.probe, whom) {
                (Some(asking), Some(whom)) => asking.next(drive.cluster, drive.outside, whom).await,
                _ => std::future::pending().await,
            }
        });
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

/// What is said of each of the app's routes, while whoever obeys them may not have done so yet. Not of
/// all in the namespace: of hundreds there is more to hear than a release has use for.
fn complaints(s: &Snapshot) -> Vec<Spec> {
    let routes = s.record.as_ref().map(|(_, record)| s.routes(record)).unwrap_or_default();
    routes.into_iter().map(|route| Spec::fields(Kind::Event, about(&[route.id()]))).collect()
}

/// What a pause has to see: always the record, through which other commands speak.
fn specs(s: &Snapshot, on: &WaitFor) -> Vec<Spec> {
    let record = s.names.record();
    let mut specs = vec![Spec::named(record.kind, record.name)];
    let known = s.record.as_ref().map(|(_, record)| record);
    let release = known.and_then(|record| record.release.as_ref());
    let pods = known.filter(|_| release.is_some());
    let pods = pods.map(|record| Spec::labelled(Kind::Pod, record.label.selector()));
    let deployment = |colour: Colour| Spec::named(Kind::Deployment, s.names.deployment(colour));
    // One for all, and the same for as long as a release lasts: each that is opened is a request.
    let slices = || {
        let mut services: BTreeSet<String> =
            Colour::BOTH.into_iter().map(|colour| s.names.service(colour)).collect();
        // Where a Service is the route, what it names says whether a switch has arrived.
        if let Some(record) = known.filter(|record| record.route == RouteKind::Service) {
            let switched = Colour::BOTH
                .into_iter()
                .flat_map(|colour| s.following(&record.service, &record.label, colour));
            services.extend(switched.map(|service| name(service).to_owned()));
        }
        let services: Vec<String> = services.into_iter().collect();
        let services = services.join(",");
        Spec::labelled(Kind::EndpointSlice, format!("{SLICE_SERVICE} in ({services})"))
    };
    match on {
        WaitFor::Ready { colour, .. } | WaitFor::Settle { colour } => {
            specs.push(deployment(*colour));
            specs.push(slices());
            specs.extend(pods);
            // Whoever mends a Service that would lose by the switch need not be waited for any longer.
            if let (Some(record), Some(release)) = (known, release)
                && s.slot(release.to).is_some_and(|slot| s.serves(release.to, slot.desired()))
                && s.hindrance(record, release).is_some()
            {
                let services = s.following(&record.service, &record.label, release.from);
                let named = |service| Spec::named(Kind::Service, name(service));
                specs.extend(services.into_iter().map(named));
            }
        }
        WaitFor::Arrival { .. }
        | WaitFor::Bake { .. }
        | WaitFor::Drain { .. }
        | WaitFor::Ended { .. } => {
            // Whether the new version still serves, and the old one could.
            specs.extend(release.map(|release| deployment(release.to)));
            specs.push(slices());
            specs.extend(pods);
            // And whether people are still led to it.
            if let Some(record) = known {
                specs.push(Spec::named(Kind::Service, &record.service));
                let routes = s.routes(record).into_iter().map(Route::id);
                // The live Service may be the route.
                let routes = routes.filter(|id| id.kind != Kind::Service);
                specs.extend(routes.map(|id| Spec::named(id.kind, id.name)));
            }
            // Somebody may take the marker away.
            if let WaitFor::Arrival { by: Confirmed::Marker, .. } = on {
                specs.push(Spec::named(Kind::Ingress, s.names.preview()));
            }
            if let WaitFor::Ended { colour } = on {
                specs.push(deployment(*colour));
            }
        }
        WaitFor::Change => {
            specs.extend(Colour::BOTH.map(deployment));
            specs.extend(pods);
            // The record says which Services and routes are the app's.
            if let Some(record) = known {
                let services = s.serving(record);
                let slices = format!("{SLICE_SERVICE} in ({})", services.join(","));
                specs.push(Spec::labelled(Kind::EndpointSlice, slices));
                // What init makes beside them says what may be typed next.
                let preview = s.names.preview();
                let services = services.into_iter().chain([preview.clone()]);
                specs.extend(services.map(|name| Spec::named(Kind::Service, name)));
                let routes = s.routes(record).into_iter().map(Route::id);
                let routes = routes.filter(|id| id.kind != Kind::Service);
                let routes = routes.chain([Id::new(Kind::Ingress, preview)]);
                specs.extend(routes.map(|id| Spec::named(id.kind, id.name)));
            }
        }
        // A candidate that goes bad meanwhile says it by its pods. The other two stay open for the switch:
        // to open them again would be more requests.
        WaitFor::Gate { .. } | WaitFor::Answer | WaitFor::Person => {
            specs.extend(release.map(|release| deployment(release.to)));
            specs.push(slices());
            specs.extend(pods);
        }
        WaitFor::Driver { .. } | WaitFor::SignOfLife { .. } | WaitFor::Turn { .. } => {}
    }
    specs
}
