//! The values that stand in files: each is checked where it is read, so that an error has its place.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::{
    Address, Probe, Word, is_dns_label, parse_preview_tls, parse_route, parse_seconds,
    parse_some_seconds,
};
use crate::release::PreviewTls;
use crate::route::RouteKind;

/// A time, in seconds: `30s`.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub u64);

/// A time that can't be at once.
#[derive(Clone, Copy, Debug)]
pub struct SomeTime(pub u64);

/// A name as Kubernetes has them for namespaces and Services.
#[derive(Clone, Debug)]
pub struct Label(pub String);

/// Where the app is asked through the ingress.
#[derive(Clone, Debug)]
pub struct ProbeAt(pub Probe);

/// What leads to the app.
#[derive(Clone, Copy, Debug)]
pub struct By(pub RouteKind);

/// A Secret's name, or none.
#[derive(Clone, Debug)]
pub struct Secret(pub PreviewTls);

/// How often, at least once.
#[derive(Clone, Copy, Debug)]
pub struct Times(pub u64);

/// A port's number.
#[derive(Clone, Copy, Debug)]
pub struct Port(pub u16);

/// A port's number or its name.
#[derive(Clone, Debug)]
pub struct PortOrName(pub serde_json::Value);

/// Reads text, and makes the value of it.
struct Text<T>(&'static str, fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        self.1(text).map_err(E::custom)
    }
}

const TIME: &str = "a time like 30s, 10m or 2h";

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        deserializer.deserialize_str(Text(TIME, |text| parse_seconds(text).map(Time)))
    }
}

impl<'de> Deserialize<'de> for SomeTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SomeTime, D::Error> {
        deserializer.deserialize_str(Text(TIME, |text| parse_some_seconds(text).map(SomeTime)))
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Label, D::Error> {
        let name = |text: &str| match is_dns_label(text) {
            true => Ok(Label(text.to_owned())),
            false => Err("a name consists of lower case letters, digits and -".to_owned()),
        };
        deserializer.deserialize_str(Text("a name", name))
    }
}

impl<'de> Deserialize<'de> for By {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<By, D::Error> {
        let route = |text: &str| parse_route(text).map(By);
        deserializer.deserialize_str(Text("ingress or service", route))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        let name = |text: &str| parse_preview_tls(text).map(Secret);
        deserializer.deserialize_str(Text("the name of a Secret, or none", name))
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        let expected = "an address that begins with http:// or https://";
        deserializer.deserialize_str(Text(expected, Address::parse))
    }
}

impl<'de> Deserialize<'de> for ProbeAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ProbeAt, D::Error> {
        const EXPECTED: &str =
            "auto, none, an address that begins with http:// or https://, or a list of addresses";

        struct OneOrSeveral;

        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Vec<Word>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<Word>, E> {
                Ok(vec![text.parse().map_err(E::custom)?])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Word>, A::Error> {
                let mut words = Vec::new();
                while let Some(WordAt(word)) = list.next_element()? {
                    words.push(word);
                }
                Ok(words)
            }
        }

        let words = deserializer.deserialize_any(OneOrSeveral)?;
        Probe::of(&words).map(ProbeAt).map_err(de::Error::custom)
    }
}

/// One entry of a list of them.
struct WordAt(Word);

impl<'de> Deserialize<'de> for WordAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WordAt, D::Error> {
        let expected = "an address that begins with http:// or https://, or KIND/NAME=ADDRESS";
        deserializer.deserialize_str(Text(expected, |text| text.parse().map(WordAt)))
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Times, D::Error> {
        match u64::deserialize(deserializer)? {
            0 => Err(de::Error::custom("it must be at least 1")),
            times => Ok(Times(times)),
        }
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Port, D::Error> {
        match u16::deserialize(deserializer)? {
            0 => Err(de::Error::custom("a port must be a number from 1 to 65535")),
            port => Ok(Port(port)),
        }
    }
}

impl<'de> Deserialize<'de> for PortOrName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PortOrName, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = PortOrName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port's number or name")
            }

            fn visit_str<E>(self, name: &str) -> Result<PortOrName, E> {
                Ok(PortOrName(name.into()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<PortOrName, E> {
                match u16::try_from(number) {
                    Ok(number) if number > 0 => Ok(PortOrName(number.into())),
                    _ => Err(E::custom("a port must be a number from 1 to 65535")),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// The schema of a type that has none by itself.
macro_rules! schema {
    ($($type:ident: $schema:tt)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

schema! {
    Time: {"type": "string", "pattern": "^([0-9]+ *[a-z]+ *)+$", "examples": ["30s", "10m", "2h"]}
    SomeTime: {"type": "string", "pattern": "^([0-9]+ *[a-z]+ *)+$", "examples": ["30s", "10m", "2h"]}
    Label: {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63}
    Secret: {"type": "string", "pattern": "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", "maxLength": 253}
    By: {"type": "string", "enum": ["ingress", "service"]}
    Address: {"type": "string", "pattern": "^https?://"}
    ProbeAt: {
        "anyOf": [
            {"type": "string", "pattern": "^(auto|none|([A-Za-z]+/[-a-z0-9.]+=)?https?://.+)$"},
            {
                "type": "array",
                "items": {"type": "string", "pattern": "^([A-Za-z]+/[-a-z0-9.]+=)?https?://.+$"}
            }
        ]
    }
    Times: {"type": "integer", "minimum": 1}
    Port: {"type": "integer", "minimum": 1, "maximum": 65535}
    PortOrName: {"type": ["integer", "string"], "minimum": 1, "maximum": 65535}
}
