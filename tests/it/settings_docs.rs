//! `docs/settings.md` says what the code does.

use bluegreen::settings::{FIELDS, HOOKS, Use};

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
