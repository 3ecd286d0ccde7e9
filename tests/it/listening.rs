//! What it costs to hear what a controller says of a switch, and what it may cost at most.

use std::time::Duration;

use bluegreen::sandbox::{Call, Fault};
use http::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::bed::{Bed, in_paused_time, refused};

const DEPLOY: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --yes --settle 3s";

fn is_about_events(call: &Call) -> bool {
    call.path.contains("/events?")
}

/// The calls about Events that a release makes whose every such call meets this fault, and how long the
/// release takes.
fn heard(ingresses: usize, fault: Option<&Fault>) -> (Vec<Call>, Duration) {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        if ingresses > 1 {
            field.second_ingress().await?;
            field.initialised().await?;
        }
        if let Some(fault) = fault {
            faults.on(is_about_events, fault.clone());
        }
        let began = Instant::now();
        field.exits(0, DEPLOY).await?;
        let calls = faults.calls().into_iter().filter(is_about_events).collect();
        Ok((calls, began.elapsed()))
    });
    ran.unwrap()
}

#[test]
fn a_release_lists_once_and_watches_each_ingress() {
    for ingresses in [1, 2] {
        let (calls, _) = heard(ingresses, None);
        assert!(calls.iter().all(|call| call.method == Method::GET), "{calls:#?}");
        let (watches, lists): (Vec<&Call>, Vec<&Call>) =
            calls.iter().partition(|call| call.is_watch());
        assert_eq!((lists.len(), watches.len()), (1, ingresses), "{calls:#?}");
        let of_one = "involvedObject.kind%3DIngress%2CinvolvedObject.name%3Dparrot";
        assert!(watches.iter().all(|call| call.path.contains(of_one)), "{calls:#?}");
    }
}

/// Nothing else is read because of them, and nobody waits for them but a second.
#[test]
fn a_release_goes_on_whatever_becomes_of_them() {
    let (_, usual) = heard(1, None);
    let status = |code: u16, message: &str| refused(code, "x", message);
    let forbidden = "events is forbidden: User \"parrot\" cannot list resource \"events\"";
    for (fault, at_most) in [
        (status(403, forbidden), 1),
        (status(403, "no"), 2),
        (status(500, "out of order"), 6),
        (status(410, "too old"), 6),
        (Fault::Unsent, 6),
        (Fault::Hung { sent: false }, 2),
    ] {
        let (calls, took) = heard(1, Some(&fault));
        assert!((1..=at_most).contains(&calls.len()), "{fault:?}: {calls:#?}");
        assert!(took <= usual + Duration::from_secs(2), "{fault:?}: {took:?}, not {usual:?}");
    }
}

/// Who goes on with a release, or goes back, knows of the class what its beginner has read.
#[test]
fn nobody_listens_to_a_controller_that_is_known_to_say_nothing() {
    let about = |controller: &'static str| {
        let ran = in_paused_time(async {
            let bed = Bed::new(1).await?;
            let (field, faults) = bed.machine();
            let class = json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
                "metadata": {"name": "nginx"}, "spec": {"controller": controller},
            });
            let path = "/apis/networking.k8s.io/v1/ingressclasses";
            field.send(Method::POST, path.to_owned(), Some(class)).await?;
            field.initialised().await?;
            field.detached("kmharish/parrot-app:v2.2").await?;
            field.exits(0, "promote parrot").await?;
            field.exits(0, "rollback parrot").await?;
            let calls = faults.calls();
            let reads = calls.iter().filter(|call| call.path.contains("/ingressclasses/"));
            Ok((reads.count(), calls.iter().filter(|call| is_about_events(call)).count()))
        });
        ran.unwrap()
    };
    // `init` and `deploy` read the class.
    assert_eq!(about("k8s.io/ingress-nginx"), (2, 0));
    let (reads, heard) = about("nginx.org/ingress-controller");
    assert!(reads == 2 && heard >= 2, "each of the two listens: {reads}, {heard}");
}
