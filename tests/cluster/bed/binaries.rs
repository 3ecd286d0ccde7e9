//! Where the control plane's programs are: built by `tests/cluster/build`, or given.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Set by `tests/cluster/enter`: the folder that `tests/cluster/build` printed.
pub const FOLDER: &str = "BLUEGREEN_TESTBED";

pub struct Binaries {
    folder: PathBuf,
    given: Option<PathBuf>,
}

impl Binaries {
    pub fn from_env() -> Option<Self> {
        let folder = PathBuf::from(std::env::var_os(FOLDER)?);
        let given = std::env::var_os("KUBEBUILDER_ASSETS")
            .filter(|given| !given.is_empty())
            .map(PathBuf::from);
        Some(Self { folder, given })
    }

    pub fn find(&self, name: &str) -> Result<PathBuf> {
        // The three that KUBEBUILDER_ASSETS is known to hold; the rest must fit our kwok stages.
        let replaceable = ["etcd", "kube-apiserver", "kubectl"].contains(&name);
        let given = self.given.iter().filter(|_| replaceable).map(|dir| dir.join(name));
        let built = self.folder.join(name);
        match given.chain([built.clone()]).find(|path| path.is_file()) {
            Some(path) => Ok(path),
            None => bail!("{} is missing; tests/cluster/build makes it", built.display()),
        }
    }

    /// kwok's own stages, copied from its module.
    pub fn stages(&self) -> PathBuf {
        self.folder.join("stages")
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
