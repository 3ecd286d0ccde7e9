//! One request to the API server: sent, timed, and its reply told apart by what it proves.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use serde_json::Value;

use super::account::Account;
use super::connect::CONNECT_WITHIN;
use super::{Clock, refusal};
use crate::model::Kind;
use crate::release::{Fault, checks};

/// A list of all that a large namespace has is shorter; what has no end is no reply.
const LONGEST_REPLY: usize = 256 << 20;

/// The API server, for the namespace of one app.
#[derive(Clone)]
pub struct Cluster {
    pub(super) account: Arc<Account>,
    pub(super) clock: Arc<Clock>,
    pub namespace: String,
    /// For messages.
    pub address: String,
    /// The flags that lead another command, ours or kubectl's, to the same place.
    pub flags: String,
}

/// What a request without success means for what was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallError {
    /// It was understood and not done.
    #[error("{message}")]
    Refused { code: u16, reason: String, message: String, faults: Vec<Fault> },
    /// It was not looked at: too many requests.
    #[error("the API server is overloaded (too many requests)")]
    Throttled { retry_after: Option<Duration> },
    /// Nobody can tell whether it was carried out.
    #[error("{why}")]
    Lost { why: String },
}

impl CallError {
    /// A reply that somebody else gave in the API server's place.
    pub(super) fn foreign() -> CallError {
        CallError::Lost { why: "the reply does not come from the API server".to_owned() }
    }

    pub fn code(&self) -> Option<u16> {
        match self {
            CallError::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The API server does not know who asks: it answers nothing else either.
    pub fn is_unauthenticated(&self) -> bool {
        self.code() == Some(401)
    }

    /// What was written against is there no more as it was read.
    pub fn is_outdated(&self) -> bool {
        match self {
            CallError::Refused { code, message, .. } => checks::is_outdated(*code, message),
            _ => false,
        }
    }

    /// Whether it is about who asks. A quota or an admission rule answers 403 as well: that is about
    /// what was asked, and nobody's rights would help.
    pub fn is_about_rights(&self) -> bool {
        match self {
            CallError::Refused { code: 401, .. } => true,
            CallError::Refused { code: 403, message, .. } => {
                // As every authorizer's refusal is worded by the API server.
                message.contains("cannot ") && message.contains(" resource ")
            }
            _ => false,
        }
    }
}

impl Cluster {
    /// By a client that is there already.
    pub fn over(client: kube::Client, namespace: &str) -> Cluster {
        Cluster {
            account: Arc::new(Account::of(client)),
            clock: Arc::new(Clock::default()),
            namespace: namespace.to_owned(),
            address: "the given client".to_owned(),
            flags: format!(" -n {namespace}"),
        }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The URL path of a kind's objects in the namespace.
    pub(super) fn path(&self, kind: Kind, name: Option<&str>) -> String {
        let root = match kind.api_version() {
            "v1" => "/api/v1".to_owned(),
            group_version => format!("/apis/{group_version}"),
        };
        let name = name.map(|name| format!("/{name}")).unwrap_or_default();
        format!("{root}/namespaces/{}/{}{name}", self.namespace, kind.plural())
    }

    pub(super) async fn call(
        &self,
        method: Method,
        url: &str,
        body: Option<(&'static str, Vec<u8>)>,
        limit: Duration,
    ) -> Result<Value, CallError> {
        let mut request = Request::builder().method(method).uri(url);
        let body = match body {
            Some((content_type, bytes)) => {
                request = request.header(http::header::CONTENT_TYPE, content_type);
                bytes
            }
            None => Vec::new(),
        };
        let said = self.said(request.body(body), limit).await?;
        said["kind"].is_string().then_some(said).ok_or_else(CallError::foreign)
    }

    /// What it says of itself, in the first of these forms that it has.
    pub(super) async fn ask(
        &self,
        url: &str,
        accept: &str,
        limit: Duration,
    ) -> Result<Value, CallError> {
        let request = Request::get(url).header(http::header::ACCEPT, accept);
        self.said(request.body(Vec::new()), limit).await
    }

    async fn said(
        &self,
        request: http::Result<Request<Vec<u8>>>,
        limit: Duration,
    ) -> Result<Value, CallError> {
        let lost = |why: String| CallError::Lost { why };
        let request = request.map_err(|error| lost(error.to_string()))?;
        let pass = self.account.pass().await.map_err(|trouble| lost(trouble.what))?;
        let (head, bytes) = exchange(&pass.client, request.clone(), limit).await?;
        let (head, bytes) = match head.status {
            // Refused before it was looked at, so it may be sent again.
            StatusCode::UNAUTHORIZED => match self.account.after_refusal(&pass).await {
                Some(pass) => {
                    let pass = pass.map_err(|trouble| lost(trouble.what))?;
                    exchange(&pass.client, request, limit).await?
                }
                None => (head, bytes),
            },
            _ => (head, bytes),
        };
        let said: Result<Value, _> = serde_json::from_slice(&bytes);
        // Whatever stands between may answer instead of the API server: a page, and a wrong time.
        let is_its_own = said.as_ref().is_ok_and(|said| said["kind"].is_string());
        let date = head.headers.get(http::header::DATE).filter(|_| is_its_own);
        if let Some(date) = date.and_then(|date| date.to_str().ok()) {
            self.clock.hear(date);
        }
        if head.status.is_success() {
            return said.map_err(|error| lost(format!("the reply is not JSON: {error}")));
        }
        let retry_after = head.headers.get(http::header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        Err(failure(head.status, retry_after.map(Duration::from_secs), &said.unwrap_or_default()))
    }
}

async fn exchange(
    client: &kube::Client,
    request: Request<Vec<u8>>,
    limit: Duration,
) -> Result<(http::response::Parts, Vec<u8>), CallError> {
    let lost = |error: &(dyn std::error::Error + 'static)| CallError::Lost { why: chain(error) };
    let exchange = async {
        let response = client.send(request.map(Body::from)).await.map_err(|error| lost(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LONGEST_REPLY);
        let bytes = body.collect().await.map_err(|error| lost(&*error))?;
        Ok((head, bytes.to_bytes().into()))
    };
    let late = || CallError::Lost { why: format!("no reply within {} s", limit.as_secs()) };
    tokio::time::timeout(limit, exchange).await.map_err(|_| late())?
}

pub(super) fn failure(
    status: StatusCode,
    retry_after: Option<Duration>,
    said: &Value,
) -> CallError {
    let text = |field: &str| said[field].as_str().map(str::to_owned);
    let whole = text("message").unwrap_or_else(|| format!("the API server answered {status}"));
    let message = refusal::told(&whole);
    match status.as_u16() {
        429 => CallError::Throttled { retry_after },
        // A page with such a number proves nothing: a proxy may be without its upstream.
        400 | 404 | 405 | 409 | 410 | 415 | 422 if said["kind"] != "Status" => {
            CallError::Lost { why: format!("{message}, which it does not explain") }
        }
        code @ (400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422) => {
            let (reason, faults) = (text("reason"), refusal::faults(said, &whole));
            CallError::Refused { code, reason: reason.unwrap_or_default(), message, faults }
        }
        _ => CallError::Lost { why: message },
    }
}

/// An error with its causes, each once: the layers below repeat one another. What could hold a
/// secret is told in words of our own.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(text) = super::credential::told(error) {
        return text;
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    // The layers' own names say nothing to whoever reads it.
    let layers = ["ServiceError: ", "client error (Connect): ", "tcp connect error: "];
    let text = layers.iter().fold(text, |text, layer| text.replacen(layer, "", 1));
    let proxy = ["tunnel error: ", "SOCKS error: "].into_iter();
    let text = proxy.fold(text, |text, layer| text.replacen(layer, "the proxy: ", 1));
    let text = text.replacen("failed to create underlying connection", "no connection to it", 1);
    // As the connector says it.
    match text.as_str() {
        "deadline has elapsed" => format!("no connection within {} s", CONNECT_WITHIN.as_secs()),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_refused_from_throttled_from_lost() {
        let status = |code| StatusCode::from_u16(code).unwrap();
        let refused = serde_json::json!({"kind": "Status"});
        for code in [400, 401, 403, 404, 409, 413, 415, 422] {
            assert_eq!(failure(status(code), None, &refused).code(), Some(code));
        }
        for code in [400, 404, 409, 422] {
            assert!(matches!(failure(status(code), None, &Value::Null), CallError::Lost { .. }));
        }
        let second = Some(Duration::from_secs(1));
        assert_eq!(
            failure(status(429), second, &Value::Null),
            CallError::Throttled { retry_after: second }
        );
        for code in [500, 502, 503, 504, 302, 499] {
            assert!(matches!(failure(status(code), None, &Value::Null), CallError::Lost { .. }));
        }
    }

    #[test]
    fn tells_missing_rights_from_a_rule() {
        let refused = |code, message: &str| CallError::Refused {
            code,
            reason: "Forbidden".to_owned(),
            message: message.to_owned(),
            faults: Vec::new(),
        };
        let rights = r#"ingresses.networking.k8s.io "parrot" is forbidden: User "jane" cannot patch resource "ingresses" in API group "networking.k8s.io" in the namespace "birds""#;
        let quota = r#"deployments.apps "parrot-green" is forbidden: exceeded quota: few, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1"#;
        let webhook =
            r#"admission webhook "policy.example.com" denied the request: no latest tags"#;
        assert!(refused(403, rights).is_about_rights() && refused(401, "").is_about_rights());
        for (code, message) in [(403, quota), (403, webhook), (422, rights)] {
            assert!(!refused(code, message).is_about_rights(), "{message}");
        }
    }

    #[test]
    fn says_what_the_api_server_said() {
        let said = serde_json::json!({
            "kind": "Status", "reason": "Conflict", "message": "the object has been modified",
        });
        let CallError::Refused { reason, message, .. } = failure(StatusCode::CONFLICT, None, &said)
        else {
            panic!("not refused")
        };
        assert_eq!(
            (reason.as_str(), message.as_str()),
            ("Conflict", "the object has been modified")
        );
    }
}
