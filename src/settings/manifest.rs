//! A Deployment's manifest, as the template of a new version.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Kind};

/// The pod template of the Deployment in a file that is meant for this app. `look` is the command
/// line that shows one that would do.
pub fn template_from_file(
    path: &Path,
    app: &str,
    namespace: &str,
    look: String,
) -> Result<Value, Error> {
    let (shown, text) = match path.as_os_str() == "-" {
        true => ("standard input".to_owned(), std::io::read_to_string(std::io::stdin())),
        false => (path.display().to_string(), std::fs::read_to_string(path)),
    };
    let text = text.map_err(|error| {
        Error::new(Kind::Usage, format!("{shown} can't be read")).because(error.to_string())
    })?;
    template(&text, app, namespace).map_err(|why| {
        Error::new(Kind::Usage, format!("{shown} can't be used as the new version"))
            .because(why)
            .hint(look)
    })
}

fn template(text: &str, app: &str, namespace: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        // 0644 means what kubectl means by it; yes and on are strings.
        legacy_octal_numbers: true,
        strict_booleans: true,
    };
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|e| e.to_string())?;
    let mut deployments = documents
        .iter()
        // What kubectl prints of several objects is one document.
        .flat_map(|document| match document["items"].as_array() {
            Some(items) if document["kind"] == "List" => &items[..],
            _ => std::slice::from_ref(document),
        })
        .filter(|document| document["kind"] == "Deployment");
    let deployment = match (deployments.next(), deployments.next()) {
        (Some(deployment), None) => deployment,
        (None, _) => return Err("there is no Deployment in it".to_owned()),
        (Some(_), Some(_)) => return Err("there are several Deployments in it".to_owned()),
    };
    if deployment["apiVersion"] != "apps/v1" {
        return Err(format!("its apiVersion is {}, not apps/v1", deployment["apiVersion"]));
    }
    let metadata = Metadata::deserialize(&deployment["metadata"]).map_err(|e| e.to_string())?;
    if metadata.name != app {
        return Err(format!("it is for Deployment {}, not {app}", metadata.name));
    }
    if let Some(other) = metadata.namespace.filter(|other| other != namespace) {
        return Err(format!("it is for namespace {other}, not {namespace}"));
    }
    let template = &deployment["spec"]["template"];
    if template["spec"]["containers"].as_array().is_none_or(Vec::is_empty) {
        return Err("its pod template has no containers".to_owned());
    }
    Ok(template.clone())
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    namespace: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARROT: &str = include_str!("../../examples/parrot/parrot.yaml");

    #[test]
    fn takes_the_template_of_the_one_deployment() {
        let template = template(PARROT, "parrot", "blue-green").unwrap();
        assert_eq!(template["spec"]["containers"][0]["image"], "kmharish/parrot-app:v1.2");
    }

    #[test]
    fn keeps_numbers_and_words_as_kubectl_does() {
        let text = PARROT.replace("- containerPort: 3000", "- containerPort: 3000\n        env:\n        - {name: mode, value: on}\n        x: 0644");
        let template = template(&text, "parrot", "blue-green").unwrap();
        assert_eq!(template["spec"]["containers"][0]["env"][0]["value"], "on");
        assert_eq!(template["spec"]["containers"][0]["x"], 0o644);
    }

    #[test]
    fn looks_into_a_list() {
        let (parrot, _) = PARROT.split_once("---").unwrap();
        let (_, parrot) = parrot.split_once('\n').unwrap();
        let indented = parrot.trim_end().replace('\n', "\n  ");
        let item = format!("- {indented}");
        let list = |items: &str| format!("apiVersion: v1\nkind: List\nitems:\n{items}");
        let found = template(&list(&format!("- kind: Service\n{item}")), "parrot", "blue-green");
        assert_eq!(found, template(PARROT, "parrot", "blue-green"));
        let why = |text: &str| template(text, "parrot", "blue-green").unwrap_err();
        assert!(why(&list(&format!("{item}\n{item}"))).contains("several Deployments"));
        assert!(why(&list("- kind: Service")).contains("no Deployment"));
    }

    #[test]
    fn refuses_what_is_not_meant_for_the_app() {
        let why = |text: &str| template(text, "parrot", "blue-green").unwrap_err();
        assert!(why("kind: Service").contains("no Deployment"));
        assert!(why(&format!("{PARROT}\n---\n{PARROT}")).contains("several Deployments"));
        assert!(why(&PARROT.replace("name: parrot", "name: toucan")).contains("toucan"));
        assert!(why(&PARROT.replace("blue-green", "prod")).contains("namespace prod"));
        assert!(why("kind: Deployment\nkind: Deployment").contains("duplicate"));
        assert!(why("a: [").contains("line 1"));
    }
}
