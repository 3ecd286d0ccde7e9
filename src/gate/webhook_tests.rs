use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{JoinHandle, spawn};

use super::*;
use crate::settings::{Address, Files};

/// A receiver that gives one answer a connection, in order, and then hears no more. What it was
/// told comes back at the end.
fn receiver(answers: &'static [&'static str]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hush", listener.local_addr().unwrap());
    let server = spawn(move || {
        let told = answers.iter().map(|answer| {
            let (mut stream, _) = listener.accept().unwrap();
            let told = request(&mut stream);
            stream.write_all(answer.as_bytes()).unwrap();
            told
        });
        told.collect()
    });
    (url, server)
}

/// A whole request: its body is JSON, and ends with a brace that closes the first.
fn request(stream: &mut TcpStream) -> String {
    let mut told = String::new();
    let mut part = [0; 4096];
    while !(told.contains("\r\n\r\n") && told.ends_with("}}")) {
        let n = stream.read(&mut part).unwrap();
        assert!(n > 0, "{told}");
        told += std::str::from_utf8(&part[..n]).unwrap();
    }
    told
}

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FORBIDDEN_SAID: &str =
    "403 Forbidden (a no, or the credential in --header-file is not permitted)";
const AWAY: &str =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FOUND: &str = "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n";
const GONE: &str = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

pub fn hook(url: &str) -> Hook {
    Hook::new(Address::parse(url).unwrap())
}

fn webhooks(hooks: &[Hook]) -> Option<Webhooks> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let read = hooks.iter().map(|hook| (hook.clone(), hook.files.read().unwrap()));
    Webhooks::new(read.collect(), &Outside::network()).unwrap()
}

pub fn ask(hooks: &[Hook], metadata: &[(&str, &str)]) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let webhooks = webhooks(hooks).unwrap();
    runtime.block_on(webhooks.ask(&Payload::of(metadata), &Timestamp::now)).answer
}

#[test]
fn passes_what_flagger_passes_and_tells_a_no_from_a_broken_gate() {
    let judge = |code| judge(StatusCode::from_u16(code).unwrap());
    for code in [200, 201, 202] {
        assert_eq!(judge(code), Answer::Pass);
    }
    for code in [203, 204, 400, 401, 404, 409, 425, 500, 503] {
        assert!(matches!(judge(code), Answer::NotYet(_)), "{code}");
    }
    for code in [301, 302, 303, 307, 308] {
        assert!(matches!(judge(code), Answer::Broken(_)), "{code}");
    }
    assert!(matches!(judge(410), Answer::Reject(_)));
    assert!(matches!(judge(429), Answer::Later(_)));
}

#[test]
fn an_answer_counts_before_its_body_has_come() {
    let (url, server) = receiver(&["HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nsome"]);
    assert_eq!(ask(&[hook(&url)], &[("a", "b")]), Answer::Pass);
    server.join().unwrap();
}

#[test]
fn its_metadata_is_sent_and_what_is_true_of_the_release_stands() {
    let (url, server) = receiver(&[OK]);
    let metadata = [("team", "birds"), ("release", "99")];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let hook = Hook { metadata, ..hook(&url) };
    assert_eq!(ask(&[hook], &[("release", "7")]), Answer::Pass);
    let told = server.join().unwrap().remove(0);
    assert!(told.ends_with(r#""metadata":{"release":"7","team":"birds"}}"#), "{told}");
}

#[test]
fn all_have_to_say_yes_and_the_first_that_does_not_answers_for_all() {
    let (yes, first) = receiver(&[OK, OK]);
    let (no, second) = receiver(&[FORBIDDEN, GONE]);
    let never = "http://127.0.0.1:9/";
    let second_hook = Hook { name: Some("qa".to_owned()), ..hook(&no) };
    let hooks = [hook(&yes), second_hook, hook(never)];
    assert_eq!(ask(&hooks, &[("a", "b")]), Answer::NotYet(format!("qa: {FORBIDDEN_SAID}")));
    assert_eq!(ask(&hooks, &[("a", "b")]), Answer::Reject("qa: 410 Gone".to_owned()));
    assert_eq!(first.join().unwrap().len(), 2);
    assert_eq!(second.join().unwrap().len(), 2);

    let (a, first) = receiver(&[OK]);
    let (b, second) = receiver(&[OK]);
    assert_eq!(ask(&[hook(&a), hook(&b)], &[("a", "b")]), Answer::Pass);
    assert_eq!((first.join().unwrap().len(), second.join().unwrap().len()), (1, 1));
}

#[test]
fn a_receiver_that_was_away_is_asked_again() {
    let (url, server) = receiver(&[AWAY, OK]);
    let patient = Hook { retries: 1, ..hook(&url) };
    assert_eq!(ask(&[patient], &[("a", "b")]), Answer::Pass);
    assert_eq!(server.join().unwrap().len(), 2);

    // Nor is it asked more often than that.
    let (url, server) = receiver(&[AWAY]);
    let answer = Answer::NotYet("503 Service Unavailable".to_owned());
    assert_eq!(ask(&[hook(&url)], &[("a", "b")]), answer);
    server.join().unwrap();
}

#[test]
fn an_answer_of_the_receiver_itself_is_not_asked_for_again() {
    let (url, server) = receiver(&[FORBIDDEN]);
    let patient = Hook { retries: 9, ..hook(&url) };
    assert_eq!(ask(&[patient], &[("a", "b")]), Answer::NotYet(FORBIDDEN_SAID.to_owned()));
    server.join().unwrap();
    for (code, again) in [(429, true), (500, true), (501, false), (503, true), (404, false)] {
        assert_eq!(may_change(StatusCode::from_u16(code).unwrap()), again, "{code}");
    }
}

#[test]
fn whoever_says_when_to_come_again_is_not_asked_before() {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let after = |headers: &[(http::HeaderName, &'static str)]| {
        let headers = headers.iter().cloned();
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        retry_after(&headers.collect(), now).map(|after| after.as_secs())
    };
    for (said, seconds) in [
        ("120", Some(120)),
        ("Fri, 02 Jan 2026 03:05:05 GMT", Some(60)),
        ("Fri, 02 Jan 2026 03:00:00 GMT", None),
        ("0", None),
        ("soon", None),
        ("-5", None),
    ] {
        assert_eq!(after(&[(RETRY_AFTER, said)]), seconds, "{said}");
    }
    // By its own clock.
    let at = (RETRY_AFTER, "Fri, 02 Jan 2026 05:00:30 GMT");
    assert_eq!(after(&[at, (DATE, "Fri, 02 Jan 2026 05:00:00 GMT")]), Some(30));
    assert_eq!(after(&[]), None);

    let busy = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 70\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (url, server) = receiver(Box::leak(Box::new([busy])));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let webhooks = webhooks(&[Hook { retries: 9, ..hook(&url) }]).unwrap();
    let reply = runtime.block_on(webhooks.ask(&Payload::of(&[("a", "b")]), &Timestamp::now));
    let answer = Answer::Later("429 Too Many Requests".to_owned());
    assert_eq!(reply, Reply { answer, after: Some(SignedDuration::from_secs(70)) });
    server.join().unwrap();
}

#[test]
fn the_timeout_is_for_all_tries_together() {
    let (url, server) = receiver(&[AWAY]);
    let patient = Hook { retries: 1000, timeout_seconds: 1, ..hook(&url) };
    let answer = Answer::NotYet("503 Service Unavailable".to_owned());
    assert_eq!(ask(&[patient], &[("a", "b")]), answer, "the last one that there was");
    server.join().unwrap();

    // It takes the connection, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let silent = Hook { timeout_seconds: 1, ..hook(&url) };
    let answer = Answer::Broken("it did not answer in time".to_owned());
    assert_eq!(ask(&[silent], &[("a", "b")]), answer);
}

#[test]
fn shows_no_more_of_an_address_than_scheme_and_host() {
    let one = hook("https://hooks.example.com:8443/secret?token=secret");
    let two = hook("http://gate.example.com/secret");
    let both = webhooks(&[one.clone(), two]).unwrap();
    assert_eq!(both.to_string(), "https://hooks.example.com, http://gate.example.com");
    assert_eq!(format!("{both:?}"), "Webhooks(https://hooks.example.com, http://gate.example.com)");
    let metadata = [("token".to_owned(), "secret".to_owned())].into();
    let shown = format!("{:?}", Hook { metadata, ..one });
    assert!(!shown.contains("secret"), "{shown}");
    assert!(webhooks(&[]).is_none());
}

#[test]
fn follows_no_redirect() {
    let (url, server) = receiver(&[FOUND]);
    let patient = Hook { retries: 1, ..hook(&url) };
    let answer = ask(&[patient], &[("a", "b")]);
    assert_eq!(answer, Answer::Broken("302 Found: redirects are not followed".to_owned()));
    assert_eq!(server.join().unwrap().len(), 1);
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request's head, and its body.
fn parts(told: &str) -> (http::HeaderMap, &str) {
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    let lines = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
    let headers = lines.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    (headers.collect(), body)
}

#[test]
fn a_question_is_signed_and_each_try_of_it_bears_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, SECRET).unwrap();
    let (url, server) = receiver(&[AWAY, OK, OK]);
    let files = Files { secret: Some(path), ..Files::default() };
    let patient = Hook { retries: 1, files, ..hook(&url) };
    assert_eq!(ask(std::slice::from_ref(&patient), &[("a", "b")]), Answer::Pass);
    assert_eq!(ask(&[patient], &[("a", "b")]), Answer::Pass);
    let told = server.join().unwrap();
    let told: Vec<_> = told.iter().map(|told| parts(told)).collect();
    let receiver = standardwebhooks::Webhook::new(SECRET).unwrap();
    for (headers, body) in &told {
        receiver.verify(body.as_bytes(), headers).unwrap();
    }
    let ids: Vec<_> = told.iter().map(|(headers, _)| &headers["webhook-id"]).collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[test]
fn headers_are_sent_along() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headers");
    std::fs::write(&path, "Authorization: Bearer hush\nX-Team: birds\nX-Team: owls\n").unwrap();
    let (url, server) = receiver(&[OK]);
    let files = Files { headers: Some(path), ..Files::default() };
    assert_eq!(ask(&[Hook { files, ..hook(&url) }], &[("a", "b")]), Answer::Pass);
    let told = server.join().unwrap().remove(0);
    let (headers, _) = parts(&told);
    assert_eq!(headers["authorization"], "Bearer hush");
    assert!(told.contains("birds") && told.contains("owls"), "{told}");
    assert!(!headers.contains_key("webhook-id"));
}
