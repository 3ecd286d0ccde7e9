//! Nothing is confirmed as long as nobody of the app's answers where its answers came until the switch.

use super::*;

fn later(status: u16) -> Heard {
    says(status, &[("content-type", "text/html"), ("retry-after", "120")], "later")
}

fn alike() -> Scene {
    Scene::new(1, always(body("same")), always(body("same")))
}

fn elsewhere() -> Heard {
    says(302, &[("location", "https://login.example.com/")], "")
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
        (alike(), &elsewhere(), "302 Found, which is not the app's answer"),
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
    let what = "302 Found, which is not the app's answer";
    assert_eq!(scene.hears_this(100, &elsewhere()), unserved(what));
}

/// What both say changes in time: for a moment it is known through the ingress alone.
#[test]
fn what_the_versions_say_themselves_by_now_is_the_apps() {
    let mut scene = alike().switched();
    scene.hears(30, Colour::Green);
    scene.versions = [always(body("new")), always(body("new"))];
    assert_eq!(scene.hears(40, Colour::Green), blind("both versions give the same answers"));
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
    let old = || Until { answered: answered.clone(), ..Until::default() };
    let alike = blind("both versions give the same answers");
    for (until, heard, wanted) in [
        (full(), later(503), "503 Service Unavailable, which asks to retry later"),
        (full(), elsewhere(), "302 Found, which is not the app's answer"),
        (old(), later(503), "503 Service Unavailable, which asks to retry later"),
    ] {
        assert_eq!(taken_up(until).hears_this(300, &heard), unserved(wanted));
    }
    for (until, heard) in
        [(full(), body("same")), (old(), body("same")), (Until::default(), later(503))]
    {
        assert_eq!(taken_up(until).hears_this(300, &heard), alike);
    }
    // It may be where no way leads to the ingress.
    let nobody = Heard::Nobody("no route to host".to_owned());
    assert_eq!(taken_up(full()).hears_this(60, &nobody), blind("no route to host"));
}

/// Where the versions can't be asked themselves, that answers came has to do.
#[test]
fn it_holds_where_nobody_can_ask_the_versions() {
    let mut scene = plain();
    for colour in Colour::BOTH {
        scene.tell.deny(0, colour, "you may not".to_owned());
    }
    let through = |scene: &mut Scene, heard: &Heard| {
        for _ in 0..100 {
            scene.now += 100;
            scene.through(|_| heard.clone());
        }
        scene.arrival()
    };
    let why = "the versions can't be queried directly: you may not";
    scene.tell.want(Colour::Blue);
    assert_eq!(through(&mut scene, &later(503)), blind(why), "nothing is known of before");
    let mut scene = plain();
    for colour in Colour::BOTH {
        scene.tell.deny(0, colour, "you may not".to_owned());
    }
    for _ in 0..20 {
        scene.now += 100;
        scene.through(|_| body("v1"));
    }
    scene.answered = scene.sight().answered(&[]);
    scene.tell.want(Colour::Green);
    assert_eq!(
        through(&mut scene, &later(503)),
        unserved("503 Service Unavailable, which asks to retry later")
    );
    assert_eq!(through(&mut scene, &body("v2")), blind(why));
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
