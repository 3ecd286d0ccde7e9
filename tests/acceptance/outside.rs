//! What is outside the cluster: the gate, and the app through its ingress.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bluegreen::gate::{Courier, Failure, Outside};
use http::Method;
use reqwest::{Request, Response};
use tower::service_fn;

use super::field::Field;

/// The gate's address, on a command line.
pub const GATE: &str = "--webhook http://gate.example.com/confirm";
/// What is no status: the gate can't be reached.
pub const BROKEN: u16 = 0;

/// A gate that says these, the last of them for ever, and counts; and an ingress that has each change
/// at once: it answers with the image of the version that is routed to.
pub fn answers(field: &Field, answers: &[u16], polls: &Arc<AtomicUsize>) -> Outside {
    let (field, answers, polls) = (field.clone(), answers.to_vec(), Arc::clone(polls));
    Outside::given(Courier::new(service_fn(move |request: Request| {
        let (field, answers, polls) = (field.clone(), answers.clone(), Arc::clone(&polls));
        async move {
            if request.method() == Method::GET {
                let image = field.routed().await?;
                return Ok(response(200, image));
            }
            let n = polls.fetch_add(1, Ordering::SeqCst);
            match answers.get(n).or(answers.last()).copied() {
                None | Some(BROKEN) => Err(Failure::from("nobody is there")),
                Some(status) => Ok(response(status, String::new())),
            }
        }
    })))
}

/// An ingress that says this while the Ingress names a certain Service; else it has each change at once.
pub fn says_instead(
    field: &Field,
    service: &'static str,
    status: u16,
    body: &'static str,
) -> Outside {
    let field = field.clone();
    Outside::given(Courier::new(service_fn(move |_: Request| {
        let field = field.clone();
        async move {
            if field.backend("parrot").await? == service {
                return Ok(response(status, body.to_owned()));
            }
            Ok::<_, Failure>(response(200, field.routed().await?))
        }
    })))
}

fn response(status: u16, body: String) -> Response {
    let response = http::Response::builder().status(status).body(body);
    Response::from(response.expect("this is a response"))
}
