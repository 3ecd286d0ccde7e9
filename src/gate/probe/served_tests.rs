//! Nothing is confirmed as long as nobody of the app's answers where its answers came until the switch.

use super::*;
use crate::release::Came;

const AWAY: &str = "302 Found to another host, which is not the app's answer";
const ALIKE: &str = "both versions give the same answers";

fn later(status: u16) -> Heard {
    says(status, &[("content-type", "text/html"), ("retry-after", "120")], "later")
}

fn alike() -> Scene {
    Scene::new(1, always(body("same")), always(body("same")))
}

fn elsewhere() -> Heard {
    says(302, &[("location", "https://login.example.com/")], "")
}

fn home() -> Heard {
    says(302, &[("location", "/login")], "")
}

fn page(text: &str) -> Heard {
    let words = "There are many birds here, each of them in a tree of its own.";
    let page =
        format!("<html><head></head><body><h1>Birds</h1><p>{words}</p><p>{text}</p></body></html>");
    says(200, &[("content-type", "text/html")], &page)
}

/// As the API server passes it on.
fn passed_on(heard: &Heard) -> Heard {
    let Heard::Answer(answer) = heard else { panic!("an answer") };
    Heard::Answer(answer.clone().rewritten())
}

/// The versions can't be asked themselves.
fn denied(before: &Heard) -> Scene {
    let mut scene = plain();
    for colour in Colour::BOTH {
        scene.tell.deny(0, colour, "you may not".to_owned());
    }
    through(&mut scene, before);
    scene.answered = scene.sight().answered(&[]);
    scene.tell.want(Colour::Green);
    scene
}

/// The app alone is asked.
fn through(scene: &mut Scene, heard: &Heard) {
    through_alone(scene, 100, heard);
}

fn unserved(said: &str) -> Arrival {
    not(said)
}

#[test]
fn who_asks_everybody_to_come_again_later_lets_nothing_be_confirmed() {
    for (scene, status, said) in [
        (alike(), 503, "503 Service Unavailable, which asks to retry later"),
        (alike(), 429, "429 Too Many Requests, which asks to retry later"),
        (plain(), 503, "503 Service Unavailable, which asks to retry later"),
        (plain(), 429, "429 Too Many Requests, which asks to retry later"),
    ] {
        let mut scene = scene.switched();
        assert_eq!(scene.arrival(), EARLY, "nothing was heard yet");
        // However long.
        for _ in 0..12 {
            assert_eq!(scene.hears_this(100, &later(status)), unserved(said));
        }
        assert_eq!(scene.bad(), None, "it may be a limit");
        assert!(scene.sight().unserved(&scene.answered).is_some());
        assert!(scene.sight().astray(Colour::Green, &scene.answered).is_some());
        assert!(!scene.sight().is_well(&scene.answered));
        // And once it is over, as ever.
        let after = scene.hears(40, Colour::Green);
        assert!(
            after == arrived() || after == blind("both versions give the same answers"),
            "{after:?}"
        );
        assert_eq!(scene.sight().unserved(&scene.answered), None);
    }
}

/// The old version's last answers come after the switch.
#[test]
fn an_answer_that_came_first_makes_up_for_nothing() {
    let mut scene = alike().switched();
    scene.hears(5, Colour::Blue);
    scene.hears_this(2, &later(503));
    assert_eq!(
        scene.hears_this(1, &later(503)),
        unserved("503 Service Unavailable, which asks to retry later")
    );
    assert_eq!(scene.sight().unserved(&scene.answered), None, "a hiccup");
}

#[test]
fn somebody_elses_answer_lets_nothing_be_confirmed() {
    let other = says(200, &[("content-type", "text/plain")], "not the app");
    for (scene, heard, said) in [
        (alike(), &other, "200 OK, which is not the app's answer"),
        (alike(), &elsewhere(), AWAY),
        // They could be told apart until it came.
        (plain(), &other, "200 OK, which is not the app's answer"),
    ] {
        let mut scene = scene.switched();
        for _ in 0..12 {
            assert_eq!(scene.hears_this(100, heard), unserved(said));
        }
    }
}

/// A login, or whatever else stands before the app, did so before the switch.
#[test]
fn who_answered_in_the_apps_place_before_may_do_so_afterwards() {
    let mut scene = alike();
    scene.hears_this_before(60, &elsewhere());
    scene.answered = scene.sight().answered(&[]);
    scene.tell.want(Colour::Green);
    assert_eq!(scene.hears_this(60, &elsewhere()), blind("both versions give the same answers"));
}

#[test]
fn a_single_answer_of_somebody_elses_before_the_switch_excuses_nothing_after_it() {
    let mut scene = alike();
    scene.hears_this_before(1, &elsewhere());
    let mut scene = scene.switched();
    assert_eq!(scene.hears_this(100, &elsewhere()), unserved(AWAY));
}

/// What both say changes in time: for a moment it is known through the ingress alone.
#[test]
fn what_the_versions_say_themselves_by_now_is_the_apps() {
    let mut scene = alike().switched();
    scene.hears(30, Colour::Green);
    scene.versions = [always(body("new")), always(body("new"))];
    assert_eq!(scene.hears(40, Colour::Green), blind("both versions give the same answers"));
}

/// Whether somebody else answered before the switch as well stands in the record, too.
#[test]
fn whoever_goes_on_counts_somebody_elses_answers() {
    for (shared, counts) in [(false, true), (true, false)] {
        let mut scene = alike();
        let name = format!("{RULE} at a");
        let known_by = alike().switched().sight().rules[0].known_by.clone().unwrap();
        scene.tell.knows(&Until {
            answered: vec![name.clone()],
            known_by: [(name.clone(), known_by)].into(),
            came: [(name, Came { statuses: [200].into(), shared, ..Came::default() })].into(),
            ..Until::default()
        });
        scene.tell.want(Colour::Green);
        for _ in 0..60 {
            scene.hears_this(1, &says(200, &[("content-type", "text/plain")], "not the app"));
            scene.hears_this(1, &body("same"));
        }
        let failures = scene.sight().rules[0].failed.failures;
        assert_eq!(failures > 10, counts, "{failures}");
    }
}

#[test]
fn whoever_goes_on_knows_it_by_the_record() {
    let name = format!("{RULE} at a");
    let known_by = alike().switched().sight().rules[0].known_by.clone().unwrap();
    assert_eq!(known_by, ["body", "content-type", "location", "status"].map(str::to_owned).into());
    let taken_up = |until: Until| {
        let mut scene = alike();
        scene.tell.knows(&until);
        scene.answered = vec![name.clone()];
        scene.tell.want(Colour::Green);
        scene
    };
    let answered = vec![name.clone()];
    let full = || Until {
        answered: answered.clone(),
        known_by: [(name.clone(), known_by.clone())].into(),
        ..Until::default()
    };
    // The process before ended before it had asked the versions.
    let came = Came { statuses: [200].into(), ..Came::default() };
    let ready = || Until {
        answered: answered.clone(),
        came: [(name.clone(), came.clone())].into(),
        ..Until::default()
    };
    let old = || Until { answered: answered.clone(), ..Until::default() };
    let alike = blind("both versions give the same answers");
    for (until, heard, wanted) in [
        (full(), later(503), "503 Service Unavailable, which asks to retry later"),
        (full(), elsewhere(), "302 Found, which is not the app's answer"),
        (ready(), elsewhere(), AWAY),
        // The versions say that it is not theirs.
        (ready(), home(), "302 Found, which is not the app's answer"),
        (old(), later(503), "503 Service Unavailable, which asks to retry later"),
    ] {
        assert_eq!(taken_up(until).hears_this(300, &heard), unserved(wanted));
    }
    for (until, heard) in [
        (full(), body("same")),
        (ready(), body("same")),
        (old(), body("same")),
        (Until::default(), later(503)),
    ] {
        assert_eq!(taken_up(until).hears_this(300, &heard), alike);
    }
    // It may be where no way leads to the ingress.
    let nobody = Heard::Nobody("no route to host".to_owned());
    assert_eq!(taken_up(full()).hears_this(60, &nobody), blind("no route to host"));
}

/// Where the versions can't be asked themselves, what came before the switch has to do.
#[test]
fn it_holds_where_nobody_can_ask_the_versions() {
    let why = "the versions can't be queried directly: you may not";
    let mut scene = plain();
    for colour in Colour::BOTH {
        scene.tell.deny(0, colour, "you may not".to_owned());
    }
    scene.tell.want(Colour::Blue);
    through(&mut scene, &later(503));
    assert_eq!(scene.arrival(), blind(why), "nothing is known of before");
    let unsure = |status: &str, before: u16| {
        let what = format!("{status}, where {before} was answered before the switch");
        blind(&format!("{what}, may not be the app's answer"))
    };
    let status = |status: u16| says(status, &[], "");
    let absolute = says(301, &[("location", "https://login.example.com/v2")], "");
    for (before, after, wanted) in [
        (body("v1"), body("v2"), blind(why)),
        (body("v1"), status(204), blind(why)),
        (home(), status(303), blind(why)),
        (elsewhere(), absolute, blind(why)),
        (elsewhere(), home(), blind(why)),
        (body("v1"), home(), unsure("302 Found", 200)),
        (home(), body("v2"), unsure("200 OK", 302)),
        (nginx(404), body("v2"), unsure("200 OK", 404)),
        (nginx(404), nginx(404), blind(why)),
        (body("v1"), elsewhere(), unserved(AWAY)),
        (home(), elsewhere(), unserved(AWAY)),
        (body("v1"), later(503), unserved("503 Service Unavailable, which asks to retry later")),
    ] {
        let mut scene = denied(&before);
        through(&mut scene, &after);
        assert_eq!(scene.arrival(), wanted, "{before:?}, {after:?}");
        let is_unsure = scene.sight().rules[0].unsure.is_some();
        assert_eq!(is_unsure, format!("{wanted:?}").contains("may not be"));
        assert!(
            is_unsure
                || scene.sight().failures().is_some() == matches!(wanted, Arrival::Not { .. })
        );
    }
}

/// The record of somebody who was allowed to ask them says what they are known by, and not what that is.
#[test]
fn what_another_process_could_compare_is_of_no_use_without_the_versions() {
    let name = format!("{RULE} at a");
    let rule = alike().switched().sight().rules.remove(0);
    let until = Until {
        answered: vec![name.clone()],
        known_by: [(name.clone(), rule.known_by.unwrap())].into(),
        came: [(name, rule.came.unwrap())].into(),
        ..Until::default()
    };
    for (heard, wanted) in [
        (elsewhere(), unserved(AWAY)),
        (body("same"), blind("the versions can't be queried directly: you may not")),
    ] {
        let mut scene = plain();
        for colour in Colour::BOTH {
            scene.tell.deny(0, colour, "you may not".to_owned());
        }
        scene.tell.knows(&until);
        scene.answered = until.answered.clone();
        scene.tell.want(Colour::Green);
        through(&mut scene, &heard);
        assert_eq!(scene.arrival(), wanted);
    }
}

#[test]
fn where_the_candidate_itself_leads_is_no_other_answer() {
    let mut scene = Scene::new(1, always(body("v1")), always(elsewhere())).switched();
    assert_eq!(scene.hears_this(60, &elsewhere()), arrived());
    let others = says(302, &[("location", "https://sso.example.com/")], "");
    assert_eq!(scene.hears_this(60, &others), unserved(AWAY));
    // The API server does not say where.
    let mut scene = Scene::new(1, always(passed_on(&body("v1"))), always(passed_on(&elsewhere())));
    scene.ask(60, |_| body("v1"));
    scene.answered = scene.sight().answered(&[]);
    scene.tell.want(Colour::Green);
    let why = "302 Found, where 200 was answered before the switch, may not be the app's answer";
    assert_eq!(scene.hears_this(60, &others), blind(why));
}

/// Whoever rewrites a page does not say that it is another one.
#[test]
fn a_page_that_is_changed_on_its_way_is_the_apps() {
    let added = |heard: &'static str| {
        let Heard::Answer(_) = page(heard) else { panic!("a page") };
        page(&format!("{heard}</p><script>rum()</script><p>"))
    };
    let new = "the new version, which alone is added to";
    for (old, passes) in [("the old version", true), (new, true)] {
        let mut scene = Scene::new(1, always(page(old)), always(page(new))).switched();
        let arrival = scene.hears_this(100, &added(new));
        assert!(matches!(arrival, Arrival::Inconclusive { .. }) == passes, "{arrival:?}");
        assert_eq!(scene.sight().failures(), None);
        assert_eq!(
            scene.hears_this(100, &nginx(200)),
            unserved("200 OK, which is not the app's answer")
        );
    }
    // A script's nonce, and a new value of it each time.
    let mut scene = Scene::new(1, always(page("old")), always(page("new"))).switched();
    for n in 0..100 {
        scene.hears_this(1, &page(&format!("new</p><script nonce={n}></script><p>")));
    }
    assert!(matches!(scene.arrival(), Arrival::Inconclusive { .. }), "{:?}", scene.arrival());
    // As nginx adds it to a page alone.
    let json = says(200, &[("content-type", "application/json")], "{}");
    let html = says(200, &[("content-type", "text/html; charset=utf-8")], "<p>birds</p>");
    let bare = says(200, &[("content-type", "text/html")], "<p>birds</p>");
    let mut scene = Scene::new(1, always(json), always(bare)).switched();
    assert!(!matches!(scene.hears_this(100, &html), Arrival::Not { .. }), "{:?}", scene.arrival());
}

/// The API server has written its links anew.
#[test]
fn a_page_that_was_passed_on_is_known_again() {
    let version = || always(passed_on(&page("a <a href=\"/api/v1/services/a/proxy/x\">link</a>")));
    let own = page("a <a href=\"/x\">link</a>");
    let empty = says(200, &[("content-type", "text/html")], "");
    for other in
        [empty, nginx(200), says(200, &[("content-type", "text/html")], "<h1>It works!</h1>")]
    {
        let mut scene = Scene::new(1, version(), version());
        scene.ask(60, |_| own.clone());
        scene.answered = scene.sight().answered(&[]);
        scene.tell.want(Colour::Green);
        assert_eq!(
            scene.hears_this(100, &other),
            unserved("200 OK, which is not the app's answer")
        );
        assert_eq!(scene.hears_this(60, &own), blind(ALIKE));
    }
}

/// A page that is never twice the same is known by the rest of it; a clock is not known at all.
#[test]
fn what_changes_all_the_time_is_known_as_far_as_it_stays() {
    let clock: fn(usize) -> Heard = |n| body(&(n / 10).to_string());
    let token: fn(usize) -> Heard = |n| page(&format!("token {n}"));
    let mut scene = Scene::new(1, Box::new(token), Box::new(token)).switched();
    assert_eq!(scene.hears(60, Colour::Green), blind(ALIKE));
    assert_eq!(
        scene.hears_this(60, &nginx(200)),
        unserved("200 OK, which is not the app's answer")
    );
    let mut scene = Scene::new(1, Box::new(clock), Box::new(clock)).switched();
    assert_eq!(scene.hears_this(300, &body("another time")), blind(ALIKE));
}

#[test]
fn an_error_of_the_candidates_own_is_one_whatever_it_asks_for() {
    for (status, fails) in [(503, true), (429, false)] {
        let mut scene = Scene::new(1, always(body("v1")), always(later(status)));
        scene.ask(20, |scene| scene.of(Colour::Blue));
        assert_eq!(scene.sight().fails.is_some(), fails, "{status}");
    }
}

#[test]
fn failures_among_answers_are_counted_since_the_switch() {
    let mut scene = alike();
    scene.hears_this_before(20, &nginx(502));
    let mut scene = scene.switched();
    scene.hears(20, Colour::Green);
    scene.hears_this(2, &nginx(502));
    assert_eq!(scene.sight().failures(), None, "a hiccup");
    scene.hears(20, Colour::Green);
    scene.hears_this(1, &nginx(502));
    let said = format!("3 of 43 requests to {RULE} at a failed: 502 Bad Gateway");
    assert_eq!(scene.sight().failures(), Some(said));
}

#[test]
fn what_is_not_the_apps_among_answers_is_counted_since_the_switch() {
    let login = || elsewhere();
    for (other, words) in [
        (login(), AWAY),
        (body("not the app"), "200 OK, which is not the app's answer"),
        (nginx(502), "502 Bad Gateway"),
        (later(503), "503 Service Unavailable (the ingress may limit the request rate)"),
        (later(429), "429 Too Many Requests (the ingress may limit the request rate)"),
    ] {
        let mut scene = alike().switched();
        for _ in 0..30 {
            scene.hears_this(2, &other);
            scene.hears(1, Colour::Green);
        }
        let goes_on = scene.sight().rules[0].failed.spell.is_some();
        assert_eq!(goes_on, !words.contains("limit"), "{words}");
        // The newest are judged a little later.
        scene.hears(30, Colour::Green);
        let said = format!("60 of 120 requests to {RULE} at a failed: {words}");
        assert_eq!(scene.sight().failures(), Some(said));
    }
    let mut scene = alike();
    scene.hears_this_before(60, &login());
    scene.tell.want(Colour::Green);
    scene.hears_this(60, &login());
    assert_eq!(scene.sight().failures(), None, "it was there before");
}

/// Another Ingress may lead a part of the people to another app for good.
#[test]
fn what_came_among_answers_before_as_well_is_no_failure() {
    let mut scene = alike();
    for _ in 0..30 {
        scene.ask(2, |scene| scene.of(Colour::Blue));
        scene.hears_this_before(1, &body("a canary"));
    }
    scene.tell.want(Colour::Green);
    for _ in 0..30 {
        scene.hears(2, Colour::Green);
        scene.hears_this(1, &body("a canary"));
    }
    assert_eq!(scene.sight().failures(), None);
}

/// The versions are asked for it a second later at the latest.
#[test]
fn what_is_new_to_both_versions_is_no_failure() {
    let mut scene = alike().switched();
    scene.hears(30, Colour::Green);
    through_alone(&mut scene, 10, &body("new"));
    scene.versions = [always(body("new")), always(body("new"))];
    scene.hears(60, Colour::Green);
    assert_eq!(scene.sight().failures(), None);
}

fn through_alone(scene: &mut Scene, times: usize, heard: &Heard) {
    for _ in 0..times {
        scene.now += 100;
        scene.through(|_| heard.clone());
    }
}
