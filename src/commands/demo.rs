//! `demo`: a whole release in this process, with nothing outside of it touched.

mod folder;

use std::future::Future;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, io};

use clap::{CommandFactory, FromArgMatches};

use super::Surroundings;
use crate::cli::{self, Cli, Fault, Output};
use crate::demo::{APP, Answer, Demo, NAMESPACE, NEW, Script};
use crate::drive::Interrupts;
use crate::error::{Error, Kind, quoted};
use crate::report;
use crate::sandbox;
use folder::Folder;

const MANIFESTS: &str = include_str!("../../examples/parrot/parrot.yaml");
/// As often is the gate asked before the driver is killed.
const KILLED_AFTER: u64 = 2;

pub async fn run(common: &cli::Common, args: &cli::Demo) -> Result<(), Error> {
    refuse(common)?;
    // From here on nobody ends it in the middle of something.
    let mut interrupts = Interrupts::listen_for_all();
    let script = Script {
        crashes: args.fault == Some(Fault::Crash),
        by_itself: match args.fault {
            Some(Fault::Reject) => Some(Answer::Reject),
            Some(Fault::Hang | Fault::Crash) => None,
            None => args.yes.then_some(Answer::Promote),
        },
    };
    let manifests =
        serde_saphyr::from_multiple(MANIFESTS).expect("the example's manifests can be read");
    let demo = Demo::start(script, manifests).map_err(|error| {
        Error::new(Kind::Unexpected, "the demo can't be started").because(error.to_string())
    })?;
    let text = sandbox::kubeconfig(demo.addresses.api, NAMESPACE);
    let folder = Folder::make(&text, args.keep)?;
    let kubeconfig = folder.kubeconfig();
    introduce(&demo, &kubeconfig);
    if args.open {
        open(&format!("http://{}", demo.addresses.live));
        open(&format!("http://{}", demo.addresses.gate));
    }
    let mut stage =
        Stage { args, demo: &demo, kubeconfig: &kubeconfig, interrupts: &mut interrupts };
    let ended = stage.play().await;
    report::result(Output::Human, &demo.visitors.summary());
    if args.keep {
        report::notice(&format!("kept the kubeconfig: {}", kubeconfig.display()));
    }
    ended?;
    match demo.visitors.failed() {
        0 => Ok(()),
        failed => Err(Error::new(Kind::Unexpected, format!("{failed} visitors got no answer"))),
    }
}

/// It brings a cluster of its own, and talks to people.
fn refuse(common: &cli::Common) -> Result<(), Error> {
    let given = [
        ("--namespace", common.namespace.is_some()),
        ("--context", common.context.is_some()),
        ("--kubeconfig", common.kubeconfig.is_some()),
        ("--as", common.impersonate.is_some()),
    ];
    if let Some((flag, _)) = given.iter().find(|(_, is_given)| *is_given) {
        return Err(Error::new(Kind::Usage, format!("demo does not accept {flag}"))
            .because("it runs its own cluster and uses no other"));
    }
    if common.output == Output::Json {
        return Err(Error::new(Kind::Usage, "demo has no JSON output")
            .because("it is for people to watch")
            .hint("use -o json with the commands that it shows, in another terminal"));
    }
    Ok(())
}

fn introduce(demo: &Demo, kubeconfig: &Path) {
    let at = &demo.addresses;
    let program = cli::program();
    let lines = format!(
        "A cluster in this process; nothing outside it is touched.\n\
         \n\
         live     http://{}  what users see\n\
         preview  http://{}  the candidate, before users see it\n\
         gate     http://{}  approve or reject, and see each request\n\
         \n\
         In another terminal:\n\
         export KUBECONFIG={}\n\
         {program} status | promote | abort | rollback, and kubectl get deploy,svc,ing,cm\n",
        at.live,
        at.preview,
        at.gate,
        quoted(&kubeconfig.display().to_string()) + &found_by_shells()
    );
    lines.lines().for_each(report::notice);
}

/// Where a shell would look for this program, if it was started by a path: after cargo run, say.
fn found_by_shells() -> String {
    let is_path = env::args_os().next().is_some_and(|it| Path::new(&it).components().count() > 1);
    let program = env::current_exe().ok().filter(|_| is_path && cfg!(unix));
    let folder = program.as_deref().and_then(Path::parent);
    let path = folder.map(|it| format!(" PATH={}:\"$PATH\"", quoted(&it.display().to_string())));
    path.unwrap_or_default()
}

struct Stage<'a> {
    args: &'a cli::Demo,
    demo: &'a Demo,
    kubeconfig: &'a Path,
    interrupts: &'a mut Interrupts,
}

impl Stage<'_> {
    async fn play(&mut self) -> Result<(), Error> {
        self.tool(&["init", APP]).await?;
        let begun = self.demo.visitors.begun();
        until(begun, self.interrupts).await?;
        let at = self.demo.addresses;
        let image = format!("kmharish/parrot-app:{NEW}");
        let (webhook, probe) = (format!("http://{}/gate", at.gate), format!("http://{}", at.live));
        let deploy = [
            "deploy",
            APP,
            "--image",
            &image,
            "--webhook",
            &webhook,
            "--interval",
            "2s",
            "--threshold",
            "1800",
            "--probe",
            &probe,
            "--drain",
            "3s",
        ];
        match self.args.fault {
            None => {
                let ended = self.tool(&deploy).await;
                let is_interrupted =
                    ended.as_ref().is_err_and(|error| matches!(error.kind, Kind::Interrupted(_)));
                if self.args.yes || is_interrupted {
                    return ended;
                }
                if let Err(error) = &ended {
                    report::error(error);
                }
                self.stay().await;
                Ok(())
            }
            Some(Fault::Crash) => self.fails(&deploy, Kind::Unhealthy).await,
            Some(Fault::Reject) => self.fails(&deploy, Kind::Rejected).await,
            Some(Fault::Hang) => self.taken_over(&deploy).await,
        }
    }

    /// A deploy that ends as it should: with this error.
    async fn fails(&mut self, deploy: &[&str], wanted: Kind) -> Result<(), Error> {
        match self.tool(deploy).await {
            Err(error) if error.kind == wanted => {
                report::error(&error);
                report::notice(&format!(
                    "as expected: exit code {}, and no visitor saw {NEW}",
                    error.kind.exit_code()
                ));
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => Err(Error::new(Kind::Unexpected, "the release went through")),
        }
    }

    /// A deploy that is killed while it waits at the gate, and a promote that goes on with it.
    async fn taken_over(&mut self, deploy: &[&str]) -> Result<(), Error> {
        let program = env::current_exe().map_err(not_started)?;
        let kubeconfig = self.kubeconfig.display().to_string();
        self.show(deploy);
        let mut child = tokio::process::Command::new(program)
            .args(deploy)
            .args(["--kubeconfig", &kubeconfig])
            .kill_on_drop(true)
            .spawn()
            .map_err(not_started)?;
        tokio::select! {
            () = self.demo.gate.asked(KILLED_AFTER) => {}
            signal = self.interrupts.next() => {
                // It may have been told as well; it does not outlive the demo either way.
                let _ = child.kill().await;
                return Err(over(signal));
            }
            ended = child.wait() => {
                let why = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                return Err(Error::new(Kind::Unexpected, "the driver ended too early").because(why));
            }
        }
        // One that ends at this very moment can't be killed, and is gone all the same.
        let _ = child.kill().await;
        report::notice("the driver was killed (kill -9) while it waited at the gate");
        self.tool(&["promote", APP, "--probe", &format!("http://{}", self.demo.addresses.live)])
            .await
    }

    /// Until somebody ends it.
    async fn stay(&mut self) {
        report::notice(
            "the demo keeps running: try rollback, status or kubectl from another terminal. Press \
             Ctrl-C to end it",
        );
        self.interrupts.next().await;
    }

    fn show(&self, words: &[&str]) {
        report::notice(&format!("$ {} {}", cli::program(), words.join(" ")));
    }

    /// Runs a command line of the tool, exactly as a shell would.
    async fn tool(&mut self, words: &[&str]) -> Result<(), Error> {
        if let Some(signal) = self.interrupts.pending() {
            return Err(over(signal));
        }
        self.show(words);
        let kubeconfig = self.kubeconfig.display().to_string();
        let all = [&["bluegreen"], words, &["--kubeconfig", &kubeconfig]].concat();
        let matches = Cli::command().try_get_matches_from(all);
        let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
        let cli = cli.expect("the demo's own command lines are right");
        let interrupts = Some(self.interrupts.clone());
        let around = Surroundings { interrupts, ..Surroundings::default() };
        Box::pin(super::run(&cli, &around)).await.map_err(|error| {
            match error.kind {
                // What it says of going on is not so here.
                Kind::Interrupted(signal) => over(signal),
                _ => error,
            }
        })
    }
}

/// Waits, unless somebody wants it to end.
async fn until(what: impl Future<Output = ()>, interrupts: &mut Interrupts) -> Result<(), Error> {
    tokio::select! {
        () = what => Ok(()),
        signal = interrupts.next() => Err(over(signal)),
    }
}

fn over(signal: u8) -> Error {
    Error::new(Kind::Interrupted(signal), "the demo was interrupted")
        .because("its cluster and its release ended with it")
}

fn not_started(error: io::Error) -> Error {
    Error::new(Kind::Unexpected, "the driver can't be started").because(error.to_string())
}

fn open(url: &str) {
    let program = match env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    let mut command = Command::new(program);
    // A browser writes its own worries to the terminal.
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = command.spawn() {
        report::notice(&format!("{program} can't open {url}: {error}"));
    }
}
