//! What a visitor would ask for, with what a proxy in front of the app adds to it.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes};
use reqwest::Request;

use crate::USER_AGENT;
use crate::gate::Failure;

/// So much of a body is handed on.
const BODY: usize = 64 * 1024;
/// So much of the rest is read to have the connection free again.
const REST: usize = 1024 * 1024;

pub struct Asked {
    pub method: Method,
    /// With its query.
    pub path: String,
    host: HeaderValue,
    headers: HeaderMap,
}

impl Asked {
    pub fn of(request: &Request) -> Result<Asked, Failure> {
        let url = request.url();
        let host = HeaderValue::from_str(url.host_str().unwrap_or_default())?;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut headers = request.headers().clone();
        // The way decides about it.
        headers.remove(header::HOST);
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        for (name, value) in [
            ("x-forwarded-proto", HeaderValue::from_str(url.scheme())?),
            ("x-forwarded-host", host.clone()),
            ("x-forwarded-for", HeaderValue::from_static("127.0.0.1")),
        ] {
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Asked { method: request.method().clone(), path, host, headers })
    }

    /// As the app is asked.
    pub fn to_the_app(&self) -> Result<http::Request<Empty<Bytes>>, http::Error> {
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .body(Empty::new())?;
        let headers = request.headers_mut();
        *headers = self.headers.clone();
        headers.insert(header::HOST, self.host.clone());
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        Ok(request)
    }

    /// As the API server is asked, whose name its own host and our own name are.
    pub fn to_the_api_server(&self, root: &str) -> Result<http::Request<Vec<u8>>, http::Error> {
        let uri = format!("{root}{}", self.path);
        let mut request =
            http::Request::builder().method(self.method.clone()).uri(uri).body(Vec::new())?;
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().remove(header::USER_AGENT);
        Ok(request)
    }
}

/// An answer up to its limit, and whether that was its end.
pub async fn read<B>(answer: http::Response<B>) -> Result<(http::Response<Vec<u8>>, bool), B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (head, mut body) = answer.into_parts();
    let (mut kept, mut read) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame?.into_data() else { continue };
        read += part.len();
        kept.extend_from_slice(&part[..part.len().min(BODY - kept.len())]);
        if read > BODY + REST {
            return Ok((http::Response::from_parts(head, kept), false));
        }
    }
    Ok((http::Response::from_parts(head, kept), true))
}
