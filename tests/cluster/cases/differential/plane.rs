//! An API server without controllers behind it: nobody but the test writes anything.

use std::sync::{Arc, LazyLock, Weak};

use anyhow::{Context, Result};
use kube::Client;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::bed::binaries::Binaries;
use crate::bed::controlplane::ControlPlane;
use crate::bed::start;

/// It ends with the last case that uses it.
pub struct Plane {
    pub client: Client,
    // In this order: the programs end before their folder goes.
    plane: ControlPlane,
    _folder: TempDir,
}

static SHARED: LazyLock<Mutex<Weak<Plane>>> = LazyLock::new(Mutex::default);

impl Plane {
    pub async fn shared() -> Result<Arc<Plane>> {
        let mut shared = SHARED.lock().await;
        if let Some(plane) = shared.upgrade() {
            return Ok(plane);
        }
        let plane = Arc::new(Plane::own().await?);
        *shared = Arc::downgrade(&plane);
        Ok(plane)
    }

    /// One that nobody else uses.
    pub async fn own() -> Result<Plane> {
        let binaries = Binaries::from_env().context("no programs")?;
        let folder = tempfile::Builder::new().prefix("bluegreen-plane-").tempdir()?;
        let (plane, _, client) = start::bare(folder.path(), &binaries).await?;
        Ok(Plane { client, plane, _folder: folder })
    }

    /// Starts its API server anew.
    pub async fn renew(&mut self) -> Result<()> {
        self.plane.restart_server()?;
        start::ready(&mut self.plane, &self.client).await
    }
}
