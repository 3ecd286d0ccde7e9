//! The commands that are cut, each in the situation that it is for.

use serde_json::Value;

use crate::acceptance::command::{answered, done};
use crate::acceptance::field::{V1, V2, V3};

/// What leads to the situation.
pub enum Before {
    /// A command that ends well.
    Ran(&'static str),
    /// A driver that was killed once it had taken this step.
    Killed(&'static str, &'static str),
    /// A driver that lives on; it has come so far.
    Drives(&'static str, Event),
}

#[derive(Clone, Copy)]
pub enum Event {
    /// The gate answered.
    Answered,
    /// It has taken this step.
    Done(&'static str),
}

impl Event {
    pub fn is(self, event: &Value) -> bool {
        match self {
            Event::Answered => answered(event),
            Event::Done(step) => done(step)(event),
        }
    }
}

pub struct Scene {
    pub name: &'static str,
    /// Whether the app has a Service of its own in place of an Ingress.
    pub by_service: bool,
    pub before: &'static [Before],
    /// The command that is cut.
    pub line: &'static str,
    /// What its gate says, whoever asks it.
    pub answers: &'static [u16],
    /// How it ends without a cut.
    pub code: u8,
    /// The version that serves before it, and the one that its release is to make live.
    pub from: &'static str,
    pub to: &'static str,
    pub goal: Goal,
}

/// What is so when the command has done its work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// The old version serves, and no release is under way.
    Old,
    /// The new one does.
    New,
    /// The old one does, and the new one waits for a yes.
    Waits,
}

impl Scene {
    /// Whether another driver is alive beside the command.
    pub fn has_driver(&self) -> bool {
        self.before.iter().any(|before| matches!(before, Before::Drives(..)))
    }
}

macro_rules! deploy {
    ($tag:literal, $($more:literal)*) => {
        concat!("deploy parrot --image kmharish/parrot-app:", $tag, $(" ", $more)*)
    };
}

const INIT: Before = Before::Ran("init parrot");
const INIT_BY_SERVICE: Before = Before::Ran("init parrot --route service");
const GATED: &str = deploy!("v2.2", "--webhook http://gate.example.com/confirm");
const WAITS: &str =
    deploy!("v2.2", "--webhook http://gate.example.com/confirm --interval 1h --threshold 1000");
const YES: &str = deploy!("v2.2", "--yes");
const BAKES: &str = deploy!("v2.2", "--yes --bake 60s");
const DETACHED: &str = deploy!("v2.2", "--detach");
/// Another version, instead of whatever is under way.
pub const REPLACE: &str = deploy!("v3.0", "--yes --replace");

const ROLLBACK: &str = "rollback parrot --release 1";
const ROLLED_BACK: Before = Before::Ran(ROLLBACK);

const DEPLOY: Scene = Scene {
    name: "deploy",
    by_service: false,
    before: &[INIT],
    line: YES,
    answers: &[],
    code: 0,
    from: V1,
    to: V2,
    goal: Goal::New,
};

const ABORT: Scene = Scene { line: "abort parrot", goal: Goal::Old, ..DEPLOY };

pub const SCENES: &[Scene] = &[
    Scene { name: "init", before: &[], line: "init parrot", goal: Goal::Old, ..DEPLOY },
    Scene { name: "deploy, the gate says yes", line: GATED, answers: &[500, 200], ..DEPLOY },
    Scene {
        name: "deploy, the gate says no",
        line: GATED,
        answers: &[500, 410],
        code: 3,
        goal: Goal::Old,
        ..DEPLOY
    },
    Scene { name: "deploy --yes", ..DEPLOY },
    Scene { name: "deploy --detach", line: DETACHED, goal: Goal::Waits, ..DEPLOY },
    Scene {
        name: "promote, a driver waits",
        before: &[INIT, Before::Drives(WAITS, Event::Answered)],
        line: "promote parrot",
        answers: &[500],
        ..DEPLOY
    },
    Scene {
        name: "promote, alone",
        before: &[INIT, Before::Ran(DETACHED)],
        line: "promote parrot",
        ..DEPLOY
    },
    Scene {
        name: "abort before the switch, a driver waits",
        before: &[INIT, Before::Drives(WAITS, Event::Answered)],
        answers: &[500],
        ..ABORT
    },
    Scene {
        name: "abort before the switch, alone",
        before: &[INIT, Before::Ran(DETACHED)],
        ..ABORT
    },
    Scene {
        name: "abort after the switch, a driver bakes",
        before: &[INIT, Before::Drives(BAKES, Event::Done("start-drain"))],
        ..ABORT
    },
    Scene {
        name: "abort after the switch, alone",
        before: &[INIT, Before::Killed(BAKES, "start-drain")],
        ..ABORT
    },
    Scene {
        name: "rollback",
        before: &[INIT, Before::Ran(YES)],
        line: ROLLBACK,
        from: V2,
        to: V1,
        ..DEPLOY
    },
    Scene {
        name: "deploy --yes, a Service is the route",
        by_service: true,
        before: &[INIT_BY_SERVICE],
        ..DEPLOY
    },
];

/// Those that two cuts are drawn for: the routes differ in what one cut may meet.
pub fn of_pairs() -> &'static [Scene] {
    let first = SCENES.iter().position(|scene| scene.by_service).unwrap_or(SCENES.len());
    &SCENES[..first]
}

/// How a rollback that is not finished can end, with nothing cut: for those that follow one.
pub const ENDS: &[Scene] = &[
    Scene {
        name: "abort of a rollback before the switch",
        before: &[INIT, Before::Ran(YES), Before::Killed(ROLLBACK, "start")],
        from: V2,
        to: V1,
        ..ABORT
    },
    Scene {
        name: "abort of a rollback after the switch",
        before: &[INIT, Before::Ran(YES), Before::Killed(ROLLBACK, "switch")],
        from: V2,
        to: V1,
        ..ABORT
    },
];

/// The same of a deploy, where no command of its own comes to that.
pub const ENDS_BY_SERVICE: &[Scene] = &[Scene {
    name: "abort after the switch, a Service is the route",
    by_service: true,
    before: &[INIT_BY_SERVICE, Before::Killed(YES, "switch-service")],
    ..ABORT
}];

/// How one that is not finished can end in a slot that another version has left, for those that follow
/// two. Two that were cut one after the other leave what no command of its own comes to.
pub const ENDS_OF_TWO: &[Scene] = &[
    Scene {
        name: "abort of a second release before the switch",
        before: &[INIT, Before::Ran(YES), Before::Killed(REPLACE, "start")],
        from: V2,
        to: V3,
        ..ABORT
    },
    Scene {
        name: "abort of a second release after the switch",
        before: &[INIT, Before::Ran(YES), Before::Killed(REPLACE, "switch")],
        from: V2,
        to: V3,
        ..ABORT
    },
    Scene {
        name: "abort of a release after a rollback before the switch",
        before: &[INIT, Before::Ran(YES), ROLLED_BACK, Before::Killed(REPLACE, "start")],
        to: V3,
        ..ABORT
    },
    Scene {
        name: "abort of a release after a rollback after the switch",
        before: &[INIT, Before::Ran(YES), ROLLED_BACK, Before::Killed(REPLACE, "switch")],
        to: V3,
        ..ABORT
    },
];
