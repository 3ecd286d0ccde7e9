//! The examples that `--help` ends with. They are of one app, the README's, and tests run them.

use clap::Command;

/// A subcommand's examples: what each is for, and its words.
type Examples = &'static [(&'static str, &'static str)];

const INIT: Examples = &[
    ("Set the app up; running it again changes nothing", "init parrot -n blue-green"),
    ("If its container has several ports", "init parrot -n blue-green --target-port 3000"),
];
const DEPLOY: Examples = &[
    (
        "Start a new version, and make it live when this address answers 200",
        "deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 --webhook https://gate.example.com/parrot",
    ),
    (
        "In CI: return when it is ready; a later promote or abort decides",
        "deploy parrot -n blue-green --image parrot=kmharish/parrot-app:v2.2 --detach",
    ),
    (
        "Go live as soon as it is ready",
        "deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 --yes",
    ),
    (
        "Watch it for a minute after the switch, and keep the old version running",
        "deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 --yes --bake 1m --keep-old",
    ),
    (
        "See what it would change",
        "deploy parrot -n blue-green --image kmharish/parrot-app:v2.2 --dry-run=server",
    ),
];
const STATUS: Examples = &[
    ("What is live, and what is in progress", "status parrot -n blue-green"),
    ("Why the release does not continue", "status parrot -n blue-green --why"),
    ("Update it until Ctrl-C", "status parrot -n blue-green -w"),
    ("For a script", "status parrot -n blue-green -o json"),
];
const HISTORY: Examples = &[
    ("What was released, and how it ended", "history parrot -n blue-green"),
    ("For a script", "history parrot -n blue-green -o json"),
];
const CHECK: Examples = &[
    ("Check whether it can be released", "check parrot -n blue-green"),
    ("For a script", "check parrot -n blue-green -o json"),
    (
        "Grant the rights that a release needs",
        "check parrot -n blue-green --role | kubectl apply -f -",
    ),
];
const PROMOTE: Examples = &[
    ("Make the candidate live, and follow the release to its end", "promote parrot -n blue-green"),
    ("In CI: only the release that was tested", "promote parrot -n blue-green --release 1"),
];
const ABORT: Examples = &[(
    "Delete the candidate, and say why",
    "abort parrot -n blue-green --reason 'the beak is wrong'",
)];
const ROLLBACK: Examples = &[
    ("Go back to the previous version", "rollback parrot -n blue-green"),
    ("In a script: undo this release, and only once", "rollback parrot -n blue-green --release 1"),
    ("Go back to the version that release 3 made live", "rollback parrot -n blue-green --to 3"),
];
const DEMO: Examples = &[
    ("Try it without a cluster: press Promote on the gate's page", "demo"),
    ("Approve automatically, in under half a minute", "demo --yes"),
    ("See a driver killed at the gate, and another one take over", "demo --fault hang"),
];
const SCHEMA: Examples = &[
    ("The schema of a line of -o json", "schema event"),
    ("For an editor that validates bluegreen.yaml", "schema config > bluegreen.schema.json"),
];
const COMPLETIONS: Examples = &[
    ("For bash, to be sourced", "completions bash"),
    ("For all zsh sessions", "completions zsh > ~/.zfunc/_bluegreen"),
];
/// From nothing to a new version: the examples of the program itself.
const ALL: Examples = &[INIT[0], DEPLOY[0], STATUS[0], PROMOTE[0]];

fn of(subcommand: &str) -> Examples {
    match subcommand {
        "init" => INIT,
        "deploy" => DEPLOY,
        "status" => STATUS,
        "history" => HISTORY,
        "check" => CHECK,
        "promote" => PROMOTE,
        "abort" => ABORT,
        "rollback" => ROLLBACK,
        "demo" => DEMO,
        "schema" => SCHEMA,
        "completions" => COMPLETIONS,
        _ => &[],
    }
}

pub fn added_to(command: Command, program: &str) -> Command {
    let text = shown(&command, ALL, program);
    command
        .mut_subcommands(|subcommand| {
            let text = shown(&subcommand, of(subcommand.get_name()), program);
            subcommand.after_long_help(text)
        })
        .after_long_help(text)
}

fn shown(command: &Command, examples: Examples, program: &str) -> String {
    let heading = command.get_styles().get_header();
    let mut text = format!("{heading}Examples:{heading:#}");
    for (what, words) in examples {
        text += &format!("\n  # {what}\n  {}", broken(&format!("{program} {words}")));
    }
    text
}

/// On several lines before it is too long for a terminal, which would break it where it likes.
fn broken(line: &str) -> String {
    const WIDTH: usize = 75;
    let mut text = String::new();
    let mut column = 0;
    for (n, part) in line.split(" --").enumerate() {
        let part = if n == 0 { part.to_owned() } else { format!(" --{part}") };
        if column + part.len() > WIDTH {
            text += " \\\n   ";
            column = 4;
        }
        column += part.len();
        text += &part;
    }
    text
}
