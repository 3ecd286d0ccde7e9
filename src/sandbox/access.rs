//! Who may do what: everybody everything, as the answers to reviews say. What a test refuses, it
//! refuses by a fault.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::request::Target;
use super::resources::{ACCESS_REVIEWS, Resource};
use super::verbs::Asked;

pub fn is_review(target: &Target) -> bool {
    let review: Resource = &ACCESS_REVIEWS;
    target.resource.plural == review.plural
}

pub fn review(asked: &Asked) -> Result<Value, Refusal> {
    // kubectl asks as protobuf, which nothing here reads; nor need it for this.
    let mut review =
        if asked.is_protobuf() { json!({}) } else { asked.object(ACCESS_REVIEWS.kind)? };
    review["kind"] = json!(ACCESS_REVIEWS.kind);
    review["apiVersion"] = json!(ACCESS_REVIEWS.api_version());
    review["status"] = json!({ "allowed": true });
    Ok(review)
}
