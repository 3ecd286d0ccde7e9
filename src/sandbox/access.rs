//! Who may do what: everybody everything, as the answers to reviews say. What a test refuses, it
//! refuses by a fault.

use serde_json::{Value, json};

use super::request::Target;
use super::resources::{ACCESS_REVIEWS, Resource};

pub fn is_review(target: &Target) -> bool {
    let review: Resource = &ACCESS_REVIEWS;
    target.resource.plural == review.plural
}

pub fn review(mut asked: Value) -> Value {
    asked["kind"] = json!(ACCESS_REVIEWS.kind);
    asked["apiVersion"] = json!(ACCESS_REVIEWS.api_version());
    asked["status"] = json!({ "allowed": true });
    asked
}
