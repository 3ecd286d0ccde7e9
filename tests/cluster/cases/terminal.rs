//! What a terminal shows of a release: its screen after each event, 100 and 40 columns wide.
//!
//! `INSTA_UPDATE=always tests/cluster/run terminal` takes the screens anew; read them as a person
//! who waits for a release would.

use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use super::parrot::{Parrot, V2};
use crate::bed::Bed;
use crate::bed::command::{Output, Running, binary};
use crate::support::terminal::{CommandBuilder, Resize, Terminal};
use crate::support::{Answer, Latch, Proxy, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        release_from_its_start_to_its_end,
        abort_by_somebody_else,
        candidate_that_crashes,
        api_server_that_goes_away,
        others_leave_the_wait_on_the_screen,
        resize_in_the_middle,
    ]
}

/// The screens of one terminal, in order.
struct Film {
    columns: u16,
    text: String,
}

impl Film {
    fn new(columns: u16) -> Self {
        Self { columns, text: String::new() }
    }

    fn add(&mut self, what: &str, screen: &str) {
        let line = "─".repeat(usize::from(self.columns).saturating_sub(what.chars().count() + 4));
        self.text += &format!("── {what} {line}\n{screen}\n");
    }

    fn check(self, name: &str) {
        insta::assert_snapshot!(format!("{name}_{}", self.columns), self.text);
    }
}

/// The same story in a wide and in a narrow terminal, at the same time.
async fn at_both_widths<F>(name: &str, story: impl Fn(u16) -> F) -> Result<()>
where
    F: Future<Output = Result<Film>>,
{
    let (wide, narrow) = tokio::try_join!(story(100), story(40))?;
    wide.check(name);
    narrow.check(name);
    Ok(())
}

impl Parrot {
    /// A command of jane's in a terminal of hers.
    pub fn terminal(&self, columns: u16, args: &[&str], env: &[(&str, &str)]) -> Result<Terminal> {
        let mut command = CommandBuilder::new(binary());
        command.args(args);
        command.args(["-n", &self.ns]);
        command.env_clear();
        command.env("HOME", &self.user.home);
        command.env("KUBECONFIG", &self.user.kubeconfig);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("USER", "jane");
        for (name, value) in env {
            command.env(name, value);
        }
        command.cwd(&self.user.home);
        Terminal::start(command, columns)
    }

    /// A command of joe's, somewhere else.
    pub fn joes(&self, args: &[&str]) -> Result<Running> {
        self.bed.spawn_with(&self.user, &self.ns, args, &[("USER", "joe")])
    }

    pub async fn joe(&self, args: &[&str]) -> Result<Output> {
        self.joes(args)?.wait().await?.expect_code(0)
    }

    /// What `status` shows to somebody in a terminal.
    async fn picture(&self, columns: u16) -> Result<String> {
        let mut terminal = self.terminal(columns, &["status", "parrot"], &[])?;
        ensure!(terminal.ends().await? == 0, "{}", terminal.screen());
        Ok(terminal.screen())
    }
}

async fn release_from_its_start_to_its_end(bed: Arc<Bed>) -> Result<()> {
    at_both_widths("release", |columns| release(&bed, columns)).await
}

async fn release(bed: &Arc<Bed>, columns: u16) -> Result<Film> {
    let app = Parrot::ready(bed).await?;
    let mut film = Film::new(columns);
    let webhook = Webhook::start(500);
    let second = Latch::new();
    let never = Latch::new();
    webhook.queue([
        Answer::from(500),
        Answer::close().when_opened(&second),
        Answer::from(500).when_opened(&never),
    ]);
    let (url, image) = (webhook.url(), "parrot-app:late");
    // At 2 s the time that is left at the gate is as wide for a minute, wherever the line breaks.
    let args = ["deploy", "parrot", "--image", image, "--webhook", &url, "--interval", "2s"];
    let args = [&args[..], &["--deadline", "2h", "--settle", "1s", "--drain", "3s"]].concat();
    let mut terminal = app.terminal(columns, &args, &[])?;
    film.add("a pod is not ready", &terminal.shows("not ready yet").await?);
    film.add("the gate says no", &terminal.shows("(1 of 60)").await?);
    film.add("status meanwhile", &app.picture(columns).await?);
    second.open();
    film.add("the gate is broken", &terminal.shows("(2 of 60)").await?);
    let joes = app.joes(&["promote", "parrot"])?;
    film.add("joe promotes", &terminal.shows("draining blue").await?);
    ensure!(terminal.ends().await? == 0, "{}", terminal.screen());
    film.add("the end", &terminal.screen());
    joes.wait().await?.expect_code(0)?;
    film.add("status afterwards", &app.picture(columns).await?);
    Ok(film)
}

async fn abort_by_somebody_else(bed: Arc<Bed>) -> Result<()> {
    at_both_widths("abort", |columns| abort(&bed, columns)).await
}

async fn abort(bed: &Arc<Bed>, columns: u16) -> Result<Film> {
    let app = Parrot::ready(bed).await?;
    let mut film = Film::new(columns);
    let args = ["deploy", "parrot", "--image", V2];
    let mut terminal = app.terminal(columns, &args, &[])?;
    film.add("a person is waited for", &terminal.shows("waiting for approval").await?);
    app.joe(&["abort", "parrot", "--reason", "the beak is wrong"]).await?;
    ensure!(terminal.ends().await? == 5, "{}", terminal.screen());
    film.add("joe aborts", &terminal.screen());
    film.add("status afterwards", &app.picture(columns).await?);
    Ok(film)
}

async fn candidate_that_crashes(bed: Arc<Bed>) -> Result<()> {
    at_both_widths("crash", |columns| crash(&bed, columns)).await
}

async fn crash(bed: &Arc<Bed>, columns: u16) -> Result<Film> {
    let app = Parrot::ready(bed).await?;
    let mut film = Film::new(columns);
    let args = ["deploy", "parrot", "--image", "parrot-app:crash", "--yes"];
    let mut terminal = app.terminal(columns, &args, &[])?;
    ensure!(terminal.ends().await? == 4, "{}", terminal.screen());
    film.add("the end", &terminal.screen());
    Ok(film)
}

async fn api_server_that_goes_away(bed: Arc<Bed>) -> Result<()> {
    at_both_widths("outage", |columns| outage(&bed, columns)).await
}

async fn outage(bed: &Arc<Bed>, columns: u16) -> Result<Film> {
    let app = Parrot::ready(bed).await?;
    let mut film = Film::new(columns);
    let proxy = Proxy::start(bed.server(), &std::fs::read(bed.ca())?);
    let args = ["deploy", "parrot", "--image", V2];
    let mut terminal = app.via(&proxy.url())?.terminal(columns, &args, &[])?;
    terminal.shows("waiting for approval").await?;
    proxy.partition();
    film.add("it is away", &terminal.shows("is unreachable").await?);
    proxy.heal();
    film.add("it is back", &terminal.shows("is reachable again").await?);
    terminal.type_keys("\x03")?;
    ensure!(terminal.ends().await? == 130, "{}", terminal.screen());
    film.add("Ctrl-C", &terminal.screen());
    Ok(film)
}

async fn others_leave_the_wait_on_the_screen(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let mut terminal = app.terminal(100, &["deploy", "parrot", "--image", V2], &[])?;
    let waits = "waiting for approval";
    let before = terminal.shows(waits).await?;
    let deploy = ["deploy", "parrot", "--image", "x:other", "--yes"];
    app.joes(&deploy)?.wait().await?.expect_code(6)?;
    ensure!(terminal.screen() == before, "{before}\nis now\n{}", terminal.screen());

    // The shell has the terminal meanwhile.
    terminal.type_keys("\x1a")?;
    terminal.is_suspended().await?;
    ensure!(!terminal.screen().contains(waits), "{}", terminal.screen());
    terminal.goes_on()?;
    terminal.shows(waits).await?;
    terminal.type_keys("\x03")?;
    ensure!(terminal.ends().await? == 130, "{}", terminal.screen());
    Ok(())
}

async fn resize_in_the_middle(bed: Arc<Bed>) -> Result<()> {
    let mut film = Film::new(100);
    let args = ["deploy", "parrot", "--image", V2];
    let waits = "waiting for approval";
    let manners = [(Resize::BreaksAnew, "breaks lines anew"), (Resize::Cuts, "cuts lines")];
    for (manner, what) in manners {
        let app = Parrot::ready(&bed).await?;
        let mut terminal = app.terminal(100, &args, &[])?;
        let before = terminal.shows(waits).await?;
        for columns in [40, 100] {
            terminal.resize(columns, manner).await?;
            let what = format!("a terminal that {what}, {columns} columns wide");
            film.add(&what, &terminal.shows(waits).await?);
        }
        let after = terminal.screen();
        ensure!(manner == Resize::Cuts || after == before, "{before}\nis now\n{after}");
        terminal.type_keys("\x03")?;
        ensure!(terminal.ends().await? == 130, "{}", terminal.screen());
    }
    film.check("resize");
    Ok(())
}
