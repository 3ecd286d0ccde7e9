//! The webhook: a POST of the payload that Flagger's confirm-promotion hooks send, so that what
//! answers Flagger answers us.

use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde::Serialize;

use crate::release::plan::Question;
use crate::release::{Answer, Snapshot};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A webhook. Its URL is a secret: whoever has it may be able to say yes.
#[derive(Clone)]
pub struct Webhook {
    client: Client,
    url: Url,
}

/// What the webhook is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Payload {
    name: String,
    namespace: String,
    phase: &'static str,
    checksum: String,
    metadata: Metadata,
}

/// Strings only: Flagger's receivers read it as a map of strings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Metadata {
    release: String,
    images: String,
    preview: String,
}

impl Payload {
    pub fn new(s: &Snapshot, question: &Question) -> Payload {
        let release = s.record.as_ref().and_then(|(_, record)| record.release.as_ref());
        let images = release.map(|release| release.images.values().cloned().collect::<Vec<_>>());
        let preview = s.service(&s.names.preview());
        let preview = preview.and_then(|service| s.names.preview_address(service));
        Payload {
            name: s.names.app.clone(),
            namespace: s.names.namespace.clone(),
            phase: "confirm-promotion",
            checksum: question.hash.clone(),
            metadata: Metadata {
                release: question.release.to_string(),
                images: images.unwrap_or_default().join(","),
                preview: preview.unwrap_or_default(),
            },
        }
    }
}

impl Webhook {
    pub fn new(url: Url) -> Result<Webhook, String> {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err("a webhook's address begins with http:// or https://".to_owned());
        }
        let client = Client::builder()
            .user_agent(crate::USER_AGENT)
            // A login page that answers 200 must not approve a release.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .build()
            .map_err(|error| error.without_url().to_string())?;
        Ok(Webhook { client, url })
    }

    /// Asks once. Whatever happens is an answer.
    pub async fn ask(&self, payload: &Payload) -> Answer {
        match self.exchange(payload).await {
            Ok(status) => judge(status),
            Err(error) => Answer::Broken(reason(error)),
        }
    }

    /// The status alone is the answer: a body that is long, or never ends, changes nothing.
    async fn exchange(&self, payload: &Payload) -> Result<StatusCode, reqwest::Error> {
        let request = self.client.post(self.url.clone()).json(payload);
        Ok(request.send().await?.status())
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

/// An error without the URL, which is in most of them.
fn reason(error: reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "no answer"
    };
    let error = error.without_url();
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
        write!(f, "{}://{}", self.url.scheme(), self.url.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_what_flagger_passes_and_tells_a_no_from_a_broken_gate() {
        let judge = |code| judge(StatusCode::from_u16(code).unwrap());
        for code in [200, 201, 202] {
            assert_eq!(judge(code), Answer::Pass);
        }
        for code in [203, 204, 400, 401, 404, 409, 425, 500, 503] {
            assert!(matches!(judge(code), Answer::NotYet(_)), "{code}");
        }
        for code in [301, 302, 303, 307, 308] {
            assert!(matches!(judge(code), Answer::Broken(_)), "{code}");
        }
        assert!(matches!(judge(410), Answer::Reject(_)));
    }

    #[test]
    fn an_answer_counts_before_its_body_has_come() {
        use std::io::{Read, Write};
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nsome").unwrap();
            // Until the other side has had enough.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let payload = Payload {
            name: String::new(),
            namespace: String::new(),
            phase: "",
            checksum: String::new(),
            metadata: Metadata {
                release: String::new(),
                images: String::new(),
                preview: String::new(),
            },
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async { Webhook::new(url).unwrap().ask(&payload).await });
        drop(runtime);
        assert_eq!(answer, Answer::Pass);
        server.join().unwrap();
    }

    #[test]
    fn shows_no_more_of_its_address_than_scheme_and_host() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = "https://user:pass@hooks.example.com:8443/secret?token=secret".parse().unwrap();
        let webhook = Webhook::new(url).unwrap();
        assert_eq!(webhook.to_string(), "https://hooks.example.com");
        assert_eq!(format!("{webhook:?}"), "Webhook(https://hooks.example.com)");
        assert!(Webhook::new("file:///etc/passwd".parse().unwrap()).is_err());
    }
}
