//! Who may do what: everybody everything, as the answers to reviews say. What a test refuses, it
//! refuses by a fault.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::request::Target;
use super::resources::{ACCESS_REVIEWS, RULES_REVIEWS, Resource};
use super::verbs::Asked;

/// The two kinds of questions about the asker's own rights.
fn kind(target: &Target) -> Option<Resource> {
    let reviews: [Resource; 2] = [&ACCESS_REVIEWS, &RULES_REVIEWS];
    reviews.into_iter().find(|review| review.plural == target.resource.plural)
}

pub fn is_review(target: &Target) -> bool {
    kind(target).is_some()
}

pub fn review(target: &Target, asked: &Asked) -> Result<Value, Refusal> {
    // kubectl asks as protobuf, which nothing here reads; nor need it for this.
    let mut review = if asked.is_protobuf() { json!({}) } else { asked.object()? };
    let of_rules = target.resource.plural == RULES_REVIEWS.plural;
    let kind: Resource = if of_rules { &RULES_REVIEWS } else { &ACCESS_REVIEWS };
    review["kind"] = json!(kind.kind);
    review["apiVersion"] = json!(kind.api_version());
    let everything = json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] });
    review["status"] = match of_rules {
        true => json!({
            "incomplete": false, "resourceRules": [everything], "nonResourceRules": [],
        }),
        false => json!({ "allowed": true }),
    };
    Ok(review)
}
