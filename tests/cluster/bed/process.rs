//! One program of the control plane: started with its output in a file, ended by its process id.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
    program: PathBuf,
    args: Vec<String>,
    home: PathBuf,
}

impl Process {
    pub fn start(program: &Path, args: Vec<String>, home: &Path) -> Result<Self> {
        let name = program
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .with_context(|| format!("{} is no program", program.display()))?;
        let log = home.join(format!("{name}.log"));
        let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new(program)
            .args(&args)
            // kwok and kubectl would read a person's own settings from the home folder.
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let (program, home) = (program.to_owned(), home.to_owned());
        Ok(Self { name, log, child, program, args, home })
    }

    /// Starts it once more, as it was started; it has to have ended.
    pub fn start_again(&mut self) -> Result<()> {
        *self = Self::start(&self.program, std::mem::take(&mut self.args), &self.home)?;
        Ok(())
    }

    /// Fails, with the end of its log, when the program is not running any more.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} ended early ({status}); its log ends:\n{}", self.name, self.log_tail());
        }
        Ok(())
    }

    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn terminate(&mut self) {
        // A child that was not waited for keeps its id, so this can hit no other process.
        if matches!(self.child.try_wait(), Ok(None))
            && let Some(pid) = Pid::from_raw(self.child.id() as i32)
        {
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Waits for the end that `terminate` asked for; past `grace` it is killed.
    pub fn finish(&mut self, grace: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        self.child.wait().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
