//! A process that knows what it has read, and nothing newer.

use bluegreen::model::{Id, Kind, Objects, Write};
use bluegreen::release::plan::decided;
use bluegreen::release::{Action, Fresh, Mark, Names, Next, Probed, Question, Record, Sight, Step};

use crate::world::driver::Driver;
use crate::world::{Refused, World, conditions, events};

/// What the real loop reads again before a switch; of the ConfigMaps it reads the records alone.
const SERVING: [Kind; 7] = [
    Kind::Deployment,
    Kind::Service,
    Kind::Ingress,
    Kind::EndpointSlice,
    Kind::ConfigMap,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
];
/// And before a version is put away.
const LEADING: [Kind; 3] = [Kind::Deployment, Kind::Service, Kind::Ingress];
const ALL: [Kind; 9] = [
    Kind::Deployment,
    Kind::Service,
    Kind::Ingress,
    Kind::EndpointSlice,
    Kind::ConfigMap,
    Kind::ReplicaSet,
    Kind::Pod,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
];

#[derive(Clone)]
pub struct Process {
    pub driver: Driver,
    objects: Objects,
    /// How much of what it knows was read in this pass: anything may have happened since the last.
    fresh: Fresh,
    pub question: Option<Question>,
    /// Whether it asks through an ingress where both versions answer alike, and which obeys our own Ingress.
    pub hears_marks: bool,
    /// Planned, not sent.
    pub pending: Option<Request>,
}

/// A write on its way, and what it was planned on.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose process sent it.
    pub app: Names,
    pub step: Step,
    /// The epoch of the record that its process knew.
    pub epoch: u64,
    /// Sent in the very pass that read what it rests on.
    pub prompt: bool,
}

/// What a pass came to.
pub enum Pass {
    Write(Request),
    /// Until then, at the earliest.
    Wait(Option<jiff::Timestamp>),
    Done(bluegreen::release::Outcome),
}

impl Process {
    pub fn start(driver: Driver, world: &World) -> Process {
        let objects = Objects::default();
        let (question, pending, hears_marks) = (None, None, false);
        let fresh = Fresh::Nothing;
        let mut process = Process { driver, objects, fresh, question, hears_marks, pending };
        process.read(world, &ALL, Fresh::Whole);
        process
    }

    fn read(&mut self, world: &World, kinds: &[Kind], fresh: Fresh) {
        for kind in kinds {
            self.objects.clear(*kind);
            for object in world.objects.list(*kind) {
                let id = Id::new(*kind, bluegreen::model::name(object));
                self.objects.insert(id, object.clone());
            }
        }
        self.fresh = self.fresh.max(fresh);
    }

    /// Watches bring some kinds.
    pub fn glance(&mut self, world: &World, kinds: u8) {
        let kinds: Vec<Kind> =
            (0..8).filter(|bit| kinds & (1 << bit) != 0).map(|bit| ALL[bit]).collect();
        self.read(world, &kinds, Fresh::Serving);
    }

    fn hear(&mut self) {
        let record = self.objects.get(Kind::ConfigMap, &self.driver.names.record().name);
        let release = record.and_then(|record| Record::read(record).ok()?.release);
        let Some(release) = release.filter(|_| self.hears_marks) else { return };
        let mark = Mark { at: "at".to_owned(), tells: Some(true), has_it: true };
        let sight = Sight { marks: vec![mark], ..Sight::default() };
        self.driver.memory.probed = Some(Probed { release: release.number, sight });
    }

    pub fn pass(&mut self, world: &World) -> Pass {
        self.fresh = Fresh::Nothing;
        loop {
            self.hear();
            let snapshot = self.driver.look_at(self.objects.clone(), world.now);
            let epoch = snapshot.record.as_ref().map_or(0, |(_, record)| record.epoch);
            let decided = decided(&self.driver.goal, &self.driver.me, &snapshot, world.now);
            conditions::check(&decided, &self.driver.me, &snapshot, world.now);
            let next = decided.next;
            events::check(&next, world.now);
            match next {
                Next::Do(step) if step.fresh > self.fresh => match step.fresh {
                    Fresh::Nothing => unreachable!("nothing is less"),
                    Fresh::Leads => self.read(world, &LEADING, Fresh::Leads),
                    Fresh::Serving => self.read(world, &SERVING, Fresh::Serving),
                    Fresh::Whole => self.read(world, &ALL, Fresh::Whole),
                },
                Next::Do(step) => {
                    let prompt = self.fresh > Fresh::Nothing;
                    let app = self.driver.names.clone();
                    return Pass::Write(Request { app, step: *step, epoch, prompt });
                }
                Next::Ask(question) => {
                    self.question = Some(question);
                    self.fresh = Fresh::Nothing;
                    return Pass::Wait(None);
                }
                Next::Wait { until, .. } => {
                    self.fresh = Fresh::Nothing;
                    return Pass::Wait(until);
                }
                // How it ended is said on a look of its own.
                Next::Done(_) if self.fresh < Fresh::Serving => {
                    self.read(world, &ALL, Fresh::Whole);
                }
                Next::Done(outcome) => return Pass::Done(outcome),
            }
        }
    }

    /// The reply to its request.
    pub fn reply(&mut self, world: &World, request: &Request, reply: Result<(), Refused>) {
        let id = request.step.write.id();
        if reply.is_ok() {
            self.driver.wrote(&request.step);
        }
        match reply {
            Err(_) => self.read(world, &SERVING, Fresh::Serving),
            // Somebody else was at work until now: what it knows of that is old.
            Ok(()) if matches!(request.step.action, Action::Acquire | Action::TakeOver { .. }) => {
                self.read(world, &ALL, Fresh::Whole);
            }
            Ok(()) => match (&request.step.write, world.find(id.kind, &id.name)) {
                (Write::Delete { .. }, _) | (_, None) => self.objects.remove(id),
                (_, Some(object)) => self.objects.insert(id.clone(), object.clone()),
            },
        }
    }
}
