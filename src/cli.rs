//! The command line, nothing else.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};

use crate::release::goal::ImageChange;
use crate::settings::{parse_app, parse_seconds, parse_some_seconds};

/// Blue/green releases on Kubernetes from the command line, without a controller.
///
/// The new version is started beside the live one, people test it, a gate says when, the Ingress is
/// switched in one patch, and the old version is drained and put away.
#[derive(Parser, Debug)]
#[command(name = "bluegreen", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug, Clone)]
pub struct Common {
    /// The namespace of the app; by default the kubeconfig's
    #[arg(short, long, global = true, value_name = "NAMESPACE", help_heading = "Common options")]
    pub namespace: Option<String>,
    /// The context of the kubeconfig to use
    #[arg(long, global = true, value_name = "NAME", help_heading = "Common options")]
    pub context: Option<String>,
    /// The kubeconfig to use; by default $KUBECONFIG, then ~/.kube/config
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub kubeconfig: Option<PathBuf>,
    /// The user to impersonate
    #[arg(long = "as", global = true, value_name = "USER", help_heading = "Common options")]
    pub impersonate: Option<String>,
    /// How to say what happens
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        help_heading = "Common options"
    )]
    pub output: Output,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, help_heading = "Common options")]
    pub color: ColorChoice,
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
    /// Check the app, and make the Services and the record that releases need
    Init(Init),
    /// Start a new version beside the live one, and make it live when the gate says yes
    Deploy(Box<Deploy>),
    /// Show what is live, and what is in progress
    Status(Status),
    /// Approve the candidate that waits, and follow the release to its end
    Promote(Promote),
    /// Destroy the candidate; after the switch, switch back first
    Abort(Abort),
}

#[derive(Args, Debug)]
pub struct Init {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// The container port behind the Service, where the app has several
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub target_port: Option<u16>,
}

#[derive(Args, Debug)]
pub struct Deploy {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// The new image, of this container where there are several; may be repeated
    #[arg(long, value_name = "[CONTAINER=]IMAGE", required_unless_present = "filename")]
    pub image: Vec<ImageChange>,
    /// A Deployment's manifest, whose pod template is the new version; - for standard input
    #[arg(short = 'f', long, value_name = "FILE", conflicts_with = "image")]
    pub filename: Option<PathBuf>,
    /// The gate: this address is asked until it answers 200, 201 or 202
    ///
    /// Without this flag, --yes or --detach the environment's BLUEGREEN_WEBHOOK counts: the address
    /// is a secret, and a command line can be seen by others.
    #[arg(long, value_name = "URL")]
    pub webhook: Option<String>,
    /// The time between two questions to the gate
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_some_seconds)]
    pub interval: u64,
    /// So many answers in a row that are not a yes destroy the candidate
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub threshold: u64,
    /// When no answer at all destroys the candidate; by default never
    #[arg(long, value_name = "TIME", value_parser = parse_some_seconds)]
    pub deadline: Option<u64>,
    /// Without a gate: go live as soon as the candidate is ready
    #[arg(short, long, conflicts_with_all = ["detach", "webhook"])]
    pub yes: bool,
    /// Leave the candidate ready and waiting for promote or abort, and return
    #[arg(short, long, conflicts_with = "webhook")]
    pub detach: bool,
    /// End an unfinished release of another version first
    #[arg(long)]
    pub replace: bool,
    /// Have the API server check every change, and write nothing
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
    /// How long the candidate may take to be ready, and the API server to come back
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_some_seconds)]
    pub timeout: u64,
    /// How long the old version is kept after the switch, for requests that it still answers
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_seconds)]
    pub drain: u64,
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
}

#[derive(Args, Debug)]
pub struct Promote {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// Only this release; for scripts
    #[arg(long, value_name = "N")]
    pub release: Option<u64>,
    /// Approve a candidate that is not ready yet: it goes live when it is
    #[arg(long)]
    pub when_ready: bool,
}

#[derive(Args, Debug)]
pub struct Abort {
    /// The app: its Deployment's name
    #[arg(value_parser = parse_app)]
    pub app: Option<String>,
    /// Only this release; for scripts
    #[arg(long, value_name = "N")]
    pub release: Option<u64>,
    /// Why, for the others and for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
