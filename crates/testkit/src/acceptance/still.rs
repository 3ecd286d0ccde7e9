//! A command that can be made to stand still right after something it says: not one more request of
//! its leaves. That is how a kill or a suspension is aimed. And one whose requests are not all let through.

use std::sync::{Arc, Mutex};

use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::{BoxError, service_fn};

type Wanted = Box<dyn Fn(&Value) -> bool + Send>;

pub struct Still {
    at: Mutex<Option<Wanted>>,
    stands: watch::Sender<bool>,
}

impl Still {
    pub fn never() -> Arc<Still> {
        Arc::new(Still { at: Mutex::new(None), stands: watch::channel(false).0 })
    }

    pub fn at(&self, wanted: impl Fn(&Value) -> bool + Send + 'static) {
        *self.at.lock().expect("no holder panics") = Some(Box::new(wanted));
    }

    /// What the command says.
    pub fn hears(&self, event: &Value) {
        let at = self.at.lock().expect("no holder panics");
        if at.as_ref().is_some_and(|wanted| wanted(event)) {
            self.stands.send_replace(true);
        }
    }

    pub async fn stands(&self) {
        self.is(true).await;
    }

    pub fn go_on(&self) {
        *self.at.lock().expect("no holder panics") = None;
        self.stands.send_replace(false);
    }

    async fn is(&self, wanted: bool) {
        let mut stands = self.stands.subscribe();
        stands.wait_for(|stands| *stands == wanted).await.expect("the sender is here");
    }

    /// The client of such a command.
    pub fn client(self: &Arc<Self>, client: &Client, namespace: &str) -> Client {
        let (still, client) = (Arc::clone(self), client.clone());
        let send = service_fn(move |request: http::Request<Body>| {
            let (still, client) = (Arc::clone(&still), client.clone());
            async move {
                still.is(false).await;
                client.send(request).await.map_err(BoxError::from)
            }
        });
        Client::new(send, namespace)
    }
}

/// A client that is refused all calls with this in their address, as by an authorizer.
pub fn refusing(client: Client, namespace: &str, part: &'static str) -> Client {
    let send = service_fn(move |request: http::Request<Body>| {
        let client = client.clone();
        async move {
            if !request.uri().to_string().contains(part) {
                return client.send(request).await.map_err(BoxError::from);
            }
            let status = json!({
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
                "message": "User \"parrot\" cannot get resource in the namespace", "code": 403,
            });
            let response = http::Response::builder().status(403);
            let response = response.header("content-type", "application/json");
            Ok(response.body(Body::from(status.to_string().into_bytes()))?)
        }
    });
    Client::new(send, namespace)
}
