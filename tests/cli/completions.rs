//! The scripts that are checked in: they are current, and bash completes by them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Each with the name under which its shell, or a package of it, looks for the script.
const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "bluegreen.bash"),
    ("zsh", "_bluegreen"),
    ("fish", "bluegreen.fish"),
    ("powershell", "_bluegreen.ps1"),
    ("elvish", "bluegreen.elv"),
];
/// `make completions` sets it.
const REFRESH: &str = "BLUEGREEN_REFRESH";

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/completions"))
}

#[test]
fn scripts_are_current() {
    for (shell, file) in SCRIPTS {
        let output = Command::new(env!("CARGO_BIN_EXE_bluegreen"))
            .args(["completions", shell])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let script = String::from_utf8(output.stdout).unwrap();
        let path = folder().join(file);
        if std::env::var_os(REFRESH).is_some() {
            fs::write(&path, &script).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == script, "completions/{file} is not current: make completions");
    }
}

/// What bash offers for the last word after it has read the script.
fn offers(line: &[&str]) -> Vec<String> {
    let script = r#"
source completions/bluegreen.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
complete -p bluegreen >&2 || exit
_bluegreen bluegreen "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "bash"])
        .args(line)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let registered = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && registered.contains("-F _bluegreen "), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_subcommands_flags_and_values() {
    assert_eq!(offers(&["bluegreen", "pro"]), ["promote"]);
    assert_eq!(offers(&["bluegreen", "deploy", "--ima"]), ["--image"]);
    assert_eq!(offers(&["bluegreen", "status", "--output", "j"]), ["json"]);
    let shells = offers(&["bluegreen", "completions", ""]);
    assert!(SCRIPTS.iter().all(|(shell, _)| shells.iter().any(|s| s == shell)), "{shells:?}");
}

/// As kubectl asks for a plugin's completions: the words in, one offer a line and a directive out.
#[test]
fn kubectl_completes_the_plugin() {
    let bin = tempfile::tempdir().unwrap();
    let plugin = bin.path().join("kubectl-bluegreen");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bluegreen"), plugin).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.path().display());
    let offers = |words: &[&str]| {
        let output = Command::new(folder().join("kubectl_complete-bluegreen"))
            .args(words)
            .env("PATH", &path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(offers(&["pro"]), "promote\n:4\n");
    assert_eq!(offers(&["status", "-o", ""]), "human\njson\n:4\n");
    assert_eq!(offers(&["status", "nothing"]), ":4\n");
    assert!(offers(&[""]).contains("deploy\n"));
}
