//! The way out of the process, for everything that is not the API server: webhooks, and the app
//! through its ingress. One place, so that a test can stand there instead of the network.

use std::error::Error;
use std::sync::Arc;

use reqwest::{ClientBuilder, Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

pub type Failure = Box<dyn Error + Send + Sync>;
/// Carries one request, and brings what was answered.
pub type Courier = BoxCloneSyncService<Request, Response, Failure>;

/// In an answer's extensions: the API server has passed it on, which rewrites the links of HTML and
/// where a redirect leads. So neither a body of HTML nor a Location is as the app said it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proxied;

/// Nobody was asked, and nobody will be: it is not allowed. A courier's failure can be one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Denied(pub String);

type Made = dyn Fn(ClientBuilder) -> Result<Courier, String> + Send + Sync;

/// Makes a courier of what somebody wants of an HTTP client.
#[derive(Clone)]
pub struct Outside(Arc<Made>);

impl Outside {
    pub fn network() -> Outside {
        Outside(Arc::new(|builder| {
            let client = builder.build().map_err(|error| error.without_url().to_string())?;
            Ok(BoxCloneSyncService::new(client.map_err(Failure::from)))
        }))
    }

    /// Nothing goes out: this answers, whatever is asked for. Timeouts are its own to keep.
    pub fn given(courier: Courier) -> Outside {
        Outside(Arc::new(move |_| Ok(courier.clone())))
    }

    pub(super) fn courier(&self, wanted: ClientBuilder) -> Result<Courier, String> {
        (self.0)(wanted)
    }
}

pub(super) async fn carry(courier: &Courier, request: Request) -> Result<Response, Failure> {
    courier.clone().ready().await?.call(request).await
}
