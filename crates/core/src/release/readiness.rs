//! Whether a version is ready to serve, condition by condition.

use super::condition::{Condition, Need, all_met};
use super::{Record, Release, Slot, Snapshot, endpoints, ports, reach, strangers};
use crate::model::Colour;

impl Slot<'_> {
    /// That every pod of the present template is there, available, and no other pod is left.
    pub fn rollout(&self) -> Vec<Condition> {
        let desired = self.desired();
        let generation = |value: &serde_json::Value| {
            value.as_i64().map_or_else(|| "none".to_owned(), |it| format!("generation {it}"))
        };
        let seen = generation(&self.0["status"]["observedGeneration"]);
        let wanted = generation(&self.0["metadata"]["generation"]);
        let paused = if self.is_paused() { "paused" } else { "not paused" };
        let count = |field| self.0["status"][field].as_u64().unwrap_or(0);
        let pods = |name, field| {
            let count = count(field);
            let (now, wanted) = (format!("{count} of {desired}"), format!("{desired}"));
            Condition::new(name, count == desired, now, wanted)
        };
        let all = count("replicas");
        let conditions = [
            Condition::new(Need::Observed, self.is_observed(), seen, wanted),
            Condition::new(Need::NotPaused, !self.is_paused(), paused, "not paused"),
            Condition::new(Need::NoOtherPods, all == desired, all.to_string(), desired.to_string()),
            pods(Need::Updated, "updatedReplicas"),
            pods(Need::Available, "availableReplicas"),
        ];
        conditions.map(|it| it.of(format!("Deployment {}", self.name()))).to_vec()
    }
}

impl Snapshot {
    /// That a colour answers as many requests as this many replicas do, on the Service's ports.
    pub fn readiness(&self, colour: Colour, replicas: u64) -> Vec<Condition> {
        let Some(slot) = self.slot(colour) else {
            let name = format!("Deployment {}", self.names.deployment(colour));
            return vec![
                Condition::new(Need::Candidate, false, "does not exist", "a Deployment").of(name),
            ];
        };
        let desired = slot.desired();
        let least = replicas.max(1);
        let size = Condition::new(
            Need::Size,
            desired >= least,
            format!("{desired}"),
            format!("at least {least}"),
        );
        let mut conditions = vec![size.of(format!("Deployment {}", slot.name()))];
        conditions.extend(slot.rollout());
        conditions.extend(self.reached(colour, desired));
        conditions
    }

    /// That a colour's Service reaches so many pods: on each port that is asked for, and on all together.
    fn reached(&self, colour: Colour, desired: u64) -> Vec<Condition> {
        let service = self.names.service(colour);
        let ports = self.record.as_ref().map(|(_, record)| ports::names(self, record, colour));
        let ports = ports.unwrap_or_default();
        let on = |ports: &[String], object: String| {
            let count = endpoints::ready(&self.objects, &service, ports);
            let (now, wanted) = (format!("{count} ready"), format!("at least {desired}"));
            Condition::new(Need::Endpoints, count >= desired, now, wanted).of(object)
        };
        let named = ports.iter().filter(|name| ports.len() > 1 || !name.is_empty());
        let mut conditions: Vec<Condition> = named
            .map(|name| on(std::slice::from_ref(name), format!("Service {service}, port {name}")))
            .collect();
        if conditions.len() != 1 {
            let all = if ports.len() > 1 { ", all ports" } else { "" };
            conditions.push(on(&ports, format!("Service {service}{all}")));
        }
        conditions
    }

    /// That a release's candidate can take over now: ready with this many replicas at least, and nothing
    /// in the way.
    pub fn taking_over(&self, record: &Record, release: &Release, least: u64) -> Vec<Condition> {
        let mut conditions = self.readiness(release.to, least);
        let service = self.names.service(release.to);
        let others = strangers::behind(self, record, release.to)
            .or_else(|| strangers::left(self, release.to));
        let is_met = others.is_none();
        let now = others.unwrap_or_else(|| "only the candidate's".to_owned());
        let own = Condition::new(Need::OwnPods, is_met, now, "only the candidate's");
        conditions.push(own.of(format!("Service {service}")));
        conditions.extend(reach::afterwards(self, record, release).into_iter().map(|it| {
            let now = it.then.to_string();
            let wanted = format!("at least {}, as before it", it.now);
            let object = format!("Service {}, port {}", it.service, it.port);
            Condition::new(Need::NoLess, it.then >= it.now, now, wanted).of(object)
        }));
        conditions
    }

    /// Ready for as many requests as this many replicas answer, on the Service's port.
    pub fn serves(&self, colour: Colour, replicas: u64) -> bool {
        all_met(&self.readiness(colour, replicas))
    }

    /// Whether a release's candidate can take over now.
    pub fn may_take_over(&self, record: &Record, release: &Release) -> bool {
        all_met(&self.taking_over(record, release, 1))
    }
}
