//! Cells as text, in the API server's words.

use jiff::Timestamp;
use serde_json::Value;

pub const NONE: &str = "<none>";
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// How long ago that was.
pub fn since(time: &Value, now: Timestamp) -> String {
    match time.as_str().and_then(|time| time.parse::<Timestamp>().ok()) {
        Some(time) => duration(now.duration_since(time).as_secs()),
        None => "<unknown>".to_owned(),
    }
}

/// The age of an object.
pub fn age(object: &Value, now: Timestamp) -> Value {
    since(&object["metadata"]["creationTimestamp"], now).into()
}

fn duration(seconds: i64) -> String {
    // The smaller unit is left out where there is none of it.
    let two = |big: i64, big_unit, small: i64, small_unit| match (seconds % big) / small {
        0 => format!("{}{big_unit}", seconds / big),
        rest => format!("{}{big_unit}{rest}{small_unit}", seconds / big),
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => two(MINUTE, 'm', 1, 's'),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => two(HOUR, 'h', MINUTE, 'm'),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => two(DAY, 'd', HOUR, 'h'),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => two(YEAR, 'y', DAY, 'd'),
        _ => format!("{}y", seconds / YEAR),
    }
}

/// A text or a number, as it would be written.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The same, with a word for nothing.
pub fn or(value: &Value, nothing: &str) -> String {
    plain(value).unwrap_or_else(|| nothing.to_owned())
}

pub fn count(value: &Value) -> Value {
    value.as_i64().unwrap_or(0).into()
}

pub fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The same field of each, where it has one.
pub fn each(list: &Value, field: &str) -> Vec<String> {
    items(list).iter().filter_map(|item| plain(&item[field])).collect()
}

/// The first few of a list, and how many more there are.
pub fn few(list: &[String], most: usize, separator: &str) -> String {
    match list.len().checked_sub(most) {
        None | Some(0) => list.join(separator),
        Some(more) => format!("{} + {more} more...", list[..most].join(separator)),
    }
}

pub fn labels(labels: &Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let shown: Vec<String> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if shown.is_empty() { NONE.to_owned() } else { shown.join(",") }
}

/// A label selector with its expressions, by the order of their keys. Empty where it selects all.
pub fn selector(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels = labels.map(|(key, value)| {
        (key.as_str(), format!("{key}={}", value.as_str().unwrap_or_default()))
    });
    let expressions = items(&selector["matchExpressions"]).iter().map(|expression| {
        let key = expression["key"].as_str().unwrap_or_default();
        let mut values: Vec<&str> =
            items(&expression["values"]).iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let shown = match expression["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        (key, shown)
    });
    let mut all: Vec<_> = labels.chain(expressions).collect();
    all.sort_by_key(|(key, _)| *key);
    all.into_iter().map(|(_, shown)| shown).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn time_is_told_in_two_units_at_most() {
        for (seconds, text) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 120, "3h2m"),
            (9 * HOUR + 120, "9h"),
            (2 * DAY, "2d"),
            (2 * DAY + 3 * HOUR, "2d3h"),
            (9 * DAY + 3 * HOUR, "9d"),
            (2 * YEAR, "2y"),
            (2 * YEAR + DAY, "2y1d"),
            (9 * YEAR + DAY, "9y"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn selectors_are_in_the_order_of_their_keys() {
        let given = json!({
            "matchLabels": {"b": "1"},
            "matchExpressions": [
                {"key": "c", "operator": "In", "values": ["y", "x"]},
                {"key": "a", "operator": "Exists"},
                {"key": "d", "operator": "DoesNotExist"},
            ],
        });
        assert_eq!(selector(&given), "a,b=1,c in (x,y),!d");
        assert_eq!(selector(&json!({})), "");
    }
}
