//! Kubernetes objects as kubectl reads them: the plain scalars mean what they mean in YAML 1.1, as its
//! library has that (go-yaml 2). `yes` is true, `0644` is octal, `3e1` is 30. Quoted ones are text.
//!
//! `crates/testkit/src/scalars/table.yaml` has a row for each form; they are held against kubectl itself, too.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::Number;

use super::tree::{Key, Node, What, Wrong};

/// The plain scalars of a text that bear no tag, by the place of their first character.
pub struct Plain(BTreeMap<usize, String>);

impl Plain {
    /// Of a text that was read already.
    pub fn of(text: &str) -> Plain {
        let events = Parser::new_from_str(text).map_while(Result::ok);
        Plain(
            events
                .filter_map(|(event, span)| match event {
                    Event::Scalar(text, ScalarStyle::Plain, _, None) if !text.is_empty() => {
                        Some((span.start.index(), text.into_owned()))
                    }
                    _ => None,
                })
                .collect(),
        )
    }

    fn at(&self, from: Option<usize>) -> Option<&str> {
        self.0.get(&from?).map(String::as_str)
    }
}

/// Gives every scalar below a node kubectl's meaning.
pub fn reread(node: &mut Node, plain: &Plain) -> Result<(), Wrong> {
    let at = node.at;
    match &mut node.what {
        What::List(items) => items.iter_mut().try_for_each(|item| reread(item, plain)),
        What::Map(entries) => {
            let mut seen = BTreeSet::new();
            for (key, value) in entries {
                reread_key(key, plain)?;
                if !seen.insert(key.name.clone()) {
                    return Err(Wrong::at(key.at, "this key stands twice"));
                }
                reread(value, plain)?;
            }
            Ok(())
        }
        what => {
            *what = match (plain.at(node.from), &what) {
                (Some(text), _) => meaning(text).map_err(|why| Wrong::at(at, why))?,
                (None, What::Number(number)) => What::Number(whole(number)),
                _ => return Ok(()),
            };
            Ok(())
        }
    }
}

/// Settings of our own have no numbers that JSON has not: the tree holds nothing in their place.
pub fn check_numbers(node: &Node, plain: &Plain) -> Result<(), Wrong> {
    match &node.what {
        What::List(items) => items.iter().try_for_each(|item| check_numbers(item, plain)),
        What::Map(entries) => entries.iter().try_for_each(|(_, value)| check_numbers(value, plain)),
        What::Null if plain.at(node.from).is_some_and(|text| !is_nothing(text)) => {
            Err(Wrong::at(node.at, "this number is too large, or has no end"))
        }
        _ => Ok(()),
    }
}

fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A key is text, whatever it looks like.
fn reread_key(key: &mut Key, plain: &Plain) -> Result<(), Wrong> {
    let Some(text) = plain.at(key.from) else { return Ok(()) };
    key.name = match meaning(text) {
        Ok(What::Bool(value)) => value.to_string(),
        Ok(What::Number(number)) => number.to_string(),
        Ok(What::Null) => return Err(Wrong::at(key.at, "a key has to be text")),
        Ok(_) | Err(_) => return Ok(()),
    };
    Ok(())
}

/// What a plain scalar means.
fn meaning(text: &str) -> Result<What, &'static str> {
    Ok(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            What::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            What::Bool(false)
        }
        _ if is_nothing(text) => What::Null,
        _ if is_endless(text) => return Err("this is no number that Kubernetes knows"),
        _ => number(text).map_or_else(|| What::Text(text.to_owned()), What::Number),
    })
}

/// `.inf` and `.nan`, for which JSON has nothing.
fn is_endless(text: &str) -> bool {
    matches!(text, ".nan" | ".NaN" | ".NAN")
        || matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF")
}

fn number(text: &str) -> Option<Number> {
    match text.as_bytes().first()? {
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| is_decimal(&plain).then(|| float(&plain))?)
        }
        // Without underscores: the library has these by another way.
        b'.' if is_decimal(text) => float(text),
        _ => None,
    }
}

/// As Go reads one of any base: `0x1f`, `0b11`, `0o17`, `017`.
fn integer(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let value = if text.starts_with('-') { -value } else { value };
    let signed = i64::try_from(value).ok().map(Number::from);
    // Only without a sign is it more than that.
    let has_sign = text.starts_with(['+', '-']);
    signed.or_else(|| u64::try_from(value).ok().filter(|_| !has_sign).map(Number::from))
}

/// `1`, `1.`, `1.5`, `.5`, each with an exponent or without.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(before) && digits(after) && !(before.is_empty() && after.is_empty()) && exponent
}

/// None where it is too large for one: then it is text.
fn float(text: &str) -> Option<Number> {
    let number = Number::from_f64(text.parse().ok()?)?;
    Some(whole(&number))
}

/// JSON, as Go writes it, has no point in a whole number.
fn whole(number: &Number) -> Number {
    /// From here on not every whole number is one of these.
    const LARGEST: f64 = 9_223_372_036_854_774_784.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= LARGEST => {
            format!("{float:.0}").parse::<i64>().map_or_else(|_| number.clone(), Number::from)
        }
        _ => number.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::settings::yaml::Source;

    fn read(text: &str) -> Result<Value, &'static str> {
        meaning(text).map(|what| Node::of(what).value())
    }

    #[test]
    fn settings_have_no_number_that_json_has_not() {
        for text in ["threshold: .inf", "a: [{b: 1e999}]"] {
            let said = Source::of(text).documents().unwrap_err().to_string();
            assert!(said.contains("too large, or has no end"), "{said}");
        }
        for text in ["a: ~", "a:", "a: null", "a: '.inf'"] {
            assert!(Source::of(text).documents().is_ok(), "{text}");
        }
    }

    #[test]
    fn plain_scalars_mean_what_they_mean_to_kubectl() {
        for (text, value) in [
            ("yes", json!(true)),
            ("n", json!(false)),
            ("oN", json!("oN")),
            ("~", Value::Null),
            ("0644", json!(420)),
            ("0o644", json!(420)),
            ("0x1F", json!(31)),
            ("-0b11", json!(-3)),
            ("08", json!(8)),
            ("1_000", json!(1000)),
            ("_1", json!("_1")),
            ("+5", json!(5)),
            ("420.0", json!(420)),
            ("3e1", json!(30)),
            ("-0.0", json!(0)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1.", json!(1)),
            ("1e999", json!("1e999")),
            ("9223372036854775807", json!(i64::MAX)),
            ("18446744073709551615", json!(u64::MAX)),
            ("2001-01-01", json!("2001-01-01")),
            ("12:30", json!("12:30")),
            ("0x", json!("0x")),
            ("-", json!("-")),
            ("1e", json!("1e")),
            ("1.2.3", json!("1.2.3")),
        ] {
            assert_eq!(read(text), Ok(value), "{text}");
        }
        for text in [".inf", "-.Inf", ".NaN"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
