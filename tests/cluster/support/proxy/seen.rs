//! A request as the proxy saw it, and what became of it.

use std::fmt;
use std::time::Instant;

use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};

#[derive(Clone, Debug)]
pub struct Seen {
    /// 1 is the first request.
    pub n: usize,
    /// Its number among those that are no watches: a watch may be renewed at
    /// any moment, so only this one is the same in every run.
    pub plain: Option<usize>,
    /// Its number among those that write.
    pub write: Option<usize>,
    pub method: Method,
    /// With the query.
    pub path: String,
    /// The token is in it, but `Debug` does not print it.
    pub headers: HeaderMap,
    pub body: Bytes,
    pub is_watch: bool,
    pub mutating: bool,
    pub at: Instant,
    /// What the policy said, in words.
    pub action: String,
    /// What the cluster answered: `None` until it has, or if it never got it.
    pub upstream_status: Option<u16>,
    /// What the client was told: `None` until it was, or if nothing.
    pub status: Option<u16>,
    /// Why the cluster could not be asked, if not because of the policy.
    pub trouble: Option<String>,
}

impl Seen {
    /// The next one, after those that came before.
    pub fn new(before: &mut dyn Iterator<Item = &Seen>, head: &Parts, body: Bytes) -> Self {
        let (mut n, mut plain, mut write) = (1, 1, 1);
        for seen in before {
            n += 1;
            plain += usize::from(!seen.is_watch);
            write += usize::from(seen.mutating);
        }
        let is_watch = head.uri.query().is_some_and(|query| {
            query.split('&').any(|pair| pair == "watch=true" || pair == "watch=1")
        });
        // What is only tried, or asked about one's rights, changes nothing.
        let is_asked = head.uri.path().contains("/selfsubject")
            || head.uri.query().is_some_and(|query| query.contains("dryRun="));
        let mutating = !is_asked
            && [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&head.method);
        let mut headers = head.headers.clone();
        if let Some(token) = headers.get_mut(AUTHORIZATION) {
            token.set_sensitive(true);
        }
        Self {
            n,
            plain: (!is_watch).then_some(plain),
            write: mutating.then_some(write),
            method: head.method.clone(),
            path: head.uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string),
            headers,
            body,
            is_watch,
            mutating,
            at: Instant::now(),
            action: String::new(),
            upstream_status: None,
            status: None,
            trouble: None,
        }
    }

    /// The body; `Null` if it is no JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = |code: Option<u16>| code.map_or_else(|| "-".into(), |c| c.to_string());
        write!(
            f,
            "#{} {} {} [{}] cluster {}, client {}",
            self.n,
            self.method,
            self.path,
            self.action,
            status(self.upstream_status),
            status(self.status)
        )?;
        match &self.trouble {
            Some(trouble) => write!(f, " ({trouble})"),
            None => Ok(()),
        }
    }
}
