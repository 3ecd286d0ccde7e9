//! What a person changes under a release, in each of its phases.

mod changes;

use anyhow::Result;

use crate::acceptance::Field;
use crate::acceptance::command::{Command, Said, answered, done};
use crate::network::bed::{Bed, in_paused_time};
use changes::Change;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    Starting,
    Waiting,
    Switching,
    Confirming,
    Baking,
    Draining,
}

const PHASES: [Phase; 6] = [
    Phase::Starting,
    Phase::Waiting,
    Phase::Switching,
    Phase::Confirming,
    Phase::Baking,
    Phase::Draining,
];

const DEPLOY: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --timeout 60s \
     --webhook http://gate.example.com/confirm";

impl Phase {
    fn deploy(self, field: &Field) -> Command {
        let times = match self {
            Phase::Starting | Phase::Waiting | Phase::Switching => "--threshold 1000",
            Phase::Confirming => "--settle 20s",
            Phase::Baking => "--bake 20s",
            Phase::Draining => "--drain 20s",
        };
        let answers: &[u16] =
            if self == Phase::Waiting { &[500, 500, 500, 500, 200] } else { &[200] };
        field.command(&format!("{DEPLOY} {times}")).answers(answers)
    }

    async fn caught(self, field: &Field, change: Change) -> Result<(u8, Said)> {
        let deploy = self.deploy(field);
        let change = change.done(field, ("parrot", "parrot-green"));
        match self {
            Phase::Starting => deploy.frozen(done("make-candidate"), change).await,
            Phase::Waiting => deploy.frozen(answered, change).await,
            Phase::Switching => deploy.frozen(done("switch"), change).await,
            Phase::Confirming => deploy.frozen(done("mark-switched"), change).await,
            Phase::Baking | Phase::Draining => deploy.frozen(done("start-drain"), change).await,
        }
    }
}

#[test]
fn look() {
    for change in changes::ALL {
        for phase in PHASES {
            let r = in_paused_time(async {
                let bed = Bed::new(1).await?;
                let field = &bed.field;
                field.initialised().await?;
                let (code, said) = phase.caught(field, change).await?;
                let status = field.command("status parrot").ends().await?;
                let abort = field.command("abort parrot").ends().await?;
                let after = field.command("status parrot").ends().await?;
                let s: serde_json::Value = serde_json::from_str(&after.1.out).unwrap_or_default();
                let s0: serde_json::Value = serde_json::from_str(&status.1.out).unwrap_or_default();
                let init = field.command("init parrot").ends().await?;
                let again = field
                    .command("deploy parrot --image kmharish/parrot-app:v3 --yes")
                    .ends()
                    .await?;
                let cut = |s: &str| s.chars().take(260).collect::<String>().replace('\n', " / ");
                eprintln!(
                    "{change:?}\t{phase:?}\t{code}\t{}\n    status {} live {} {} {}\n    abort {} {}\n    status {} live {} {}\n    init {} {}\n    again {} {}",
                    cut(&said.err),
                    s0["healthy"],
                    s0["live"]["deployment"],
                    s0["problem"],
                    s0["release"]["phase"],
                    abort.0,
                    cut(&abort.1.err),
                    s["healthy"],
                    s["live"]["deployment"],
                    s["problem"],
                    init.0,
                    cut(&init.1.err),
                    again.0,
                    cut(&again.1.err)
                );
                Ok(())
            });
            if let Err(e) = r {
                eprintln!("{change:?}\t{phase:?}\tERROR {e:#}");
            }
        }
    }
}
