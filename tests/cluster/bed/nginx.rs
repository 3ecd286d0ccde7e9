//! The ingress controller with its nginx, as one more program of the bed: what it is given as
//! /etc/nginx, its start, and its end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::process::Process;

/// Set by `tests/cluster/run`: the folder that `tests/cluster/build ingress` printed.
pub const FOLDER: &str = "BLUEGREEN_INGRESS";

// The namespace is ours alone: fixed ports clash with nobody.
pub const HTTP: u16 = 8080;
pub const HTTPS: u16 = 8443;
/// HTTP/2 with prior knowledge, beside plain HTTP/1.1 on `HTTP`.
pub const H2C: u16 = 8082;
pub const HEALTH: u16 = 10254;
pub const WEBHOOK: u16 = 9443;
/// Where the controller posts the backends of TCP and UDP services.
pub const STREAM: u16 = 10247;

/// The module files of Debian's packages that nginx loads.
pub const MODULES: [&str; 2] = ["ndk_http_module.so", "ngx_http_lua_module.so"];
const MODULE_FOLDER: &str = "/usr/lib/nginx/modules";

const GRACE: Duration = Duration::from_secs(10);

pub struct Nginx {
    process: Process,
    log: PathBuf,
    /// While it is there, `tests/cluster/reload` refuses.
    no_reload: PathBuf,
}

/// Reloads fail.
pub struct Refused(PathBuf);

impl Drop for Refused {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Nginx {
    /// Starts the controller, which starts nginx. `folder` is the bed's.
    pub fn start(folder: &Path, args: Vec<String>) -> Result<Self> {
        let built = std::env::var_os(FOLDER).map(PathBuf::from).with_context(|| {
            format!("{FOLDER} is not set: tests/cluster/build ingress failed, or was not asked")
        })?;
        for module in MODULES {
            let path = Path::new(MODULE_FOLDER).join(module);
            let missing =
                || format!("{} is missing; tests/cluster/nginx installs it", path.display());
            ensure!(path.is_file(), missing());
        }
        prepare(&built.join("nginx"), &folder.join("nginx"))?;
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster");
        std::fs::copy(here.join("reload"), folder.join("reload")).context("cannot copy reload")?;
        let script = here.join("ingress");
        let first = [folder.to_owned(), built.join("controller")];
        let first = first.map(|path| path.to_string_lossy().into_owned());
        let process = Process::start(&script, first.into_iter().chain(args).collect(), folder)?;
        let no_reload = folder.join("no-reload");
        Ok(Self { process, log: folder.join("ingress.log"), no_reload })
    }

    /// From now on nginx can't be reloaded, until this is dropped.
    pub fn refuse_reloads(&self) -> Result<Refused> {
        std::fs::write(&self.no_reload, "").context("cannot write no-reload")?;
        Ok(Refused(self.no_reload.clone()))
    }

    pub fn check(&mut self) -> Result<()> {
        self.process.check()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn log_tail(&self) -> String {
        self.process.log_tail()
    }

    /// The first process of its namespace. With it go all the others, workers that still have
    /// connections included, and its parent ends when they are gone.
    fn first(&self) -> Option<Pid> {
        let id = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(first) = self.first() {
            let _ = kill_process(first, Signal::KILL);
        }
        self.process.finish(GRACE);
    }
}

/// What the image's nginx has built in.
pub fn load_modules() -> String {
    MODULES.map(|module| format!("load_module {MODULE_FOLDER}/{module};\n")).concat()
}

/// Copies the controller's own nginx folder, with the template changed for Debian's nginx, and our
/// Lua beside the controller's.
fn prepare(from: &Path, to: &Path) -> Result<()> {
    copy(from, to)?;
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/lua");
    copy(&ours, &to.join("lua"))?;
    let path = to.join("template/nginx.tmpl");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    std::fs::write(&path, template(&text)?).context("cannot write the template")
}

fn template(text: &str) -> Result<String> {
    // Debian has no Lua for streams.
    let start = text.find("\nstream {\n").context("the template has no stream block")?;
    let length = text[start + 1..].find("\n}\n").context("the stream block does not end")?;
    let text = [&text[..=start], &text[start + 1 + length + 3..]].concat();

    // One more port on every server, for HTTP/2 without TLS: this nginx tells the two protocols
    // apart by the port only.
    let http = "{{ buildHTTPListener  $all $server.Hostname }}\n";
    let (before, after) = text.split_once(http).context("the template has no HTTP listener")?;
    ensure!(!after.contains(http), "the template has more than one HTTP listener");
    let once = "default_server{{ if $all.Cfg.ReusePort }} reuseport{{ end }} \
                backlog={{ $all.BacklogSize }}";
    Ok(format!(
        "{before}{http}listen {H2C} http2{{{{ if eq $server.Hostname \"_\" }}}} {once}{{{{ end }}}};\n{after}"
    ))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("cannot copy {} to {}", from.display(), to.display());
    std::fs::create_dir_all(to).with_context(failed)?;
    for entry in std::fs::read_dir(from).with_context(failed)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => std::fs::copy(entry.path(), &target).map(drop).with_context(failed)?,
        }
    }
    Ok(())
}
