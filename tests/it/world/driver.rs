//! A process that runs one command against the world, one look or one whole command at a time.

use bluegreen::model::{Kind, Objects};
use bluegreen::release::goal::ImageChange;
use bluegreen::release::plan::decided;
use bluegreen::release::{
    Action, Answer, Answered, Change, Declared, Deploy, Gate, Goal, Init, Me, Memory, Names, Next,
    Outcome, Question, Record, Release, Settings, Snapshot, Step,
};
use jiff::Timestamp;

use super::article::names;
use super::{World, conditions, events, old};

/// No release of one app needs as many steps.
const ENOUGH: usize = 200;

#[derive(Clone)]
pub struct Driver {
    pub me: Me,
    pub names: Names,
    pub goal: Goal,
    /// Whether it is a process of 0.1.0.
    is_old: bool,
    pub memory: Memory,
    /// What its gate says whenever it is asked.
    pub gate: Answer,
}

impl Driver {
    pub fn new(id: &str, goal: Goal) -> Driver {
        Driver::of(names(), id, goal)
    }

    /// The same, of another app than the parrot.
    pub fn of(names: Names, id: &str, goal: Goal) -> Driver {
        let me = Me { id: id.to_owned(), holder: format!("{id}@host (1)") };
        let (is_old, memory) = (false, Memory::default());
        Driver { me, names, goal, is_old, memory, gate: Answer::Pass }
    }

    pub fn old(id: &str, goal: Goal) -> Driver {
        Driver { is_old: true, ..Driver::new(id, goal) }
    }

    pub fn asking(id: &str, goal: Goal, gate: Answer) -> Driver {
        Driver { gate, ..Driver::new(id, goal) }
    }

    /// An observation of everything.
    pub fn look(&mut self, world: &World) -> Snapshot {
        self.look_at(world.objects.clone(), world.now)
    }

    pub fn look_at(&mut self, objects: Objects, now: Timestamp) -> Snapshot {
        let objects = if self.is_old { old::seen(&objects, &self.names) } else { objects };
        let record = objects.get(Kind::ConfigMap, &self.names.record().name);
        let record = record.map(|object| Record::read(object).expect("a record of this version"));
        self.memory.note(&self.goal, &self.me, record.as_ref(), now);
        let names = self.names.clone();
        Snapshot::new(names, objects, self.memory.clone()).expect("a record of this version")
    }

    pub fn next(&mut self, world: &World) -> Next {
        self.next_on(world.objects.clone(), world.now)
    }

    /// What it would do who knows these objects.
    pub fn next_on(&mut self, objects: Objects, now: Timestamp) -> Next {
        let snapshot = self.look_at(objects, now);
        let decided = decided(&self.goal, &self.me, &snapshot, now);
        conditions::check(&decided, &self.me, &snapshot, now);
        let next = decided.next;
        events::check(&next, now);
        if self.is_old { old::sent(next, &self.names) } else { next }
    }

    /// It remembers what it has written.
    pub fn wrote(&mut self, step: &Step) {
        if let Action::Mark { .. } = step.action {
            self.memory.marked = self.memory.following.as_ref().map(|(number, _)| *number);
        }
    }

    pub fn hear(&mut self, question: &Question, answer: Answer, at: Timestamp) {
        let Question { release, hash } = question.clone();
        self.memory.answer = Some(Answered { release, hash, at, answer, not_before: None });
    }
}

impl World {
    /// Runs a command to its end in a healthy cluster: controllers come to rest after every write,
    /// and the time passes that it waits for.
    pub fn follow(&mut self, driver: &mut Driver) -> Outcome {
        match self.until(driver, |_| false) {
            Next::Done(outcome) => outcome,
            next => unreachable!("{next:?}"),
        }
    }

    /// The same up to the first look whose next step is wanted; that one is not carried out.
    pub fn until(&mut self, driver: &mut Driver, wanted: impl Fn(&Next) -> bool) -> Next {
        let mut trace: Vec<Next> = Vec::new();
        for _ in 0..ENOUGH {
            let next = driver.next(self);
            if wanted(&next) || matches!(next, Next::Done(_)) {
                return next;
            }
            trace.push(next.clone());
            match next {
                Next::Do(step) => {
                    if let Err(error) = self.apply(&step.write) {
                        panic!("{error:?}: {step:?}\nafter {trace:#?}");
                    }
                    driver.wrote(&step);
                    self.settle();
                }
                Next::Ask(question) => {
                    let (answer, now) = (driver.gate.clone(), self.now);
                    driver.hear(&question, answer, now);
                }
                Next::Wait { until, on } => {
                    let until = until.unwrap_or_else(|| panic!("waits for ever on {on:?}"));
                    assert!(until > self.now, "waits for what has passed: {on:?}");
                    self.now = until;
                    self.settle();
                }
                Next::Done(_) => unreachable!("returned above"),
            }
        }
        panic!("no end in {ENOUGH} steps, the last of them: {:#?}", &trace[ENOUGH - 10..]);
    }

    /// Carries out what the driver would do now, which has to be a write.
    pub fn step(&mut self, driver: &mut Driver) {
        let Next::Do(step) = driver.next(self) else {
            panic!("no step but {:?}", driver.next(self))
        };
        self.apply(&step.write).unwrap();
        driver.wrote(&step);
    }

    pub fn record(&self) -> Record {
        self.record_of(&names())
    }

    pub fn record_of(&self, names: &Names) -> Record {
        let id = names.record();
        Record::read(self.get(id.kind, &id.name)).unwrap()
    }

    pub fn release(&self) -> Release {
        self.record().release.expect("a release is under way")
    }

    /// Changes the record behind everybody's back.
    pub fn edit_record(&mut self, change: impl FnOnce(&mut Record)) {
        self.edit_record_of(&names(), change);
    }

    pub fn edit_record_of(&mut self, names: &Names, change: impl FnOnce(&mut Record)) {
        let mut record = self.record_of(names);
        change(&mut record);
        self.edit(Kind::ConfigMap, &names.record().name, |map| {
            map["data"][bluegreen::release::RECORD_KEY] = record.text().into();
        });
    }
}

pub fn init() -> Goal {
    Goal::Init(Init::default())
}

pub fn deploy(image: &str, gate: Gate) -> Deploy {
    Deploy {
        change: Change::Images(vec![ImageChange { container: None, image: image.to_owned() }]),
        marks: None,
        gate,
        detach: false,
        replace: false,
        wait: false,
        // The article's: asked every minute, sixty times.
        settings: Settings {
            interval_seconds: Some(60),
            threshold: Some(60),
            ..Settings::default()
        },
        expected: Declared::default(),
        allow_policy_gap: false,
    }
}

/// The same with other numbers.
pub fn set(deploy: Deploy, change: impl FnOnce(&mut Settings)) -> Deploy {
    let mut settings = deploy.settings;
    change(&mut settings);
    Deploy { settings, ..deploy }
}

/// The article's gate.
pub const WEBHOOK: Gate = Gate::Webhook;

pub fn promote() -> Goal {
    Goal::Promote { release: None, when_ready: false }
}

pub fn rollback() -> Goal {
    Goal::Rollback { release: None, to: None, settings: Settings::default() }
}

pub fn abort() -> Goal {
    Goal::Abort { release: None, reason: Some("not today".to_owned()) }
}
