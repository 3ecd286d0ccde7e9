//! Where the kubeconfig of the demo's cluster lies.

use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::PathBuf;

use crate::error::{Error, Kind};

/// Gone with its owner, unless it is kept.
pub struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// From here on it is where this process stands: settings of a project that the demo is started
    /// in are not the demo's.
    pub fn make(kubeconfig: &str, keep: bool) -> Result<Folder, Error> {
        // The standard library seeds it from the system's random numbers.
        let name = format!("bluegreen-demo-{:016x}", RandomState::new().build_hasher().finish());
        let path = std::env::temp_dir().join(name);
        let unwritable = |error: io::Error| {
            Error::new(Kind::Unexpected, format!("{} can't be written", path.display()))
                .because(error.to_string())
        };
        private().create(&path).map_err(unwritable)?;
        let folder = Folder { path: path.clone(), keep };
        fs::write(folder.kubeconfig(), kubeconfig).map_err(unwritable)?;
        std::env::set_current_dir(&path).map_err(unwritable)?;
        Ok(folder)
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.path.join("kubeconfig")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // Some systems don't take away the folder that somebody stands in.
            let _ = std::env::set_current_dir(std::env::temp_dir());
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}
