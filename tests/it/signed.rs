//! What a signature says of the time.

use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};
use bluegreen::gate::{Courier, Failure, Outside};
use jiff::Timestamp;
use reqwest::{Request, Response};
use tower::service_fn;

use crate::stand::Stand;

/// The cluster's new year; the machine that this runs on is elsewhere.
#[tokio::test(start_paused = true)]
async fn it_is_the_api_servers() -> Result<()> {
    let told: Arc<Mutex<Option<String>>> = Arc::default();
    let hears = Arc::clone(&told);
    let outside = Outside::given(Courier::new(service_fn(move |request: Request| {
        let at = request.headers()["webhook-timestamp"].to_str().map(str::to_owned);
        *hears.lock().expect("no holder panics") = at.ok();
        let answer = http::Response::builder().status(410).body(String::new());
        async move { Ok::<_, Failure>(Response::from(answer?)) }
    })));
    let mut stand = Stand::new().await?;
    stand.outside = outside;
    let secret = stand.text("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
    let deploy = ["deploy", "parrot", "--image", "kmharish/parrot-app:v2.2"];
    let gate = ["--webhook", "https://gate.example.com/", "--webhook-secret-file", &secret];
    stand.said(3, &[&deploy[..], &gate].concat()).await?;
    let at = told.lock().expect("no holder panics").take().unwrap_or_default();
    let at = Timestamp::from_second(at.parse()?)?;
    ensure!(at.to_string().starts_with("2026-01-01T00:0"), "{at}");
    Ok(())
}
