//! The article's app behind the real ingress controller.

use std::sync::Arc;

use anyhow::Result;
use k8s_openapi::jiff::Timestamp;

use super::pair::OLD;
use super::parrot::Parrot;
use crate::bed::Bed;
use crate::bed::ingress::Ingress;
use crate::load::{Load, Protocol};

pub struct Served {
    pub app: Parrot,
    pub host: String,
}

impl Served {
    /// With a host of its own, taken in by `init`.
    pub async fn behind(bed: &Arc<Bed>, ingress: &Ingress, replicas: u8) -> Result<Self> {
        let ns = bed.served_namespace().await?;
        let host = format!("{ns}.example.com");
        let user = bed.releaser(&ns).await?;
        let app = Parrot { bed: Arc::clone(bed), ns, user };
        let manifests = include_str!("../../../examples/parrot/parrot.yaml")
            .replace("parrot.example.com", &host)
            .replace("replicas: 1", &format!("replicas: {replicas}"));
        app.apply(&manifests).await?;
        app.settled("parrot", replicas.into()).await?;
        app.ok(&["init", "parrot"]).await?;
        ingress.serves(&host, OLD).await?;
        Ok(Self { app, host })
    }

    /// Of `rate` requests a second.
    pub fn load(&self, ingress: &Ingress, protocol: Protocol, rate: u32) -> Load {
        let at = ingress.at(protocol);
        Load { rate, at, protocol, host: self.host.clone(), path: "/".into() }
    }

    /// When the API server had acknowledged each switch, to the microsecond: by its audit log.
    pub async fn switched(&self) -> Result<Vec<Timestamp>> {
        let lines = self.app.bed.audit(&self.app.user.name).await?;
        let switches = lines.iter().filter(|line| {
            line.resource == "ingresses"
                && line.verb == "patch"
                && line.name == "parrot"
                && line.code == 200
                && !line.request_uri.contains("dryRun=")
        });
        Ok(switches.map(|line| line.completed).collect())
    }
}
