use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;

use super::*;

/// An answer with these headers.
fn says(status: u16, headers: &[(&str, &str)], body: &str) -> Heard {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        })
        .collect();
    Heard::new(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
}

fn body(body: &str) -> Heard {
    says(200, &[("content-type", "text/html")], body)
}

fn nobody() -> Heard {
    says(503, &[], "nginx")
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + milliseconds).unwrap()
}

/// Rules of one Ingress, asked at one address.
fn tell_of(names: &[&str], replicas: u64) -> Tell {
    let rules = names.iter().map(|name| ((*name).to_owned(), "parrot".to_owned()));
    Tell::new(rules.collect(), Vec::new(), String::new(), replicas)
}

/// One rule of an app that is asked each 100 ms.
struct Scene {
    tell: Tell,
    milliseconds: i64,
}

impl Scene {
    /// After its baseline, which takes as many requests as the old version needs.
    fn switched(replicas: u64, old: impl Fn(usize) -> Heard) -> Scene {
        let tell = tell_of(&["parrot"], replicas);
        let mut scene = Scene { tell, milliseconds: 0 };
        let mut asked = 0;
        while scene.tell.wants(0) == Wants::Answers {
            scene.note(old(asked));
            asked += 1;
            assert!(asked <= 200, "it asks for ever");
        }
        scene.tell.switch(at(scene.milliseconds));
        scene
    }

    fn note(&mut self, heard: Heard) {
        self.milliseconds += 100;
        self.tell.note(0, heard, at(self.milliseconds));
    }

    fn hear(&mut self, heard: impl IntoIterator<Item = Heard>) -> Sight {
        heard.into_iter().for_each(|heard| self.note(heard));
        self.tell.sight().unwrap()
    }

    fn hear_all(&mut self, n: usize, say: impl Fn(usize) -> Heard) -> Sight {
        self.hear((0..n).map(say))
    }
}

fn is_old(sight: &Sight) -> bool {
    matches!(sight, Sight::Old { .. })
}

fn is_blind(sight: &Sight) -> bool {
    matches!(sight, Sight::Blind { .. })
}

/// An order of pods that has no order in it.
fn pod(n: usize, pods: usize) -> usize {
    let mut x = n as u64 + 0x9e37_79b9;
    for _ in 0..3 {
        x = (x ^ (x >> 15)).wrapping_mul(0x2c1b_3c6d_85eb_ca6b);
    }
    usize::try_from(x >> 33).unwrap() % pods
}

/// What an app says at its nth request.
type Says = Box<dyn Fn(usize) -> Heard>;

#[test]
fn tells_two_versions_apart_by_whatever_differs() {
    let apps: Vec<(&str, u64, Says, Says)> = vec![
        ("the body", 1, Box::new(|_| body("v1")), Box::new(|_| body("v2"))),
        ("the status", 1, Box::new(|_| body("v1")), Box::new(|_| says(404, &[], "v1"))),
        (
            "an ETag",
            1,
            Box::new(|_| says(200, &[("etag", "a")], "same")),
            Box::new(|_| says(200, &[("etag", "b")], "same")),
        ),
        (
            "one header more",
            1,
            Box::new(|_| body("same")),
            Box::new(|_| says(200, &[("content-type", "text/html"), ("x-b", "")], "same")),
        ),
        ("a name of its only pod", 1, Box::new(|_| body("a")), Box::new(|_| body("b"))),
        (
            "names of three pods",
            3,
            Box::new(|n| body(&format!("old-{}", pod(n, 3)))),
            Box::new(|n| body(&format!("new-{}", pod(n, 3)))),
        ),
        (
            "names of five pods",
            5,
            Box::new(|n| body(&format!("old-{}", pod(n, 5)))),
            Box::new(|n| body(&format!("new-{}", pod(n, 5)))),
        ),
        (
            "a server beside a counter",
            1,
            Box::new(|n| says(200, &[("server", "a/1")], &n.to_string())),
            Box::new(|n| says(200, &[("server", "a/2")], &n.to_string())),
        ),
        (
            "a length beside an id of the request",
            1,
            Box::new(|n| {
                says(200, &[("content-length", "7"), ("x-request-id", &n.to_string())], "")
            }),
            Box::new(|n| {
                says(200, &[("content-length", "8"), ("x-request-id", &n.to_string())], "")
            }),
        ),
        (
            "all of it, when the new one never says the same twice",
            1,
            Box::new(|_| body("v1")),
            Box::new(|n| body(&n.to_string())),
        ),
    ];
    for (what, replicas, old, new) in apps {
        let mut scene = Scene::switched(replicas, &old);
        let sight = scene.hear_all(30, |n| old(1_000 + n));
        assert!(is_old(&sight), "{what}: {sight:?}");
        let since = at(scene.milliseconds + 100);
        let sight = scene.hear_all(12, &new);
        assert_eq!(sight, Sight::New { since, answers: 12, unseen: None }, "{what}");
    }
}

#[test]
fn what_may_say_anything_tells_nothing() {
    let apps: Vec<(&str, u64, Says)> = vec![
        ("says the same", 1, Box::new(|_| body("same"))),
        ("counts", 3, Box::new(|n| body(&n.to_string()))),
        // At ten requests a second each value comes ten times.
        ("tells the time", 1, Box::new(|n| body(&(n / 10).to_string()))),
        ("tells the time in three pods", 3, Box::new(|n| body(&(n / 10).to_string()))),
        ("sometimes has an id", 1, Box::new(|n| body(&(n / 30 * n).to_string()))),
        // Not all of its pods will have answered beforehand.
        ("has forty pods", 40, Box::new(|n| body(&pod(n, 300).to_string()))),
    ];
    for (what, replicas, says) in apps {
        let mut scene = Scene::switched(replicas, &says);
        for n in 0..99 {
            let sight = scene.hear([says(1_000 + n)]);
            assert!(is_old(&sight), "{what}: {sight:?}");
        }
        let Sight::Blind { why } = scene.hear([says(2_000)]) else { panic!("{what}: not blind") };
        assert_eq!(why, "parrot: both versions answer alike, 200 OK, as before the switch");
    }
}

#[test]
fn everything_random_is_blind_at_once() {
    let mut scene = Scene::switched(1, |n| {
        let (status, id) = (200 + u16::try_from(n).unwrap(), format!("x-{n}"));
        says(status, &[(&id, "")], &id)
    });
    let why = "parrot: no two answers were alike before the switch".to_owned();
    assert_eq!(scene.hear([body("v2")]), Sight::Blind { why });
}

#[test]
fn one_late_old_answer_after_many_new_ones_begins_anew() {
    let mut scene = Scene::switched(1, |_| body("v1"));
    let sight = scene.hear_all(37, |_| body("v2"));
    assert!(matches!(sight, Sight::New { answers: 37, .. }), "{sight:?}");
    let last = Sight::Old {
        at: at(scene.milliseconds + 100),
        said: "parrot: 200 OK, as before the switch".into(),
    };
    assert_eq!(scene.hear([body("v1")]), last);
    let since = at(scene.milliseconds + 100);
    let sight = scene.hear_all(10, |_| body("v2"));
    assert_eq!(sight, Sight::New { since, answers: 10, unseen: None });
    assert!(!sight.is_enough(at(scene.milliseconds)), "900 ms");
    assert!(sight.is_enough(at(scene.milliseconds + 100)));
}

#[test]
fn that_nobody_answers_is_neither_new_nor_ever_alike() {
    let mut scene = Scene::switched(1, |_| body("v1"));
    let sight = scene.hear_all(500, |_| nobody());
    let said = "parrot: 503 Service Unavailable".to_owned();
    assert_eq!(sight, Sight::Old { at: at(scene.milliseconds), said });
    // Among new answers it begins anew.
    let sight = scene.hear((0..99).map(|n| if n % 9 == 0 { nobody() } else { body("v2") }));
    assert!(matches!(sight, Sight::New { answers: 8, .. }), "{sight:?}");
    // Among old ones it keeps them from being alike.
    let sight = scene.hear((0..500).map(|n| if n % 99 == 0 { nobody() } else { body("v1") }));
    assert!(is_old(&sight), "{sight:?}");
    for status in [429, 502, 503, 504] {
        assert!(is_old(&scene.hear_all(50, |_| says(status, &[], ""))));
    }
}

#[test]
fn old_and_new_that_mix_are_old_and_a_single_other_answer_is_forgotten() {
    let mut scene = Scene::switched(1, |_| body("v1"));
    let sight = scene.hear((1..=600).map(|n| body(if n % 5 == 0 { "v2" } else { "v1" })));
    assert!(matches!(sight, Sight::New { answers: 1, .. }), "{sight:?}");
    assert!(is_old(&scene.hear([body("v1")])));
    assert!(is_old(&scene.hear_all(98, |_| body("v1"))), "9.9 s after a new answer");
    assert!(is_blind(&scene.hear([body("v1")])));
    // What comes later still counts.
    assert!(matches!(scene.hear([body("v2")]), Sight::New { answers: 1, .. }));
}

#[test]
fn a_baseline_that_fails_is_blind_and_says_how() {
    for (old, expected) in [
        (Box::new(|_| nobody()) as Says, "5 of 5 requests failed before the switch: 503"),
        (Box::new(|n| if n % 4 == 0 { nobody() } else { body("v1") }), "10 of 40 requests failed"),
    ] {
        let scene = Scene::switched(1, old);
        let Some(Sight::Blind { why }) = scene.tell.sight() else { panic!("not blind") };
        assert!(why.starts_with(&format!("parrot: {expected}")), "{why}");
        assert_eq!(scene.tell.wants(0), Wants::Nothing);
    }
    // A hiccup is none.
    let scene = Scene::switched(1, |n| if n % 15 == 3 { nobody() } else { body("v1") });
    assert!(is_old(&scene.tell.sight().unwrap()));
}

#[test]
fn who_starts_after_the_switch_is_blind() {
    let mut tell = tell_of(&["parrot"], 1);
    assert_eq!(tell.sight(), None);
    tell.switch(at(0));
    let why = "parrot: nothing was asked before the switch".to_owned();
    assert_eq!(tell.sight(), Some(Sight::Blind { why }));

    let mut tell = tell_of(&["parrot"], 1);
    (0..19).for_each(|n| tell.note(0, body("v1"), at(n)));
    assert_eq!(tell.sight(), None);
    tell.switch(at(19));
    let why = "parrot: only 19 answers came before the switch".to_owned();
    assert_eq!(tell.sight(), Some(Sight::Blind { why }));

    let nothing = "Ingress parrot has no address in its status".to_owned();
    let tell = Tell::new(vec![], vec!["parrot".into()], nothing.clone(), 1);
    assert_eq!(tell.sight(), Some(Sight::Blind { why: nothing }));
}

#[test]
fn says_beforehand_whether_it_will_be_able_to_tell() {
    let mut tell = tell_of(&["a", "b"], 3);
    (0..5).for_each(|n| tell.note(1, nobody(), at(n)));
    (0..19).for_each(|n| tell.note(0, body("v1"), at(n)));
    assert_eq!(tell.sight(), None);
    tell.note(0, body("v1"), at(19));
    assert_eq!(tell.sight(), Some(Sight::Old { at: at(19), said: "a: 200 OK".into() }));
    assert_eq!((tell.wants(0), tell.wants(1)), (Wants::Answers, Wants::News));
    (0..30).for_each(|n| tell.note(0, body("v1"), at(20 + n)));
    assert_eq!(tell.wants(0), Wants::News);
    // What answers at last is learnt as if nothing had been.
    tell.note(1, body("v1"), at(50));
    assert_eq!(tell.wants(1), Wants::Answers);
    (0..19).for_each(|n| tell.note(1, body("v1"), at(51 + n)));
    tell.switch(at(100));
    tell.note(0, body("v2"), at(101));
    tell.note(1, body("v2"), at(102));
    assert_eq!(tell.sight(), Some(Sight::New { since: at(102), answers: 1, unseen: None }));
}

#[test]
fn pods_that_may_not_all_have_answered_are_not_known() {
    let new_after = |answers: usize| {
        let mut tell = tell_of(&["parrot"], 10);
        (0..answers).for_each(|n| tell.note(0, body(["a", "b"][n % 2]), at(0)));
        tell.switch(at(1));
        tell.note(0, body("c"), at(2));
        matches!(tell.sight(), Some(Sight::New { .. }))
    };
    assert!(!new_after(80), "the second answer was new, and 79 that were not are too few");
    assert!(new_after(81));
}

#[test]
fn what_changes_while_people_wait_is_learnt_again() {
    let mut tell = tell_of(&["parrot"], 1);
    (0..100).for_each(|n| tell.note(0, body("monday"), at(n)));
    (0..200).for_each(|n| tell.note(0, body("tuesday"), at(100 + n)));
    tell.switch(at(300));
    tell.note(0, body("tuesday"), at(301));
    assert!(is_old(&tell.sight().unwrap()));
    tell.note(0, body("monday"), at(302));
    assert!(matches!(tell.sight(), Some(Sight::New { .. })), "that was long ago");
}

#[test]
fn of_several_rules_those_that_can_be_told_apart_count() {
    let mut tell = tell_of(&["a", "b", "blind"], 1);
    for n in 0..50 {
        tell.note(0, body("v1"), at(n));
        tell.note(1, body("v1"), at(n));
    }
    (0..5).for_each(|n| tell.note(2, nobody(), at(n)));
    tell.switch(at(100));
    (0..20).for_each(|n| tell.note(0, body("v2"), at(200 + n)));
    let said = "b: nothing heard since the switch".to_owned();
    assert_eq!(tell.sight(), Some(Sight::Old { at: at(100), said }));
    (0..3).for_each(|n| tell.note(1, body("v2"), at(300 + n)));
    assert_eq!(tell.sight(), Some(Sight::New { since: at(300), answers: 3, unseen: None }));
    // That the one which was new before says the same as ever now is news.
    tell.note(0, body("v1"), at(400));
    assert!(is_old(&tell.sight().unwrap()));
    tell.note(0, body("v2"), at(500));
    tell.note(0, body("v2"), at(501));
    assert_eq!(tell.sight(), Some(Sight::New { since: at(500), answers: 2, unseen: None }));
}

#[test]
fn what_one_ingress_or_address_shows_says_nothing_of_another() {
    let seen = |ways: [&str; 2], unasked: &[&str]| {
        let rules = ["a", "blind"].into_iter().zip(ways);
        let rules = rules.map(|(name, way)| (name.to_owned(), way.to_owned())).collect();
        let unasked = unasked.iter().map(|name| (*name).to_owned()).collect();
        let mut tell = Tell::new(rules, unasked, String::new(), 1);
        (0..50).for_each(|n| tell.note(0, body("v1"), at(n)));
        (0..5).for_each(|n| tell.note(1, nobody(), at(n)));
        tell.switch(at(100));
        (0..20).for_each(|n| tell.note(0, body("v2"), at(200 + n)));
        tell.sight().unwrap()
    };
    let unseen = |ways, unasked| {
        let Sight::New { since, answers: 20, unseen } = seen(ways, unasked) else {
            panic!("{ways:?}")
        };
        assert_eq!(since, at(200));
        unseen
    };
    assert_eq!(unseen(["parrot 10.0.0.1"; 2], &[]), None);
    let why =
        Some("blind: 5 of 5 requests failed before the switch: 503 Service Unavailable".to_owned());
    assert_eq!(unseen(["parrot 10.0.0.1", "zoo 10.0.0.1"], &[]), why);
    assert_eq!(unseen(["parrot 10.0.0.1", "parrot 10.0.0.2"], &[]), why);
    let why = Some("Ingress zoo is not asked".to_owned());
    assert_eq!(unseen(["parrot 10.0.0.1"; 2], &["zoo"]), why);
}

#[test]
fn a_rule_that_both_versions_answer_alike_is_left_out() {
    let mut tell = tell_of(&["page", "icon"], 1);
    for n in 0..50 {
        tell.note(0, body("v1"), at(n));
        tell.note(1, body("icon"), at(n));
    }
    tell.switch(at(0));
    for n in 1..100 {
        tell.note(0, body("v2"), at(n * 100));
        tell.note(1, body("icon"), at(n * 100));
        assert!(is_old(&tell.sight().unwrap()), "{n}");
    }
    tell.note(1, body("icon"), at(10_000));
    assert_eq!(tell.sight(), Some(Sight::New { since: at(100), answers: 99, unseen: None }));
}

proptest! {
    /// Whatever comes in whatever order: new is said only of the newest answers, and of all of them.
    #[test]
    fn is_never_new_while_an_old_pod_answers(
        pods in 1_u64..6,
        told in prop::collection::vec((0_u8..4, 0_usize..6, 1_i64..400), 1..200),
    ) {
        let pods = usize::try_from(pods).unwrap();
        let old = |n: usize| body(&format!("old-{}", n % pods));
        let mut scene = Scene::switched(pods as u64, old);
        let mut other = scene.milliseconds;
        let mut answers = 0;
        for (who, pod, pause) in told {
            scene.milliseconds += pause;
            let heard = match who {
                0 => old(pod),
                1 => nobody(),
                _ => body(&format!("new-{pod}")),
            };
            (other, answers) = if who < 2 { (scene.milliseconds, 0) } else { (other, answers + 1) };
            scene.tell.note(0, heard, at(scene.milliseconds));
            match scene.tell.sight().unwrap() {
                Sight::New { since, answers: said, .. } => {
                    prop_assert!(since > at(other));
                    prop_assert_eq!(said, answers);
                }
                Sight::Old { .. } | Sight::Blind { .. } => prop_assert_eq!(answers, 0),
            }
        }
    }
}
