//! `docs/settings.md` says what the code does.

use bluegreen::release::Settings;
use bluegreen::settings::{FIELDS, HOOKS, Use};
use clap::CommandFactory;

const DOCS: &str = include_str!("../../docs/settings.md");

#[test]
fn the_documented_keys_of_a_canary_are_the_codes() {
    let fields = FIELDS.iter().map(|(field, used)| {
        let field = field.strip_prefix("spec.").unwrap_or(field);
        match used {
            Use::Works(meaning) => format!("| `{field}` | {meaning} |"),
            Use::Refused(advice) => format!("| `{field}` | refused: {advice} |"),
        }
    });
    let hooks = HOOKS.iter().map(|(hook, advice)| match *hook {
        "" => format!("| none | {advice} |"),
        hook => format!("| `{hook}` | {advice} |"),
    });
    let wanted: Vec<String> = fields.chain(hooks).collect();
    let (_, canary) = DOCS.split_once("## Flagger's Canary").unwrap();
    let rows = canary.lines().filter(|line| line.starts_with("| `") || line.starts_with("| none"));
    assert_eq!(rows.collect::<Vec<_>>(), wanted);
}

#[test]
fn the_documented_defaults_are_those_of_the_code_and_of_the_help() {
    let seconds =
        |seconds| humantime::format_duration(std::time::Duration::from_secs(seconds)).to_string();
    let nothing = Settings::default();
    let mut cli = bluegreen::cli::Cli::command();
    let deploy = cli.find_subcommand_mut("deploy").unwrap();
    for (flag, default) in [
        ("interval", seconds(nothing.interval())),
        ("threshold", nothing.threshold().to_string()),
        ("timeout", seconds(nothing.timeout())),
        ("drain", seconds(nothing.drain())),
    ] {
        let argument = deploy.get_arguments().find(|arg| arg.get_id() == flag).unwrap();
        let help = argument.get_help().unwrap().to_string().replace('\n', " ");
        assert!(help.ends_with(&format!("[default: {default}]")), "{help}");
        let row = |line: &&str| line.contains(&format!("`--{flag}`")) && line.starts_with("| ");
        let row = DOCS.lines().find(|line| row(line) && line.ends_with(" |")).unwrap();
        assert!(row.ends_with(&format!("| {default} |")), "{row}");
    }
}
