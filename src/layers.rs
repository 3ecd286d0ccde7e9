//! Imports go one way. Between the crates Cargo holds that, and clippy that the core has no clock, file or
//! print (`crates/core/clippy.toml`); inside of the tool this does.

use std::fs;
use std::path::{Path, PathBuf};

/// Every module may use those after it, never those before it. All of them are here.
const ORDER: [&str; 12] = [
    "main", "commands", "demo", "report", "cli", "drive", "cluster", "gate", "event", "settings",
    "error", "clean",
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

fn module(file: &Path) -> String {
    let path = file.strip_prefix(src()).unwrap();
    let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules that a text names after `crate::`, alone or in braces.
fn used(text: &str) -> Vec<String> {
    let name = |text: &str| {
        let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
        text.trim_start().chars().take_while(is_part).collect::<String>()
    };
    let mut found = Vec::new();
    for rest in text.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            found.push(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut part = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => found.push(name(&std::mem::take(&mut part))),
                _ => part.push(c),
            }
        }
        found.push(name(&part));
    }
    // After the last comma.
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn modules_are_found_in_braces_too() {
    let text = "use crate::event::Event;\nuse crate::{\n    drive::{Look, Pause},\n    gate,\n};";
    assert_eq!(used(text), ["event", "drive", "gate"]);
}

#[test]
fn imports_go_one_way() {
    let place = |name: &str| ORDER.iter().position(|module| *module == name);
    let mut wrong = Vec::new();
    for file in sources(&src()) {
        let from = module(&file);
        if ["lib", "layers"].contains(&from.as_str()) {
            continue;
        }
        let here = place(&from).unwrap_or_else(|| panic!("{from} has no place in the order"));
        let text = fs::read_to_string(&file).unwrap();
        for used in used(&text) {
            if place(&used).is_some_and(|there| there < here) {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Cargo lets a module of a crate use any other of it.
#[test]
fn in_the_core_routes_know_no_releases_and_the_model_neither() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/src");
    for (module, may_use) in [("model", &["model"][..]), ("route", &["model", "route"])] {
        let files = sources(&core.join(module));
        assert!(files.len() > 3, "the files of {module} were not found");
        for file in files {
            for used in used(&fs::read_to_string(&file).unwrap()) {
                assert!(may_use.contains(&used.as_str()), "{} uses {used}", file.display());
            }
        }
    }
}

/// What could wait or send is no dependency of the core's, of its tests neither.
#[test]
fn the_core_is_given_neither_a_runtime_nor_a_client() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    for name in ["tokio", "kube", "reqwest", "hyper", "futures"] {
        assert!(!manifest.contains(name), "crates/core/Cargo.toml has {name}");
    }
}

/// What the demo shows is no second telling of what the commands do.
#[test]
fn the_demo_knows_only_the_sandbox() {
    let files = sources(&src().join("demo"));
    assert!(files.len() > 5, "the files of the demo were not found");
    for file in files {
        for used in used(&fs::read_to_string(&file).unwrap()) {
            let is_fine = ["demo", "sandbox"].contains(&used.as_str());
            assert!(is_fine, "{} uses {used}", file.display());
        }
    }
}

/// What a person reads of whom this program talks to is true as long as this is.
#[test]
fn what_goes_out_goes_out_in_one_place() {
    let clients = ["reqwest", "TcpStream", "kube::Client", "kube::{Client", "UdpSocket"];
    for file in sources(&src()) {
        let text = fs::read_to_string(&file).unwrap();
        let may = ["gate", "cluster", "demo", "layers"].contains(&module(&file).as_str())
            || file.ends_with("commands/surroundings.rs");
        let used = clients.iter().find(|client| text.contains(**client));
        assert!(may || used.is_none(), "{} has {used:?}", file.display());
    }
}

/// What of a route and of a data plane only `route` reads: fields of an Ingress, and how annotations of
/// controllers begin. Another kind of route has its fields there, too.
const OF_ROUTES: [&str; 11] = [
    "rules\"",
    "ingressClassName\"",
    "defaultBackend\"",
    "backend\"",
    "loadBalancer\"",
    "tls\"",
    "nginx.ingress.kubernetes.io/",
    "nginx.org/",
    "nginx.com/",
    "traefik.",
    "kubernetes.io/ingress.class",
];

/// A text without its tests, which make objects of their own.
fn product(text: &str) -> &str {
    text.split_once("#[cfg(test)]\nmod tests {").map_or(text, |(product, _)| product)
}

/// So a new kind of route, or another controller, is a folder or a row there and no search through the rest.
#[test]
fn what_a_route_looks_like_is_known_to_route_alone() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/src");
    let files = [sources(&core), sources(&src())].concat();
    assert!(files.len() > 150, "the files were not found");
    let is_test = |file: &Path| {
        let name = file.file_stem().unwrap().to_string_lossy();
        name.ends_with("tests") || name == "layers" || file.iter().any(|part| part == "tests")
    };
    let may = [core.join("route"), src().join("demo")];
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !is_test(file)) {
        if may.iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        let text = fs::read_to_string(file).unwrap();
        for of_routes in OF_ROUTES {
            // As a text of its own: in a sentence for people it may stand anywhere.
            if product(&text).contains(&format!("\"{of_routes}")) {
                wrong.push(format!("{} reads {of_routes}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
