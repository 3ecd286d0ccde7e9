//! Every file that `-f` reads: a manifest, a Canary, a bluegreen.yaml.

use std::path::PathBuf;

use bluegreen::settings::{Asked, read};
use serde_json::json;

use super::template;

/// In its own folder, under the name that is looked for, too.
pub fn tried(input: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bluegreen.yaml");
    std::fs::write(&path, input).expect("a file");
    let files = [path, PathBuf::from("")];
    for (files, app, with_template) in [
        (&files[..1], None, true),
        (&files[..1], Some("parrot"), false),
        // It stands beside what was named.
        (&files[..0], Some("parrot"), true),
    ] {
        let asked = Asked { files, app, namespace: Some("blue-green"), with_template };
        match read(&asked, &|app, _| format!("kubectl get deployment {app}")) {
            Ok(input) => {
                assert!(input.app.is_none_or(|app| bluegreen::settings::is_dns_label(&app)));
                if let Some(found) = input.template {
                    let object = json!({"spec": {"template": found.template}});
                    template::tried(object.to_string().as_bytes());
                }
            }
            Err(error) => {
                let said = error.to_string();
                assert!(said.starts_with("error: ") && !said.contains("panicked"), "{said}");
                // A caret stands under what it points to, and no line is shown whole that is long.
                assert!(said.lines().all(|line| line.chars().count() < 2_000), "{said}");
            }
        }
    }
}
