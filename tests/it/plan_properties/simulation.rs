//! The world, the processes in it, and the requests under way.

use bluegreen::model::Colour;
use bluegreen::release::plan::let_go;
use bluegreen::release::{Answer, Outcome};

use super::judge::Judge;
use super::operations::{About, Command, IMAGES, Operation, PROCESSES};
use super::process::{Pass, Process, Request};
use crate::world::driver::Driver;
use crate::world::{Refused, World};

pub struct Simulation {
    pub world: World,
    pub judge: Judge,
    processes: [Option<Process>; PROCESSES],
    under_way: Vec<Request>,
    spawned: usize,
}

pub fn slot(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "parrot",
        Colour::Green => "parrot-green",
    }
}

impl Simulation {
    pub fn new(world: World) -> Simulation {
        let judge = Judge::new(&world);
        let (processes, under_way) = ([None, None, None], Vec::new());
        Simulation { world, judge, processes, under_way, spawned: 0 }
    }

    pub fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Spawn(n, command) => self.spawn(*n, command),
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
                if let [live] = self.world.serving()[..] {
                    self.world.scale(live, *replicas);
                }
            }
        }
        self.judge.inspect(&self.world);
    }

    fn spawn(&mut self, n: usize, command: &Command) {
        self.kill(n);
        self.spawned += 1;
        let driver = Driver::new(&format!("p{}", self.spawned), command.goal());
        self.processes[n] = Some(Process::start(driver, &self.world));
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
        self.spawn(n, &Command::Deploy { image, gate, replace, detach, deadline });
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
                is_possible(&outcome);
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
                is_possible(&outcome);
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
            let epoch = self.world.record().epoch;
            self.send(&Request { step, epoch, prompt: true }).expect("planned on what is there");
        }
    }

    fn hear(&mut self, n: usize, answer: &Answer, about: About) {
        let Some(process) = &mut self.processes[n] else { return };
        let Some(mut question) = process.question.take() else { return };
        match about {
            About::TheQuestion => {
                self.judge.bless(question.release, *answer == Answer::Pass);
            }
            About::AnotherRelease => question.release += 1,
            About::AnotherHash => question.hash = "another".to_owned(),
        }
        process.driver.hear(&question, answer.clone(), self.world.now);
    }

    fn send(&mut self, request: &Request) -> Result<(), Refused> {
        let before = self.world.clone();
        let reply = self.world.apply(&request.step.write);
        if reply.is_ok() {
            self.judge.judge(&before, &self.world, request);
        }
        reply
    }
}

/// Nobody changes anything under a release here, and the app stays fit.
fn is_possible(outcome: &Outcome) {
    let impossible = match outcome {
        // The old version may have gone bad, or its controllers be slow.
        Outcome::Changed { what, .. } => !what.contains("did not become ready"),
        Outcome::Unfit { reasons } => !reasons.iter().all(|r| r.contains("does not act on")),
        Outcome::NotInitialised | Outcome::Unprepared { .. } | Outcome::Misfit { .. } => true,
        _ => false,
    };
    assert!(!impossible, "{outcome:?}");
}
