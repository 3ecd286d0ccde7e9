//! `bluegreen demo` as a person sees it, in a real browser. Needs chromium and chromedriver.

mod alone;
mod browser;
mod demo;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use fantoccini::key::Key;

use browser::Browser;
use demo::Demo;

/// What a person does who likes what the preview shows.
#[tokio::test(flavor = "multi_thread")]
async fn promote_turns_the_parrot_green() -> Result<()> {
    let demo = Demo::start(&[]).await?;
    let browser = Browser::open().await?;
    let page = &browser.page;

    page.goto(&demo.address("live").await?).await?;
    browser.shows("v1.2", "blue").await?;
    browser.keep("live-before").await?;
    let live = page.window().await?;

    page.switch_to_window(page.new_window(true).await?.handle).await?;
    page.goto(&demo.address("preview").await?).await?;
    browser.shows("v2.2", "green").await?;
    browser.keep("preview").await?;

    page.switch_to_window(page.new_window(true).await?.handle).await?;
    page.goto(&demo.address("gate").await?).await?;
    browser.wait("a poll", "return document.querySelectorAll('#polls li').length > 0").await?;
    let body = page.find(Locator::Css("#polls pre")).await?.text().await?;
    ensure!(body.contains("confirm-promotion"), "{body}");
    browser.keep("gate").await?;
    // By keyboard alone: the first thing that takes the focus is the yes.
    let document = page.find(Locator::Css("body")).await?;
    document.send_keys(&format!("{}{}", char::from(Key::Tab), char::from(Key::Enter))).await?;
    browser.wait("the yes", "return document.body.dataset.answer === 'promote'").await?;

    // It was never loaded again.
    page.switch_to_window(live).await?;
    browser.shows("v2.2", "green").await?;
    let both =
        "return document.querySelector('#strip .blue') && document.querySelector('#strip .green')";
    browser.wait("dots of both versions", both).await?;
    demo.says("Press Ctrl-C to end it").await?;
    browser.keep("live-after").await?;
    let failed = browser.ask("return document.body.dataset.failed").await?;
    ensure!(failed == "0", "{failed} requests failed");

    // What is live is no candidate.
    page.goto(&demo.address("preview").await?).await?;
    let none =
        "return document.querySelector('#here').textContent === 'no version is running here'";
    browser.wait("no candidate", none).await?;
    browser.close().await?;

    // Another terminal goes back. It asks where the Ingress's status says, which is the demo itself.
    let back = demo.beside(&["rollback", "parrot", "--drain", "0s"]).await?;
    let back = format!("{back:?}");
    ensure!(back.contains("confirmed through the ingress"), "{back}");
    ensure!(back.contains("kmharish/parrot-app:v1.2"), "{back}");
    let (code, said, _) = demo.interrupted().await?;
    ensure!(code == Some(0), "{code:?}: {said}");
    ensure!(said.contains(" 0 failed"), "{said}");
    Ok(())
}

/// And one who does not.
#[tokio::test(flavor = "multi_thread")]
async fn reject_takes_the_candidate_away() -> Result<()> {
    let demo = Demo::start(&[]).await?;
    let browser = Browser::open().await?;
    let page = &browser.page;
    page.goto(&demo.address("preview").await?).await?;
    browser.shows("v2.2", "green").await?;
    page.goto(&demo.address("gate").await?).await?;
    page.find(Locator::Id("reject")).await?.click().await?;
    demo.says("Press Ctrl-C to end it").await?;

    page.goto(&demo.address("live").await?).await?;
    browser.shows("v1.2", "blue").await?;
    let green = browser.ask("return document.querySelectorAll('#strip .green').length").await?;
    ensure!(green == 0, "a visitor saw the candidate");
    let failed = browser.ask("return document.body.dataset.failed").await?;
    ensure!(failed == "0", "{failed} requests failed");
    browser.close().await?;
    demo.interrupted().await?;
    Ok(())
}

/// Where pictures go: all of them beside the build, two into the docs when they are to be renewed.
pub fn keep(name: &str, png: &[u8]) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/demo");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{name}.png")), png)?;
    if std::env::var_os("BLUEGREEN_REFRESH").is_some() && ["live-after", "gate"].contains(&name) {
        let shown = root.join("docs/pictures").join(format!("demo-{name}.png"));
        std::fs::write(&shown, png).with_context(|| shown.display().to_string())?;
    }
    Ok(())
}
