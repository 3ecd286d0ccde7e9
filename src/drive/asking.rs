//! The app, asked for one release: through the ingress, and each version itself.

use std::future::pending;

use serde_json::Value;
use url::Url;

use super::Drive;
use crate::cluster::{Cluster, courier};
use crate::gate::probe::{Marking, Prober, Targets, Until};
use crate::gate::{Courier, Outside};
use crate::model::Colour;
use crate::release::marker::{self, Hosts};
use crate::release::plan::WaitFor;
use crate::release::{Probed, Reach, Release, Sight, Snapshot, reach};

/// Who is asked.
#[derive(Clone, Copy)]
pub struct Whom {
    /// The version that is to answer; none before a switch.
    wanted: Option<Colour>,
    /// Whether both versions themselves are asked: as long as the candidate starts, the app is alone.
    versions: bool,
    /// Whether hosts of our own Ingress are asked for, too.
    marking: Marking,
}

pub struct Asking {
    release: u64,
    /// Why it can't be asked, until that has been told.
    prober: Result<Prober, Option<String>>,
    /// What there is to ask, as the routes say.
    found: Targets,
    ways: Vec<Way>,
    /// Those hosts.
    hosts: Option<Hosts>,
    /// Where visitors see the candidate.
    preview: Option<Url>,
}

/// How one version is asked itself.
struct Way {
    colour: Colour,
    /// As the route names it.
    port: Value,
    reach: Option<Reach>,
    courier: Option<Courier>,
}

impl Asking {
    pub fn new(drive: &Drive, s: &Snapshot, release: &Release) -> Asking {
        let found = found(drive, s);
        let record = s.record.as_ref().map(|(_, record)| record);
        let mut ways = Vec::new();
        lead(drive, s, &found, &mut ways);
        let replicas = Colour::BOTH.into_iter().filter_map(|c| Some(s.slot(c)?.desired())).max();
        let replicas = replicas.unwrap_or(1);
        let direct = |port: &Value, colour| led(&ways, s, port, colour);
        let mut prober = Prober::new(release.to, &found, replicas, drive.outside, direct);
        if let Ok(prober) = &mut prober {
            prober.knows(&Until {
                answered: release.answered.clone(),
                erred: release.erred.clone(),
                known_by: release.known_by.clone(),
                came: release.came.clone(),
            });
        }
        let hosts = record.and_then(|record| marker::hosts(s, record, release));
        let preview = preview(s, release);
        let prober = prober.map_err(Some);
        Asking { release: release.number, prober, found, ways, hosts, preview }
    }

    pub fn is_about(&self, release: &Release) -> bool {
        self.release == release.number
    }

    /// Pods come and go, and so do rules and addresses of a route.
    pub fn follow(&mut self, drive: &Drive, s: &Snapshot, release: &Release) {
        self.preview = preview(s, release);
        let mut is_new = false;
        for way in &mut self.ways {
            let is_tls = way.reach.as_ref().is_some_and(|reach| reach.tls);
            let now = reach(s, way.colour, &way.port, is_tls);
            if now.is_some() && now != way.reach {
                way.courier = now.clone().map(|to| courier(drive.cluster, to));
                way.reach = now;
                is_new = true;
            }
        }
        let Ok(prober) = &mut self.prober else { return };
        let now = found(drive, s);
        if now != self.found {
            lead(drive, s, &now, &mut self.ways);
            let ways = &self.ways;
            let direct = |port: &Value, colour| led(ways, s, port, colour);
            if let Err(why) = prober.find(&now, drive.outside, direct) {
                self.prober = Err(Some(why));
                return;
            }
            (self.found, is_new) = (now, true);
        }
        // Whoever takes a host out of a route has not broken the release.
        if let Some((_, record)) = &s.record {
            let rules = Targets::rules(&s.routes(record), &s.serving(record));
            prober.keep(&rules, &self.found);
        }
        if is_new {
            prober.lead(|port, colour| led(&self.ways, s, port, colour));
        }
    }

    pub async fn next(&mut self, cluster: &Cluster, outside: &Outside, whom: Whom) -> Probed {
        let sight = match &mut self.prober {
            Ok(prober) => {
                prober.asks_versions(whom.versions);
                prober.previews(self.preview.as_ref(), outside);
                if let Some(hosts) = &self.hosts {
                    prober.marks(whom.marking, hosts, outside);
                }
                prober.next(whom.wanted, || cluster.clock().now()).await
            }
            Err(why) => match why.take() {
                Some(why) => Sight::nothing(why),
                None => pending().await,
            },
        };
        Probed { release: self.release, sight }
    }
}

fn preview(s: &Snapshot, release: &Release) -> Option<Url> {
    s.candidates_site(release)?.parse().ok()
}

/// What there is to ask now.
fn found(drive: &Drive, s: &Snapshot) -> Targets {
    let record = s.record.as_ref().map(|(_, record)| record);
    let (routes, services) = record.map(|r| (s.routes(r), s.serving(r))).unwrap_or_default();
    Targets::find(&routes, &services, drive.probe)
}

/// How the versions are asked themselves for it, beside what is known of that already.
fn lead(drive: &Drive, s: &Snapshot, found: &Targets, ways: &mut Vec<Way>) {
    for target in &found.targets {
        for colour in Colour::BOTH {
            if !ways.iter().any(|way| way.colour == colour && way.port == target.port) {
                let reach = reach(s, colour, &target.port, target.is_tls);
                let courier = reach.as_ref().map(|to| courier(drive.cluster, to.clone()));
                ways.push(Way { colour, port: target.port.clone(), reach, courier });
            }
        }
    }
}

fn led(ways: &[Way], s: &Snapshot, port: &Value, colour: Colour) -> Result<Courier, String> {
    let way = ways.iter().find(|way| way.colour == colour && way.port == *port);
    way.and_then(|way| way.courier.clone()).ok_or_else(|| {
        format!("Service {} does not have the Ingress's port", s.names.service(colour))
    })
}

/// The release that the app is asked for, from its candidate's start on until it is over, and who.
pub fn asked_for<'a>(s: &'a Snapshot, on: &WaitFor) -> Option<(&'a Release, Whom)> {
    let (_, record) = s.record.as_ref()?;
    let release = record.release.as_ref()?;
    let is_there = release.waiting.is_some() || release.warm;
    let is_switched = release.switched.is_some() || s.bears_number(record, release);
    let is_wanted = match on {
        WaitFor::Gate { .. } | WaitFor::Answer | WaitFor::Person | WaitFor::Settle { .. } => true,
        WaitFor::Arrival { .. }
        | WaitFor::Bake { .. }
        | WaitFor::Drain { .. }
        | WaitFor::Ended { .. } => true,
        WaitFor::Ready { .. } => is_there || !is_switched,
        WaitFor::Driver { .. }
        | WaitFor::SignOfLife { .. }
        | WaitFor::Turn { .. }
        | WaitFor::Change => false,
    };
    let wanted = match (&release.ending, is_switched) {
        (Some(_), true) => Some(release.from),
        (None, true) => Some(release.to),
        (Some(_), false) => return None,
        (None, false) => None,
    };
    let arrives = matches!(on, WaitFor::Arrival { .. }) && marker::is_of_use(s, record, release);
    let marking = match arrives {
        true if marker::is_there(s, record, release) => Marking::All,
        true => Marking::Others,
        false => Marking::None,
    };
    let versions = is_there || is_switched;
    is_wanted.then_some((release, Whom { wanted, versions, marking }))
}
