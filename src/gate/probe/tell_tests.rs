use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;

use super::super::answer::Answer;
use super::*;
use crate::release::{Arrival, Telling};

#[path = "served_tests.rs"]
mod served;

const RULE: &str = "parrot";

/// An answer with these headers.
fn says(status: u16, headers: &[(&str, &str)], body: &str) -> Heard {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        })
        .collect();
    Heard::Answer(Answer::new(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes()))
}

fn body(body: &str) -> Heard {
    says(200, &[("content-type", "text/plain")], body)
}

/// The proxy's own.
fn nginx(status: u16) -> Heard {
    says(status, &[("content-type", "text/html")], "nginx")
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + milliseconds).unwrap()
}

/// What an app says at its nth request.
type Says = Box<dyn Fn(usize) -> Heard>;

fn always(heard: Heard) -> Says {
    Box::new(move |_| heard.clone())
}

/// An app of which blue is live and green the candidate, asked each 100 ms: both versions themselves, and
/// through the ingress at some addresses.
struct Scene {
    tell: Tell,
    now: i64,
    asked: usize,
    versions: [Says; 2],
    answered: Vec<String>,
}

impl Scene {
    fn at(addresses: &[&str], replicas: u64, blue: Says, green: Says) -> Scene {
        let asked = addresses.iter().map(|address| Named {
            name: format!("{RULE} at {address}"),
            rule: RULE.to_owned(),
            way: (*address).to_owned(),
        });
        let tell = Tell::new(Colour::Green, asked.collect(), Vec::new(), replicas);
        Scene { tell, now: 0, asked: 0, versions: [blue, green], answered: Vec::new() }
    }

    fn new(replicas: u64, blue: Says, green: Says) -> Scene {
        Scene::at(&["a"], replicas, blue, green)
    }

    fn of(&self, colour: Colour) -> Heard {
        (self.versions[colour as usize])(self.asked)
    }

    /// So often each: both versions, and through the ingress what comes there.
    fn ask(&mut self, times: usize, through: impl Fn(&Scene) -> Heard) -> &mut Scene {
        for _ in 0..times {
            self.now += 100;
            self.asked += 1;
            for colour in Colour::BOTH {
                let heard = self.of(colour);
                self.tell.note_version(0, colour, heard, at(self.now));
            }
            self.through(&through);
        }
        self
    }

    /// Once, at each address.
    fn through(&mut self, through: impl Fn(&Scene) -> Heard) {
        for way in 0..self.tell.ways.len() {
            let heard = through(self);
            self.tell.note_way(way, heard, at(self.now));
        }
    }

    fn sight(&self) -> Sight {
        self.tell.sight(at(self.now))
    }

    /// Learnt, and then switched.
    fn switched(mut self) -> Scene {
        self.ask(60, |scene| scene.of(Colour::Blue));
        self.answered = self.sight().answered(&[]);
        self.tell.want(Colour::Green);
        self
    }

    fn arrival(&self) -> Arrival {
        self.sight().arrival(self.tell.wanted.unwrap(), &self.answered)
    }

    /// Through the ingress, one version.
    fn hears(&mut self, times: usize, colour: Colour) -> Arrival {
        self.ask(times, |scene| scene.of(colour)).arrival()
    }

    fn hears_this(&mut self, times: usize, heard: &Heard) -> Arrival {
        self.ask(times, |_| heard.clone()).arrival()
    }

    fn hears_this_before(&mut self, times: usize, heard: &Heard) {
        self.ask(times, |_| heard.clone());
    }

    fn bad(&self) -> Option<String> {
        self.sight().bad(&self.answered)
    }
}

fn plain() -> Scene {
    Scene::new(1, always(body("v1")), always(body("v2")))
}

fn arrived() -> Arrival {
    Arrival::Arrived { unseen: None }
}

fn blind(why: &str) -> Arrival {
    Arrival::Inconclusive { why: format!("{RULE} at a: {why}") }
}

fn not(said: &str) -> Arrival {
    Arrival::Not { said: Some(format!("{RULE} at a: {said}")) }
}

const EARLY: Arrival = Arrival::Not { said: None };

/// An order of pods that has no order in it.
fn pod(n: usize, pods: usize) -> usize {
    let mut x = n as u64 + 0x9e37_79b9;
    for _ in 0..3 {
        x = (x ^ (x >> 15)).wrapping_mul(0x2c1b_3c6d_85eb_ca6b);
    }
    usize::try_from(x >> 33).unwrap() % pods
}

#[test]
fn tells_two_versions_apart_by_whatever_differs() {
    let json = |status, text: &str| says(status, &[("content-type", "application/json")], text);
    let apps: Vec<(&str, u64, Says, Says)> = vec![
        ("the body", 1, always(body("v1")), always(body("v2"))),
        ("the status", 1, always(says(200, &[], "same")), always(says(203, &[], "same"))),
        ("a refusal by design", 1, always(json(404, "no v1")), always(json(404, "no v2"))),
        ("a refusal that is new", 1, always(json(200, "v1")), always(json(404, "gone"))),
        (
            "an ETag",
            1,
            always(says(200, &[("etag", "a")], "same")),
            always(says(200, &[("etag", "b")], "same")),
        ),
        (
            "a header less",
            1,
            always(says(200, &[("x-b", "1")], "same")),
            always(says(200, &[], "same")),
        ),
        (
            "names of three pods",
            3,
            Box::new(|n| body(&format!("old-{}", pod(n, 3)))),
            Box::new(|n| body(&format!("new-{}", pod(n, 3)))),
        ),
        (
            "a server beside a counter",
            1,
            Box::new(|n| says(200, &[("server", "a/1")], &n.to_string())),
            Box::new(|n| says(200, &[("server", "a/2")], &n.to_string())),
        ),
        (
            "where it leads to",
            1,
            always(says(302, &[("location", "https://sso.example.com/?v=1")], "")),
            always(says(302, &[("location", "https://sso.example.com/?v=2")], "")),
        ),
    ];
    for (what, replicas, blue, green) in apps {
        let mut scene = Scene::new(replicas, blue, green).switched();
        let Arrival::Not { said: Some(_) } = scene.hears(300, Colour::Blue) else {
            panic!("{what}: {:?}", scene.sight())
        };
        assert_eq!(scene.hears(29, Colour::Green), EARLY, "{what}");
        assert_eq!(scene.hears(1, Colour::Green), arrived(), "{what}");
        assert_eq!(scene.bad(), None, "{what}");
    }
}

#[test]
fn what_may_say_anything_tells_nothing() {
    type Plain = fn(usize) -> Heard;
    let apps: Vec<(&str, u64, Plain)> = vec![
        ("says the same", 1, |_| body("same")),
        ("counts", 3, |n| body(&n.to_string())),
        ("tells the time", 1, |n| body(&(n / 10).to_string())),
        ("sometimes has an id", 1, |n| body(&(n / 30 * n).to_string())),
    ];
    for (what, replicas, says) in apps {
        let mut scene = Scene::new(replicas, Box::new(says), Box::new(says)).switched();
        assert_eq!(
            scene.hears(100, Colour::Green),
            blind("both versions give the same answers"),
            "{what}"
        );
        assert_eq!(scene.bad(), None, "{what}");
    }
}

/// The old version says what a cache says, which becomes another by itself.
#[test]
fn a_cache_header_that_changes_by_itself_confirms_nothing() {
    let cached = |hit: bool| says(200, &[("x-cache", if hit { "HIT" } else { "MISS" })], "hello");
    let mut scene = Scene::new(1, always(cached(false)), always(cached(false))).switched();
    assert_eq!(scene.hears_this(100, &cached(true)), blind("both versions give the same answers"));
    // And where it told them apart until then, it no longer does.
    let mut scene = Scene::new(1, always(cached(true)), always(cached(false))).switched();
    assert_eq!(scene.hears(20, Colour::Blue), not("200 OK, as blue answers"));
    scene.versions[1] = always(cached(true));
    assert_eq!(scene.hears(30, Colour::Green), blind("both versions give the same answers"));
}

#[test]
fn what_a_proxy_takes_off_or_writes_anew_tells_nothing() {
    let version = |v: &'static str| says(200, &[("x-version", v)], "same");
    let through = "the difference between the versions' answers does not show through the ingress";
    let mut scene = Scene::new(1, always(version("1")), always(version("2")));
    let bare = says(200, &[], "same");
    scene.ask(40, |_| bare.clone());
    scene.answered = scene.sight().answered(&[]);
    scene.tell.want(Colour::Green);
    assert_eq!(scene.hears_this(50, &bare), blind(through));
    let mut scene = Scene::new(1, always(body("v1")), always(body("v2")));
    let packed = says(200, &[("content-type", "text/plain"), ("content-encoding", "gzip")], "x");
    scene.ask(40, |_| packed.clone());
    scene.tell.want(Colour::Green);
    assert_eq!(scene.hears_this(50, &packed), blind(through));
}

#[test]
fn a_redirect_or_a_login_of_the_ingress_tells_nothing_and_is_no_error() {
    for status in [308, 401] {
        let mut scene = plain();
        scene.ask(40, |_| nginx(status));
        scene.answered = scene.sight().answered(&[]);
        scene.tell.want(Colour::Green);
        let arrival = scene.hears_this(100, &nginx(status));
        assert!(matches!(arrival, Arrival::Inconclusive { .. }), "{status}: {arrival:?}");
        assert_eq!(scene.bad(), None, "{status}");
    }
}

#[test]
fn a_controllers_own_404_is_nobodys_answer() {
    let gone = |v: &str| says(404, &[("content-type", "application/json")], v);
    let apps = [
        plain(),
        // By design, too: what is not the app's page is not the app's.
        Scene::new(1, always(gone("v1")), always(gone("v2"))),
        Scene::new(1, always(body("v1")), always(gone("v2"))),
    ];
    for app in apps {
        let mut scene = app.switched();
        let arrival = scene.hears_this(10, &nginx(404));
        assert!(matches!(arrival, Arrival::Not { said: Some(_) }), "{arrival:?}");
        assert_eq!(scene.hears_this(30, &nginx(404)), arrival, "however long");
    }
}

#[test]
fn one_late_old_answer_after_many_new_ones_begins_anew() {
    let mut scene = plain().switched();
    assert_eq!(scene.hears(29, Colour::Green), EARLY);
    assert_eq!(scene.hears(1, Colour::Blue), not("200 OK, as blue answers"));
    assert_eq!(scene.hears(29, Colour::Green), EARLY);
    assert_eq!(scene.hears(1, Colour::Green), arrived());
}

/// Behind one address, late by 0, 3 and 10 s.
#[test]
fn the_latest_of_several_controllers_counts() {
    for at_random in [false, true] {
        let mut scene = plain().switched();
        let began = scene.now;
        let mut arrived_after = None;
        for n in 0..300 {
            let controller = if at_random { pod(n, 3) } else { n % 3 };
            let late = [0, 3_000, 10_000][controller];
            let is_new = scene.now + 100 - began >= late;
            let colour = if is_new { Colour::Green } else { Colour::Blue };
            if scene.hears(1, colour) == arrived() && arrived_after.is_none() {
                arrived_after = Some(scene.now - began);
            }
        }
        assert!(arrived_after.is_some_and(|ms| ms > 10_000), "{arrived_after:?}");
    }
}

#[test]
fn errors_alone_where_answers_were_are_bad_after_five_seconds() {
    let mut scene = plain().switched();
    let errors = [nginx(502), nginx(404), Heard::Nobody("no connection".into())];
    for error in &errors {
        assert!(matches!(scene.hears_this(20, error), Arrival::Not { .. }));
    }
    assert_eq!(scene.bad(), Some(format!("{RULE} at a: no connection")));
    // An answer among them, and it is not.
    scene.hears(1, Colour::Green);
    scene.hears_this(50, &errors[0]);
    assert_eq!(scene.bad(), None, "4.9 s");
    scene.hears_this(1, &errors[0]);
    assert_eq!(scene.bad(), Some(format!("{RULE} at a: 502 Bad Gateway")));
}

#[test]
fn who_asks_to_come_again_later_is_neither() {
    let later = says(503, &[("retry-after", "1")], "");
    for put_off in [nginx(429), later] {
        let mut scene = plain().switched();
        assert_eq!((scene.arrival(), scene.bad()), (EARLY, None));
        let arrival = scene.hears_this(100, &put_off);
        assert!(matches!(arrival, Arrival::Not { said: Some(_) }), "{arrival:?}");
        assert_eq!(scene.bad(), None);
        assert_eq!(scene.hears(30, Colour::Green), arrived());
    }
}

/// As nginx limits it: so many a second, and so many more are forgiven.
struct Limit {
    per_second: f64,
    burst: f64,
    excess: f64,
    last: i64,
}

impl Limit {
    fn new(per_second: f64, burst: f64) -> Limit {
        Limit { per_second, burst, excess: 0.0, last: 0 }
    }

    fn lets_through(&mut self, now: i64) -> bool {
        let passed = (now - self.last) as f64 / 1000.0;
        let excess = (self.excess - self.per_second * passed).max(0.0) + 1.0;
        let is_borne = excess <= self.burst + 1.0;
        if is_borne {
            (self.excess, self.last) = (excess, now);
        }
        is_borne
    }
}

impl Scene {
    /// Asked at the pace that is found for it, through a limit.
    fn paced(&mut self, milliseconds: i64, limit: &mut Limit, through: impl Fn(&Scene) -> Heard) {
        let until = self.now + milliseconds;
        while self.now < until {
            self.now += 100 * i64::from(self.tell.pacing(0).factor());
            for colour in Colour::BOTH {
                let heard = self.of(colour);
                self.tell.note_version(0, colour, heard, at(self.now));
            }
            let heard = if limit.lets_through(self.now) { through(self) } else { nginx(503) };
            self.tell.note_way(0, heard, at(self.now));
        }
    }
}

/// Our own asking is what it answers with errors, before the switch as after it.
#[test]
fn a_limit_of_how_often_it_is_asked_is_neither_a_failure_nor_in_the_way() {
    for (per_second, burst) in [(1.0, 5.0), (5.0, 25.0), (0.5, 2.0), (10.0 / 60.0, 50.0)] {
        let mut limit = Limit::new(per_second, burst);
        let mut scene = plain();
        scene.paced(1_000, &mut limit, |scene| scene.of(Colour::Blue));
        scene.answered = scene.sight().answered(&[]);
        assert_eq!(scene.answered.len(), 1, "{per_second}");
        scene.tell.want(Colour::Green);
        scene.paced(2_000, &mut limit, |scene| scene.of(Colour::Blue));
        for nth in 0..100 {
            scene.paced(4_000, &mut limit, |scene| scene.of(Colour::Green));
            assert_eq!(scene.bad(), None, "{per_second}: the {nth}th time");
        }
        let arrival = scene.arrival();
        assert_eq!(arrival, arrived(), "{per_second}");
        // And real errors are what they were.
        scene.paced(120_000, &mut limit, |_| nginx(502));
        assert!(scene.bad().is_some(), "{per_second}");
    }
}

/// One that lets too little through of what the new version says: then time has to do. But not where nothing of it
/// comes.
#[test]
fn a_limit_that_lets_too_little_through_is_told_for_what_it_is() {
    let mut scene = plain().switched();
    let put_off = says(429, &[], "");
    for _ in 0..20 {
        scene.ask(100, |_| put_off.clone());
        assert_eq!(scene.arrival(), not("429 Too Many Requests, which asks to retry later"));
    }
    assert_eq!(scene.hears(9, Colour::Green), EARLY);
    let limited = blind("the ingress limits the request rate");
    assert_eq!(scene.hears(1, Colour::Green), limited);
    // As soon as it is heard after all, that counts.
    assert_eq!(scene.hears(20, Colour::Green), arrived());
    scene.hears(1, Colour::Blue);
    assert_eq!(scene.arrival(), not("200 OK, as blue answers"));
}

/// It began before the switch, where the old version answered well between.
#[test]
fn a_limit_that_was_met_before_the_switch_is_none_of_its_doing() {
    let mut scene = plain();
    for nth in 0..20 {
        scene.ask(1, |scene| if nth < 5 { scene.of(Colour::Blue) } else { nginx(503) });
    }
    scene.answered = scene.sight().answered(&[]);
    scene.tell.want(Colour::Green);
    scene.hears_this(60, &nginx(503));
    let what = "503 Service Unavailable, which is not the app's answer";
    assert_eq!((scene.arrival(), scene.bad()), (not(what), None));
}

/// The same status as a limit has, for as long as anybody asks.
#[test]
fn errors_that_asking_slowly_does_not_end_are_bad_all_the_same() {
    let mut scene = plain().switched();
    let mut none = Limit::new(1000.0, 1000.0);
    scene.paced(9_000, &mut none, |_| nginx(503));
    assert_eq!(scene.bad(), None, "it is not asked often enough yet to say so");
    scene.paced(4_000, &mut none, |_| nginx(503));
    assert_eq!(scene.bad(), Some(format!("{RULE} at a: 503 Service Unavailable")));
    // One controller of two without the app: every other answer, however slowly it is asked.
    let mut scene = plain().switched();
    for nth in 0..300 {
        let is_there = nth % 2 == 0;
        scene.paced(
            1,
            &mut none,
            |scene| if is_there { scene.of(Colour::Green) } else { nginx(503) },
        );
    }
    assert_eq!((scene.arrival(), scene.bad()), (not("503 Service Unavailable"), None));
}

#[test]
fn errors_at_one_of_two_addresses_are_not_bad_and_not_arrived() {
    let mut scene = Scene::at(&["a", "b"], 1, always(body("v1")), always(body("v2"))).switched();
    for _ in 0..100 {
        scene.now += 100;
        scene.tell.note_way(0, nginx(502), at(scene.now));
        scene.tell.note_way(1, body("v2"), at(scene.now));
    }
    assert_eq!((scene.arrival(), scene.bad()), (not("502 Bad Gateway"), None));
    scene.ask(100, |_| nginx(502));
    assert!(scene.bad().is_some());
}

#[test]
fn when_errors_that_were_no_hiccup_came_last_is_known_when_they_are_over() {
    let mut scene = plain().switched();
    scene.hears_this(50, &nginx(502));
    let until = |scene: &Scene| scene.sight().erred_until(&scene.answered);
    assert_eq!(until(&scene), None, "4.9 s");
    scene.hears_this(5, &nginx(502));
    let last = scene.now;
    scene.hears(20, Colour::Green);
    scene.hears_this(9, &nginx(502));
    assert_eq!(until(&scene), Some(at(last)));
}

/// The one that never answered is no sign of anything.
#[test]
fn an_address_without_answers_before_the_switch_is_left_out() {
    let mut scene = Scene::at(&["a", "b"], 1, always(body("v1")), always(body("v2")));
    for _ in 0..40 {
        scene.ask(1, |_| body("v1"));
        scene.tell.ways[1].before.back_mut().unwrap().1 = Heard::Nobody("no connection".into());
    }
    // Its rule can be told apart only where something comes.
    assert_ne!(scene.sight().rules[1].telling, Telling::Yes);
    scene.answered = scene.sight().answered(&[]);
    assert_eq!(scene.answered, [format!("{RULE} at a")]);
    scene.tell.want(Colour::Green);
    for _ in 0..100 {
        scene.now += 100;
        scene.tell.note_way(0, body("v2"), at(scene.now));
        scene.tell.note_way(1, Heard::Nobody("no connection".into()), at(scene.now));
    }
    let unseen = Some(format!("{RULE} at b: no connection"));
    assert_eq!((scene.arrival(), scene.bad()), (Arrival::Arrived { unseen }, None));
    scene.ask(100, |_| nginx(502));
    assert!(scene.bad().is_some(), "bad at every address at which answers came");
}

#[test]
fn errors_of_the_new_version_itself_are_errors_and_those_of_both_are_not() {
    let broken = says(500, &[("content-type", "text/plain")], "v2");
    let mut scene = Scene::new(1, always(body("v1")), always(broken)).switched();
    assert!(matches!(scene.hears(60, Colour::Green), Arrival::Not { .. }));
    assert!(scene.bad().is_some());
    let teapot = |v| says(500, &[("content-type", "text/plain")], v);
    let mut scene = Scene::new(1, always(teapot("v1")), always(teapot("v2"))).switched();
    assert_eq!(scene.hears(60, Colour::Green), arrived());
    assert_eq!((scene.bad(), scene.sight().fails), (None, None));
}

#[test]
fn a_candidate_that_answers_errors_is_told_before_the_switch() {
    let trouble = |old: u16, new: u16, answers: usize| {
        let mut scene = Scene::new(1, always(says(old, &[], "")), always(says(new, &[], "")));
        let sight = scene.ask(answers, |scene| scene.of(Colour::Blue)).sight();
        (sight.fails, sight.refuses)
    };
    let told = |said: &str| Some(format!("{RULE}: {said}"));
    assert_eq!(trouble(200, 502, 10), (told("502 Bad Gateway"), None));
    assert_eq!(trouble(200, 502, 9), (None, None), "a hiccup");
    assert_eq!(trouble(200, 404, 10), (None, told("404 Not Found")));
    for (old, new) in [(502, 502), (500, 503), (404, 403), (404, 200), (200, 200), (200, 302)] {
        assert_eq!(trouble(old, new, 50), (None, None), "{old} {new}");
    }
}

/// It has not heard anything before the switch: both versions are there to be asked all the same.
#[test]
fn who_goes_on_with_a_switch_tells_like_who_began_it() {
    let mut scene = plain();
    scene.tell.want(Colour::Green);
    assert_eq!(scene.hears(5, Colour::Blue), Arrival::Learning);
    assert_eq!(scene.hears(15, Colour::Blue), not("200 OK, as blue answers"));
    assert_eq!(scene.hears(30, Colour::Green), arrived());
    // An app that answers slowly is given up at last.
    let mut scene = plain();
    scene.tell.want(Colour::Green);
    scene.ask(5, |scene| scene.of(Colour::Blue));
    scene.now += 20_000;
    assert_eq!(scene.arrival(), blind("the versions gave too few answers"));
}

#[test]
fn the_way_back_is_seen_as_the_way_there() {
    let mut scene = plain().switched();
    assert_eq!(scene.hears(40, Colour::Green), arrived());
    scene.tell.want(Colour::Blue);
    assert_eq!(scene.hears(100, Colour::Green), not("200 OK, as green answers"));
    assert_eq!(scene.hears(29, Colour::Blue), EARLY);
    assert_eq!(scene.hears(1, Colour::Blue), arrived());
    assert_eq!(scene.answered, [format!("{RULE} at a")]);
}

#[test]
fn without_a_word_of_a_version_errors_are_all_that_is_heard() {
    let denied = "you are not allowed to get pods/portforward";
    let mut scene = plain();
    scene.tell.deny(0, Colour::Blue, denied.to_owned());
    for _ in 0..20 {
        scene.now += 100;
        scene.through(|_| body("v1"));
    }
    scene.answered = scene.sight().answered(&[]);
    assert_eq!(scene.answered.len(), 1);
    scene.tell.want(Colour::Green);
    assert_eq!(scene.arrival(), EARLY, "nothing was heard yet");
    for heard in [body("v1"), body("v2"), nginx(502)] {
        for _ in 0..60 {
            scene.now += 100;
            scene.through(|_| heard.clone());
        }
        let why = format!("the versions can't be queried directly: {denied}");
        let error = not("502 Bad Gateway");
        let wanted = if heard == nginx(502) { error } else { blind(&why) };
        assert_eq!(scene.arrival(), wanted, "after {heard:?}");
    }
    assert_eq!(scene.bad(), Some(format!("{RULE} at a: 502 Bad Gateway")));
}

#[test]
fn what_one_ingress_or_address_shows_says_nothing_of_another() {
    let seen = |ways: [&str; 2], unasked: &[&str]| {
        let asked = ["page", "icon"].into_iter().zip(ways);
        let asked = asked.map(|(name, way)| Named {
            name: name.to_owned(),
            rule: name.to_owned(),
            way: way.to_owned(),
        });
        let unasked = unasked.iter().map(|name| (*name).to_owned()).collect();
        let mut tell = Tell::new(Colour::Green, asked.collect(), unasked, 1);
        let ask = |tell: &mut Tell, page: &str| {
            for n in 0..40 {
                for (colour, says) in Colour::BOTH.into_iter().zip(["v1", "v2"]) {
                    tell.note_version(0, colour, body(says), at(n * 100));
                    tell.note_version(1, colour, body("icon"), at(n * 100));
                }
                tell.note_way(0, body(page), at(n * 100));
                tell.note_way(1, body("icon"), at(n * 100));
            }
        };
        ask(&mut tell, "v1");
        let answered = tell.sight(at(4_000)).answered(&[]);
        tell.want(Colour::Green);
        ask(&mut tell, "v2");
        match tell.sight(at(8_000)).arrival(Colour::Green, &answered) {
            Arrival::Arrived { unseen } => unseen,
            other => panic!("{ways:?}: {other:?}"),
        }
    };
    assert_eq!(seen(["parrot 10.0.0.1"; 2], &[]), None);
    let alike = Some("icon: both versions give the same answers".to_owned());
    assert_eq!(seen(["parrot 10.0.0.1", "zoo 10.0.0.1"], &[]), alike);
    assert_eq!(seen(["parrot 10.0.0.1", "parrot 10.0.0.2"], &[]), alike);
    let why = Some("Ingress zoo is not probed".to_owned());
    assert_eq!(seen(["parrot 10.0.0.1"; 2], &["Ingress zoo is not probed"]), why);
}

/// Another process was answered at that address until the switch: this one is somewhere else.
#[test]
fn who_was_never_answered_since_it_began_hears_no_errors_there() {
    let mut scene = plain();
    scene.answered = vec![format!("{RULE} at a")];
    scene.tell.want(Colour::Green);
    let nobody = Heard::Nobody("no route to host".to_owned());
    assert_eq!(scene.hears_this(60, &nobody), blind("no route to host"));
    assert_eq!((scene.bad(), scene.sight().errs(&scene.answered)), (None, None));
    // Once it was, silence is an error like any other.
    scene.hears(1, Colour::Blue);
    assert_eq!(scene.hears_this(60, &nobody), not("no route to host"));
    assert!(scene.bad().is_some());
}

/// The ingress asks who comes to log in: another process has seen that before the switch.
#[test]
fn an_error_that_somebody_else_was_answered_with_before_the_switch_is_none_of_its_doing() {
    for (known, is_bad) in [(Some(401), false), (None, true), (Some(403), true)] {
        let mut scene = plain();
        let name = format!("{RULE} at a");
        scene.answered = vec![name.clone()];
        let erred = known.map(|status| (name, status)).into_iter().collect();
        scene.tell.knows(&Until { erred, ..Until::default() });
        scene.tell.want(Colour::Green);
        scene.hears_this(60, &nginx(401));
        assert_eq!(scene.bad().is_some(), is_bad, "{known:?}");
    }
    // What whoever asks first writes down.
    let mut scene = plain();
    scene.hears_this_before(10, &nginx(401));
    let rule = scene.sight().rules.remove(0);
    assert_eq!((rule.answered, rule.erred), (Some(true), Some(401)));
}

/// A page has the minute in it. One version was asked before it was over and the other one after that, so
/// that each seems to say something else; through the ingress the live one says both.
#[test]
fn what_comes_before_the_switch_and_is_not_the_live_versions_tells_nothing() {
    let mut scene = plain();
    for nth in 0..20 {
        scene.tell.note_version(0, Colour::Blue, body("12:00"), at(nth * 100));
        scene.tell.note_version(0, Colour::Green, body("12:01"), at(60_000 + nth * 100));
    }
    for nth in 0..10 {
        let minute = if nth < 5 { "12:00" } else { "12:01" };
        scene.tell.note_way(0, body(minute), at(57_500 + nth * 500));
    }
    scene.answered = scene.sight().answered(&[]);
    scene.tell.want(Colour::Green);
    for nth in 0..64 {
        scene.tell.note_way(0, body("12:01"), at(63_000 + nth * 100));
    }
    scene.now = 90_000;
    assert_eq!(
        scene.arrival(),
        blind("the difference between the versions' answers does not show through the ingress")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever comes in whatever order: a switch has arrived only after so many new answers alone.
    #[test]
    fn has_never_arrived_while_somebody_else_answers(
        pods in 1_usize..4,
        told in prop::collection::vec((0_u8..24, 1_usize..40), 1..30),
    ) {
        let named = move |word: &'static str| -> Says {
            Box::new(move |n| body(&format!("{word}-{}", pod(n, pods))))
        };
        let mut scene = Scene::new(pods as u64, named("old"), named("new")).switched();
        let mut in_a_row = 0;
        for (who, times) in told {
            for _ in 0..times {
                let arrival = match who {
                    0 => scene.hears(1, Colour::Blue),
                    1 => scene.hears_this(1, &nginx(502)),
                    _ => scene.hears(1, Colour::Green),
                };
                in_a_row = if who > 1 { in_a_row + 1 } else { 0 };
                if arrival == arrived() {
                    prop_assert!(in_a_row >= 30, "{in_a_row}");
                }
            }
        }
    }
}
