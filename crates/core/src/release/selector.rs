//! Label selectors, as NetworkPolicies and PodDisruptionBudgets have them.

use std::collections::BTreeMap;

use serde_json::Value;

/// Whether a selector matches pods with these labels; an empty one matches all. What is no selector
/// matches none.
pub fn matches(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    if !selector.is_object() {
        return false;
    }
    let wanted = selector["matchLabels"].as_object().into_iter().flatten();
    let has_all = wanted
        .into_iter()
        .all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str());
    let mut expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    has_all && expressions.all(|expression| holds(expression, labels))
}

fn holds(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let has = expression["key"].as_str().and_then(|key| labels.get(key));
    let values = expression["values"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_among = has.is_some_and(|has| values.iter().any(|value| value == has.as_str()));
    match expression["operator"].as_str() {
        Some("In") => is_among,
        Some("NotIn") => !is_among,
        Some("Exists") => has.is_some(),
        Some("DoesNotExist") => has.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_selector_matches_by_all_that_it_says() {
        let labels = BTreeMap::from([("app".to_owned(), "parrot".to_owned())]);
        let expression = |operator: &str, key: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, wanted) in [
            (json!({}), true),
            (Value::Null, false),
            (json!({"matchLabels": {"app": "parrot"}}), true),
            (json!({"matchLabels": {"app": "parrot", "tier": "web"}}), false),
            (expression("In", "app", &["toucan", "parrot"]), true),
            (expression("In", "tier", &["web"]), false),
            (expression("NotIn", "app", &["parrot"]), false),
            (expression("NotIn", "tier", &["web"]), true),
            (expression("Exists", "app", &[]), true),
            (expression("Exists", "tier", &[]), false),
            (expression("DoesNotExist", "tier", &[]), true),
            (expression("DoesNotExist", "app", &[]), false),
            (expression("Near", "app", &["parrot"]), false),
        ] {
            assert_eq!(matches(&selector, &labels), wanted, "{selector}");
        }
        let both = json!({"matchLabels": {"app": "parrot"},
            "matchExpressions": [{"key": "tier", "operator": "Exists"}]});
        assert!(!matches(&both, &labels));
    }
}
