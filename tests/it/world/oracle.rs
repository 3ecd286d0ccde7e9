//! What is true in the world, worked out from the objects alone and not with bluegreen's own code.

use bluegreen::model::Kind;
use bluegreen::release::Names;
use bluegreen::route::Route;
use serde_json::Value;

use super::World;
use super::article::{app_of, names};
use crate::guard::routes;

impl World {
    /// The Services that the user's routes name.
    pub fn routed_services(&self) -> Vec<String> {
        let mut services = Vec::new();
        for kind in Route::KINDS {
            for route in self.all(kind) {
                let named = routes::services(kind.plural(), &route).into_iter();
                services.extend(named.map(str::to_owned));
            }
        }
        services
    }

    /// The Deployment whose pods a Service selects by the label that tells the colours apart.
    pub fn behind(&self, service: &str) -> Option<&'static str> {
        match self.find(Kind::Service, service)?["spec"]["selector"]["app"].as_str()? {
            "parrot" => Some("parrot"),
            "parrot-green" => Some("parrot-green"),
            "toucan" => Some("toucan"),
            "toucan-green" => Some("toucan-green"),
            _ => None,
        }
    }

    /// The parrot's Deployments that serve somebody: through a route or the live Service.
    pub fn serving(&self) -> Vec<&'static str> {
        self.serving_of(&names())
    }

    pub fn serving_of(&self, app: &Names) -> Vec<&'static str> {
        let services = self.routed_services().into_iter().chain([app.app.clone()]);
        let serving = services.filter_map(|service| self.behind(&service));
        let mut serving: Vec<_> =
            serving.filter(|slot| app_of(slot) == Some(app.app.as_str())).collect();
        serving.sort_unstable();
        serving.dedup();
        serving
    }

    /// The images of the one Deployment that serves everybody; nothing while that is two.
    pub fn live_image(&self) -> Option<String> {
        self.live_image_of(&names())
    }

    pub fn live_image_of(&self, app: &Names) -> Option<String> {
        match self.serving_of(app)[..] {
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
