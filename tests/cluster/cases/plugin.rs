//! `kubectl bluegreen`: kubectl itself finds and starts the program.

use std::os::unix::fs::symlink;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use tokio::process::Command;

use super::parrot::Parrot;
use crate::bed::Bed;
use crate::bed::command::binary;

pub fn trials() -> Vec<Trial> {
    crate::cases![kubectl_starts_the_plugin, hints_of_the_plugin_can_be_pasted]
}

/// Somebody with kubectl and the plugin on the PATH, who types a line: what is said, if that is how
/// it ends.
async fn typed(app: &Parrot, code: i32, line: &str) -> Result<String> {
    let bin = app.user.home.join("bin");
    if !bin.exists() {
        std::fs::create_dir(&bin)?;
        symlink(binary(), bin.join("kubectl-bluegreen"))?;
        symlink(&app.bed.kubectl, bin.join("kubectl"))?;
    }
    let output = Command::new("sh")
        .args(["-c", line])
        .env_clear()
        .env("HOME", &app.user.home)
        .env("KUBECONFIG", &app.user.kubeconfig)
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .output()
        .await?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).context("it is not text")?;
    ensure!(output.status.code() == Some(code), "{line}: {:?}\n{said}", output.status);
    Ok(said)
}

async fn kubectl_starts_the_plugin(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let status = typed(&app, 0, &format!("kubectl bluegreen status -n {}", app.ns)).await?;
    ensure!(status.contains("parrot"), "{status}");
    let help = typed(&app, 0, "kubectl bluegreen deploy --help").await?;
    ensure!(help.contains("Usage: kubectl bluegreen deploy "), "{help}");
    let list = typed(&app, 0, "kubectl plugin list").await?;
    ensure!(list.contains("kubectl-bluegreen") && !list.contains("warning"), "{list}");
    Ok(())
}

async fn hints_of_the_plugin_can_be_pasted(bed: Arc<Bed>) -> Result<()> {
    // An operator, who may delete as well.
    let app = Parrot { user: bed.user()?, ..Parrot::applied(&bed).await? };
    let deploy =
        format!("kubectl bluegreen deploy parrot -n {} --image parrot-app:v2 --detach", app.ns);
    let hint = |said: &str| {
        let line = said.lines().find_map(|line| line.split_once("kubectl bluegreen "));
        line.map(|(_, words)| format!("kubectl bluegreen {words}")).with_context(|| said.to_owned())
    };
    let pasted = hint(&typed(&app, 10, &deploy).await?)?;
    ensure!(pasted == format!("kubectl bluegreen init parrot -n {}", app.ns), "{pasted}");
    typed(&app, 0, &pasted).await?;
    // What init made is taken away: init is what helps again, and the hint says so.
    let kubectl = format!("kubectl delete service parrot-preview -n {}", app.ns);
    typed(&app, 0, &kubectl).await?;
    let said = typed(&app, 10, &deploy).await?;
    ensure!(said.contains("there is no Service parrot-preview"), "{said}");
    ensure!(hint(&said)? == pasted, "{said}");
    typed(&app, 0, &pasted).await?;
    let said = typed(&app, 0, &deploy).await?;
    let pasted = hint(&said)?;
    ensure!(pasted == format!("kubectl bluegreen promote parrot -n {}", app.ns), "{said}");
    Ok(())
}
