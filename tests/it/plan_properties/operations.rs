//! What can happen.

use bluegreen::release::{Answer, Deploy, Gate, Goal, Settings};
use proptest::prelude::*;

use crate::world::controllers::{CONTROLLERS, Controller};
use crate::world::driver::{abort, deploy, rollback, set};

/// How many processes there are at a time.
pub const PROCESSES: usize = 3;

#[derive(Clone, Debug)]
pub enum Operation {
    /// A new process in that place, for one of the apps; what ran there is killed.
    Spawn(usize, usize, Command),
    /// One pass of the loop: plan, read again where the step asks for it, carry it out.
    Pass(usize),
    /// The same, but the request is not sent yet: the process is suspended before it.
    Suspend(usize),
    /// It wakes up.
    Wake(usize),
    /// Dead, with the request still under way.
    Kill(usize),
    /// Interrupted: it puts the release down.
    Interrupt(usize),
    /// A dead process's request arrives.
    Arrive,
    /// A watch brings these kinds, and no others.
    Glance(usize, u8),
    /// Its gate answers.
    Hear(usize, Answer, About),
    /// So many passes in a healthy cluster: watches bring everything, the time passes that it
    /// waits for, its gate answers.
    Run(usize, u8, Answer),
    Controller(Controller),
    Settle,
    Pass10(u8),
    GoBad(u8),
    Recover,
    /// Somebody scales the live Deployment.
    Scale(u64),
}

/// What a gate's answer is about, next to what was asked.
#[derive(Clone, Copy, Debug)]
pub enum About {
    TheQuestion,
    AnotherRelease,
    AnotherHash,
}

#[derive(Clone, Debug)]
pub enum Command {
    Deploy { image: u8, gate: u8, replace: bool, detach: bool, deadline: bool },
    Promote { when_ready: bool },
    Abort,
    Rollback,
    RollbackTo { number: u64 },
}

pub const IMAGES: [&str; 4] =
    ["parrot-app:v2", "parrot-app:v3", "parrot-app:v4", "parrot-app:crash"];

impl Command {
    pub fn goal(&self) -> Goal {
        match *self {
            Command::Deploy { image, gate, replace, detach, deadline } => {
                let name = IMAGES[usize::from(image) % IMAGES.len()];
                let deploy = Deploy { replace, detach, ..deploy(name, gate_of(gate)) };
                Goal::Deploy(set(deploy, |settings| {
                    // Each version in its own way, so that the same deploy again says the same.
                    settings.keep_old = Some(image == 1);
                    settings.bake_seconds = (image == 2).then_some(60);
                    settings.interval_seconds = Some(10);
                    settings.threshold = Some(3);
                    settings.deadline_seconds = deadline.then_some(300);
                }))
            }
            Command::Promote { when_ready } => Goal::Promote { release: None, when_ready },
            Command::Abort => abort(),
            Command::Rollback => rollback(),
            Command::RollbackTo { number } => {
                let settings = Settings::default();
                Goal::Rollback { release: None, to: Some(number), settings }
            }
        }
    }
}

fn gate_of(number: u8) -> Gate {
    match number % 4 {
        0 => Gate::Open,
        1 => Gate::Person,
        _ => Gate::Webhook,
    }
}

pub fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        6 => Just(Answer::Pass),
        2 => Just(Answer::NotYet("500".to_owned())),
        1 => Just(Answer::Reject("410".to_owned())),
        1 => Just(Answer::Broken("no route".to_owned())),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let deploy = (0..4u8, 0..4u8, prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    let deploy = (deploy, prop::bool::weighted(0.2));
    prop_oneof![
        // One image most of the time: so that processes meet over one release.
        4 => deploy.prop_map(|((image, gate, replace, detach), deadline)| {
            Command::Deploy { image: image / 2, gate, replace, detach, deadline }
        }),
        1 => (0..4u8, 0..4u8).prop_map(|(image, gate)| {
            Command::Deploy { image, gate, replace: true, detach: false, deadline: false }
        }),
        2 => any::<bool>().prop_map(|when_ready| Command::Promote { when_ready }),
        2 => Just(Command::Abort),
        2 => Just(Command::Rollback),
        1 => (1..4u64).prop_map(|number| Command::RollbackTo { number }),
    ]
}

pub fn operation() -> impl Strategy<Value = Operation> {
    let which = || 0..PROCESSES;
    let about = prop_oneof![
        6 => Just(About::TheQuestion),
        1 => Just(About::AnotherRelease),
        1 => Just(About::AnotherHash),
    ];
    prop_oneof![
        6 => (which(), 0..2usize, command()).prop_map(|(n, app, what)| Operation::Spawn(n, app, what)),
        8 => which().prop_map(Operation::Pass),
        6 => which().prop_map(Operation::Suspend),
        4 => which().prop_map(Operation::Wake),
        2 => which().prop_map(Operation::Kill),
        1 => which().prop_map(Operation::Interrupt),
        2 => Just(Operation::Arrive),
        4 => (which(), any::<u8>()).prop_map(|(n, kinds)| Operation::Glance(n, kinds)),
        4 => (which(), answer(), about).prop_map(|(n, a, about)| Operation::Hear(n, a, about)),
        8 => (which(), 1..16u8, answer()).prop_map(|(n, times, a)| Operation::Run(n, times, a)),
        4 => prop::sample::select(CONTROLLERS.to_vec()).prop_map(Operation::Controller),
        4 => Just(Operation::Settle),
        3 => (1..4u8).prop_map(Operation::Pass10),
        1 => Just(Operation::Pass10(70)),
        1 => (0..4u8).prop_map(Operation::GoBad),
        1 => Just(Operation::Recover),
        1 => (1..4u64).prop_map(Operation::Scale),
    ]
}
