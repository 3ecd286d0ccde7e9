//! One request: through the ingress, on a connection of its own, or of a version itself.

use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderValue, Method, header};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response};
use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

use super::answer::{Answer, Heard};
use super::target::Target;
use crate::gate::outside::{Courier, Denied, Failure, Outside, Proxied, carry};
use crate::gate::webhook::reason;

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// So much of a body is read.
const BODY: usize = 64 * 1024;

pub struct Asker {
    courier: Courier,
    url: Url,
    /// The rule's host, which has no port.
    host: Option<HeaderValue>,
}

/// Every name is at the target's address: the rule's host may not be in the DNS, or lead elsewhere.
struct Led(String);

impl Resolve for Led {
    fn resolve(&self, _: Name) -> Resolving {
        let address = self.0.clone();
        Box::pin(async move {
            // The URL's port counts.
            let found: Vec<SocketAddr> = lookup_host((address, 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Asker {
    pub fn new(target: Target, outside: &Outside) -> Result<Asker, String> {
        let address = match &target.address {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        let wanted = Client::builder()
            .user_agent(crate::USER_AGENT)
            .http1_only()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            // A connection that is kept alive stays with the worker of nginx that took it, old or new.
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .dns_resolver(Led(address))
            // A proxy would look the host up by itself, and keep connections.
            .no_proxy()
            // Nothing secret is sent, and whose certificate it is tells nothing of versions.
            .tls_danger_accept_invalid_certs(true);
        let host = target.url.domain().filter(|_| target.url.port().is_some());
        let is_rule = target.url.host().map(|host| host.to_owned()) != Some(target.address.clone());
        let host = host.filter(|_| is_rule).and_then(|host| HeaderValue::from_str(host).ok());
        Ok(Asker { courier: outside.courier(wanted)?, url: target.url, host })
    }

    /// Of a version itself, in the same words.
    pub fn direct(url: Url, courier: Courier) -> Asker {
        Asker { courier, url, host: None }
    }

    /// Whatever happens is an answer, or why there was none.
    pub async fn ask(&self) -> Heard {
        let asked = timeout(ANSWER_WITHIN, self.exchange()).await;
        match asked {
            Ok(Ok(heard)) => heard,
            Ok(Err(error)) => match error.downcast::<Denied>() {
                Ok(denied) => Heard::Denied(denied.to_string()),
                Err(error) => Heard::Nobody(reason(error)),
            },
            Err(_) => Heard::Nobody("it did not answer in time".to_owned()),
        }
    }

    async fn exchange(&self) -> Result<Heard, Failure> {
        let mut request = Request::new(Method::GET, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(host) = &self.host {
            headers.insert(header::HOST, host.clone());
        }
        let mut response = carry(&self.courier, request).await?;
        let body = body(&mut response).await?;
        let answer = Answer::new(response.status(), response.headers(), &body).of(&self.url);
        let is_rewritten = response.extensions().get::<Proxied>().is_some();
        Ok(Heard::Answer(if is_rewritten { answer.rewritten() } else { answer }))
    }
}

async fn body(response: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await? {
        body.extend_from_slice(&part[..part.len().min(BODY - body.len())]);
        if body.len() == BODY {
            break;
        }
    }
    Ok(body)
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod tests;
