//! What a gate answers: a status, and whatever comes with it. Or an error on the way.

use bluegreen::gate::{Courier, Failure, Outside, Payload, Webhooks};
use bluegreen::release::Answer;
use bluegreen::settings::{Address, Credentials, Hook};
use http::{HeaderName, HeaderValue};
use reqwest::{Request, Response};
use tokio::runtime::Builder;
use tower::service_fn;

/// Two bytes of status, then lines of headers up to an empty one, then the body. A first byte of 255
/// is an error of that text.
pub fn tried(input: &[u8]) {
    let [first, second, rest @ ..] = input else { return };
    let status = u16::from_be_bytes([*first, *second]);
    let input = input.to_vec();
    let rest = rest.to_vec();
    let outside = Outside::given(Courier::new(service_fn(move |_: Request| {
        let answer = if input[0] == 255 {
            Err(Failure::from(String::from_utf8_lossy(&rest).into_owned()))
        } else {
            response(status % 1000, &rest).ok_or_else(|| Failure::from("no response"))
        };
        async { answer }
    })));
    let address = Address::parse("https://gate.example.com/hush").expect("an address");
    let hooks = vec![(Hook::new(address), Credentials::default())];
    let webhooks = Webhooks::new(hooks, &outside).expect("a client").expect("a webhook");
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let at = || "2026-01-01T00:00:00Z".parse().expect("a time");
    let answer = runtime.block_on(webhooks.ask(&payload(), &at)).answer;
    let is_yes = (200..=202).contains(&(status % 1000)) && *first != 255;
    assert!(answer != Answer::Pass || is_yes, "{answer:?} to {status}");
    let (kind, said) = answer.parts();
    assert!(!said.contains("hush") || *first == 255, "{kind}: {said}");
}

fn response(status: u16, rest: &[u8]) -> Option<Response> {
    let mut response = http::Response::builder().status(status);
    let mut lines = rest.split(|byte| *byte == b'\n');
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        response = response.header(name, HeaderValue::from_bytes(&line[at + 1..]).ok()?);
    }
    let body: Vec<u8> = lines.flatten().copied().collect();
    Some(Response::from(response.body(body).ok()?))
}

fn payload() -> Payload {
    super::record::payload()
}
