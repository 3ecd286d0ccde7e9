//! Amounts, as `500m` or `1Gi`, in the form that the API server gives them.

use serde_json::{Value, json};

pub const WORDS: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// The suffixes by powers of ten, from the smallest.
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
/// Those by powers of 1024.
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// None where it is no quantity.
pub fn canonical(value: &Value) -> Option<Value> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (digits, places) = digits(number)?;
    if let Some(power) = BINARY.iter().position(|it| *it == suffix) {
        let bytes = digits.checked_mul(1024_i128.checked_pow(power as u32 + 1)?)?;
        return Some(json!(match scaled(bytes, -places)? {
            bytes if bytes % 1024 == 0 && bytes != 0 => binary(bytes),
            bytes => bytes.to_string(),
        }));
    }
    let exponent = match DECIMAL.iter().find(|(it, _)| *it == suffix) {
        Some((_, exponent)) => *exponent,
        None => suffix.strip_prefix(['e', 'E'])?.parse().ok()?,
    };
    Some(json!(decimal(digits, exponent - places)?))
}

/// All digits as one number, and how many of them stand after the point.
fn digits(number: &str) -> Option<(i128, i32)> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    Some((format!("{whole}{part}").parse().ok()?, i32::try_from(part.len()).ok()?))
}

/// Rounded up, as the API server does.
fn scaled(number: i128, exponent: i32) -> Option<i128> {
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    match exponent {
        0.. => number.checked_mul(power),
        _ => Some(number.div_euclid(power) + i128::from(number.rem_euclid(power) != 0)),
    }
}

fn binary(bytes: i128) -> String {
    let mut rest = bytes / 1024;
    for suffix in &BINARY[..5] {
        if rest % 1024 != 0 {
            return format!("{rest}{suffix}");
        }
        rest /= 1024;
    }
    format!("{rest}{}", BINARY[5])
}

fn decimal(digits: i128, exponent: i32) -> Option<String> {
    let nanos = scaled(digits, exponent + 9)?;
    if nanos == 0 {
        return Some("0".to_owned());
    }
    let (suffix, exponent) = DECIMAL
        .into_iter()
        .rev()
        .find(|(_, exponent)| nanos % 10_i128.pow((exponent + 9).unsigned_abs()) == 0)?;
    Some(format!("{}{suffix}", nanos / 10_i128.pow((exponent + 9).unsigned_abs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_suffix_that_loses_nothing_is_taken() {
        for (given, canonical) in [
            (json!("0"), "0"),
            (json!(1), "1"),
            (json!(0.5), "500m"),
            (json!("1000m"), "1"),
            (json!("0.1"), "100m"),
            (json!("1500"), "1500"),
            (json!("2000"), "2k"),
            (json!("1024Ki"), "1Mi"),
            (json!("1.5Gi"), "1536Mi"),
            (json!("1e3"), "1k"),
            (json!("-1"), "-1"),
        ] {
            assert_eq!(super::canonical(&given), Some(json!(canonical)), "{given}");
        }
        for wrong in ["", "a", "1x", "1.2.3", "--1"] {
            assert_eq!(super::canonical(&json!(wrong)), None, "{wrong}");
        }
    }
}
