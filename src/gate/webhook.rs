//! Webhooks: a POST of the payload that Flagger's confirm-promotion hooks send, so that what answers
//! Flagger answers us.

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, Request};
use tokio::time::{sleep, timeout};

use super::Payload;
use super::outside::{Courier, Failure, Outside, carry};
use crate::release::Answer;
use crate::settings::{Hook, is_this_machine};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The pause before a question is repeated: at first, and at most. Flagger's.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The gate: one webhook, or several that all have to say yes.
#[derive(Clone)]
pub struct Webhooks(Vec<Webhook>);

/// A webhook. Its URL is a secret: whoever has it may be able to say yes.
#[derive(Clone)]
struct Webhook {
    courier: Courier,
    hook: Hook,
}

impl Webhooks {
    /// None where there is nothing to ask.
    pub fn new(hooks: &[Hook], outside: &Outside) -> Result<Option<Webhooks>, String> {
        let webhooks = hooks.iter().map(|hook| Webhook::new(hook, outside));
        let webhooks: Vec<Webhook> = webhooks.collect::<Result<_, _>>()?;
        Ok(Some(Webhooks(webhooks)).filter(|webhooks| !webhooks.0.is_empty()))
    }

    /// Asks each, in order; the first that does not say yes has answered for all. Whatever happens
    /// is an answer.
    pub async fn ask(&self, payload: &Payload) -> Answer {
        for webhook in &self.0 {
            let answer = webhook.ask(payload).await;
            if answer != Answer::Pass {
                return match self.0.len() {
                    1 => answer,
                    _ => named(&webhook.name(), answer),
                };
            }
        }
        Answer::Pass
    }
}

/// An answer that says whose it is.
fn named(name: &str, answer: Answer) -> Answer {
    match answer {
        Answer::Pass => Answer::Pass,
        Answer::NotYet(said) => Answer::NotYet(format!("{name}: {said}")),
        Answer::Reject(said) => Answer::Reject(format!("{name}: {said}")),
        Answer::Broken(why) => Answer::Broken(format!("{name}: {why}")),
    }
}

impl Webhook {
    fn new(hook: &Hook, outside: &Outside) -> Result<Webhook, String> {
        let mut wanted = Client::builder()
            .user_agent(crate::USER_AGENT)
            // A login page that answers 200 must not approve a release.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .tls_danger_accept_invalid_certs(hook.disable_tls);
        if is_this_machine(hook.url.host_str()) {
            wanted = wanted.no_proxy();
        }
        Ok(Webhook { courier: outside.courier(wanted)?, hook: hook.clone() })
    }

    fn name(&self) -> String {
        self.hook.name.clone().unwrap_or_else(|| self.to_string())
    }

    /// One question, with all its tries.
    async fn ask(&self, payload: &Payload) -> Answer {
        let mut last = Answer::Broken("it did not answer in time".to_owned());
        let payload = payload.with(&self.hook.metadata);
        let limit = Duration::from_secs(self.hook.timeout_seconds);
        // When the time is over, the last try's answer is the best there is.
        let _ = timeout(limit, self.tries(&payload, &mut last)).await;
        last
    }

    async fn tries(&self, payload: &Payload, last: &mut Answer) {
        let mut pause = PAUSE;
        for left in (0..=self.hook.retries).rev() {
            let (answer, is_worth_another) = match self.exchange(payload).await {
                Ok(status) => (judge(status), may_change(status)),
                Err(error) => (Answer::Broken(reason(error)), true),
            };
            *last = answer;
            if left == 0 || !is_worth_another {
                return;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The status alone is the answer: a body that is long, or never ends, changes nothing.
    async fn exchange(&self, payload: &Payload) -> Result<StatusCode, Failure> {
        let mut request = Request::new(Method::POST, self.hook.url.clone());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        *request.body_mut() = Some(serde_json::to_vec(payload)?.into());
        Ok(carry(&self.courier, request).await?.status())
    }
}

/// 204 is no yes: many receivers say it to everything.
fn judge(status: StatusCode) -> Answer {
    match status.as_u16() {
        200..=202 => Answer::Pass,
        410 => Answer::Reject(status.to_string()),
        300..=399 => Answer::Broken(format!("{status}: redirects are not followed")),
        _ => Answer::NotYet(status.to_string()),
    }
}

/// Whether the receiver itself may not have been asked yet: what Flagger repeats.
fn may_change(status: StatusCode) -> bool {
    match status.as_u16() {
        429 => true,
        501 => false,
        code => code >= 500,
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

/// Scheme and host: the path and the query are the secret.
impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.hook.url;
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())
    }
}

impl fmt::Display for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().map(Webhook::to_string).collect();
        f.write_str(&shown.join(", "))
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
