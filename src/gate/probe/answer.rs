//! What one request brought, reduced to what tells two versions apart.

use std::collections::BTreeMap;
use std::fmt::Write;

use http::{HeaderMap, HeaderName, StatusCode, header};
use sha2::{Digest, Sha256};
use url::Url;

use super::page::Page;

/// What came of one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Answer(Answer),
    /// Why there was no answer.
    Nobody(String),
    /// Why it is of no use to ask again.
    Denied(String),
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
    is_put_off: bool,
    values: BTreeMap<Feature, String>,
    page: Page,
    media: Option<String>,
    /// The host that it leads to, if it names one.
    leads_to: Option<String>,
    /// The host that was asked for.
    of: Option<String>,
    /// What was changed on the way, so that it says nothing of the version.
    changed: Vec<Feature>,
}

/// What an answer says by one of its features.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Says<'a> {
    /// It was changed on the way.
    Unknown,
    /// It has no such header.
    Nothing,
    This(&'a str),
}

impl Answer {
    pub fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
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
        let is_put_off = status == StatusCode::TOO_MANY_REQUESTS
            || headers.contains_key(header::RETRY_AFTER) && !status.is_success();
        let location = headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
        let leads_to = location.filter(|_| status.is_redirection()).and_then(host);
        let (page, changed) = (Page::new(body), Vec::new());
        let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
        let media = media.and_then(|media| media.split(';').next());
        let media = media.map(|media| media.trim().to_owned());
        Answer { status, is_put_off, values, page, media, leads_to, of: None, changed }
    }

    /// With the host that was asked for.
    pub fn of(mut self, url: &Url) -> Answer {
        self.of = url.host_str().map(str::to_owned);
        self
    }

    /// As the API server's Service proxy passes it on: it has written the links of a page and the
    /// place that a redirect leads to anew, and it adds headers of its own.
    pub fn rewritten(mut self) -> Answer {
        self.changed = vec![Feature::Headers, Feature::Header("location".to_owned())];
        let media = Feature::Header("content-type".to_owned());
        if self.values.get(&media).is_some_and(|media| media.contains("html")) {
            self.changed.push(Feature::Body);
            self.changed.push(Feature::Header("content-length".to_owned()));
        }
        self
    }

    /// Its hash, changed or not.
    pub fn body(&self) -> Option<&str> {
        self.values.get(&Feature::Body).map(String::as_str)
    }

    /// Whether the page is that one, with something of it changed.
    pub fn is_page_of(&self, own: &Answer) -> bool {
        self.body() == own.body() || own.page.is_in(&self.page)
    }

    /// Whether it leads people to another host than the one that they have asked for.
    pub fn is_elsewhere(&self) -> bool {
        self.leads_to.is_some() && !self.leads_home()
    }

    fn leads_home(&self) -> bool {
        self.leads_to.is_none() || self.leads_to == self.of
    }

    /// Whether both lead to the same host, or nowhere.
    pub fn leads_as(&self, other: &Answer) -> bool {
        self.status.is_redirection() == other.status.is_redirection()
            && (self.leads_to == other.leads_to || self.leads_home() && other.leads_home())
    }

    /// What it is, without its encoding, which a proxy may add.
    pub fn media(&self) -> Option<&str> {
        self.media.as_deref()
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether somebody asks to come again later: that says nothing of who answers.
    pub fn is_put_off(&self) -> bool {
        self.is_put_off
    }

    /// It was one of too many: as if it said so.
    pub fn put_off(&mut self) {
        self.is_put_off = true;
    }

    /// Whether both are errors of one kind: their words may have an id in them.
    pub fn is_such_an_error(&self, other: &Answer) -> bool {
        let media = Feature::Header("content-type".to_owned());
        self.status == other.status && self.says(&media) == other.says(&media)
    }

    pub fn features(&self) -> impl Iterator<Item = &Feature> {
        self.values.keys()
    }

    pub fn says(&self, feature: &Feature) -> Says<'_> {
        match self.values.get(feature) {
            _ if self.changed.contains(feature) => Says::Unknown,
            Some(value) => Says::This(value),
            None => Says::Nothing,
        }
    }
}

/// That of an address, if it has one.
fn host(address: &str) -> Option<String> {
    let address = match address.strip_prefix("//") {
        Some(rest) => format!("http://{rest}"),
        None => address.to_owned(),
    };
    Url::parse(&address).ok()?.host_str().map(str::to_owned)
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
