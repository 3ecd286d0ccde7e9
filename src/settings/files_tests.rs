use std::fs;

use super::*;

const CANARY: &str = include_str!("../../examples/parrot/canary.yaml");
const PARROT: &str = include_str!("../../examples/parrot/parrot.yaml");
const CONFIG_TEXT: &str = "app: parrot\nnamespace: blue-green\ntimeout: 1m\n";

/// A folder of files.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Files {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Files(folder)
    }

    fn read(&self, names: &[&str], app: &str, namespace: &str) -> Result<Input, String> {
        let files: Vec<PathBuf> = names.iter().map(|name| self.0.path().join(name)).collect();
        let said = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let (app, namespace) = (said(app), said(namespace));
        let asked = Asked { files: &files, app, namespace, with_template: true };
        let look = |app: &str, namespace: Option<&str>| format!("look {app} {namespace:?}");
        let folder = format!("{}/", self.0.path().display());
        read(&asked, &look).map_err(|error| error.to_string().replace(&folder, ""))
    }
}

#[test]
fn the_kind_decides_what_a_document_is_for() {
    let files = Files::new(&[("canary.yaml", CANARY), ("parrot.yaml", PARROT)]);
    let input = files.read(&["canary.yaml", "parrot.yaml"], "", "").unwrap();
    assert_eq!(
        (input.app.as_deref(), input.namespace.as_deref()),
        (Some("parrot"), Some("blue-green"))
    );
    assert_eq!(input.settings.unwrap().given.settings.interval_seconds, Some(60));
    let template = input.template.unwrap().template;
    assert_eq!(template["spec"]["containers"][0]["image"], "kmharish/parrot-app:v1.2");

    // All of it in one file, and in a list.
    let both = format!("{PARROT}---\n{CANARY}---\nkind: Service\n");
    let files = Files::new(&[("all.yaml", &both)]);
    let input = files.read(&["all.yaml"], "parrot", "blue-green").unwrap();
    assert!(input.settings.is_some() && input.template.is_some());
}

#[test]
fn app_and_namespace_come_from_the_deployment_where_nothing_else_says_them() {
    let files = Files::new(&[("parrot.yaml", PARROT)]);
    let input = files.read(&["parrot.yaml"], "", "").unwrap();
    assert_eq!(
        (input.app.as_deref(), input.namespace.as_deref()),
        (Some("parrot"), Some("blue-green"))
    );
}

#[test]
fn numbers_and_words_of_a_template_are_as_kubectl_has_them() {
    let text = PARROT.replace(
        "- containerPort: 3000",
        "- containerPort: 3000\n        env:\n        - {name: mode, value: on}\n        - {name: on, value: 'on'}\n        x: 0644",
    );
    let files = Files::new(&[("parrot.yaml", &text)]);
    let template = files.read(&["parrot.yaml"], "", "").unwrap().template.unwrap().template;
    let env = &template["spec"]["containers"][0]["env"];
    assert_eq!((&env[0]["value"], &env[1]["value"]), (&Value::Bool(true), &Value::from("on")));
    assert_eq!(template["spec"]["containers"][0]["x"], 0o644);
}

#[test]
fn two_settings_for_one_app_are_refused_with_both_their_names() {
    let files = Files::new(&[("canary.yaml", CANARY), ("a.yaml", CONFIG_TEXT)]);
    let twice = files.read(&["canary.yaml", "a.yaml"], "", "").unwrap_err();
    assert_eq!(
        twice,
        "error: there are two settings for parrot\n\
         caused by: canary.yaml, line 2 and a.yaml, line 1\n\
         hint: give one of them"
    );
    assert!(files.read(&["a.yaml", "a.yaml"], "parrot", "").is_err());
}

#[test]
fn settings_of_several_apps_need_a_word() {
    let toucan = CONFIG_TEXT.replace("parrot", "toucan");
    let files = Files::new(&[("a.yaml", CONFIG_TEXT), ("b.yaml", &toucan)]);
    let several = files.read(&["a.yaml", "b.yaml"], "", "").unwrap_err();
    assert!(several.contains("for several\ncaused by: parrot, toucan\n"), "{several}");
    let input = files.read(&["a.yaml", "b.yaml"], "toucan", "").unwrap();
    assert_eq!(input.settings.unwrap().given.app, "toucan");
    let none = files.read(&["a.yaml", "b.yaml"], "macaw", "").unwrap_err();
    assert!(none.starts_with("error: no file has settings for macaw\n"), "{none}");
}

#[test]
fn named_settings_of_another_app_or_namespace_are_refused() {
    let files = Files::new(&[("a.yaml", CONFIG_TEXT), ("canary.yaml", CANARY)]);
    for name in ["a.yaml", "canary.yaml"] {
        let what = format!("error: {name} can't be used as settings\ncaused by: it is for");
        for (app, namespace, why) in [
            ("toucan", "", "app parrot, not toucan"),
            ("", "prod", "namespace blue-green, not prod"),
        ] {
            let said = files.read(&[name], app, namespace).unwrap_err();
            assert!(said.starts_with(&format!("{what} {why}\n")), "{said}");
        }
        files.read(&[name], "parrot", "blue-green").unwrap();
    }
}

#[test]
fn settings_beside_the_manifests_are_found() {
    let files = Files::new(&[("parrot.yaml", PARROT), (CONFIG, CONFIG_TEXT)]);
    let loaded = files.read(&["parrot.yaml"], "", "").unwrap().settings.unwrap();
    assert!(loaded.found && loaded.shown.ends_with(CONFIG), "{}", loaded.shown);
    assert_eq!(loaded.given.settings.timeout_seconds, Some(60));
    // Named, it was not found.
    let loaded = files.read(&["parrot.yaml", CONFIG], "", "").unwrap().settings.unwrap();
    assert!(!loaded.found);
    // Named settings are the only ones.
    fs::write(files.0.path().join("canary.yaml"), CANARY).unwrap();
    let loaded = files.read(&["canary.yaml"], "", "").unwrap().settings.unwrap();
    assert_eq!(loaded.given.settings.interval_seconds, Some(60));
}

#[test]
fn settings_beside_files_that_say_nothing_are_not_used() {
    let (service, foo) = ("kind: Service\n", "kind: Foo\napp: parrot\n");
    let files = [("bluegreen.yaml", CONFIG_TEXT), ("service.yaml", service), ("foo.yaml", foo)];
    let files = Files::new(&files);
    for name in ["service.yaml", "foo.yaml"] {
        let input = files.read(&[name], "parrot", "blue-green").unwrap();
        assert!(input.settings.is_none() && input.template.is_none(), "{name}");
        assert_eq!(input.passed.len(), 1, "{name}");
    }
}

#[test]
fn settings_that_are_found_and_another_apps_are_not_used() {
    for other in ["app: toucan\n", "app: parrot\nnamespace: prod\n"] {
        let files = Files::new(&[("parrot.yaml", PARROT), (CONFIG, other)]);
        assert!(files.read(&["parrot.yaml"], "", "").unwrap().settings.is_none(), "{other}");
    }
    let files = Files::new(&[("parrot.yaml", PARROT), (CONFIG, "ap: parrot\n")]);
    let broken = files.read(&["parrot.yaml"], "", "").unwrap_err();
    assert!(broken.contains("unknown key ap: did you mean app?"), "{broken}");
    let files = Files::new(&[("parrot.yaml", PARROT), (CONFIG, "app: a\n---\napp: b\n")]);
    let broken = files.read(&["parrot.yaml"], "", "").unwrap_err();
    assert!(broken.contains("2 documents"), "{broken}");
}

#[test]
fn a_deployment_that_is_not_meant_is_refused() {
    let why = |text: &str| {
        let files = Files::new(&[("p.yaml", text)]);
        let error = files.read(&["p.yaml"], "parrot", "blue-green").unwrap_err();
        assert!(error.starts_with("error: p.yaml can't be used as the new version\n"), "{error}");
        assert!(error.contains("\nhint: "), "{error}");
        error
    };
    assert!(why(&format!("{PARROT}\n---\n{PARROT}")).contains("several Deployments parrot"));
    assert!(why("kind: Deployment\n").ends_with("\nhint: look parrot Some(\"blue-green\")"));
    assert!(
        why(&PARROT.replace("name: parrot", "name: toucan"))
            .contains("for Deployment toucan, not parrot")
    );
    assert!(why(&PARROT.replace("blue-green", "prod")).contains("namespace prod, not blue-green"));
    assert!(why(&PARROT.replace("apps/v1", "apps/v1beta1")).contains("not apps/v1"));
    assert!(
        why("kind: Deployment\napiVersion: apps/v1\nmetadata: {name: parrot}\n")
            .contains("no containers")
    );
    // One of several is meant by its name.
    let two = format!("{PARROT}---\n{}", PARROT.replace("parrot", "toucan"));
    let files = Files::new(&[("p.yaml", &two)]);
    files.read(&["p.yaml"], "parrot", "").unwrap().template.unwrap();
    let unsaid = files.read(&["p.yaml"], "", "").unwrap_err();
    assert!(unsaid.contains("several Deployments: parrot, toucan"), "{unsaid}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Files::new(&[]).read(&["p.yaml"], "", "").unwrap_err();
    assert!(error.starts_with("error: p.yaml can't be read\ncaused by: "), "{error}");
}
