//! Where the versions can't be asked themselves: the candidate under its preview host, and the old version by
//! what came through the ingress before the switch.

use http::{HeaderMap, StatusCode};

use super::super::answer::Answer;
use super::*;
use crate::release::Arrival;

fn says(status: u16, body: &str) -> Heard {
    let status = StatusCode::from_u16(status).unwrap();
    Heard::Answer(Answer::new(status, &HeaderMap::new(), body.as_bytes()))
}

struct Scene {
    tell: Tell,
    now: i64,
}

impl Scene {
    fn new() -> Scene {
        let (name, rule, way) = ("parrot".to_owned(), "parrot".to_owned(), "a".to_owned());
        let mut tell = Tell::new(Colour::Green, vec![Named { name, rule, way }], Vec::new(), 1);
        for colour in Colour::BOTH {
            tell.deny(0, colour, "no right".to_owned());
        }
        Scene { tell, now: 0 }
    }

    /// So often each: the candidate under its preview host, and what comes through the ingress.
    fn ask(&mut self, times: usize, preview: &Heard, through: &Heard) -> Arrival {
        for _ in 0..times {
            self.now += 100;
            let at = Timestamp::from_millisecond(self.now).unwrap();
            self.tell.note_preview(0, preview);
            self.tell.note_way(0, through.clone(), at);
        }
        let at = Timestamp::from_millisecond(self.now).unwrap();
        let sight = self.tell.sight(at);
        assert_eq!((&sight.fails, &sight.refuses), (&None, &None));
        sight.arrival(self.tell.wanted.unwrap_or(Colour::Green), &sight.answered(&[]))
    }

    fn switched(preview: &Heard, before: &Heard) -> Scene {
        let mut scene = Scene::new();
        scene.ask(40, preview, before);
        scene.tell.want(Colour::Green);
        scene
    }
}

fn is_blind(arrival: &Arrival) -> bool {
    matches!(arrival, Arrival::Inconclusive { why } if why.ends_with("can't be queried directly: no right"))
}

#[test]
fn new_answers_are_known_by_what_the_preview_shows_and_old_ones_prove_nothing() {
    let (old, new) = (says(200, "v1"), says(200, "v2"));
    let mut scene = Scene::switched(&new, &old);
    let arrival = scene.ask(100, &new, &old);
    assert!(is_blind(&arrival), "{arrival:?}");
    assert!(matches!(scene.ask(10, &new, &new), Arrival::Not { .. }));
    assert_eq!(scene.ask(20, &new, &new), Arrival::Arrived { unseen: None });
    // Now that it has been borne out, old answers are told, too.
    let Arrival::Not { said } = scene.ask(1, &new, &old) else { panic!("an old one came") };
    assert_eq!(said.as_deref(), Some("parrot: 200 OK, as blue answers"));
}

#[test]
fn what_depends_on_the_host_tells_nothing() {
    // Both versions say alike, and the new one something else, under each host.
    for (old, new) in [("v1 for all", "v1 for all"), ("v1 for all", "v2 for all")] {
        let preview = says(200, "v2 for few");
        let mut scene = Scene::switched(&preview, &says(200, old));
        for times in [40, 100] {
            let arrival = scene.ask(times, &preview, &says(200, new));
            assert!(is_blind(&arrival), "{new}: {arrival:?}");
        }
    }
}

#[test]
fn an_error_under_the_preview_host_is_no_word_about_the_candidate() {
    for status in [400, 404, 429, 503] {
        let (old, preview) = (says(200, "v1"), says(status, "nobody"));
        let mut scene = Scene::switched(&preview, &old);
        let arrival = scene.ask(60, &preview, &says(200, "v2"));
        assert!(is_blind(&arrival), "{status}: {arrival:?}");
        // A controller that has dropped the Ingress says the same under each host.
        let mut scene = Scene::switched(&preview, &old);
        let arrival = scene.ask(60, &preview, &preview);
        assert!(!matches!(arrival, Arrival::Arrived { .. }), "{status}: {arrival:?}");
    }
}

#[test]
fn who_takes_over_has_nothing_to_compare_with() {
    let (old, new) = (says(200, "v1"), says(200, "v2"));
    let mut scene = Scene::new();
    scene.tell.want(Colour::Green);
    for through in [&old, &new] {
        let arrival = scene.ask(60, &new, through);
        assert!(is_blind(&arrival), "{arrival:?}");
    }
}

#[test]
fn a_version_that_can_be_asked_itself_is_not_asked_under_another_host() {
    let mut scene = Scene::new();
    scene.tell = {
        let (name, rule, way) = ("parrot".to_owned(), "parrot".to_owned(), "a".to_owned());
        Tell::new(Colour::Green, vec![Named { name, rule, way }], Vec::new(), 1)
    };
    scene.ask(60, &says(200, "v2"), &says(200, "v1"));
    assert!(!scene.tell.version(0, Colour::Green).is_known());
    assert!(!scene.tell.version(0, Colour::Blue).is_known());
}
