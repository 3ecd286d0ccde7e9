//! A YAML document that remembers where each part of it stands, so that whatever is wrong with it
//! can be shown.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Expected, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};
use serde_saphyr::{Location, Spanned};

use super::nearest;

/// A place in a file: a line, from this column on, so many characters wide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    pub line: usize,
    pub column: usize,
    pub width: usize,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub at: Mark,
    /// Where it begins that is written there, in characters: for an alias, what it is an alias of.
    pub from: Option<usize>,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub struct Key {
    pub at: Mark,
    pub from: Option<usize>,
    pub name: String,
}

impl Node {
    /// One that stands nowhere.
    #[cfg(test)]
    pub fn of(what: What) -> Node {
        Node { at: Mark { line: 1, column: 1, width: 1 }, from: None, what }
    }

    /// What stands under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let What::Map(entries) = &self.what else { return None };
        entries.iter().find(|(found, _)| found.name == key).map(|(_, node)| node)
    }

    pub fn text(&self) -> Option<&str> {
        match &self.what {
            What::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.what {
            What::List(items) => items,
            _ => &[],
        }
    }

    /// Whether it is there and asks for nothing: `false`, `0`, an empty list.
    pub fn is_empty(&self) -> bool {
        match &self.what {
            What::Null | What::Bool(false) => true,
            What::Bool(true) => false,
            What::Number(number) => number.as_f64() == Some(0.0),
            What::Text(text) => text.is_empty(),
            What::List(items) => items.is_empty(),
            What::Map(entries) => entries.is_empty(),
        }
    }

    pub fn value(&self) -> Value {
        match &self.what {
            What::Null => Value::Null,
            What::Bool(value) => Value::from(*value),
            What::Number(number) => Value::Number(number.clone()),
            What::Text(text) => Value::from(text.as_str()),
            What::List(items) => items.iter().map(Node::value).collect(),
            What::Map(entries) => {
                entries.iter().map(|(key, node)| (key.name.clone(), node.value())).collect()
            }
        }
    }
}

impl From<Location> for Mark {
    fn from(at: Location) -> Mark {
        let number = |n: u64| usize::try_from(n).unwrap_or(0);
        let width = number(at.span().len()).max(1);
        Mark { line: number(at.line()), column: number(at.column()), width }
    }
}

fn start(of: Location) -> Option<usize> {
    usize::try_from(of.span().offset()).ok()
}

/// The part without its place, as the parser hands it out.
struct Bare(What);

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bare, D::Error> {
        deserializer.deserialize_any(BareVisitor)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let spanned = Spanned::<Bare>::deserialize(deserializer)?;
        let from = start(spanned.defined);
        Ok(Node { at: spanned.referenced.into(), from, what: spanned.value.0 })
    }
}

struct BareVisitor;

impl<'de> Visitor<'de> for BareVisitor {
    type Value = Bare;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Bare, E> {
        Ok(Bare(What::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Bare, E> {
        Ok(Bare(What::Number(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Bare, E> {
        Ok(Bare(What::Number(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Bare, E> {
        // JSON has no infinity.
        Ok(Bare(Number::from_f64(value).map_or(What::Null, What::Number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Bare, E> {
        Ok(Bare(What::Text(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Bare, E> {
        Ok(Bare(What::Null))
    }

    fn visit_none<E>(self) -> Result<Bare, E> {
        Ok(Bare(What::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bare, D::Error> {
        deserializer.deserialize_any(BareVisitor)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Bare, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Bare(What::List(items)))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Bare, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, mut node)) = map.next_entry::<Spanned<String>, Node>()? {
            let from = start(key.defined);
            let key = Key { at: key.referenced.into(), from, name: key.value };
            // What has no line of its own is shown by its key; so is text, which may be secret.
            if !matches!(node.what, What::Bool(_) | What::Number(_)) {
                node.at = key.at;
            }
            entries.push((key, node));
        }
        Ok(Bare(What::Map(entries)))
    }
}

/// What is wrong with a document, and where. It repeats no text of the document but keys: any other
/// may be secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    pub at: Option<Mark>,
    pub why: String,
}

impl Wrong {
    pub fn at(at: Mark, why: impl Into<String>) -> Wrong {
        Wrong { at: Some(at), why: why.into() }
    }

    fn or_at(self, at: Mark) -> Wrong {
        Wrong { at: self.at.or(Some(at)), ..self }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(why: T) -> Wrong {
        Wrong { at: None, why: why.to_string() }
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Wrong {
        let found = match found {
            Unexpected::Bool(value) => value.to_string(),
            Unexpected::Float(_) => "one with a fraction, or so large".to_owned(),
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a number".to_owned(),
            Unexpected::Str(_) => "text".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "a mapping".to_owned(),
            _ => "nothing".to_owned(),
        };
        Wrong::custom(format!("this must be {}, not {found}", words(expected)))
    }

    fn invalid_value(_: Unexpected, expected: &dyn Expected) -> Wrong {
        Wrong::custom(format!("this must be {}", words(expected)))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Wrong {
        Wrong::custom(unknown(field, known))
    }

    fn missing_field(field: &'static str) -> Wrong {
        Wrong::custom(format!("the key {field} is missing"))
    }
}

pub fn unknown(key: &str, known: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if key.len() > 40 || !key.chars().all(plain) {
        // A value that slipped into a key's place may be a secret.
        return format!("not a valid key; expected one of {}", known.join(", "));
    }
    match nearest(key, known) {
        Some(near) => format!("unknown key {key}: did you mean {near}?"),
        None => format!("unknown key {key}: expected one of {}", known.join(", ")),
    }
}

/// Rust's names of types, in words.
fn words(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "u16" => "a whole number up to 65535".to_owned(),
        "u32" | "u64" => "a whole number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "text".to_owned(),
        "a map" => "a mapping".to_owned(),
        "a sequence" => "a list".to_owned(),
        _ => expected,
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let read = match &self.what {
            What::Null => visitor.visit_unit(),
            What::Bool(value) => visitor.visit_bool(*value),
            What::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            What::Text(text) => visitor.visit_borrowed_str(text),
            What::List(items) => visitor.visit_seq(Items(items.iter())),
            What::Map(entries) => visitor.visit_map(Entries(entries.iter(), None)),
        };
        read.map_err(|wrong: Wrong| wrong.or_at(self.at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.what {
            What::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// By names alone: a list is no mapping whose keys were left out.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.what {
            What::List(_) => {
                let wrong: Wrong = de::Error::invalid_type(Unexpected::Seq, &visitor);
                Err(wrong.or_at(self.at))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Entries<'de>(std::slice::Iter<'de, (Key, Node)>, Option<&'de Node>);

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((key, node)) = self.0.next() else { return Ok(None) };
        self.1 = Some(node);
        let name = de::value::BorrowedStrDeserializer::new(&key.name);
        seed.deserialize(name).map(Some).map_err(|wrong: Wrong| wrong.or_at(key.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let node = self.1.take().expect("a key was asked for first");
        seed.deserialize(node).map_err(|wrong: Wrong| wrong.or_at(node.at))
    }
}
