//! The command line, nothing else.

mod credentials;
mod examples;
mod program;
mod redacted;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use secrecy::SecretString;

pub use credentials::Credentials;
pub use program::program;
pub use redacted::shown;

use crate::release::goal::ImageChange;
use crate::release::{PreviewHost, PreviewTls};
use crate::settings::{
    Word, parse_app, parse_namespace, parse_preview_host, parse_preview_tls, parse_reason,
    parse_seconds, parse_some_seconds, parse_times,
};

/// Blue/green releases on Kubernetes from the command line, without a controller.
///
/// The new version is started beside the live one, people test it, a gate says when, the Ingress is
/// switched in one patch, and the old version is drained and put away.
#[derive(Parser, Debug)]
#[command(name = "bluegreen", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug, Clone)]
pub struct Common {
    /// The app's namespace; by default the kubeconfig's
    #[arg(
        short,
        long,
        global = true,
        value_name = "NAME",
        value_parser = parse_namespace,
        help_heading = "Common options"
    )]
    pub namespace: Option<String>,
    /// The context of the kubeconfig to use
    #[arg(long, global = true, value_name = "NAME", help_heading = "Common options")]
    pub context: Option<String>,
    /// By default $KUBECONFIG, then ~/.kube/config
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub kubeconfig: Option<PathBuf>,
    /// The user to impersonate
    #[arg(long = "as", global = true, value_name = "USER", help_heading = "Common options")]
    pub impersonate: Option<String>,
    /// human, or json: one event a line
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Common options"
    )]
    pub output: Output,
    /// Colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorChoice::Auto,
        hide_possible_values = true,
        help_heading = "Common options"
    )]
    pub color: ColorChoice,
}

/// The definition as this program shows it: under the name that it was started as.
pub fn command(program: &'static str) -> clap::Command {
    examples::added_to(Cli::command().bin_name(program), program)
}

/// The command line that this process was given. Ends it with help, or with what is wrong.
pub fn parse() -> Cli {
    parsed(std::env::args_os()).unwrap_or_else(|error| redacted::end(&error))
}

/// The same of any command line.
pub fn parsed(words: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = command(program());
    let matches = command.try_get_matches_from_mut(words);
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    cli.map_err(|error| error.format(&mut command))
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Output {
    /// Lines for people: progress on stderr, the result on stdout
    #[default]
    Human,
    /// One JSON object a line on stdout
    Json,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Check the app, and make the Services and the record it needs
    Init(Init),
    /// Start a new version, and make it live when the gate says yes
    Deploy(Box<Deploy>),
    /// Show what is live, and what is in progress
    Status(Status),
    /// Show the releases that are over, and how they ended
    History(History),
    /// Say whether the app can be released as it is
    ///
    /// A line for each thing that is looked at; deploy and init look at the same before they begin.
    /// Writes nothing, and needs no init before. Ends 10 if anything fails.
    Check(Check),
    /// Approve the waiting candidate, and follow the release to its end
    Promote(Promote),
    /// Destroy the candidate; after the switch, switch back first
    Abort(Abort),
    /// Make the version live again that was before this one
    Rollback(Rollback),
    /// Run a whole release in a cluster of its own, inside this process
    ///
    /// Needs no cluster, no rights and no network: the API server, the pods, the proxy that obeys the
    /// Ingress and the gate are all in here, on 127.0.0.1. The release is deploy's own.
    Demo(Demo),
    /// Print the JSON Schema of what -o json prints, or of bluegreen.yaml
    ///
    /// Draft 2020-12. Needs no cluster. docs/json.md has every event with an example.
    Schema(Schema),
    /// Print a script that completes this command line in a shell
    Completions(Completions),
}

#[derive(Args, Debug)]
pub struct Init {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// The container port behind the Service, where the app has several
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub target_port: Option<u16>,
    /// A host under which people outside can see the candidate, or none
    ///
    /// Our own Ingress then serves it, with the class of the app's Ingress: the DNS has to lead it to
    /// the ingress controller. Whoever knows the host sees the candidate, from the networks that the
    /// app's Ingress lets in; where that asks for more, a password say, our own has to be given that
    /// rule first. It must be nobody's yet, in no namespace: others than the app's are looked at where
    /// all Ingresses may be listed. Is recorded; none takes it back.
    #[arg(long, value_name = "HOST", value_parser = parse_preview_host)]
    pub preview_host: Option<PreviewHost>,
    /// The Secret with a certificate for the preview host, or none
    ///
    /// Our own Ingress then serves the host by https. The Secret is in the app's namespace, of type
    /// kubernetes.io/tls; it is not looked at. Is recorded; none takes it back. What somebody else
    /// writes into spec.tls of that Ingress is left alone.
    #[arg(long, value_name = "NAME", value_parser = parse_preview_tls, hide_short_help = true)]
    pub preview_tls_secret: Option<PreviewTls>,
    /// Settings to record, and to check: a bluegreen.yaml or a Flagger Canary; - for standard input
    #[arg(short = 'f', long, value_name = "FILE")]
    pub filename: Vec<PathBuf>,
    /// Go on where a policy would not hold for the candidate
    #[arg(long, hide_short_help = true)]
    pub allow_policy_gap: bool,
}

#[derive(Args, Debug)]
pub struct Demo {
    /// Ask nobody: the gate says yes by itself, and the demo ends
    #[arg(long, conflicts_with = "fault")]
    pub yes: bool,
    /// Show what goes wrong, and what becomes of it
    #[arg(long, value_name = "WHAT", value_enum)]
    pub fault: Option<Fault>,
    /// Leave the kubeconfig when it ends
    #[arg(long)]
    pub keep: bool,
    /// Open the live page and the gate in a browser
    #[arg(long)]
    pub open: bool,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The candidate's pods crash
    Crash,
    /// The gate says no
    Reject,
    /// The driver is killed, and another takes over
    Hang,
}

#[derive(Args, Debug)]
pub struct Deploy {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// The new image, or CONTAINER=IMAGE; may be repeated
    ///
    /// With the container's name where the app has several.
    #[arg(long, value_name = "IMAGE")]
    pub image: Vec<ImageChange>,
    /// A Deployment's manifest, or settings; may be repeated
    ///
    /// A Deployment's pod template is the new version. Settings are a bluegreen.yaml or a Flagger
    /// Canary. - reads standard input.
    #[arg(short = 'f', long, value_name = "FILE")]
    pub filename: Vec<PathBuf>,
    /// The gate: asked until it answers 200, 201 or 202
    ///
    /// Without this flag, --yes or --detach the environment's BLUEGREEN_WEBHOOK counts: the address
    /// is a secret, and a command line can be seen by others.
    #[arg(long, value_name = "URL", value_parser = credentials::secret)]
    pub webhook: Option<SecretString>,
    #[command(flatten)]
    pub credentials: Credentials,
    /// Between two questions to the gate [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_some_seconds)]
    pub interval: Option<u64>,
    /// Give up after N times without a yes [default: 60]
    ///
    /// So many answers in a row that are not a yes destroy the candidate.
    #[arg(long, value_name = "N", value_parser = parse_times, allow_negative_numbers = true)]
    pub threshold: Option<u64>,
    /// Give up after this long without a yes
    ///
    /// The candidate is destroyed then, whatever the gate says. By default never.
    #[arg(long, value_name = "TIME", value_parser = parse_some_seconds)]
    pub deadline: Option<u64>,
    /// No gate: go live as soon as it is ready
    #[arg(short, long, conflicts_with_all = ["detach", "webhook"])]
    pub yes: bool,
    /// Return when it is ready; promote or abort decides
    #[arg(short, long, conflicts_with = "webhook")]
    pub detach: bool,
    /// End an unfinished release of another version first
    #[arg(long)]
    pub replace: bool,
    /// Wait for a release that is in progress, then start this one
    ///
    /// However long that takes: until that release is over, or somebody interrupts.
    #[arg(long, conflicts_with = "replace")]
    pub wait: bool,
    /// Have every change checked, and write nothing
    ///
    /// The API server checks them, admission included.
    #[arg(long, value_name = "server", value_enum, hide_possible_values = true)]
    pub dry_run: Option<DryRun>,
    /// For getting ready, and for outages [default: 10m]
    ///
    /// How long the candidate may take to be ready, and the API server to come back. The gate has
    /// all the time it wants.
    #[arg(long, value_name = "TIME", value_parser = parse_some_seconds)]
    pub timeout: Option<u64>,
    #[command(flatten)]
    pub after: AfterSwitch,
    /// Go on where a policy would not hold for the candidate
    #[arg(long, hide_short_help = true)]
    pub allow_policy_gap: bool,
}

/// What happens between the switch and the end of a release.
#[derive(Args, Debug)]
pub struct AfterSwitch {
    /// Keep the old version when the switch has arrived [default: 30s]
    ///
    /// For requests that it still answers.
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    pub drain: Option<u64>,
    /// Watch the new version this long, ready to go back [default: 0s]
    ///
    /// The old version keeps its full size meanwhile. When the new one goes bad, the release is
    /// switched back.
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    pub bake: Option<u64>,
    /// Don't put the old version away
    ///
    /// It keeps its full size until the next release, and a rollback is one patch.
    #[arg(long)]
    pub keep_old: bool,
    /// Put it away, whatever a file or init says
    #[arg(long, conflicts_with = "keep_old", hide_short_help = true)]
    pub no_keep_old: bool,
    #[command(flatten)]
    pub probed: Probed,
    /// For the ingress controller, where nothing can be asked [default: 10s]
    ///
    /// So long after the switch it counts as arrived: where the ingress can't be reached, or the
    /// versions can't be told apart by their answers.
    #[arg(long, value_name = "TIME", value_parser = parse_seconds, hide_short_help = true)]
    pub settle: Option<u64>,
}

/// How it is learnt which version answers.
#[derive(Args, Debug)]
pub struct Probed {
    /// Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]
    ///
    /// The switch is confirmed by asking each host and path of the app there, each time on a new
    /// connection, until only the new version answers. auto: at the address in the Ingress's status.
    /// Where the app has several Ingresses it may be repeated: ingress/NAME=URL is for that one, a URL
    /// alone for all that have none of their own.
    #[arg(long, value_name = "URL")]
    pub probe: Vec<Word>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum DryRun {
    Server,
}

#[derive(Args, Debug)]
pub struct Status {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// Keep it current until interrupted
    #[arg(short, long)]
    pub watch: bool,
    /// List the conditions of the next step, each with its present value
    #[arg(long, conflicts_with = "watch")]
    pub why: bool,
}

#[derive(Args, Debug)]
pub struct History {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
}

#[derive(Args, Debug)]
pub struct Check {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// Print the smallest Role that allows a release
    #[arg(long)]
    pub role: bool,
    /// With --role: print a second one too, which lets both versions be asked directly
    #[arg(long, requires = "role")]
    pub probe: bool,
    /// Only warn of a policy that would not hold for the candidate
    #[arg(long)]
    pub allow_policy_gap: bool,
}

#[derive(Args, Debug)]
pub struct Promote {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// Only this release; for scripts
    #[arg(long, value_name = "N", value_parser = parse_times)]
    pub release: Option<u64>,
    /// Approve a candidate that is not ready yet: it goes live when it is
    #[arg(long)]
    pub when_ready: bool,
    #[command(flatten)]
    pub probed: Probed,
}

#[derive(Args, Debug)]
pub struct Abort {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// Only this release; for scripts
    #[arg(long, value_name = "N", value_parser = parse_times)]
    pub release: Option<u64>,
    /// Why, for the others and for the history
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub reason: Option<String>,
    #[command(flatten)]
    pub probed: Probed,
}

#[derive(Args, Debug)]
pub struct Rollback {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// Only to undo this release; for scripts
    ///
    /// Once it is undone, the same command again changes nothing. Without it a second rollback takes
    /// the first one back.
    #[arg(long, value_name = "N", value_parser = parse_times)]
    pub release: Option<u64>,
    /// To the version of this release of the history
    ///
    /// It must have been live, and its pod template must still be there: Deployments keep as many old
    /// ones as their revisionHistoryLimit says.
    #[arg(long, value_name = "N", value_parser = parse_times, conflicts_with = "release")]
    pub to: Option<u64>,
    /// For getting ready, and for outages [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = parse_some_seconds)]
    pub timeout: Option<u64>,
    #[command(flatten)]
    pub after: AfterSwitch,
}

#[derive(Args, Debug)]
pub struct Schema {
    /// Of what
    #[arg(value_enum)]
    pub of: SchemaOf,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchemaOf {
    /// A line of any command with -o json but status, history and check
    Event,
    /// What status prints with -o json
    Status,
    /// What history prints with -o json
    History,
    /// What check prints with -o json
    Check,
    /// A bluegreen.yaml, which commands read
    Config,
}

#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}
