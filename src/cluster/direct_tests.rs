use std::sync::Mutex as Lock;

use futures_util::{SinkExt, StreamExt};
use kube::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tower::{Service, ServiceExt};

use super::*;
use crate::gate::Proxied;

const URL: &str = "https://parrot.example.com:8443/a/b?c=d";
const BIRDS: &str = "/api/v1/namespaces/birds";

fn reach(pods: &[(&str, u64)]) -> Reach {
    let pods = pods.iter().map(|(pod, port)| ((*pod).to_owned(), *port)).collect();
    Reach { service: "parrot-green".to_owned(), port: 80, tls: false, pods }
}

async fn ask(courier: &Courier) -> Result<reqwest::Response, Failure> {
    let mut request = Request::new(http::Method::GET, URL.parse().unwrap());
    request.headers_mut().insert("cache-control", "no-cache".parse().unwrap());
    courier.clone().ready().await?.call(request).await
}

async fn text(courier: &Courier) -> String {
    ask(courier).await.unwrap().text().await.unwrap()
}

async fn why(courier: &Courier) -> String {
    ask(courier).await.expect_err("it answers").to_string()
}

/// An API server and the node behind it: what is asked is noted, and answered by `says`, with whatever
/// was asked before.
struct Stage {
    cluster: Cluster,
    asked: Arc<Lock<Vec<String>>>,
}

#[derive(Clone)]
enum Says {
    /// Bytes, as they stand, after which the connection ends.
    Bytes(String),
    /// A forward, over which the pod answers so to one request after the other.
    Forward(Vec<&'static str>),
    /// One over which a pod takes so long for each answer, which is always the same.
    Slow(Duration),
    /// A forward that the node can't make.
    Trouble(&'static str),
}

impl Stage {
    async fn new(says: impl Fn(&str, usize) -> Says + Send + Sync + 'static) -> Stage {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut config = kube::Config::new(url.parse().unwrap());
        config.default_retry = false;
        let asked = Arc::new(Lock::new(Vec::new()));
        let (says, notes) = (Arc::new(says), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (says, notes) = (Arc::clone(&says), Arc::clone(&notes));
                tokio::spawn(async move { answer(stream, &*says, &notes).await });
            }
        });
        let client = Client::try_from(config).unwrap();
        Stage { cluster: Cluster::over(client, "birds"), asked }
    }

    /// The first lines of what was asked, by way of the API server and over forwards.
    fn asked(&self) -> Vec<String> {
        let line = |text: &String| text.lines().next().unwrap_or_default().to_owned();
        self.asked.lock().unwrap().iter().map(line).collect()
    }
}

async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

async fn answer(
    mut stream: TcpStream,
    says: &(impl Fn(&str, usize) -> Says + ?Sized),
    notes: &Lock<Vec<String>>,
) {
    let Some(head) = head(&mut stream).await else { return };
    let nth = notes.lock().unwrap().len();
    notes.lock().unwrap().push(head.clone());
    let mut late = Duration::ZERO;
    let answers = match says(head.lines().next().unwrap(), nth) {
        Says::Bytes(bytes) => {
            stream.write_all(bytes.as_bytes()).await.unwrap();
            return;
        }
        Says::Forward(answers) => Ok(answers),
        Says::Slow(time) => {
            late = time;
            Ok(vec![V1; 99])
        }
        Says::Trouble(why) => Err(why),
    };
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let key = lines.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")).unwrap().1;
    let switched = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Protocol: v4.channel.k8s.io\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(switched.as_bytes()).await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    let port: u16 =
        head.split("ports=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let frame = |channel: u8, bytes: &[u8]| Message::binary([&[channel], bytes].concat());
    for channel in [0, 1] {
        socket.send(frame(channel, &port.to_le_bytes())).await.unwrap();
    }
    let answers = match answers {
        Ok(answers) => answers,
        Err(why) => {
            socket.send(frame(1, why.as_bytes())).await.unwrap();
            let _ = socket.close(None).await;
            return;
        }
    };
    let (mut answers, mut request) = (answers.into_iter(), Vec::new());
    while let Some(Ok(message)) = socket.next().await {
        request.extend_from_slice(message.into_data().get(1..).unwrap_or_default());
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let Some(answer) = answers.next() else { break };
        notes.lock().unwrap().push(String::from_utf8(std::mem::take(&mut request)).unwrap());
        tokio::time::sleep(late).await;
        if socket.send(frame(0, answer.as_bytes())).await.is_err() {
            return;
        }
    }
    let _ = socket.close(None).await;
}

const V1: &str = "HTTP/1.1 200 OK\r\nx-version: 1\r\ncontent-length: 2\r\n\r\nv1";

fn status(code: u16, reason: &str, message: &str, details: &Value) -> Says {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "details": details, "code": code,
    });
    let body = body.to_string();
    Says::Bytes(format!(
        "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// As RBAC words it.
fn forbidden(resource: &str, verb: &str) -> Says {
    let message = format!(
        "x is forbidden: User \"jane\" cannot {verb} resource \"{resource}\" in API group \"\" in the \
         namespace \"birds\""
    );
    status(403, "Forbidden", &message, &json!({}))
}

fn passed_on(code: u16, headers: &str, body: &str) -> Says {
    Says::Bytes(format!(
        "HTTP/1.1 {code} X\r\naudit-id: 1\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n\
         {body}",
        body.len()
    ))
}

#[tokio::test]
async fn one_forward_carries_all_requests_as_a_visitor_would_ask() {
    let stage = Stage::new(|_, _| Says::Forward(vec![V1; 3])).await;
    let courier = courier(&stage.cluster, reach(&[("p1", 3000)]));
    for _ in 0..3 {
        let answer = ask(&courier).await.unwrap();
        assert!(answer.status() == 200 && answer.headers()["x-version"] == "1");
        assert_eq!(answer.extensions().get::<Proxied>(), None);
        assert_eq!(answer.text().await.unwrap(), "v1");
    }
    let forward = format!("GET {BIRDS}/pods/p1/portforward?&ports=3000 HTTP/1.1");
    let visit = "GET /a/b?c=d HTTP/1.1";
    assert_eq!(stage.asked(), [&*forward, visit, visit, visit]);
    let asked = stage.asked.lock().unwrap()[1].clone();
    for line in [
        "\r\nhost: parrot.example.com\r\n",
        "x-forwarded-proto: https\r\n",
        "x-forwarded-host: parrot.example.com\r\n",
        "x-forwarded-for: 127.0.0.1\r\n",
        "cache-control: no-cache\r\n",
        "accept: */*\r\n",
        "user-agent: bluegreen/",
    ] {
        assert_eq!(asked.matches(line).count(), 1, "{line:?} in {asked}");
    }
}

#[tokio::test]
async fn a_forward_that_has_ended_is_opened_again_to_whichever_pod_is_there() {
    let gone = json!({ "kind": "pods", "name": "p1" });
    let stage = Stage::new(move |line, nth| match line.contains("/p1/") {
        true if nth > 0 => status(404, "NotFound", "pods \"p1\" not found", &gone),
        // The second time it is asked, it ends instead.
        true => Says::Forward(vec![V1]),
        false => Says::Forward(vec![V1; 9]),
    });
    let stage = stage.await;
    let courier = courier(&stage.cluster, reach(&[("p1", 3000), ("p2", 3001)]));
    for _ in 0..3 {
        assert_eq!(text(&courier).await, "v1");
    }
    let opened: Vec<_> = stage.asked().into_iter().filter(|line| line.contains("/pods/")).collect();
    let forward =
        |pod: &str, port: u16| format!("GET {BIRDS}/pods/{pod}/portforward?&ports={port} HTTP/1.1");
    assert_eq!(opened, [forward("p1", 3000), forward("p1", 3000), forward("p2", 3001)]);
}

#[tokio::test]
async fn whoever_gets_no_forward_asks_by_the_service_proxy_from_then_on() {
    for refusal in [
        forbidden("pods/portforward", "create"),
        status(400, "BadRequest", "Upgrade request required", &json!({})),
        status(501, "NotImplemented", "no", &json!({})),
        // Something between that knows no websockets.
        Says::Bytes("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned()),
    ] {
        let stage = Stage::new(move |line, _| match line.contains("/portforward") {
            true => refusal.clone(),
            false => {
                let own =
                    "cache-control: no-cache, private\r\nx-kubernetes-pf-flowschema-uid: 1\r\n";
                passed_on(404, &format!("{own}cache-control: no-store\r\nx-version: 1\r\n"), "v1")
            }
        });
        let stage = stage.await;
        let courier = courier(&stage.cluster, reach(&[("p1", 3000)]));
        for _ in 0..2 {
            let answer = ask(&courier).await.unwrap();
            assert_eq!(answer.status(), 404);
            assert_eq!(answer.extensions().get::<Proxied>(), Some(&Proxied));
            let said = |name| answer.headers().get_all(name).iter().collect::<Vec<_>>();
            assert!(said("cache-control") == ["no-store"] && said("x-version") == ["1"]);
            assert!(
                said("audit-id").is_empty() && said("x-kubernetes-pf-flowschema-uid").is_empty()
            );
        }
        let proxied = format!("GET {BIRDS}/services/parrot-green:80/proxy/a/b?c=d HTTP/1.1");
        assert_eq!(stage.asked()[1..], [proxied.clone(), proxied]);
        let asked = stage.asked.lock().unwrap()[1].clone();
        assert!(asked.contains("x-forwarded-host: parrot.example.com\r\n"), "{asked}");
        assert!(asked.contains("\r\nhost: 127.0.0.1:"), "{asked}");
    }
}

#[tokio::test]
async fn the_links_of_a_page_are_as_the_app_wrote_them() {
    let page = "<a href=\"/x\">é</a>";
    let stage = Stage::new(move |line, _| match line.contains("/portforward") {
        true => forbidden("pods/portforward", "create"),
        false => {
            let written = format!("href=\"{BIRDS}/services/parrot-green:80/proxy/x");
            let body = page.replace("href=\"/x", &written);
            passed_on(200, "content-type: text/html\r\n", &body)
        }
    });
    let stage = stage.await;
    let answer = ask(&courier(&stage.cluster, reach(&[("p1", 3000)]))).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), page);
}

#[tokio::test]
async fn what_nobody_may_do_is_not_tried_again() {
    let stage = Stage::new(|line, _| match line.contains("/portforward") {
        true => forbidden("pods/portforward", "create"),
        false => forbidden("services/proxy", "get"),
    });
    let stage = stage.await;
    let courier = courier(&stage.cluster, reach(&[("p1", 3000)]));
    for _ in 0..2 {
        let denied = ask(&courier).await.expect_err("it answers");
        let denied = denied.downcast_ref::<Denied>().expect("it is about rights");
        for words in
            ["get and create on pods/portforward", "get on services/proxy", "check --role --probe"]
        {
            assert!(denied.0.contains(words), "{denied}");
        }
    }
    assert_eq!(stage.asked().len(), 2);
}

#[tokio::test]
async fn what_the_api_server_says_itself_is_no_answer() {
    let said = Arc::new(Lock::new(String::new()));
    let says = Arc::clone(&said);
    let stage = Stage::new(move |line, _| match line.contains("/portforward") {
        true => forbidden("pods/portforward", "create"),
        false => match &**says.lock().unwrap() {
            "none" => status(
                503,
                "ServiceUnavailable",
                "no endpoints available for service \"parrot-green\"",
                &Value::Null,
            ),
            "between" => Says::Bytes(
                "HTTP/1.1 502 X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned(),
            ),
            "throttled" => status(429, "TooManyRequests", "later", &Value::Null),
            // An app's own, through the API server.
            "502" => passed_on(502, "", "bad"),
            "401" => passed_on(401, "", "who are you?"),
            _ => passed_on(403, "content-type: application/json\r\n", r#"{"kind":"Status"}"#),
        },
    });
    let stage = stage.await;
    let courier = courier(&stage.cluster, reach(&[("p1", 3000)]));
    for (says, words) in [
        ("none", "no endpoints available"),
        ("between", "502 Bad Gateway from something in front of the API server"),
        ("throttled", "too many requests"),
    ] {
        says.clone_into(&mut said.lock().unwrap());
        let why = why(&courier).await;
        assert!(why.contains(words), "{why}");
    }
    for status in ["502", "401", "403"] {
        status.clone_into(&mut said.lock().unwrap());
        assert_eq!(ask(&courier).await.unwrap().status().as_str(), status);
    }
}

#[tokio::test]
async fn a_port_that_nobody_listens_at_is_told_in_the_words_of_both() {
    let refused = "error forwarding port 3000 to pod p1: connection refused";
    let stage = Stage::new(move |line, _| match line.contains("/portforward") {
        true => Says::Trouble(refused),
        false => status(
            503,
            "ServiceUnavailable",
            "error trying to reach service: dial tcp",
            &Value::Null,
        ),
    });
    let stage = stage.await;
    let courier = courier(&stage.cluster, reach(&[("p1", 3000)]));
    let why = why(&courier).await;
    assert!(why.contains(refused) && why.contains("error trying to reach service"), "{why}");
    // Neither has turned out to be of use, so both are tried again.
    ask(&courier).await.expect_err("it answers");
    assert_eq!(stage.asked().len(), 4);
}

#[tokio::test]
async fn an_app_that_never_answers_is_given_up_and_what_comes_then_is_carried() {
    let stage = Stage::new(|_, nth| match nth {
        0 => Says::Forward(vec![""]),
        _ => Says::Forward(vec![V1]),
    });
    let stage = stage.await;
    let courier = courier(&stage.cluster, reach(&[("p1", 3000)]));
    assert_eq!(why(&courier).await, "it did not answer within 5 s");
    assert_eq!(text(&courier).await, "v1");
}

#[tokio::test]
async fn a_long_answer_is_cut_and_the_forward_goes_on() {
    let long: &str =
        format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{}", "x".repeat(100_000)).leak();
    let stage = Stage::new(move |_, _| Says::Forward(vec![long, V1])).await;
    let courier = courier(&stage.cluster, reach(&[("p1", 3000)]));
    assert_eq!(text(&courier).await.len(), 64 * 1024);
    assert_eq!(text(&courier).await, "v1");
    assert_eq!(stage.asked().len(), 3);
}

/// So many rules of an app, so often each.
async fn asks(courier: &Courier, rules: usize, times: usize) {
    for _ in 0..times {
        let asked = (0..rules).map(|_| text(courier));
        assert!(futures_util::future::join_all(asked).await.iter().all(|said| said == "v1"));
    }
}

#[tokio::test]
async fn many_slow_rules_are_answered_as_soon_as_one_is_and_quick_ones_by_one_forward() {
    for (late, most) in [(Duration::ZERO, 1), (Duration::from_millis(400), FORWARDS)] {
        let stage = Stage::new(move |_, _| match late.is_zero() {
            true => Says::Forward(vec![V1; 99]),
            false => Says::Slow(late),
        });
        let stage = stage.await;
        let courier = courier(&stage.cluster, reach(&[("p1", 3000)]));
        asks(&courier, FORWARDS, 1).await;
        let began = Instant::now();
        asks(&courier, FORWARDS, 3).await;
        let took = began.elapsed();
        // One after the other it would be 9.6 s.
        assert!(took < Duration::from_secs(4), "{took:?}");
        let forwards = stage.asked().iter().filter(|line| line.contains("/portforward")).count();
        assert!(forwards <= most && (most == 1 || forwards > 1), "{forwards}");
    }
}
