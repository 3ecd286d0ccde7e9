//! `examples/gate.rs`: what it says to whom. Included by path, because cargo
//! builds no examples for a single test.

#[path = "../../examples/gate.rs"]
#[allow(dead_code)] // its `main`
mod gate;

use std::sync::Mutex;

use futures_util::FutureExt;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::json;

use gate::{Gate, answer, parse};

fn send(gate: &Mutex<Gate>, request: &str, body: &'static str) -> u16 {
    let (method, path) = request.split_once(' ').expect("METHOD PATH");
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    // The whole request is there: nothing to wait for.
    let response = answer(gate, request).now_or_never().expect("at once");
    response.unwrap().status().as_u16()
}

#[test]
fn says_not_yet_until_it_is_opened_or_told_to_reject() {
    let gate = Mutex::new(Gate::default());
    let poll = || send(&gate, "POST /gate", r#"{"checksum":"a"}"#);

    assert_eq!([poll(), poll()], [500, 500]);
    assert_eq!(send(&gate, "POST /open", ""), 200);
    assert_eq!([poll(), poll()], [200, 200]);
    assert_eq!(send(&gate, "POST /reject", ""), 200);
    assert_eq!(poll(), 410);
}

#[test]
fn a_yes_is_for_one_candidate() {
    let mut gate = Gate::default();
    let (first, second) = (json!({"checksum": "a"}), json!({"checksum": "b"}));

    gate.decide(200);
    assert_eq!(gate.poll(&first), 200, "decided in advance");
    assert_eq!(gate.poll(&first), 200);
    assert_eq!(gate.poll(&second), 500);
}

#[test]
fn opens_by_itself_after_n_polls_of_a_candidate() {
    let mut gate = Gate::new(Some(2));

    for checksum in ["a", "b"] {
        let payload = json!({ "checksum": checksum });
        let answers = [(); 4].map(|()| gate.poll(&payload));
        assert_eq!(answers, [500, 500, 200, 200]);
    }
    gate.decide(410);
    assert_eq!(gate.poll(&json!({"checksum": "b"})), 410, "a no stands");
}

#[test]
fn answers_nothing_else() {
    let gate = Mutex::new(Gate::default());

    assert_eq!(send(&gate, "GET /open", ""), 404, "a link preview opens nothing");
    assert_eq!(send(&gate, "GET /gate", ""), 404);
    assert_eq!(send(&gate, "POST /gate", "no json"), 400);
    assert_eq!(send(&gate, "POST /gate", "{}"), 500);
}

#[test]
fn takes_its_flags_in_any_order() {
    let parse = |line: &str| {
        let words: Vec<String> = line.split_whitespace().map(Into::into).collect();
        parse(&words)
    };

    assert_eq!(parse(""), Ok((8090, None)));
    assert_eq!(parse("--open-after 3 --port 0"), Ok((0, Some(3))));
    for wrong in ["--port", "--port x", "--open-after -1", "--help"] {
        parse(wrong).unwrap_err();
    }
}
