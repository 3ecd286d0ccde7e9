//! What one request brought, reduced to what tells two versions apart.

use std::collections::BTreeMap;
use std::fmt::Write;

use http::{HeaderMap, HeaderName, StatusCode, header};
use sha2::{Digest, Sha256};

/// An answer, or why there was none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Answer(Answer),
    Nobody(String),
}

/// Something about an answer that may differ from version to version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Feature {
    Status,
    /// Which headers there are.
    Headers,
    Header(String),
    /// Its hash.
    Body,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    status: StatusCode,
    values: BTreeMap<Feature, String>,
}

impl Heard {
    /// Who answers with these is the proxy, or it may be: that nobody else does says nothing of
    /// versions.
    pub fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Heard {
        match status.as_u16() {
            429 | 502..=504 => Heard::Nobody(status.to_string()),
            _ => Heard::Answer(Answer::new(status, headers, body)),
        }
    }
}

impl Answer {
    fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
        let mut values = BTreeMap::from([
            (Feature::Status, status.as_str().to_owned()),
            (Feature::Body, hash(body)),
        ]);
        let mut names: Vec<&str> = Vec::new();
        for name in headers.keys().filter(|name| is_of_the_app(name)) {
            names.push(name.as_str());
            let parts = headers.get_all(name).iter();
            let parts: Vec<_> =
                parts.map(|part| String::from_utf8_lossy(part.as_bytes())).collect();
            values.insert(Feature::Header(name.to_string()), parts.join("\n"));
        }
        names.sort_unstable();
        values.insert(Feature::Headers, names.join("\n"));
        Answer { status, values }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn features(&self) -> impl Iterator<Item = &Feature> {
        self.values.keys()
    }

    /// None where it has no such header.
    pub fn value(&self, feature: &Feature) -> Option<&str> {
        self.values.get(feature).map(String::as_str)
    }
}

/// Not of the connection, nor of the moment or the visitor.
fn is_of_the_app(name: &HeaderName) -> bool {
    ![
        header::CONNECTION,
        header::PROXY_AUTHENTICATE,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::AGE,
        header::DATE,
        header::SET_COOKIE,
    ]
    .contains(name)
        && name != "keep-alive"
}

fn hash(body: &[u8]) -> String {
    Sha256::digest(body).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
