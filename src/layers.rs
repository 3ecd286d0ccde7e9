//! Imports go one way. What decides imports nothing that could act.

use std::fs;
use std::path::{Path, PathBuf};

/// Every module may use those after it, never those before it.
const ORDER: [&str; 14] = [
    "main", "commands", "demo", "sandbox", "report", "cli", "drive", "cluster", "gate", "event",
    "settings", "error", "release", "route",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

fn module(file: &Path) -> String {
    let path = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn imports_go_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let place = |name: &str| ORDER.iter().position(|module| *module == name);
    let mut wrong = Vec::new();
    for file in sources(&src) {
        let from = module(&file);
        let Some(here) = place(&from) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        for used in text.split("crate::").skip(1) {
            let used: String =
                used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if place(&used).is_some_and(|there| there < here) {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing of ours is tested against itself, and what the demo shows is no second telling of it.
#[test]
fn the_sandbox_knows_nothing_of_ours_and_the_demo_only_the_sandbox() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (module, may_use) in [("sandbox", &["sandbox"][..]), ("demo", &["demo", "sandbox"])] {
        let files = sources(&src.join(module));
        assert!(files.len() > 5, "the files of {module} were not found");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for used in text.split("crate::").skip(1) {
                let is_fine = may_use.iter().any(|it| used.starts_with(&format!("{it}::")));
                let used: String = used.chars().take(20).collect();
                assert!(is_fine, "{} uses {used}", file.display());
            }
        }
    }
}

#[test]
fn the_core_can_neither_wait_nor_send() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let core = ["release", "route", "model"].map(|module| sources(&src.join(module))).concat();
    assert!(core.len() > 20, "the core's files were not found");
    for file in core {
        let text = fs::read_to_string(&file).unwrap();
        for forbidden in [
            "kube::",
            "tokio",
            "reqwest",
            "std::net",
            "std::fs",
            "std::time",
            "Timestamp::now",
            "println!",
            "eprintln!",
        ] {
            assert!(!text.contains(forbidden), "{} has {forbidden}", file.display());
        }
    }
}

/// What a person reads of whom this program talks to is true as long as this is.
#[test]
fn what_goes_out_goes_out_in_one_place() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let clients = ["reqwest", "TcpStream", "kube::Client", "kube::{Client", "UdpSocket"];
    for file in sources(&src) {
        let text = fs::read_to_string(&file).unwrap();
        let may = ["gate", "cluster", "demo", "sandbox", "layers"]
            .contains(&module(&file).as_str())
            || file.ends_with("commands/surroundings.rs");
        let used = clients.iter().find(|client| text.contains(**client));
        assert!(may || used.is_none(), "{} has {used:?}", file.display());
    }
}
