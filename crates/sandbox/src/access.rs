//! Who may do what: everybody everything, as the answers to reviews say. What a test refuses, it
//! refuses by a fault.

use serde_json::{Value, json};

use super::clock::Clock;
use super::managers;
use super::refusal::{FieldError, Refusal, Wrong};
use super::request::Target;
use super::resources::{ACCESS_REVIEWS, RULES_REVIEWS, Resource};
use super::verbs::{self, Asked};

/// The two kinds of questions about the asker's own rights.
fn kind(target: &Target) -> Option<Resource> {
    let reviews: [Resource; 2] = [&ACCESS_REVIEWS, &RULES_REVIEWS];
    reviews.into_iter().find(|review| review.plural == target.resource.plural)
}

pub fn is_review(target: &Target) -> bool {
    kind(target).is_some()
}

pub fn review(target: &Target, asked: &Asked, clock: &Clock) -> Result<Value, Refusal> {
    // kubectl asks as protobuf, which nothing here reads; nor need it for this.
    if asked.is_protobuf() {
        let of_what = json!({
            "kind": target.resource.kind, "apiVersion": target.resource.api_version(),
        });
        return Ok(answered(target, of_what));
    }
    let mut review = verbs::sent(target, asked)?;
    match target.resource.plural == RULES_REVIEWS.plural {
        true if review["spec"]["namespace"].is_null() => {
            return Err(Refusal::bad_request("no namespace on request"));
        }
        true => {}
        false => {
            check(&review["spec"])?;
            managers::note(&Value::Null, &mut review, target, asked, clock);
        }
    }
    Ok(answered(target, review))
}

fn answered(target: &Target, mut review: Value) -> Value {
    if target.resource.plural == ACCESS_REVIEWS.plural {
        review["status"] = json!({ "allowed": true });
        return review;
    }
    let everything = json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] });
    review["spec"] = json!({});
    review["status"] = json!({
        "incomplete": false, "resourceRules": [everything], "nonResourceRules": [],
    });
    review
}

/// One question at a time.
fn check(spec: &Value) -> Result<(), Refusal> {
    let path = &spec["nonResourceAttributes"];
    let (field, value, why) = match (spec["resourceAttributes"].is_null(), path.is_null()) {
        (false, true) | (true, false) => return Ok(()),
        (false, false) => (
            "spec.nonResourceAttributes",
            json!({ "Path": path["path"], "Verb": path["verb"] }),
            "cannot be specified in combination with resourceAttributes",
        ),
        (true, true) => (
            "spec.resourceAttributes",
            Value::Null,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        ),
    };
    let (field, detail) = (field.to_owned(), why.to_owned());
    let error = FieldError { what: Wrong::Invalid, field, value, detail };
    Err(Refusal::invalid_of("", ACCESS_REVIEWS.group, "", &[error]))
}
