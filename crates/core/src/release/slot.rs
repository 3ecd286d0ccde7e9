//! A slot: one of the app's two Deployments, as it was observed.

use serde_json::Value;

use super::condition::all_met;
use super::template;
use crate::model::{
    MANAGED_BY, MANAGER, RELEASE, TEMPLATE_HASH, Version, annotation, label, version,
};
use crate::route::Label;

/// A view of a Deployment's JSON.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a>(pub &'a Value);

impl<'a> Slot<'a> {
    pub fn name(&self) -> &'a str {
        crate::model::name(self.0)
    }

    pub fn version(&self) -> Version {
        version(self.0)
    }

    /// How many pods it should have; the API server's default is one.
    pub fn desired(&self) -> u64 {
        self.0["spec"]["replicas"].as_u64().unwrap_or(1)
    }

    pub fn ready_replicas(&self) -> u64 {
        self.status("readyReplicas")
    }

    /// Those that are on their way out as well, where the API server counts them.
    pub fn pods_left(&self) -> u64 {
        self.status("replicas") + self.status("terminatingReplicas")
    }

    fn status(&self, field: &str) -> u64 {
        self.0["status"][field].as_u64().unwrap_or(0)
    }

    pub fn is_paused(&self) -> bool {
        self.0["spec"]["paused"].as_bool().unwrap_or(false)
    }

    /// Whether the Deployment controller has acted on the spec as it is now.
    pub fn is_observed(&self) -> bool {
        let generation = self.0["metadata"]["generation"].as_i64();
        generation.is_some() && self.0["status"]["observedGeneration"].as_i64() >= generation
    }

    /// Every pod of the current template is there, available, and no other pod is left.
    pub fn is_ready(&self) -> bool {
        self.desired() > 0 && all_met(&self.rollout())
    }

    /// The number of the release that wrote it, if one did.
    pub fn release(&self) -> Option<u64> {
        annotation(self.0, RELEASE)?.parse().ok()
    }

    pub fn hash(&self) -> Option<&'a str> {
        annotation(self.0, TEMPLATE_HASH)
    }

    /// Whether bluegreen made the object: the user's own Deployment is never deleted.
    pub fn is_ours(&self) -> bool {
        label(self.0, MANAGED_BY) == Some(MANAGER)
    }

    pub fn template(&self) -> &'a Value {
        &self.0["spec"]["template"]
    }

    pub fn neutral_template(&self, label: &Label) -> Value {
        template::neutral(self.template(), label)
    }

    /// Whether its pods run this version already. In its neutral form.
    pub fn runs(&self, version: &Value, label: &Label) -> bool {
        self.desired() > 0 && self.neutral_template(label) == *version
    }

    pub fn condition(&self, kind: &str) -> Option<&'a Value> {
        condition(self.0, kind)
    }
}

/// What an object's status says of one thing.
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind)
}
