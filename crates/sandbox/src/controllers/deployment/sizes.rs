//! How many pods there may be, and must be.

use serde_json::Value;

use crate::controllers::objects::{count, text};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    pub desired: i64,
    /// So many more than desired, for a while.
    pub surge: i64,
    /// So many may be missing.
    pub missing: i64,
}

impl Sizes {
    pub fn of(deployment: &Value) -> Sizes {
        let spec = &deployment["spec"];
        let desired = spec["replicas"].as_i64().unwrap_or(1);
        let strategy = &spec["strategy"];
        if strategy["type"] == "Recreate" {
            return Sizes { desired, surge: 0, missing: 0 };
        }
        let rolling = &strategy["rollingUpdate"];
        let surge = resolve(&rolling["maxSurge"], desired, true);
        let mut missing = resolve(&rolling["maxUnavailable"], desired, false);
        if surge == 0 && missing == 0 {
            // Otherwise nothing could move.
            missing = 1;
        }
        Sizes { desired, surge, missing: missing.min(desired) }
    }

    pub fn most(self) -> i64 {
        self.desired + self.surge
    }

    pub fn least(self) -> i64 {
        self.desired - self.missing
    }
}

/// A number, or a share of a whole.
fn resolve(value: &Value, whole: i64, up: bool) -> i64 {
    let Some(percent) = value.as_str().map_or(Some("25"), |text| text.strip_suffix('%')) else {
        return 0;
    };
    if value.is_i64() {
        return count(value);
    }
    let share = whole * percent.parse::<i64>().unwrap_or(0);
    if up { (share + 99) / 100 } else { share / 100 }
}

/// What a ReplicaSet is to have.
pub fn size(set: &Value) -> i64 {
    set["spec"]["replicas"].as_i64().unwrap_or(1)
}

pub fn available(set: &Value) -> i64 {
    count(&set["status"]["availableReplicas"])
}

/// A number that stands in an annotation.
pub fn noted(object: &Value, annotation: &str) -> Option<i64> {
    text(&object["metadata"]["annotations"][annotation]).parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shares_are_rounded_so_that_something_can_move() {
        let of = |replicas: i64, surge: Value, missing: Value| {
            let rolling = json!({ "maxSurge": surge, "maxUnavailable": missing });
            let strategy = json!({ "type": "RollingUpdate", "rollingUpdate": rolling });
            let sizes =
                Sizes::of(&json!({ "spec": { "replicas": replicas, "strategy": strategy } }));
            (sizes.most(), sizes.least())
        };
        assert_eq!(of(3, json!("25%"), json!("25%")), (4, 3));
        assert_eq!(of(10, json!("25%"), json!("25%")), (13, 8));
        assert_eq!(of(4, json!(2), json!(0)), (6, 4));
        assert_eq!(of(3, json!(0), json!(0)), (3, 2));
        assert_eq!(of(1, json!("0%"), json!("10%")), (1, 0));
        assert_eq!(of(1, json!(0), json!(5)), (1, 0));
        let recreate = json!({ "spec": { "replicas": 3, "strategy": { "type": "Recreate" } } });
        assert_eq!(Sizes::of(&recreate), Sizes { desired: 3, surge: 0, missing: 0 });
    }
}
