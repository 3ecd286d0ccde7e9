//! Who is heard before whom.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::settings::Word;

fn at(name: &str) -> Address {
    Address::parse(&format!("https://{name}.example.com/confirm")).expect("an address")
}

fn text(name: &str) -> SecretString {
    SecretString::from(format!("https://{name}.example.com/confirm"))
}

fn files(name: &str) -> Files {
    let path = |kind: &str| Some(PathBuf::from(format!("{name}.{kind}")));
    Files { secret: path("secret"), headers: path("headers"), ca: path("ca") }
}

fn file() -> Given {
    Given {
        app: "parrot".to_owned(),
        namespace: None,
        expected: Declared::default(),
        settings: Settings { timeout_seconds: Some(3), drain_seconds: Some(3), ..settings() },
        preview_tls: None,
        hooks: vec![Hook { files: files("file"), ..Hook::new(at("file")) }],
        files: files("file"),
        probe: Some(Probe::None),
    }
}

fn settings() -> Settings {
    Settings::default()
}

fn resolved(flags: Flags, environment: Environment, file: Option<Given>) -> Resolved {
    resolve(flags, environment, file).unwrap_or_else(|error| panic!("{error}"))
}

fn origins(resolved: &Resolved) -> Vec<String> {
    resolved.hooks.iter().map(|with| with.hook.address.origin().ascii_serialization()).collect()
}

#[test]
fn a_webhook_is_the_first_ones_that_names_one() {
    for (flag, environment, file_says, wanted) in [
        (true, true, true, Some("flag")),
        (true, false, true, Some("flag")),
        (false, true, true, Some("environment")),
        (false, true, false, Some("environment")),
        (false, false, true, Some("file")),
        (false, false, false, None),
    ] {
        let flags = Flags { webhook: flag.then(|| at("flag")), ..Flags::default() };
        let webhook = environment.then(|| text("environment"));
        let environment = Environment { webhook, ..Environment::default() };
        let resolved = resolved(flags, environment, file_says.then(file));
        let wanted = wanted.map(|name| at(name).origin().ascii_serialization());
        assert_eq!(origins(&resolved), Vec::from_iter(wanted.clone()));
        assert_eq!(resolved.gate, wanted.map(|_| Gate::Webhook));
    }
}

#[test]
fn a_flag_about_the_gate_counts_before_every_webhook() {
    for gate in [Gate::Open, Gate::Person] {
        let flags = Flags { gate: Some(gate), ..Flags::default() };
        let environment = Environment { webhook: Some(text("environment")), ..Default::default() };
        let resolved = resolved(flags, environment, Some(file()));
        assert_eq!((resolved.gate, resolved.hooks.len()), (Some(gate), 0));
    }
}

#[test]
fn a_file_without_a_gate_is_overruled_by_any_webhook() {
    let skips = || Given { settings: Settings { skip: true, ..settings() }, ..file() };
    let nobody = resolved(Flags::default(), Environment::default(), Some(skips()));
    assert_eq!((nobody.gate, nobody.hooks.len()), (Some(Gate::Open), 0));
    let flags = Flags { webhook: Some(at("flag")), ..Flags::default() };
    let flag = resolved(flags, Environment::default(), Some(skips()));
    assert_eq!(flag.gate, Some(Gate::Webhook));
}

/// Each file by itself, for a webhook of the file's own and for one that somebody else names.
#[test]
fn what_goes_with_a_webhook_is_the_first_ones_that_names_it() {
    for webhook in [None, Some(at("flag"))] {
        let flag = Files { headers: None, ca: None, ..files("flag") };
        let flags = Flags { webhook, files: flag, ..Flags::default() };
        let environment = Files { secret: None, ca: None, ..files("environment") };
        let environment = Environment { files: environment, ..Environment::default() };
        let resolved = resolved(flags, environment, Some(file()));
        let named = &resolved.hooks[0].files;
        let wanted = ["flag.secret", "environment.headers", "file.ca"].map(PathBuf::from);
        assert_eq!(
            [&named.secret, &named.headers, &named.ca].map(|it| it.clone().unwrap()),
            wanted
        );
    }
}

#[test]
fn the_environments_secret_counts_after_a_flags_file_and_before_a_files() {
    let environment = || Environment { secret: Some("whsec_".into()), ..Environment::default() };
    let before = resolved(Flags::default(), environment(), Some(file()));
    assert!(before.hooks[0].secret.is_some() && before.hooks[0].files.secret.is_none());
    let flags = Flags { files: files("flag"), ..Flags::default() };
    let after = resolved(flags, environment(), Some(file()));
    assert!(after.hooks[0].secret.is_none());
    assert_eq!(after.hooks[0].files.secret, Some(PathBuf::from("flag.secret")));
}

#[test]
fn files_without_a_webhook_are_a_mistake_on_the_command_line_alone() {
    let flags = Flags { files: files("flag"), ..Flags::default() };
    let error = resolve(flags, Environment::default(), None).err().expect("refused");
    assert_eq!(error.what, "there is no webhook for these files");
    let environment = Environment { files: files("environment"), ..Environment::default() };
    assert_eq!(resolved(Flags::default(), environment, None).gate, None);
}

#[test]
fn one_header_file_is_not_for_several_addresses() {
    let hooks = vec![Hook::new(at("a")), Hook::new(at("b"))];
    let flags = Flags {
        files: Files { headers: Some("h".into()), ..Files::default() },
        ..Default::default()
    };
    let error = resolve(flags, Environment::default(), Some(Given { hooks, ..file() }));
    assert_eq!(error.err().expect("refused").what, "one header file is given for several webhooks");
}

#[test]
fn an_environment_that_is_not_heard_may_be_wrong() {
    let environment = || Environment { webhook: Some("nonsense".into()), ..Environment::default() };
    let flags = Flags { webhook: Some(at("flag")), ..Flags::default() };
    assert_eq!(resolved(flags, environment(), None).gate, Some(Gate::Webhook));
    let error = resolve(Flags::default(), environment(), None).err().expect("refused");
    assert_eq!(error.what, "the webhook's address is not valid");
}

#[test]
fn numbers_and_the_probe_are_the_first_ones_that_say_them() {
    let probe = Probe::of(&[Word::Auto]).expect("one word");
    let said = Settings { timeout_seconds: Some(1), ..settings() };
    let flags = Flags { probe: Some(probe.clone()), settings: said, ..Flags::default() };
    let both = resolved(flags, Environment::default(), Some(file()));
    assert_eq!((both.settings.timeout(), both.settings.drain()), (1, 3));
    assert_eq!(both.probe, probe);
    let alone = resolved(Flags::default(), Environment::default(), Some(file()));
    assert_eq!((alone.settings.timeout(), alone.probe), (3, Probe::None));
    let nobody = resolved(Flags::default(), Environment::default(), None);
    assert_eq!((nobody.settings, nobody.probe), (settings(), Probe::default()));
}

#[test]
fn the_routes_that_a_probe_names_are_declared() {
    let url: url::Url = "http://127.0.0.1:8080".parse().expect("an address");
    let route = crate::model::Id::new(crate::model::Kind::Ingress, "parrot");
    let own = BTreeMap::from([(route.clone(), url)]);
    let probe = Some(Probe::At(super::super::Addresses { own, others: None }));
    let resolved = resolved(Flags { probe, ..Flags::default() }, Environment::default(), None);
    assert_eq!(resolved.declared.asked, resolved.probe.routes());
    assert!(!resolved.declared.asked.is_empty());
}
