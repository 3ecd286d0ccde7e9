//! Who says yes to what: a version is approved from a revision of the store on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bluegreen::gate::{Courier, Outside};
use bluegreen::sandbox::Store;
use reqwest::{Request, Response};
use tower::service_fn;

/// The images that may serve, and since when.
#[derive(Clone, Default)]
pub struct Approvals(Arc<Mutex<Vec<(u64, String)>>>);

impl Approvals {
    pub fn add(&self, since: u64, image: &str) {
        self.0.lock().expect("no holder panics").push((since, image.to_owned()));
    }

    pub fn holds(&self, image: &str, at: u64) -> bool {
        let approved = self.0.lock().expect("no holder panics");
        approved.iter().any(|(since, it)| *since <= at && it == image)
    }
}

/// A gate that says these, the last of them for ever. Its yes is for this image.
pub fn gate(answers: &'static [u16], store: &Store, approvals: &Approvals, image: &str) -> Outside {
    let (store, approvals, image) = (store.clone(), approvals.clone(), image.to_owned());
    let polls = Arc::new(AtomicUsize::new(0));
    Outside::given(Courier::new(service_fn(move |_: Request| {
        let n = polls.fetch_add(1, Ordering::SeqCst);
        let status = answers.get(n).or(answers.last()).copied().unwrap_or(500);
        if status == 200 {
            approvals.add(store.revision(), &image);
        }
        let response = http::Response::builder().status(status).body(String::new());
        std::future::ready(Ok(Response::from(response.expect("this is a response"))))
    })))
}
