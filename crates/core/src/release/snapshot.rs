//! One look at the app: the objects that were read, and what they mean.

use serde_json::Value;

use super::routes::Leads;
use super::{
    Memory, Names, Phase, Record, Release, Slot, endpoints, pods, ports, reach, strangers, template,
};
use crate::model::{Colour, Id, Kind, Objects, Version, name, string_map, version};
use crate::route::{Label, Route, resolves_to, selects, tls_hosts};

#[derive(Clone, Debug)]
pub struct Snapshot {
    pub names: Names,
    pub objects: Objects,
    pub record: Option<(Version, Record)>,
    pub memory: Memory,
}

/// The record can't be understood: nothing may be planned on it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the record, {id}, can't be read: {why}")]
pub struct Unreadable {
    pub id: Id,
    pub why: String,
    /// A later bluegreen wrote it, which understands it.
    pub is_later: bool,
}

impl Snapshot {
    pub fn new(names: Names, objects: Objects, memory: Memory) -> Result<Snapshot, Unreadable> {
        let id = names.record();
        let record = match objects.get(id.kind, &id.name) {
            None => None,
            Some(object) => match Record::read(object) {
                Ok(record) => Some((version(object), record)),
                Err(why) => {
                    return Err(Unreadable { id, why, is_later: Record::is_later(object) });
                }
            },
        };
        Ok(Snapshot { names, objects, record, memory })
    }

    pub fn slot(&self, colour: Colour) -> Option<Slot<'_>> {
        self.objects.get(Kind::Deployment, &self.names.deployment(colour)).map(Slot)
    }

    pub fn service(&self, name: &str) -> Option<&Value> {
        self.objects.get(Kind::Service, name)
    }

    pub fn live_service(&self, record: &Record) -> Option<&Value> {
        self.service(&record.service)
    }

    /// The Services through which a route may send people to the app.
    pub fn serving(&self, record: &Record) -> Vec<String> {
        self.names.serving(&record.service)
    }

    /// Where people can see the candidate: at the preview host, else from inside the cluster.
    pub fn preview_site(&self) -> Option<String> {
        let host = self.record.as_ref().and_then(|(_, record)| record.preview_host.as_ref());
        let at = |host: &String| {
            let ours = self.managed_ingress();
            let has = ours.is_some_and(|ours| tls_hosts(ours).any(|named| named == host.as_str()));
            if has { format!("https://{host}") } else { format!("http://{host}") }
        };
        host.map(at).or_else(|| self.preview_address())
    }

    /// Where visitors see a release's candidate and nothing else, if they do.
    pub fn candidates_site(&self, release: &Release) -> Option<String> {
        let (_, record) = self.record.as_ref()?;
        let host = record.preview_host.as_ref()?;
        let is_served = Route::Ingress(self.managed_ingress()?).hosts().contains(host);
        let leads = self.service_leads(&self.names.preview(), record) == Leads::To(release.to);
        (is_served && leads).then(|| self.preview_site())?
    }

    /// Where the candidate can be asked from inside the cluster.
    pub fn preview_address(&self) -> Option<String> {
        self.names.preview_address(self.service(&self.names.preview())?)
    }

    /// Services of the user's own, beside the live one, that lead to a colour by the label that tells
    /// the colours apart: they follow the live Service.
    pub fn followers(&self, live: &str, label: &Label, colour: Colour) -> Vec<&Value> {
        let Some(slot) = self.slot(colour) else { return Vec::new() };
        let pods = string_map(&slot.template()["metadata"]["labels"]);
        let mut own = self.names.serving(live);
        own.push(self.names.preview());
        let all = self.objects.list(Kind::Service);
        let others = all.filter(|service| !own.iter().any(|own| own == name(service)));
        others
            .filter(|service| {
                resolves_to(service, label) == Some(colour) && selects(service, &pods)
            })
            .collect()
    }

    /// The live Service and those that follow it: what a switch takes from one version to the other.
    pub fn following(&self, live: &str, label: &Label, colour: Colour) -> Vec<&Value> {
        self.service(live).into_iter().chain(self.followers(live, label, colour)).collect()
    }

    pub fn phase(&self, record: &Record, release: &Release) -> Phase {
        let switched = self.switched(record, release);
        match !switched && release.switched.is_none() && self.begun(record, release) {
            true => Phase::Switching,
            false => Phase::of(release, switched),
        }
    }

    pub fn endpoints(&self, colour: Colour) -> u64 {
        let ports = self.record.as_ref().map(|(_, record)| ports::names(self, record, colour));
        let service = self.names.service(colour);
        endpoints::ready(&self.objects, &service, &ports.unwrap_or_default())
    }

    /// Whether nothing of a colour is left: it was scaled to 0, and the last of its pods has ended.
    pub fn has_ended(&self, colour: Colour) -> bool {
        self.slot(colour).is_some_and(|slot| {
            slot.desired() == 0
                && slot.is_observed()
                && slot.pods_left() == 0
                && pods::of_slot(slot, &self.objects).is_empty()
        })
    }

    /// What is in the way of a candidate that is ready: its Service reaches pods of somebody else's or of a
    /// version that is gone, or a port of another one would lead to fewer pods after the switch.
    pub fn hindrance(&self, record: &Record, release: &Release) -> Option<String> {
        strangers::behind(self, record, release.to)
            .or_else(|| strangers::left(self, release.to))
            .or_else(|| reach::less(self, record, release))
    }

    pub fn trouble(&self, colour: Colour) -> Option<pods::Trouble> {
        let slot = self.slot(colour)?;
        pods::trouble(slot, self.replica_set(slot), &pods::of_slot(slot, &self.objects))
    }

    /// Some of a release's pods that are not ready, if this colour is the one that it made.
    pub fn unready(&self, colour: Colour, release: u64) -> Vec<pods::Unready> {
        let slot = self.slot(colour).filter(|slot| slot.release() == Some(release));
        slot.map(|slot| pods::unready(&pods::of_slot(slot, &self.objects))).unwrap_or_default()
    }

    /// The ReplicaSet that has a slot's present template. Not by the Deployment's revision: that
    /// may still be the one before.
    pub fn replica_set(&self, slot: Slot) -> Option<&Value> {
        self.replica_sets(slot).find(|set| template::of_replica_set(set) == *slot.template())
    }

    /// The ReplicaSets of a slot: one for each template that it has had, as far as they are kept.
    pub fn replica_sets(&self, slot: Slot) -> impl Iterator<Item = &Value> {
        let uid = slot.version().uid;
        self.objects.list(Kind::ReplicaSet).filter(move |set| {
            let owners = set["metadata"]["ownerReferences"].as_array();
            owners.into_iter().flatten().any(|owner| owner["uid"] == uid.as_str())
        })
    }

    /// A Deployment of a release that is over and was not promoted: a write of a driver that died,
    /// which arrived late.
    pub fn leftover(&self, record: &Record) -> Option<Slot<'_>> {
        let slot = self.slot(Colour::Green).filter(Slot::is_ours)?;
        let finished = record.finished(slot.release()?)?;
        let routes = self.routes(record);
        // One path that somebody sent there is enough for it to stay.
        let serves = routes.into_iter().any(|route| self.touches(route, record, Colour::Green))
            || self.live_service_leads(record) == Leads::To(Colour::Green);
        (finished.outcome != super::ReleaseOutcome::Promoted && !serves).then_some(slot)
    }

    /// The name of the record's own object, for messages.
    pub fn record_name(&self) -> String {
        self.names.record().to_string()
    }

    pub fn route_names(&self, record: &Record) -> Vec<String> {
        self.routes(record).iter().map(|route| route.name().to_owned()).collect()
    }
}
