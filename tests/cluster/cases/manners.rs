//! Terminals that can do less, readers that are no person, and text that means harm.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::process::Command;

use super::parrot::{Parrot, V2};
use crate::bed::Bed;
use crate::bed::command::{Output, binary};
use crate::support::terminal::Terminal;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        colours_are_as_asked_for,
        terminals_that_can_not_move_get_plain_lines,
        plain_lines_without_a_terminal,
        locale_without_unicode_gets_ascii,
        text_of_others_can_not_move_the_cursor,
        closed_pipes_end_quietly,
    ]
}

const RELEASE: [&str; 9] =
    ["deploy", "parrot", "--image", V2, "--yes", "--drain", "0s", "--settle", "0s"];

/// A whole release in a terminal.
async fn released(bed: &Arc<Bed>, more: &[&str], env: &[(&str, &str)]) -> Result<Terminal> {
    let app = Parrot::ready(bed).await?;
    let mut terminal = app.terminal(100, &[&RELEASE[..], more].concat(), env)?;
    ensure!(terminal.ends().await? == 0, "{}", terminal.screen());
    terminal.shows("release 1 is live").await?;
    Ok(terminal)
}

/// Whether a text sets a colour, or makes letters bold or faint.
fn has_colours(text: &str) -> bool {
    text.split("\x1b[").skip(1).any(|code| {
        let end = code.find(|c: char| c.is_ascii_alphabetic());
        end.is_some_and(|end| code[end..].starts_with('m'))
    })
}

async fn colours_are_as_asked_for(bed: Arc<Bed>) -> Result<()> {
    let asked = async |more: &[&str], env: &[(&str, &str)], coloured: bool| {
        let terminal = released(&bed, more, env).await?;
        ensure!(has_colours(&terminal.raw()) == coloured, "{more:?} {env:?}: {:?}", terminal.raw());
        Ok(())
    };
    let (nothing, no_colour) = (&[], &[("NO_COLOR", "1")]);
    tokio::try_join!(
        asked(&[], nothing, true),
        asked(&[], no_colour, false),
        asked(&["--color=never"], nothing, false),
        asked(&["--color=always"], no_colour, true),
    )
    .map(drop)
}

async fn terminals_that_can_not_move_get_plain_lines(bed: Arc<Bed>) -> Result<()> {
    let all = [("TERM", "dumb"), ("CI", "true")].map(async |variable| {
        let terminal = released(&bed, &[], &[variable]).await?;
        ensure!(!terminal.raw().contains('\x1b'), "{variable:?}: {:?}", terminal.raw());
        // How often the pods are mentioned on their way is up to the cluster.
        let screen = terminal.screen();
        let lines = screen.lines().filter(|line| !line.contains("ready") && !line.contains("pod "));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    });
    let screens = futures_util::future::try_join_all(all).await?;
    ensure!(screens[0] == screens[1], "{}\nis not\n{}", screens[0], screens[1]);
    insta::assert_snapshot!("plain", screens[0]);
    Ok(())
}

async fn plain_lines_without_a_terminal(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let output = app.ok(&RELEASE).await?;
    ensure!(!format!("{}{}", output.stdout, output.stderr).contains('\x1b'), "{output:?}");
    for line in output.stderr.lines() {
        let time = line.split_once("Z  ").map(|(time, _)| time.len());
        ensure!(time == Some("03:04:05".len()), "{line}");
    }
    let coloured = app.fails(11, &["promote", "parrot", "--color=always"]).await?;
    ensure!(has_colours(&coloured.stderr), "{coloured:?}");
    Ok(())
}

async fn locale_without_unicode_gets_ascii(bed: Arc<Bed>) -> Result<()> {
    let terminal = released(&bed, &[], &[("LANG", "C")]).await?;
    ensure!(terminal.raw().is_ascii(), "{:?}", terminal.raw());
    insta::assert_snapshot!("ascii", terminal.screen());
    Ok(())
}

/// Clears the screen, names the window, turns the reading direction, begins a line of its own.
const EVIL: &str = "the\u{1b}[2J\u{1b}]0;beak\u{7}\u{9b}2J is\r\n\u{202e}wrong";

/// That nothing of it came through but its letters.
fn is_tame(terminal: &Terminal) -> Result<()> {
    let raw = terminal.raw();
    for evil in ["\u{1b}[2J", "\u{1b}]", "\u{7}", "\u{9b}", "\u{202e}"] {
        ensure!(!raw.contains(evil), "{evil:?}: {raw:?}");
    }
    Ok(())
}

async fn text_of_others_can_not_move_the_cursor(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let args = ["deploy", "parrot", "--image", "parrot-app:never-ready"];
    let mut terminal = app.terminal(100, &args, &[])?;
    terminal.shows("not ready yet").await?;
    // What a kubelet reports is what a registry or a container said.
    let pods = app.list("pods").await?;
    let green = |pod: &Value| pod["metadata"]["labels"]["app"] == "parrot-green";
    let mut pod = pods.into_iter().find(green).context("no candidate")?;
    pod["status"]["containerStatuses"][0]["state"] =
        json!({ "waiting": { "reason": "ErrImagePull", "message": EVIL } });
    let name = pod["metadata"]["name"].as_str().context("no name")?;
    let path = format!("/api/v1/namespaces/{}/pods/{name}/status", app.ns);
    let put = http::Request::put(path).header("content-type", "application/json");
    bed.kube().request::<Value>(put.body(pod.to_string().into_bytes())?).await?;
    let waits = terminal.shows("ErrImagePull").await?;
    app.joe(&["abort", "parrot", "--reason", EVIL]).await?;
    ensure!(terminal.ends().await? == 5, "{}", terminal.screen());
    is_tame(&terminal)?;
    insta::assert_snapshot!("evil", format!("{waits}\n\n{}", terminal.screen()));
    Ok(())
}

/// A deploy in a shell, which may close what it writes to.
async fn in_a_shell(app: &Parrot, command: &str) -> Result<Output> {
    let output = Command::new("sh")
        .args(["-c", command, "sh"])
        .arg(binary())
        .args(RELEASE)
        .args(["-n", &app.ns])
        .env_clear()
        .env("HOME", &app.user.home)
        .env("KUBECONFIG", &app.user.kubeconfig)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    Ok(Output {
        code: output.status.code(),
        signal: None,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        took: std::time::Duration::ZERO,
    })
}

async fn closed_pipes_end_quietly(bed: Arc<Bed>) -> Result<()> {
    // The exit code goes past the pipe; the reader has gone before anything is said.
    let deaf = r#"exec 3>&1; { "$@"; echo "code $?" >&3; }"#;
    let all = [
        format!("{deaf} | true"),
        format!("{deaf} 2>&1 | true"),
        r#""$@" >&-; echo "code $?""#.to_owned(),
        r#""$@" 2>&-; echo "code $?""#.to_owned(),
        r#""$@" -o json >&-; echo "code $?""#.to_owned(),
    ];
    let all = all.map(async |command| {
        let app = Parrot::ready(&bed).await?;
        let output = in_a_shell(&app, &command).await?;
        ensure!(output.stdout.ends_with("code 0\n"), "{command}: {output:?}");
        ensure!(!output.stderr.contains("panicked"), "{command}: {output:?}");
        app.is_released(V2).await
    });
    futures_util::future::try_join_all(all).await.map(drop)
}
