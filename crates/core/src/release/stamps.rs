//! What releases write on an object beside what it is for: the number of the one that switched it last,
//! and the epoch, which makes a past driver's late writes fail.
//!
//! A route may be several apps', and so may a Service. There both are an app's own, by the keys of
//! their annotations (`Names::stamp`). A slot has its app's name, an autoscaler has one target, and the
//! preview Service and the clones are made for one app: they belong to one, and bear the plain keys.
//!
//! 0.1.0 wrote the plain keys on everything, and a driver of it knows no others. So on a shared object
//!
//! - such a number counts for a release that 0.1.0 may have driven, if the object names no other app, or
//!   leads where that release wants it;
//! - such an epoch counts if the object names no other app;
//! - who goes on with such a release writes both forms: the old driver may be asleep;
//! - they go once no app that the object names has such a release any more.

use json_patch::{PatchOperation, RemoveOperation};
use serde_json::Value;

use super::routes::Leads;
use super::{Names, Record, Release, Slot, Snapshot, marker};
use crate::model::{Colour, EPOCH, Kind, RELEASE, annotate, annotation, name, pointer};
use crate::route::{Route, resolves_to};

/// The app of another record.
struct Other {
    names: Names,
    /// None where it can't be read: then it may be about anything.
    record: Option<Record>,
}

impl Record {
    /// Whether a driver of 0.1.0 may have the release in its hands. What 0.1.0 writes of a release never
    /// says that its stamps are its own.
    fn is_old(&self) -> bool {
        self.release.as_ref().is_some_and(|release| !release.own_stamps)
    }
}

impl Other {
    fn names(&self, object: &Value) -> bool {
        let Some(record) = &self.record else { return true };
        let services = self.names.serving(&record.service);
        match Route::parse(object) {
            Some(route) => route.names_app(&services),
            None => {
                services.iter().any(|service| service == name(object))
                    || resolves_to(object, &record.label).is_some()
            }
        }
    }

    fn is_old(&self) -> bool {
        self.record.as_ref().is_none_or(Record::is_old)
    }
}

impl Snapshot {
    /// The other apps of the namespace that have been taken in.
    fn others(&self) -> impl Iterator<Item = Other> {
        let maps = self.objects.list(Kind::ConfigMap);
        maps.filter_map(|map| {
            let app = Names::app_of_record(name(map)).filter(|app| *app != self.names.app)?;
            let names = Names::new(&self.names.namespace, app);
            Some(Other { names, record: Record::read(map).ok() })
        })
    }

    fn is_alone_on(&self, object: &Value) -> bool {
        !self.others().any(|other| other.names(object))
    }

    /// What a driver of this app may write and others share: through it people reach the app.
    pub fn shared(&self, record: &Record) -> Vec<&Value> {
        let followers = |colour| self.followers(&record.service, &record.label, colour);
        let services = self.live_service(record).into_iter();
        let services = services.chain(Colour::BOTH.into_iter().flat_map(followers));
        // The live Service may be the route.
        let routes = self.routes(record).into_iter().filter(|it| it.kind() != Kind::Service);
        routes.map(Route::object).chain(services).collect()
    }

    /// What it may write, beside the record, and is this app's alone.
    pub fn own(&self) -> Vec<&Value> {
        let slots = Colour::BOTH.into_iter().filter_map(|colour| self.slot(colour));
        let slots = slots.map(|Slot(object)| object);
        let scalers = Colour::BOTH.into_iter().flat_map(|colour| self.autoscalers(colour));
        let preview = self.service(&self.names.preview()).into_iter();
        let record = self.record.as_ref().map(|(_, record)| record);
        let ingress = record.and_then(|record| marker::written(self, record));
        preview.chain(ingress).chain(slots).chain(scalers).collect()
    }

    /// The number that this app has on a shared object.
    pub fn number_on(&self, object: &Value) -> Option<u64> {
        number(object, &self.names.stamp(RELEASE))
    }

    /// Whether a route was switched by this release.
    pub fn bears(&self, route: Route, record: &Record, release: &Release) -> bool {
        let leads = || self.route_leads(route, record) == Leads::To(release.to);
        self.is_marked(route.object(), release, leads)
    }

    /// Whether an object bears its number. As 0.1.0 wrote it, that counts where nobody else can have it.
    fn is_marked(&self, object: &Value, release: &Release, leads: impl Fn() -> bool) -> bool {
        self.number_on(object) == Some(release.number)
            || is_by_old(object, release) && (self.is_alone_on(object) || leads())
    }

    /// Whether people may have been sent to this release's candidate: wherever its number stands.
    pub fn was_switched(&self, record: &Record, release: &Release) -> bool {
        let bears = |route: Route| {
            let object = route.object();
            self.number_on(object) == Some(release.number) || is_by_old(object, release)
        };
        release.switched.is_some()
            || release.drain_back_until.is_some()
            || self.routes(record).into_iter().any(bears)
    }

    /// The epoch that a shared object bears for this app.
    pub fn epoch_on(&self, object: &Value) -> u64 {
        let plain = number(object, EPOCH).filter(|_| self.is_alone_on(object));
        number(object, &self.names.stamp(EPOCH)).max(plain).unwrap_or(0)
    }

    /// What makes a shared object bear all that it has to in the record's epoch, if it does not.
    pub fn stamp(&self, object: &Value, record: &Record) -> Option<Vec<PatchOperation>> {
        let [release_key, epoch_key] = [RELEASE, EPOCH].map(|key| self.names.stamp(key));
        let mut set: Vec<(&str, String)> = Vec::new();
        if self.epoch_on(object) < record.epoch {
            set.push((&epoch_key, record.epoch.to_string()));
        }
        let old = record.release.as_ref().filter(|_| record.is_old());
        if let Some(release) = old {
            if number(object, EPOCH).unwrap_or(0) < record.epoch {
                set.push((EPOCH, record.epoch.to_string()));
            }
            // Another app's driver of 0.1.0 may write its own over it.
            let is_missing = self.number_on(object) != Some(release.number);
            let leads = || {
                Route::parse(object)
                    .is_some_and(|route| self.route_leads(route, record) == Leads::To(release.to))
            };
            if is_missing && self.is_marked(object, release, leads) {
                set.push((&release_key, release.number.to_string()));
            }
        }
        let plain = [RELEASE, EPOCH].into_iter().filter(|key| annotation(object, key).is_some());
        let plain: Vec<_> = plain.filter(|_| old.is_none() && !self.is_read_on(object)).collect();
        if !plain.is_empty() && number(object, &epoch_key) != Some(record.epoch) {
            set = vec![(&epoch_key, record.epoch.to_string())];
        }
        if set.is_empty() && plain.is_empty() {
            return None;
        }
        let mut changes = annotate(object, &set);
        changes.extend(plain.into_iter().map(|key| {
            PatchOperation::Remove(RemoveOperation {
                path: pointer(["metadata", "annotations", key]),
            })
        }));
        Some(changes)
    }

    /// Whether another app's driver of 0.1.0 goes by the plain keys of an object.
    fn is_read_on(&self, object: &Value) -> bool {
        self.others().any(|other| other.is_old() && other.names(object))
    }

    /// All that an app's objects have under one of the two keys, where there is no record that says
    /// which those are but for the live Service.
    pub fn borne(&self, live: &str, key: &str) -> impl Iterator<Item = u64> {
        let own_key = self.names.stamp(key);
        let kinds = Route::KINDS.into_iter().chain([Kind::Service]);
        let shared = kinds.flat_map(|kind| self.objects.list(kind));
        let by_own_key = shared.filter_map(move |object| number(object, &own_key));
        let led = self.named_by(live).map(Route::object).chain(self.service(live));
        let led =
            led.filter(|object| annotation(object, key).is_some() && self.is_alone_on(object));
        let by_plain_key = led.chain(self.own()).filter_map(move |object| number(object, key));
        by_own_key.chain(by_plain_key)
    }
}

/// Whether the number stands there as 0.1.0 wrote it, of a release that it may have driven.
fn is_by_old(object: &Value, release: &Release) -> bool {
    !release.own_stamps && number(object, RELEASE) == Some(release.number)
}

/// What an annotation says, if it is a number.
pub fn number(object: &Value, key: &str) -> Option<u64> {
    annotation(object, key)?.parse().ok()
}
