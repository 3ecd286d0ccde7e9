//! The users of the test cluster. Every test takes its own: the audit log then counts what that
//! test asked for, and rights can be narrowed for it alone.

use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub const ADMINS: usize = 100;
pub const USERS: usize = 400;
/// Bound to cluster-admin, so that RBAC is asked (system:masters would pass it by).
pub const ADMIN_GROUP: &str = "bed:admins";
/// Bound to nothing.
pub const USER_GROUP: &str = "bed:users";

/// Makes what the bed itself needs, past RBAC and unseen by the audit log.
pub const ROOT: &str = "bed-root";
/// What `Bed::kube` and `Bed::kubectl` act as.
pub const BED: &str = "bed";
pub const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";
pub const SCHEDULER: &str = "system:kube-scheduler";

#[derive(Clone)]
pub struct Tokens {
    secret: String,
}

impl Tokens {
    pub fn make() -> Result<Self> {
        let mut random = [0u8; 16];
        // A cluster of `make cluster` listens on the host's loopback: its tokens must not be known.
        std::fs::File::open("/dev/urandom")
            .and_then(|mut f| f.read_exact(&mut random))
            .context("cannot read /dev/urandom")?;
        let secret = random.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Ok(Self { secret })
    }

    pub fn of(&self, user: &str) -> String {
        format!("{}-{}", user.replace(':', "-"), self.secret)
    }

    /// The file that `--token-auth-file` takes: token, name, uid, groups.
    pub fn write(&self, dir: &Path) -> Result<PathBuf> {
        let mut rows = String::new();
        let mut row = |user: &str, group: &str| {
            let _ = writeln!(rows, "{},{user},{user},\"{group}\"", self.of(user));
        };
        row(ROOT, "system:masters");
        row(BED, ADMIN_GROUP);
        row(CONTROLLER_MANAGER, "bed:components");
        row(SCHEDULER, "bed:components");
        (0..ADMINS).for_each(|n| row(&admin(n), ADMIN_GROUP));
        (0..USERS).for_each(|n| row(&user(n), USER_GROUP));
        let path = dir.join("tokens.csv");
        std::fs::write(&path, rows).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

pub fn admin(n: usize) -> String {
    format!("admin-{n:03}")
}

pub fn user(n: usize) -> String {
    format!("user-{n:03}")
}
