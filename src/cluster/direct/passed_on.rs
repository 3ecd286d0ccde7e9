//! The API server's proxy of a Service: it asks one of the pods, and passes on what that says.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use kube::client::Body;
use serde_json::Value;

use super::asked::{Asked, read};
use crate::cluster::call::{chain, failure};
use crate::cluster::{CallError, Cluster};
use crate::gate::Proxied;
use crate::model::Kind;
use crate::release::Reach;

/// The API server sets it on whatever it answers itself or passes on.
const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
/// What it adds besides.
const ITS_OWN: [HeaderName; 3] = [
    AUDIT_ID,
    HeaderName::from_static("x-kubernetes-pf-flowschema-uid"),
    HeaderName::from_static("x-kubernetes-pf-prioritylevel-uid"),
];
/// What it says of caching, before whatever the app says.
const UNCACHED: &str = "no-cache, private";

/// Why there is no answer of the app's.
pub enum Amiss {
    NotAllowed(String),
    Failed(String),
}

pub async fn ask(
    cluster: &Cluster,
    reach: &Reach,
    asked: &Asked,
) -> Result<Response<Vec<u8>>, Amiss> {
    let Reach { service, port, tls, .. } = reach;
    let scheme = if *tls { "https:" } else { "" };
    let id = format!("{scheme}{service}:{port}");
    let root = format!("{}/proxy", cluster.path(Kind::Service, Some(&id)));
    let failed = |why: String| Amiss::Failed(why);
    let request = asked.to_the_api_server(&root).map_err(|error| failed(error.to_string()))?;
    let pass = cluster.account.pass().await.map_err(|trouble| failed(trouble.what))?;
    let answer = exchange(&pass.client, request.clone()).await?;
    let (answer, said) = match told(&answer) {
        // The app may answer 401 as well: that is an answer.
        Some(error) if error.is_unauthenticated() => {
            match cluster.account.after_refusal(&pass).await {
                None => (answer, Some(error)),
                Some(pass) => {
                    let pass = pass.map_err(|trouble| failed(trouble.what))?;
                    let answer = exchange(&pass.client, request).await?;
                    let said = told(&answer);
                    (answer, said)
                }
            }
        }
        said => (answer, said),
    };
    match said {
        Some(error) if error.is_about_rights() => Err(Amiss::NotAllowed(error.to_string())),
        Some(error) => Err(Amiss::Failed(error.to_string())),
        None => passed_on(answer, &root),
    }
}

async fn exchange(
    client: &kube::Client,
    request: http::Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, Amiss> {
    let failed = |error: kube::Error| Amiss::Failed(chain(&error));
    let answer = client.send(request.map(Body::from)).await.map_err(failed)?;
    let (answer, _) = read(answer).await.map_err(failed)?;
    Ok(answer)
}

/// What the API server itself says instead of an answer of the app's.
fn told(answer: &Response<Vec<u8>>) -> Option<CallError> {
    let status = answer.status();
    if status.is_success() {
        return None;
    }
    let said: Value = serde_json::from_slice(answer.body()).ok()?;
    let is_its_own =
        said["kind"] == "Status" && said["apiVersion"] == "v1" && said["code"] == status.as_u16();
    is_its_own.then(|| failure(status, None, &said))
}

/// `root`: what the API server has put before each link of a page.
fn passed_on(answer: Response<Vec<u8>>, root: &str) -> Result<Response<Vec<u8>>, Amiss> {
    let (mut head, mut body) = answer.into_parts();
    let may_be_anybodys = matches!(
        head.status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    );
    if may_be_anybodys && !head.headers.contains_key(AUDIT_ID) {
        let why = format!("{} from something in front of the API server", head.status);
        return Err(Amiss::Failed(why));
    }
    take_its_own(&mut head.headers);
    head.extensions.insert(Proxied);
    let media = head.headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    if media.is_some_and(|media| media.contains("html")) {
        body = String::from_utf8_lossy(&body).replace(root, "").into_bytes();
    }
    Ok(Response::from_parts(head, body))
}

/// So that what is left is the app's.
fn take_its_own(headers: &mut HeaderMap) {
    for name in ITS_OWN {
        headers.remove(name);
    }
    let said: Vec<HeaderValue> = headers.get_all(header::CACHE_CONTROL).iter().cloned().collect();
    if said.first().is_some_and(|first| first == UNCACHED) {
        headers.remove(header::CACHE_CONTROL);
        for value in said.into_iter().skip(1) {
            headers.append(header::CACHE_CONTROL, value);
        }
    }
}
