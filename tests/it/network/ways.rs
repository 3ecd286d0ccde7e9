//! In how many ways a call can go wrong once.

use std::time::Duration;

use bluegreen::sandbox::{Call, Fault};
use serde_json::json;

pub struct Way {
    pub name: &'static str,
    pub fault: Fault,
    pub on: On,
    pub ends: Ends,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum On {
    All,
    Watches,
    Writes,
}

impl On {
    pub fn takes(self, call: &Call) -> bool {
        match self {
            On::All => true,
            On::Watches => call.is_watch(),
            On::Writes => call.is_write(),
        }
    }
}

/// How a command ends whose call met it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// As if nothing had happened.
    Alike,
    /// Nobody can renew what was refused; whoever has the right goes on.
    Denied,
}

fn way(name: &'static str, on: On, fault: Fault) -> Way {
    Way { name, fault, on, ends: Ends::Alike }
}

fn said(code: u16, headers: &[(&'static str, &str)], body: &str) -> Fault {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Fault::Answered { code, headers, body: body.as_bytes().to_vec() }
}

fn status(code: u16, reason: &str) -> Fault {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": format!("the network says {reason}"),
    });
    said(code, &[("content-type", "application/json")], &status.to_string())
}

const PAGE: &str = "<!DOCTYPE html><html><body>Please sign in</body></html>";

fn late(code: u16, after: Duration) -> Fault {
    Fault::AnsweredThenDone { code, after }
}

pub fn all() -> Vec<Way> {
    let throttled = |retry_after| said(429, &[("retry-after", retry_after)], "slow down");
    let html = [("content-type", "text/html")];
    let gone = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},
        "status":"Failure","code":410,"reason":"Expired","message":"too old resource version"}}"#;
    let gone = gone.replace('\n', "") + "\n";
    let at_once = Duration::ZERO;
    let mut ways = vec![
        way("429, Retry-After: 1", On::All, throttled("1")),
        way("429, Retry-After: 1000000000", On::All, throttled("1000000000")),
        way("429, Retry-After: -5", On::All, throttled("-5")),
        way("429, Retry-After: a date", On::All, throttled("Wed, 21 Oct 2065 07:28:00 GMT")),
        way("429, Retry-After: soon", On::All, throttled("soon")),
        way("429 without Retry-After", On::All, said(429, &[], "")),
        way("500 of the API server", On::All, status(500, "InternalError")),
        way("500, carried out", On::Writes, late(500, at_once)),
        way("502 of a proxy", On::All, said(502, &html, PAGE)),
        way("502, carried out", On::Writes, late(502, at_once)),
        way("503", On::All, status(503, "ServiceUnavailable")),
        way("504, not carried out", On::All, status(504, "Timeout")),
        way("504, carried out", On::Writes, late(504, at_once)),
        way("504, carried out 3 s later", On::Writes, late(504, Duration::from_secs(3))),
        way("reset before it was sent", On::All, Fault::Unsent),
        way("reset after it was carried out", On::All, Fault::Unanswered),
        way("no reply, not carried out", On::All, Fault::Hung { sent: false }),
        way("no reply, carried out", On::Writes, Fault::Hung { sent: true }),
        way("a reply after 8 s", On::All, Fault::Delayed(Duration::from_secs(8))),
        way("a reply that is cut before it", On::All, Fault::Cut(0)),
        way("a reply that is cut in the middle", On::All, Fault::Cut(150)),
        way("200 with a page", On::All, said(200, &html, PAGE)),
        way("200 with nothing", On::All, said(200, &[], "")),
        way("200 with other JSON", On::All, said(200, &html, r#"{"signIn":"/login"}"#)),
        way("302 to a page", On::All, said(302, &[("location", "https://login.example.com/")], "")),
        way("503 with a wrong clock", On::All, said(503, &[("date", WRONG)], "")),
        way("410 of a watch", On::Watches, status(410, "Expired")),
        way("410 in a watch", On::Watches, said(200, &[], &gone)),
    ];
    let refused = status(401, "Unauthorized");
    ways.push(Way { ends: Ends::Denied, ..way("401", On::All, refused) });
    ways
}

/// Of a proxy that answers for the API server.
const WRONG: &str = "Fri, 01 Jan 2038 00:00:00 GMT";
