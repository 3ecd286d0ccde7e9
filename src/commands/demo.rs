//! `demo`: a whole release in this process, with nothing outside of it touched.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::{env, fs, io};

use clap::{CommandFactory, FromArgMatches};

use super::Surroundings;
use crate::cli::{self, Cli, Fault, Output};
use crate::demo::{APP, Answer, Demo, NAMESPACE, NEW, Script};
use crate::drive::Interrupts;
use crate::error::{Error, Kind};
use crate::report;
use crate::sandbox;

const MANIFESTS: &str = include_str!("../../examples/parrot/parrot.yaml");
/// As often is the gate asked before the driver is killed.
const KILLED_AFTER: u64 = 2;

pub async fn run(common: &cli::Common, args: &cli::Demo) -> Result<(), Error> {
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
    let folder = Folder::make(args.keep).map_err(unwritten)?;
    let kubeconfig = folder.path.join("kubeconfig");
    let text = sandbox::kubeconfig(demo.addresses.api, NAMESPACE);
    fs::write(&kubeconfig, text).map_err(unwritten)?;
    introduce(&demo, &kubeconfig);
    if args.open {
        open(&format!("http://{}", demo.addresses.live));
        open(&format!("http://{}", demo.addresses.gate));
    }
    let stage = Stage { common, args, demo: &demo, kubeconfig: &kubeconfig };
    let ended = stage.play().await;
    report::result(Output::Human, &demo.visitors.summary());
    if args.keep {
        report::notice(&format!("the kubeconfig is kept in {}", folder.path.display()));
    }
    ended?;
    match demo.visitors.failed() {
        0 => Ok(()),
        failed => Err(Error::new(Kind::Unexpected, format!("{failed} visitors got no answer"))),
    }
}

fn unwritten(error: io::Error) -> Error {
    let folder = env::temp_dir().display().to_string();
    Error::new(Kind::Unexpected, format!("{folder} can't be written to")).because(error.to_string())
}

fn introduce(demo: &Demo, kubeconfig: &Path) {
    let at = &demo.addresses;
    let program = cli::program();
    let lines = format!(
        "A cluster in this process; nothing outside of it is touched.\n\
         \n\
         live     http://{}  what everybody sees\n\
         preview  http://{}  the candidate, before anybody else sees it\n\
         gate     http://{}  yes or no, and what was asked\n\
         \n\
         In another terminal:\n\
         export KUBECONFIG={}\n\
         {program} status | promote | abort | rollback, and kubectl get deploy,svc,ing,cm\n",
        at.live,
        at.preview,
        at.gate,
        kubeconfig.display()
    );
    lines.lines().for_each(report::notice);
}

struct Stage<'a> {
    common: &'a cli::Common,
    args: &'a cli::Demo,
    demo: &'a Demo,
    kubeconfig: &'a Path,
}

impl Stage<'_> {
    async fn play(&self) -> Result<(), Error> {
        self.tool(&["init", APP]).await?;
        self.demo.visitors.begun().await;
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
    async fn fails(&self, deploy: &[&str], wanted: Kind) -> Result<(), Error> {
        match self.tool(deploy).await {
            Err(error) if error.kind == wanted => {
                report::error(&error);
                report::notice(&format!(
                    "that is what was to be seen: exit code {}, and no visitor saw {NEW}",
                    error.kind.exit_code()
                ));
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => Err(Error::new(Kind::Unexpected, "the release went through")),
        }
    }

    /// A deploy that is killed while it waits at the gate, and a promote that goes on with it.
    async fn taken_over(&self, deploy: &[&str]) -> Result<(), Error> {
        let program = env::current_exe().map_err(not_started)?;
        let kubeconfig = self.kubeconfig.display().to_string();
        self.show(deploy);
        let child = Command::new(program)
            .args(deploy)
            .args(["--kubeconfig", &kubeconfig])
            .spawn()
            .map_err(not_started)?;
        let mut child = Killed(child);
        let mut interrupts = Interrupts::listen();
        tokio::select! {
            () = self.demo.gate.asked(KILLED_AFTER) => {}
            signal = interrupts.next() => {
                return Err(Error::new(Kind::Interrupted(signal), "interrupted"));
            }
        }
        child.kill();
        report::notice("the driver was killed (kill -9) while it waited at the gate");
        self.tool(&["promote", APP, "--probe", &format!("http://{}", self.demo.addresses.live)])
            .await
    }

    /// Until somebody ends it.
    async fn stay(&self) {
        report::notice(
            "the demo stays up: try rollback, status or kubectl from another terminal. Ctrl-C ends it",
        );
        Interrupts::listen().next().await;
    }

    fn show(&self, words: &[&str]) {
        report::notice(&format!("$ {} {}", cli::program(), words.join(" ")));
    }

    /// Runs a command line of the tool, exactly as a shell would.
    async fn tool(&self, words: &[&str]) -> Result<(), Error> {
        self.show(words);
        let kubeconfig = self.kubeconfig.display().to_string();
        let all = [&["bluegreen"], words, &["--kubeconfig", &kubeconfig]].concat();
        let matches = Cli::command().try_get_matches_from(all);
        let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
        let mut cli = cli.expect("the demo's own command lines are right");
        cli.common.output = self.common.output;
        Box::pin(super::run(&cli, &Surroundings::default())).await
    }
}

fn not_started(error: io::Error) -> Error {
    Error::new(Kind::Unexpected, "the driver can't be started").because(error.to_string())
}

/// A child that does not outlive the demo.
struct Killed(Child);

impl Killed {
    fn kill(&mut self) {
        // One that has ended by itself can't be killed, and has to be waited for all the same.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where the kubeconfig is, for as long as the demo runs.
struct Folder {
    path: PathBuf,
    is_kept: bool,
}

impl Folder {
    fn make(is_kept: bool) -> io::Result<Folder> {
        let path = env::temp_dir().join(format!("bluegreen-demo-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Folder { path, is_kept })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            // What is left of it is in a folder that the system clears.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn open(url: &str) {
    let program = match env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    if let Err(error) = Command::new(program).arg(url).spawn() {
        report::notice(&format!("{program} can't open {url}: {error}"));
    }
}
