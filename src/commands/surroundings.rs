//! What a command line is run in: this process's network, signals and streams, or what is given
//! instead, so that a whole command can run inside of a test.

use kube::Client;

use crate::cluster::{Access, Cluster, connect};
use crate::drive::Interrupts;
use crate::error::Error;
use crate::gate::Outside;
use crate::report::Paper;

#[derive(Clone)]
pub struct Surroundings {
    /// Instead of the cluster that flags and kubeconfig lead to.
    pub client: Option<Client>,
    pub outside: Outside,
    /// Instead of the process's signals.
    pub interrupts: Option<Interrupts>,
    /// Instead of stdout and stderr.
    pub paper: Option<Paper>,
}

impl Default for Surroundings {
    fn default() -> Surroundings {
        Surroundings { client: None, outside: Outside::network(), interrupts: None, paper: None }
    }
}

impl Surroundings {
    pub(super) async fn cluster(&self, access: &Access) -> Result<Cluster, Error> {
        match &self.client {
            Some(client) => {
                let namespace = access.namespace.as_deref();
                let namespace = namespace.unwrap_or_else(|| client.default_namespace());
                Ok(Cluster::over(client.clone(), namespace))
            }
            None => connect(access).await,
        }
    }

    /// From here on a signal no longer ends the process by itself.
    pub(super) fn interrupts(&self) -> Interrupts {
        self.interrupts.clone().unwrap_or_else(Interrupts::listen)
    }
}
