//! What is true in the world, worked out from the objects alone and not with bluegreen's own code.

use bluegreen::model::{Kind, MANAGED_BY, label};
use serde_json::Value;

use super::World;

impl World {
    /// The Services that the user's Ingresses name.
    pub fn routed_services(&self) -> Vec<String> {
        let mut services = Vec::new();
        let mut ingresses = self.all(Kind::Ingress);
        // Nobody gets in through bluegreen's own.
        ingresses.retain(|ingress| label(ingress, MANAGED_BY).is_none());
        for ingress in ingresses {
            for rule in ingress["spec"]["rules"].as_array().into_iter().flatten() {
                for path in rule["http"]["paths"].as_array().into_iter().flatten() {
                    let service = path["backend"]["service"]["name"].as_str().unwrap();
                    services.push(service.to_owned());
                }
            }
        }
        services
    }

    /// The Deployment whose pods a Service selects by the label that tells the colours apart.
    pub fn behind(&self, service: &str) -> Option<&'static str> {
        match self.find(Kind::Service, service)?["spec"]["selector"]["app"].as_str()? {
            "parrot" => Some("parrot"),
            "parrot-green" => Some("parrot-green"),
            _ => None,
        }
    }

    /// The Deployments that serve somebody: through an Ingress or the live Service.
    pub fn serving(&self) -> Vec<&'static str> {
        let services = self.routed_services().into_iter().chain(["parrot".to_owned()]);
        let mut serving: Vec<_> = services.filter_map(|service| self.behind(&service)).collect();
        serving.sort_unstable();
        serving.dedup();
        serving
    }

    /// The images of the one Deployment that serves everybody; nothing while that is two.
    pub fn live_image(&self) -> Option<String> {
        match self.serving()[..] {
            [only] => Some(self.image(only)),
            _ => None,
        }
    }

    pub fn image(&self, deployment: &str) -> String {
        image(self.get(Kind::Deployment, deployment)).to_owned()
    }
}

pub fn image(deployment: &Value) -> &str {
    deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap()
}
