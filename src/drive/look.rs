//! What the loop knows: the objects as they were read, kept current by replies and watches.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::Drive;
use crate::cluster::{Breadth, CallError, Change, Cluster, read};
use crate::error::Error;
use crate::model::{Id, Kind, Objects, Write, name, version};
use crate::release::plan::Fresh;
use crate::release::{Memory, Names, Snapshot};

/// A cluster that was never reached is given up sooner than one that went away: no try begins after
/// this time, and none is waited for beyond the other.
const LAST_TRY: Duration = Duration::from_secs(8);
const FIRST_CONTACT: Duration = Duration::from_secs(14);
/// After so long it is asked a second time, beside the first: one of the requests may have been lost.
const ASK_AGAIN: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct Look {
    pub objects: Objects,
    pub memory: Memory,
    /// When the first read has to be there.
    deadline: Option<Instant>,
    is_met: bool,
    fresh: Fresh,
}

pub fn is_of_a_deployment(change: &Change) -> bool {
    matches!(change, Change::There { kind: Kind::Deployment, .. })
}

impl Look {
    /// The API server has answered, whatever it said: it is there, and worth waiting for.
    pub fn meet(&mut self) {
        self.is_met = true;
    }

    pub fn is_met(&self) -> bool {
        self.is_met
    }

    /// How much was read since the loop last paused.
    pub fn fresh(&self) -> Fresh {
        self.fresh
    }

    pub fn paused(&mut self) {
        self.fresh = Fresh::Nothing;
    }

    /// How long a failing read is repeated.
    pub fn patience(&self, drive: &Drive) -> Duration {
        if self.is_met { drive.patience } else { LAST_TRY }
    }

    pub async fn read(
        &mut self,
        cluster: &Cluster,
        names: &Names,
        breadth: Breadth,
    ) -> Result<BTreeMap<Kind, String>, (Kind, CallError)> {
        let reading = read(cluster, names, breadth, &mut self.objects);
        let versions = if self.is_met {
            reading.await?
        } else {
            let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + FIRST_CONTACT);
            let mut other = Objects::default();
            let again = async {
                tokio::time::sleep(ASK_AGAIN).await;
                read(cluster, names, breadth, &mut other).await
            };
            let either = async {
                tokio::select! {
                    versions = reading => (versions, true),
                    versions = again => (versions, false),
                }
            };
            let (versions, is_first) =
                tokio::time::timeout_at(deadline, either).await.map_err(|_| {
                    let why = format!("no reply within {} s", FIRST_CONTACT.as_secs());
                    (Kind::ConfigMap, CallError::Lost { why })
                })?;
            let versions = versions?;
            if !is_first {
                self.objects = other;
            }
            versions
        };
        self.is_met = true;
        self.fresh = self.fresh.max(match breadth {
            Breadth::Leading => Fresh::Leads,
            Breadth::Record | Breadth::Serving => Fresh::Serving,
            Breadth::All | Breadth::Room | Breadth::Fitness | Breadth::Report => Fresh::Whole,
        });
        Ok(versions)
    }

    pub fn snapshot(&mut self, drive: &Drive, now: Timestamp) -> Result<Snapshot, Error> {
        let mut s = Snapshot::new(drive.names.clone(), self.objects.clone(), self.memory.clone())
            .map_err(|error| drive.cluster.unreadable(&error))?;
        let record = s.record.as_ref().map(|(_, record)| record);
        self.memory.note(&drive.goal, &drive.me, record, now);
        if let Some(release) = record.and_then(|record| record.release.as_ref())
            && s.has_ended(release.from)
        {
            self.memory.note_gone(release.number, now);
        }
        s.memory = self.memory.clone();
        Ok(s)
    }

    /// A write was acknowledged: its reply is the newest there is to know. Whether it changed
    /// anything.
    pub fn written(&mut self, id: &Id, reply: Option<Value>) -> bool {
        let known = self.objects.get(id.kind, &id.name).map(version);
        let changed = known != reply.as_ref().map(version);
        match reply {
            Some(object) => {
                if id.kind == Kind::Deployment {
                    self.memory.reply(self.objects.get(id.kind, &id.name), &object);
                }
                self.objects.insert(id.clone(), object);
            }
            None => self.objects.remove(id),
        }
        changed
    }

    /// Whether a write without a reply could still be carried out: its object is as it was.
    pub fn could_arrive(&self, write: &Write) -> bool {
        let id = write.id();
        match (write, self.objects.get(id.kind, &id.name)) {
            // A late creation is found, and removed, by the next command.
            (Write::Create { .. }, _) | (_, None) => false,
            (Write::Delete { at, .. }, Some(object)) => version(object) == *at,
            (Write::Patch { patch, .. }, Some(object)) => {
                let now = serde_json::to_value(version(object).resource_version);
                let planned = patch.0.get(1).and_then(|test| serde_json::to_value(test).ok());
                planned.is_some_and(|test| now.is_ok_and(|now| test["value"] == now))
            }
        }
    }

    /// Takes in what a watch brought; what has to be read again, if it lost its place.
    pub fn take(&mut self, change: Change) -> Option<Breadth> {
        match change {
            Change::There { kind, object } => {
                let id = Id::new(kind, name(&object));
                if !self.knows(&id, &object) {
                    self.objects.insert(id, object);
                }
                None
            }
            Change::Gone { kind, object } => {
                let id = Id::new(kind, name(&object));
                if !self.knows(&id, &object) {
                    self.objects.remove(&id);
                }
                None
            }
            Change::Lost { .. } => Some(Breadth::All),
            Change::Broken => Some(Breadth::Serving),
            // The loop ends with it.
            Change::Ended | Change::Denied { .. } => None,
        }
    }

    /// Whether what a watch brings is older than, or the same as, what is known already: a watch
    /// that starts where a list was read repeats our own writes since.
    fn knows(&self, id: &Id, object: &Value) -> bool {
        let number = |object: &Value| object["metadata"]["resourceVersion"].as_str()?.parse().ok();
        let known: Option<u64> = self.objects.get(id.kind, &id.name).and_then(number);
        known.is_some_and(|known| number(object).is_some_and(|new| new <= known))
    }
}
