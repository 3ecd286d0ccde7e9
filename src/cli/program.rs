//! What a person types to start this program.

use std::ffi::OsStr;
use std::path::Path;

const ALONE: &str = "bluegreen";
/// kubectl starts a plugin by this name.
const PLUGIN: &str = "kubectl-bluegreen";
const AS_PLUGIN: &str = "kubectl bluegreen";

/// `bluegreen`, or `kubectl bluegreen` where it is installed as a plugin of kubectl's. Usage, help
/// and hints say it, so that what they show works when pasted.
pub fn program() -> &'static str {
    named(std::env::args_os().next().unwrap_or_default().as_ref())
}

fn named(started_as: &OsStr) -> &'static str {
    // Whoever made the link chose its name: it stands before what it leads to.
    match Path::new(started_as).file_stem() {
        Some(name) if name.eq_ignore_ascii_case(PLUGIN) => AS_PLUGIN,
        _ => ALONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_named_as_it_was_started() {
        for plugin in ["kubectl-bluegreen", "/opt/bin/kubectl-bluegreen", "kubectl-bluegreen.exe"] {
            assert_eq!(named(plugin.as_ref()), "kubectl bluegreen", "{plugin}");
        }
        for other in ["bluegreen", "/opt/kubectl-bluegreen/bluegreen", "bg", "", "/"] {
            assert_eq!(named(other.as_ref()), "bluegreen", "{other}");
        }
    }
}
