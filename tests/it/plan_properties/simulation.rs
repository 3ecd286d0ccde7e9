//! The world, the processes in it, and the requests under way.

use bluegreen::release::plan::let_go;
use bluegreen::release::{Answer, Names, Outcome};

use super::judge::Judge;
use super::operations::{About, Command, IMAGES, Operation, PROCESSES};
use super::process::{Pass, Process, Request};
use crate::world::driver::Driver;
use crate::world::{Refused, World};

pub struct Simulation {
    pub world: World,
    /// One for each app.
    pub judges: Vec<Judge>,
    processes: [Option<Process>; PROCESSES],
    under_way: Vec<Request>,
    spawned: usize,
}

impl Simulation {
    pub fn new(world: World, apps: &[Names]) -> Simulation {
        let judges = apps.iter().map(|app| Judge::new(app, &world)).collect();
        let (processes, under_way) = ([None, None, None], Vec::new());
        Simulation { world, judges, processes, under_way, spawned: 0 }
    }

    fn app(&self, n: usize) -> Names {
        self.judges[n % self.judges.len()].app.clone()
    }

    fn judge(&mut self, app: &Names) -> &mut Judge {
        self.judges.iter_mut().find(|judge| judge.app == *app).expect("it is judged")
    }

    pub fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Spawn(n, app, command) => self.spawn(*n, *app, command),
            Operation::Pass(n) => {
                let n = self.awake(*n);
                self.pass(n);
            }
            Operation::Suspend(n) => {
                let n = self.awake(*n);
                self.suspend(n);
            }
            Operation::Wake(n) => self.wake(*n),
            Operation::Kill(n) => self.kill(*n),
            Operation::Interrupt(n) => self.interrupt(*n),
            Operation::Arrive => {
                if !self.under_way.is_empty() {
                    let request = self.under_way.remove(0);
                    let _ = self.send(&request);
                }
            }
            Operation::Glance(n, kinds) => {
                if let Some(process) = &mut self.processes[*n] {
                    process.glance(&self.world, *kinds);
                }
            }
            Operation::Hear(n, answer, about) => self.hear(*n, answer, *about),
            Operation::Run(n, times, answer) => {
                let n = self.awake(*n);
                for _ in 0..*times {
                    self.pass_in_health(n, answer);
                }
            }
            Operation::Controller(controller) => self.world.run_controller(*controller),
            Operation::Settle => self.world.settle(),
            Operation::Pass10(times) => self.world.pass(10 * i64::from(*times)),
            Operation::GoBad(image) => {
                self.world.bad_images.push(IMAGES[usize::from(*image) % 3].to_owned());
            }
            Operation::Recover => self.world.bad_images.clear(),
            Operation::Scale(replicas) => {
                let app = self.app(self.spawned);
                if let [live] = self.world.serving_of(&app)[..] {
                    self.world.scale(live, *replicas);
                }
            }
        }
        self.judges.iter().for_each(|judge| judge.inspect(&self.world));
    }

    fn spawn(&mut self, n: usize, app: usize, command: &Command) {
        self.kill(n);
        self.spawned += 1;
        let id = format!("p{}", self.spawned);
        let driver = Driver::of(self.app(app), &id, command.goal());
        let mut process = Process::start(driver, &self.world);
        process.hears_marks = self.spawned.is_multiple_of(2);
        self.processes[n] = Some(process);
    }

    /// The first process from there on that is (not) suspended.
    fn find(&self, n: usize, suspended: bool) -> Option<usize> {
        let is_wanted =
            |p: &Option<Process>| p.as_ref().is_some_and(|p| p.pending.is_some() == suspended);
        (n..n + PROCESSES).map(|n| n % PROCESSES).find(|n| is_wanted(&self.processes[*n]))
    }

    /// One that can do something: a deploy, if there is none, so that something happens at all.
    fn awake(&mut self, n: usize) -> usize {
        if let Some(n) = self.find(n, false) {
            return n;
        }
        let image = u8::try_from(self.spawned % 3).expect("less than 3");
        let (gate, replace, detach, deadline) = (2, n == 1, false, false);
        let deploy = Command::Deploy { image, gate, replace, detach, deadline };
        self.spawn(n, self.spawned, &deploy);
        n
    }

    /// One pass of a process; when it may go on, if it waits.
    fn pass(&mut self, n: usize) -> Option<Option<jiff::Timestamp>> {
        let process = self.processes[n].as_mut().filter(|p| p.pending.is_none())?;
        match process.pass(&self.world) {
            Pass::Wait(until) => return Some(until),
            Pass::Write(request) => {
                let reply = self.send(&request);
                let process = self.processes[n].as_mut()?;
                process.reply(&self.world, &request, reply);
            }
            Pass::Done(outcome) => {
                is_possible(process, &self.world, &outcome);
                self.processes[n] = None;
            }
        }
        None
    }

    fn pass_in_health(&mut self, n: usize, answer: &Answer) {
        self.world.settle();
        if let Some(process) = &mut self.processes[n] {
            process.glance(&self.world, u8::MAX);
        }
        if let Some(until) = self.pass(n) {
            self.hear(n, answer, About::TheQuestion);
            if let Some(until) = until {
                self.world.now = self.world.now.max(until);
            }
        }
    }

    fn suspend(&mut self, n: usize) {
        let Some(process) = self.processes[n].as_mut().filter(|p| p.pending.is_none()) else {
            return;
        };
        match process.pass(&self.world) {
            Pass::Write(request) => process.pending = Some(Request { prompt: false, ..request }),
            Pass::Wait(_) => {}
            Pass::Done(outcome) => {
                is_possible(process, &self.world, &outcome);
                self.processes[n] = None;
            }
        }
    }

    fn wake(&mut self, n: usize) {
        let Some(n) = self.find(n, true) else { return };
        let pending = self.processes[n].as_mut().and_then(|process| process.pending.take());
        let request = pending.expect("it is suspended");
        let reply = self.send(&request);
        let process = self.processes[n].as_mut().expect("it is there");
        process.reply(&self.world, &request, reply);
    }

    fn kill(&mut self, n: usize) {
        let pending = self.processes[n].take().and_then(|process| process.pending);
        self.under_way.extend(pending);
    }

    /// What the real loop does on a signal: it tries until the record takes it.
    fn interrupt(&mut self, n: usize) {
        let Some(mut process) = self.processes[n].take() else { return };
        let snapshot = process.driver.look(&self.world);
        if let Some(step) = let_go(&process.driver.me, &snapshot, self.world.now) {
            let app = process.driver.names;
            let epoch = self.world.record_of(&app).epoch;
            let request = Request { app, step, epoch, prompt: true };
            self.send(&request).expect("planned on what is there");
        }
    }

    fn hear(&mut self, n: usize, answer: &Answer, about: About) {
        let Some(process) = &mut self.processes[n] else { return };
        let Some(mut question) = process.question.take() else { return };
        let app = process.driver.names.clone();
        match about {
            About::TheQuestion => {
                self.judge(&app).bless(question.release, *answer == Answer::Pass);
            }
            About::AnotherRelease => question.release += 1,
            About::AnotherHash => question.hash = "another".to_owned(),
        }
        let process = self.processes[n].as_mut().expect("it has asked");
        process.driver.hear(&question, answer.clone(), self.world.now);
    }

    fn send(&mut self, request: &Request) -> Result<(), Refused> {
        let before = self.world.clone();
        let reply = self.world.apply(&request.step.write);
        if reply.is_ok() {
            for judge in &mut self.judges {
                match judge.app == request.app {
                    true => judge.judge(&before, &self.world, request),
                    false => judge.is_left_alone(&before, &self.world, request),
                }
            }
        }
        reply
    }
}

/// Nobody changes anything under a release here, and the app stays fit.
fn is_possible(process: &Process, world: &World, outcome: &Outcome) {
    let impossible = match outcome {
        // It was read again for this word.
        Outcome::TakenOver { .. } => {
            let driver = world.record_of(&process.driver.names).driver;
            driver.is_some_and(|driver| driver.id == process.driver.me.id)
        }
        // The old version may have gone bad, or its controllers be slow.
        Outcome::Changed { what, .. } => !what.contains("did not become ready"),
        Outcome::Unfit { reasons } => !reasons.iter().all(|r| r.contains("does not act on")),
        Outcome::NotInitialised
        | Outcome::Unprepared { .. }
        | Outcome::Misfit { .. }
        | Outcome::Misread { .. } => true,
        _ => false,
    };
    assert!(!impossible, "{outcome:?}");
}
