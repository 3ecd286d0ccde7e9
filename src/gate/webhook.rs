//! Webhooks: a POST of the payload that Flagger's confirm-promotion hooks send, so that what answers
//! Flagger answers us.

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Request};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep, timeout};

use super::outside::{Courier, Failure, Outside, carry};
use super::{Payload, signature};
use crate::release::Answer;
use crate::settings::{Credentials, Hook, is_this_machine};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The pause before a question is repeated: at first, and at most. Flagger's.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The gate: one webhook, or several that all have to say yes.
#[derive(Clone)]
pub struct Webhooks(Vec<Webhook>);

#[derive(Clone)]
struct Webhook {
    courier: Courier,
    hook: Hook,
    credentials: Credentials,
}

/// What came of a question.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    pub answer: Answer,
    /// For so long the gate wants not to be asked again.
    pub after: Option<SignedDuration>,
}

/// What one question is, and each of its tries.
struct Question<'a> {
    id: String,
    body: Vec<u8>,
    /// A receiver compares it with a clock that is right, so it is not this machine's.
    now: &'a (dyn Fn() -> Timestamp + Send + Sync),
}

impl Webhooks {
    /// None where there is nothing to ask.
    pub fn new(
        hooks: Vec<(Hook, Credentials)>,
        outside: &Outside,
    ) -> Result<Option<Webhooks>, String> {
        let webhooks = hooks.into_iter().map(|(hook, with)| Webhook::new(hook, with, outside));
        let webhooks: Vec<Webhook> = webhooks.collect::<Result<_, _>>()?;
        Ok(Some(Webhooks(webhooks)).filter(|webhooks| !webhooks.0.is_empty()))
    }

    /// Asks each, in order; the first that does not say yes has answered for all. Whatever happens
    /// is an answer.
    pub async fn ask(
        &self,
        payload: &Payload,
        now: &(dyn Fn() -> Timestamp + Send + Sync),
    ) -> Reply {
        for webhook in &self.0 {
            let Reply { answer, after } = webhook.ask(payload, now).await;
            if answer != Answer::Pass {
                let answer = match self.0.len() {
                    1 => answer,
                    _ => named(&webhook.name(), answer),
                };
                return Reply { answer, after };
            }
        }
        Reply { answer: Answer::Pass, after: None }
    }
}

/// An answer that says whose it is.
fn named(name: &str, answer: Answer) -> Answer {
    match answer {
        Answer::Pass => Answer::Pass,
        Answer::NotYet(said) => Answer::NotYet(format!("{name}: {said}")),
        Answer::Later(said) => Answer::Later(format!("{name}: {said}")),
        Answer::Reject(said) => Answer::Reject(format!("{name}: {said}")),
        Answer::Broken(why) => Answer::Broken(format!("{name}: {why}")),
    }
}

impl Webhook {
    fn new(hook: Hook, credentials: Credentials, outside: &Outside) -> Result<Webhook, String> {
        let mut wanted = Client::builder()
            .user_agent(crate::USER_AGENT)
            // A login page that answers 200 must not approve a release.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_WITHIN);
        match &credentials.authorities {
            // Whoever says whose certificates count wants them to be checked.
            Some(authorities) => {
                let certificates = authorities.iter().map(|der| Certificate::from_der(der));
                let certificates = certificates.collect::<Result<Vec<_>, _>>();
                let certificates = certificates.map_err(|error| error.to_string())?;
                wanted = wanted.tls_certs_only(certificates);
            }
            None => wanted = wanted.tls_danger_accept_invalid_certs(hook.disable_tls),
        }
        if is_this_machine(hook.address.url().host_str()) {
            wanted = wanted.no_proxy();
        }
        Ok(Webhook { courier: outside.courier(wanted)?, hook, credentials })
    }

    fn name(&self) -> String {
        self.hook.name.clone().unwrap_or_else(|| self.hook.address.to_string())
    }

    /// One question, with all its tries.
    async fn ask(&self, payload: &Payload, now: &(dyn Fn() -> Timestamp + Send + Sync)) -> Reply {
        let broken = |why: String| Reply { answer: Answer::Broken(why), after: None };
        let body = match serde_json::to_vec(&payload.with(&self.hook.metadata)) {
            Ok(body) => body,
            Err(error) => return broken(error.to_string()),
        };
        let question = Question { id: signature::id(), body, now };
        let mut last = broken("it did not answer in time".to_owned());
        let limit = Duration::from_secs(self.hook.timeout_seconds);
        // When the time is over, the last try's answer is the best there is.
        let end = Instant::now() + limit;
        let _ = timeout(limit, self.tries(&question, end, &mut last)).await;
        last
    }

    async fn tries(&self, question: &Question<'_>, end: Instant, last: &mut Reply) {
        let mut pause = PAUSE;
        for left in (0..=self.hook.retries).rev() {
            let (answer, after, is_worth_another) = match self.exchange(question).await {
                Ok((status, after)) => (judge(status), after, may_change(status)),
                Err(error) => (Answer::Broken(trouble(error)), None, true),
            };
            *last = Reply { answer, after };
            if left == 0 || !is_worth_another {
                return;
            }
            // Whoever says when to come again is not asked before: if not now, by a later question.
            let wanted = after.and_then(|after| Duration::try_from(after).ok()).unwrap_or_default();
            if wanted > end.saturating_duration_since(Instant::now()) {
                return;
            }
            sleep(pause.max(wanted)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The status alone is the answer: a body that is long, or never ends, changes nothing.
    async fn exchange(
        &self,
        question: &Question<'_>,
    ) -> Result<(StatusCode, Option<SignedDuration>), Failure> {
        let mut request = Request::new(Method::POST, self.hook.address.url());
        *request.headers_mut() = self.headers(question)?;
        *request.body_mut() = Some(question.body.clone().into());
        let response = carry(&self.courier, request).await?;
        let after = retry_after(response.headers(), (question.now)());
        Ok((response.status(), after))
    }

    fn headers(&self, question: &Question<'_>) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.credentials.headers.iter() {
            let mut value = HeaderValue::from_str(value.expose_secret())?;
            // Neither an error nor a log of what is below us shows it.
            value.set_sensitive(true);
            headers.append(name, value);
        }
        let (Question { id, body, .. }, keys) = (question, &self.credentials.keys);
        signature::sign(&mut headers, keys, id, (question.now)(), body);
        Ok(headers)
    }
}

/// 204 is no yes: many receivers say it to everything.
fn judge(status: StatusCode) -> Answer {
    match status.as_u16() {
        200..=202 => Answer::Pass,
        410 => Answer::Reject(said(status)),
        429 => Answer::Later(said(status)),
        300..=399 => Answer::Broken(format!("{}: redirects are not followed", said(status))),
        _ => Answer::NotYet(said(status)),
    }
}

/// With its name, where it has one, and what else than a no it may mean.
fn said(status: StatusCode) -> String {
    let named =
        status.canonical_reason().map_or(status.as_str().to_owned(), |_| status.to_string());
    match status.as_u16() {
        401 => format!("{named} (if it needs a credential: --header-file FILE)"),
        403 => format!("{named} (a no, or the credential in --header-file is not permitted)"),
        404 => format!("{named} (a no, or the path in the webhook's address is wrong)"),
        _ => named,
    }
}

/// How long it wants not to be asked again: seconds, or until a time by its own clock, where it tells that.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let date = |text: &str| Some(rfc2822::parse(text).ok()?.timestamp());
    let said = text(RETRY_AFTER)?;
    let after = match said.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(seconds.into()),
        Err(_) => date(said)?.duration_since(text(DATE).and_then(date).unwrap_or(now)),
    };
    (after > SignedDuration::ZERO).then_some(after)
}

/// Whether the receiver itself may not have been asked yet: what Flagger repeats.
fn may_change(status: StatusCode) -> bool {
    match status.as_u16() {
        429 => true,
        501 => false,
        code => code >= 500,
    }
}

/// The same, with what to do about a certificate that nobody here knows.
fn trouble(failure: Failure) -> String {
    let why = reason(failure);
    match () {
        () if why.contains("UnknownIssuer") => {
            format!("{why} (if your own CA signed it: --ca-file FILE)")
        }
        // As `openssl req -x509` makes one unless it is told otherwise.
        () if why.contains("CaUsedAsEndEntity") => format!(
            "{why} (the server has a CA's certificate: give it one of its own, with \
             basicConstraints=CA:FALSE, and pass that or its CA with --ca-file FILE)"
        ),
        () => why,
    }
}

/// An error without the URL, which is in most of them.
pub(super) fn reason(failure: Failure) -> String {
    let error = match failure.downcast::<reqwest::Error>() {
        Ok(error) => error.without_url(),
        Err(other) => return format!("no answer: {other}"),
    };
    let kind = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "no answer"
    };
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    let mut last = None;
    while let Some(cause) = source {
        last = Some(cause.to_string());
        source = cause.source();
    }
    last.map_or_else(|| kind.to_owned(), |last| format!("{kind}: {last}"))
}

/// Scheme and host of each.
impl fmt::Display for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|webhook| webhook.hook.address.to_string());
        f.write_str(&shown.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhooks({self})")
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "trust_tests.rs"]
mod trust_tests;
