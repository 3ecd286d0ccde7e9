//! The command line, nothing else.

mod credentials;
mod examples;
mod program;
mod redacted;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use secrecy::SecretString;

pub use credentials::Credentials;
pub use program::program;
pub use redacted::shown;

use crate::release::goal::ImageChange;
use crate::release::{PreviewHost, PreviewTls};
use crate::route::RouteKind;
use crate::settings::{
    Word, parse_app, parse_namespace, parse_preview_host, parse_preview_tls, parse_reason,
    parse_route, parse_seconds, parse_some_seconds, parse_times,
};

/// Blue/green releases on Kubernetes from the command line, without a controller.
///
/// Starts the new version next to the live one, waits until people have tested it and a gate
/// approves it, switches the Ingress in one patch, then drains the old version and scales it down
/// to 0.
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
    /// Set an app up: check it, and create what it needs
    Init(Init),
    /// Start a new version, and make it live when the gate approves it
    Deploy(Box<Deploy>),
    /// Show what is live, and what is in progress
    Status(Status),
    /// Show finished releases, and how they ended
    History(History),
    /// Check whether the app can be released
    ///
    /// Prints a line for each check; deploy and init run the same checks before they begin. Writes
    /// nothing, and needs no init. Exits with 10 if a check fails.
    Check(Check),
    /// Approve the waiting candidate, and follow the release to its end
    Promote(Promote),
    /// Delete the candidate; after the switch, switch back first
    Abort(Abort),
    /// Switch back to the previous version
    Rollback(Rollback),
    /// Run a complete release in a cluster inside this process
    ///
    /// Needs no cluster, permissions or network: the API server, the pods, the ingress proxy and
    /// the gate all run in this process, on 127.0.0.1. The release is the same as deploy's.
    Demo(Demo),
    /// Print the JSON Schema of -o json, or of bluegreen.yaml
    ///
    /// Draft 2020-12. Needs no cluster. docs/json.md has every event with an example.
    Schema(Schema),
    /// Print a shell completion script
    Completions(Completions),
}

#[derive(Args, Debug)]
pub struct Init {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// The Service's target port, if the container has several
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub target_port: Option<u16>,
    /// A host at which people outside can reach the candidate, or none
    ///
    /// bluegreen's own Ingress then serves it, with the class of the app's Ingress; its DNS name
    /// must resolve to the ingress controller. Anyone who knows the host can reach the candidate
    /// from the networks that the app's Ingress admits; if that also asks for a password, say, add
    /// the same rule to bluegreen's Ingress first. No other Ingress may serve the host, in any
    /// namespace: other namespaces than the app's are checked if you are allowed to list all
    /// Ingresses. The value is recorded; none removes it.
    #[arg(long, value_name = "HOST", value_parser = parse_preview_host)]
    pub preview_host: Option<PreviewHost>,
    /// The Secret with a certificate for the preview host, or none
    ///
    /// bluegreen's own Ingress then serves the host over https. The Secret must be in the app's
    /// namespace, of type kubernetes.io/tls; it is not read. The value is recorded; none removes
    /// it. Entries that others add to spec.tls of that Ingress are kept.
    #[arg(long, value_name = "NAME", value_parser = parse_preview_tls, hide_short_help = true)]
    pub preview_tls_secret: Option<PreviewTls>,
    /// The route: ingress or service [default: ingress]
    ///
    /// It is what leads to the app: its Ingresses, or its Service alone. With service, a release
    /// switches the selector of that Service: for an app that no Ingress names, as an internal one.
    /// The value is recorded.
    #[arg(long, value_name = "KIND", value_parser = route_kinds(), hide_possible_values = true)]
    pub route: Option<RouteKind>,
    /// Settings to check and record: a bluegreen.yaml or a Flagger Canary; - for standard input
    #[arg(short = 'f', long, value_name = "FILE")]
    pub filename: Vec<PathBuf>,
    /// Continue if a policy does not apply to the candidate
    #[arg(long, hide_short_help = true)]
    pub allow_policy_gap: bool,
}

#[derive(Args, Debug)]
pub struct Demo {
    /// Approve automatically, and exit when the release is over
    #[arg(long, conflicts_with = "fault")]
    pub yes: bool,
    /// Show a failure, and how it is handled
    #[arg(long, value_name = "WHAT", value_enum)]
    pub fault: Option<Fault>,
    /// Keep the kubeconfig on exit
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
    /// CONTAINER is required if the app has several containers.
    #[arg(long, value_name = "IMAGE")]
    pub image: Vec<ImageChange>,
    /// A Deployment manifest, or settings; may be repeated
    ///
    /// The Deployment's pod template is the new version. Settings are a bluegreen.yaml or a Flagger
    /// Canary. - reads standard input.
    #[arg(short = 'f', long, value_name = "FILE")]
    pub filename: Vec<PathBuf>,
    /// The gate: asked until it answers 200, 201 or 202
    ///
    /// Without this flag, --yes or --detach, the environment variable BLUEGREEN_WEBHOOK is used:
    /// the address is a secret, and others can see a command line.
    #[arg(long, value_name = "URL", value_parser = credentials::secret)]
    pub webhook: Option<SecretString>,
    #[command(flatten)]
    pub credentials: Credentials,
    /// Time between two requests to the gate [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_some_seconds)]
    pub interval: Option<u64>,
    /// Give up after N tries without approval [default: 60]
    ///
    /// After N answers in a row without approval, the candidate is deleted.
    #[arg(long, value_name = "N", value_parser = parse_times, allow_negative_numbers = true)]
    pub threshold: Option<u64>,
    /// Give up after this time without approval
    ///
    /// The candidate is then deleted, whatever the gate answers. By default there is no deadline.
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
    /// Wait for a release in progress, then start this one
    ///
    /// Waits without a time limit, until that release is over or the command is interrupted.
    #[arg(long, conflicts_with = "replace")]
    pub wait: bool,
    /// Check every change on the API server, write nothing
    ///
    /// The checks include admission.
    #[arg(long, value_name = "server", value_enum, hide_possible_values = true)]
    pub dry_run: Option<DryRun>,
    /// Max. time to become ready, and for an outage to end [default: 10m]
    ///
    /// How long the candidate may take to become ready, and an unreachable API server to return.
    /// The time at the gate is not limited by it.
    #[arg(long, value_name = "TIME", value_parser = parse_some_seconds)]
    pub timeout: Option<u64>,
    #[command(flatten)]
    pub after: AfterSwitch,
    /// Continue if a policy does not apply to the candidate
    #[arg(long, hide_short_help = true)]
    pub allow_policy_gap: bool,
}

/// What happens between the switch and the end of a release.
#[derive(Args, Debug)]
pub struct AfterSwitch {
    /// Keep the old version this long after the switch [default: 30s]
    ///
    /// Lets it finish requests in flight. Counts from when the switch took effect.
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    pub drain: Option<u64>,
    /// Watch the new version this long, ready to switch back [default: 0s]
    ///
    /// The old version keeps its full size meanwhile. If the new one fails, the release is switched
    /// back.
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    pub bake: Option<u64>,
    /// Don't scale the old version down to 0
    ///
    /// It keeps its full size until the next release, so that a rollback is a single patch.
    #[arg(long)]
    pub keep_old: bool,
    /// Scale it down to 0, whatever a file or init says
    #[arg(long, conflicts_with = "keep_old", hide_short_help = true)]
    pub no_keep_old: bool,
    #[command(flatten)]
    pub probed: Probed,
    /// Wait instead of a probe, where none is possible [default: 10s]
    ///
    /// After this time the switch is taken to have taken effect, unconfirmed: where the ingress
    /// can't be reached, or the versions give the same answers.
    #[arg(long, value_name = "TIME", value_parser = parse_seconds, hide_short_help = true)]
    pub settle: Option<u64>,
}

/// How it is learnt which version answers.
#[derive(Args, Debug)]
pub struct Probed {
    /// Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]
    ///
    /// Each host and path of the app is requested there, on a new connection each time, until only
    /// the new version answers. auto: at the address in the Ingress's status. May be repeated if
    /// the app has several Ingresses: ingress/NAME=URL is for that one, a URL alone for all others.
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
    /// Update it until interrupted
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
    /// With --role: also print a Role that allows querying both versions directly
    #[arg(long, requires = "role")]
    pub probe: bool,
    /// Only warn if a policy does not apply to the candidate
    #[arg(long)]
    pub allow_policy_gap: bool,
    /// Check as init with this route would [default: as recorded]
    #[arg(long, value_name = "KIND", value_parser = route_kinds())]
    pub route: Option<RouteKind>,
}

fn route_kinds() -> impl TypedValueParser<Value = RouteKind> {
    PossibleValuesParser::new(RouteKind::ALL.map(RouteKind::as_str))
        .try_map(|word| parse_route(&word))
}

#[derive(Args, Debug)]
pub struct Promote {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// Only this release; for scripts
    #[arg(long, value_name = "N", value_parser = parse_times)]
    pub release: Option<u64>,
    /// Approve a candidate that is not ready yet; it goes live when it is
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
    /// The reason, shown to others and in the history
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
    /// Undo only this release; for scripts
    ///
    /// Running the same command again then changes nothing. Without this flag, a second rollback
    /// undoes the first.
    #[arg(long, value_name = "N", value_parser = parse_times)]
    pub release: Option<u64>,
    /// Go back to the version of this release in the history
    ///
    /// It must have been live, and its pod template must still exist: Deployments keep as many old
    /// ones as their revisionHistoryLimit.
    #[arg(long, value_name = "N", value_parser = parse_times, conflicts_with = "release")]
    pub to: Option<u64>,
    /// Max. time to become ready, and for an outage to end [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = parse_some_seconds)]
    pub timeout: Option<u64>,
    #[command(flatten)]
    pub after: AfterSwitch,
}

#[derive(Args, Debug)]
pub struct Schema {
    /// The output or file to describe
    #[arg(value_enum)]
    pub of: SchemaOf,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchemaOf {
    /// A line of any command with -o json, except status, history and check
    Event,
    /// What status prints with -o json
    Status,
    /// What history prints with -o json
    History,
    /// What check prints with -o json
    Check,
    /// A bluegreen.yaml
    Config,
}

#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}
