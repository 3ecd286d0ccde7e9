//! What every command needs: the cluster, the app, and words for the next command.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use super::Surroundings;
use crate::cli::{Common, Output, program};
use crate::cluster::{Access, Breadth, Cluster, apps, beyond, read_once, read_rest, read_room};
use crate::drive::{Drive, Ended, drive};
use crate::error::{Error, Kind};
use crate::event::Event;
use crate::gate::Webhooks;
use crate::release::plan::sought;
use crate::release::{Goal, Init, Me, Memory, Names, Snapshot};
use crate::report::{Commands, Reporter};
use crate::settings::Probe;

pub struct Session {
    pub cluster: Cluster,
    pub names: Names,
    pub output: Output,
    /// What shows whether that was all, where `check` does not know what the command was given.
    pub again: Option<String>,
    around: Surroundings,
}

/// Whom to ask outside the cluster.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// Whether the new version may go live.
    pub gate: Option<&'a Webhooks>,
    /// Whether it is live.
    pub probe: &'a Probe,
}

/// Nobody says yes but people, and the ingress is where its status says.
pub const NOBODY: Ask<'static> = Ask { gate: None, probe: &Probe::Auto };

impl Session {
    pub async fn open(
        around: &Surroundings,
        common: &Common,
        app: Option<&String>,
    ) -> Result<Session, Error> {
        let cluster = around.cluster(&access(common)).await?;
        let app = match app {
            Some(app) => app.clone(),
            None => only_app(&cluster).await?,
        };
        let names = Names::new(&cluster.namespace, app);
        let names = Names { flags: cluster.flags.clone(), ..names };
        Ok(Session { cluster, names, output: common.output, again: None, around: around.clone() })
    }

    /// A command line that works when pasted.
    pub fn command(&self, verb: &str) -> String {
        format!("{} {verb} {}{}", program(), self.names.app, self.cluster.flags)
    }

    /// One look, for a command that does not drive.
    pub async fn look(&self, breadth: Breadth) -> Result<Snapshot, Error> {
        let objects = read_once(&self.cluster, &self.names, breadth).await?;
        let mut s = Snapshot::new(self.names.clone(), objects, Memory::default())
            .map_err(|error| self.cluster.unreadable(&error))?;
        if breadth.tells_fitness()
            && let Some(sought) = sought(&Goal::Init(Init::default()), &s)
        {
            s.memory.beyond = beyond(&self.cluster, &sought).await;
        }
        Ok(s)
    }

    /// A look at what serves, with the rest of what there is to be seen.
    pub async fn look_further(&self, s: &Snapshot) -> Result<Snapshot, Error> {
        let mut s = s.clone();
        let label = s.record.as_ref().map(|(_, record)| record.label.clone());
        read_rest(&self.cluster, label.as_ref(), &mut s.objects).await?;
        Ok(s)
    }

    /// The quotas, into a look without them, where they may be read.
    pub async fn look_for_room(&self, s: &mut Snapshot) {
        read_room(&self.cluster, &mut s.objects).await;
    }

    /// Drives a goal to its outcome, and says what happens.
    pub async fn drive(
        &self,
        goal: Goal,
        ask: Ask<'_>,
        patience: Duration,
    ) -> Result<Ended, Error> {
        let commands = Commands { promote: self.command("promote"), abort: self.command("abort") };
        let mut reporter = Reporter::new(self.output, commands);
        self.drive_with(goal, ask, patience, &mut |event| reporter.event(event)).await
    }

    /// The same, for who says in a way of its own what happens.
    pub async fn drive_with(
        &self,
        goal: Goal,
        ask: Ask<'_>,
        patience: Duration,
        report: &mut dyn FnMut(&Event),
    ) -> Result<Ended, Error> {
        let mut interrupts = self.around.interrupts();
        let command = |verb: &str| self.command(verb);
        // What it holds is large, and every caller's stack would hold it, too.
        Box::pin(drive(Drive {
            cluster: &self.cluster,
            names: self.names.clone(),
            goal,
            me: me(),
            gate: ask.gate,
            probe: ask.probe,
            outside: &self.around.outside,
            is_advised: self.output == Output::Human,
            patience,
            report,
            command: &command,
            interrupts: &mut interrupts,
        }))
        .await
    }
}

pub fn access(common: &Common) -> Access {
    Access {
        namespace: common.namespace.clone(),
        context: common.context.clone(),
        kubeconfig: common.kubeconfig.clone(),
        impersonate: common.impersonate.clone(),
    }
}

/// Without a name: the namespace's only app.
async fn only_app(cluster: &Cluster) -> Result<String, Error> {
    let apps = apps(cluster).await.map_err(|error| cluster.explain(error, "list configmaps"))?;
    match &apps[..] {
        [only] => Ok(only.clone()),
        [] => Err(Error::new(
            Kind::Usage,
            format!("no app is named, and none is set up in namespace {}", cluster.namespace),
        )
        .hint("run init DEPLOYMENT first")
        .hint(cluster.kubectl("get deployments"))),
        several => Err(Error::new(
            Kind::Usage,
            format!("no app is named, and several are set up in namespace {}", cluster.namespace),
        )
        .because(several.join(", "))
        .hint("name one of them after the subcommand")),
    }
}

/// Who we are, as other people will read it.
fn me() -> Me {
    let user =
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let user = user.unwrap_or_else(|| "somebody".to_owned());
    let host = gethostname::gethostname();
    let holder = format!("{user}@{} (pid {})", host.to_string_lossy(), std::process::id());
    // The standard library seeds each of these from the system's random numbers.
    let random = || RandomState::new().build_hasher().finish();
    Me { id: format!("{:016x}{:016x}", random(), random()), holder }
}
