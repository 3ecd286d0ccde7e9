//! A fresh cluster with the parrot, and commands in it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use bluegreen::sandbox::{Sandbox, Store};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::facts;
use super::gate::{Approvals, gate};
use super::scenes::Scene;
use super::wire::Wire;
use crate::acceptance::command::{Command, Said};
use crate::acceptance::field::{V1, V2};
use crate::acceptance::{Field, service_route};
use crate::{bed, guard};

pub use crate::bed::NAMESPACE;

/// What takes longer hangs.
const HANG: Duration = Duration::from_secs(900);
/// In which everything that goes on by itself has come to its end.
const CALM: Duration = Duration::from_secs(5);

/// The exit codes that the README knows, without those of a signal.
const CODES: std::ops::RangeInclusive<u8> = 0..=11;

pub struct Bed {
    sandbox: Sandbox,
    pub approvals: Approvals,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Ended {
    pub code: u8,
    pub said: Said,
}

impl Bed {
    pub async fn new(seed: u64, scene: &Scene) -> Result<Bed> {
        let bed::Bed { sandbox, field } = bed::Bed::new(seed).await?;
        if scene.by_service {
            service_route::alone(&field).await?;
        }
        // What has to change in the same instant as the backends.
        let named = json!({
            "nginx.org/websocket-services": "parrot",
            "nginx.org/rewrites": "serviceName=parrot rewrite=/",
        });
        let named = json!({"metadata": {"annotations": named}});
        if !scene.by_service {
            field.edit(Kind::Ingress, "parrot", named).await?;
        }
        let approvals = Approvals::default();
        approvals.add(0, V1);
        Ok(Bed { sandbox, approvals })
    }

    pub fn store(&self) -> &Store {
        self.sandbox.store()
    }

    pub fn wire(&self) -> Arc<Wire> {
        Wire::whole(&self.sandbox)
    }

    pub fn cut_wire(&self, nth: usize, cut: super::wire::Cut) -> Arc<Wire> {
        Wire::cut(&self.sandbox, nth, cut)
    }

    /// A command that has not begun. What it or its gate says yes to is approved.
    pub fn command(&self, wire: &Arc<Wire>, line: &str, answers: &'static [u16]) -> Command {
        let field = Field::new(wire.client(NAMESPACE), NAMESPACE);
        let mut words = line.split_whitespace();
        let image = words.find(|word| word.contains("parrot-app")).unwrap_or(V2);
        if line.contains(" --yes") || line.starts_with("promote") {
            self.approvals.add(self.store().revision(), image);
        }
        field.command(line).with(gate(answers, self.store(), &self.approvals, image))
    }

    /// To its end, whatever that is.
    pub async fn run(
        &self,
        wire: &Arc<Wire>,
        line: &str,
        answers: &'static [u16],
    ) -> Result<Ended> {
        let (code, said) = self.command(wire, line, answers).ends().await?;
        let ended = Ended { code, said };
        ended.is_documented().with_context(|| line.to_owned())?;
        Ok(ended)
    }

    pub async fn ok(&self, line: &str) -> Result<()> {
        let ended = self.run(&self.wire(), line, &[]).await?;
        ensure!(ended.code == 0, "{line}: {ended:#?}");
        Ok(())
    }

    /// What `status` says is legal and true.
    pub async fn status_is_true(&self) -> Result<()> {
        loop {
            let before = self.store().revision();
            let ended = self.run(&self.wire(), "status parrot", &[]).await?;
            ensure!(ended.code == 0, "status: {ended:?}");
            // A driver that is at work meanwhile makes an old story of it. It comes to its end, or waits.
            if self.store().revision() == before {
                return facts::is_true(&serde_json::from_str(&ended.said.out)?, self.store());
            }
        }
    }

    /// Whoever could be served was served, all the time, by what was approved.
    pub fn is_guarded(&self) -> Result<()> {
        let log = self.store().since(1).ok().context("the log has been cut")?;
        guard::judge(&log, &["parrot"], |_, image, at| self.approvals.holds(image, at))
    }

    pub async fn calm(&self) {
        sleep(CALM).await;
    }
}

impl Ended {
    /// A documented code, and a reason where it is no success.
    fn is_documented(&self) -> Result<()> {
        ensure!(CODES.contains(&self.code) && self.code != 1, "{self:#?}");
        let reason = self.said.err.lines().find_map(|line| line.strip_prefix("error: "));
        ensure!(self.code == 0 || reason.is_some_and(|why| !why.is_empty()), "{self:#?}");
        Ok(())
    }
}

pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> Result<T> {
    timeout(HANG, future).await.with_context(|| format!("{what} hangs"))
}
