use super::*;
use crate::model::Colour;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

fn empty() -> Record {
    Record::new("parrot".into(), Label { key: "app".into(), blue: "parrot".into() }, 0, 0)
}

pub fn release(number: u64) -> Release {
    Release {
        number,
        from: Colour::Blue,
        to: Colour::Green,
        hash: format!("hash-{number}"),
        base: "base".to_owned(),
        images: BTreeMap::from([("parrot".to_owned(), format!("parrot-app:v{number}"))]),
        replaces: BTreeMap::from([("parrot".to_owned(), "parrot-app:old".to_owned())]),
        back: None,
        to_release: None,
        started: at(0),
        ready_by: at(600),
        timeout_seconds: 600,
        deadline: Some(at(7200)),
        drain_seconds: 30,
        settle_seconds: 10,
        settle_said: false,
        bake_seconds: 0,
        keep_old: false,
        warm: false,
        gate: GateState::new(GateKind::Webhook, 60, 60),
        before: Some(Before {
            replica_set: "parrot-1".into(),
            replicas: 0,
            release: None,
            hash: None,
            marks: None,
        }),
        waiting: None,
        sighted: None,
        observed: None,
        approved: None,
        ending: None,
        switched: None,
        reached: None,
        answered: Vec::new(),
        erred: BTreeMap::new(),
        known_by: BTreeMap::new(),
        came: BTreeMap::new(),
        doubted: false,
        erring: false,
        confirmed: None,
        unconfirmed: None,
        arrived: None,
        drain_until: None,
        bake_until: None,
        revived: None,
        missed: None,
        drain_back_until: None,
        own_stamps: true,
    }
}

fn map_of(text: &str) -> Value {
    json!({"data": {RECORD_KEY: text}})
}

#[test]
fn what_is_written_is_what_is_read() {
    let mut record = empty();
    record.number = 4;
    record.epoch = 2;
    record.driver = Some(Driver {
        id: "1f".into(),
        holder: "me@host (1)".into(),
        since: at(1),
        seen: at(2),
        writes: 3,
    });
    record.challenge = Some(Challenge { by: "you@host (2)".into(), at: at(3) });
    record.settings =
        Some(Settings { threshold: Some(3), deadline_seconds: Some(9), ..Settings::default() });
    let mut under_way = release(4);
    under_way.approved = Some(Approval { by: "you".into(), at: at(4) });
    under_way.ending = Some(Ending {
        outcome: ReleaseOutcome::Aborted,
        reason: "why".into(),
        by: Some("you".into()),
        at: at(5),
    });
    (under_way.waiting, under_way.sighted) = (Some(at(6)), Some("sighted".into()));
    under_way.observed = Some(Observed {
        uid: "u".into(),
        template: "sighted".into(),
        images: BTreeMap::from([("parrot".to_owned(), "mirror/parrot-app:v4".to_owned())]),
    });
    (under_way.switched, under_way.confirmed) = (Some(at(7)), Some(Confirmed::Settle));
    (under_way.drain_until, under_way.drain_back_until) = (Some(at(7)), Some(at(8)));
    (under_way.bake_until, under_way.keep_old, under_way.warm) = (Some(at(9)), true, true);
    under_way.gate.asked = Some(at(9));
    record.release = Some(under_way);
    let names = Names::new("blue-green", "parrot");
    assert_eq!(Record::read(&record.config_map(&names)), Ok(record.clone()));
    record.finish(ReleaseOutcome::Aborted, at(10));
    assert_eq!(Record::read(&map_of(&record.text())), Ok(record));
}

#[test]
fn fields_of_a_later_version_do_not_matter_in_the_same_form() {
    let mut text: Value = serde_json::from_str(&empty().text()).unwrap();
    text["oven"] = json!(5);
    assert_eq!(Record::read(&map_of(&text.to_string())), Ok(empty()));
}

#[test]
fn settings_that_no_bluegreen_writes_are_refused() {
    let ages = Some(u64::MAX / 4);
    for settings in [
        Settings { interval_seconds: ages, ..Settings::default() },
        Settings { deadline_seconds: ages, ..Settings::default() },
        Settings { timeout_seconds: ages, ..Settings::default() },
        Settings { drain_seconds: ages, ..Settings::default() },
        Settings { settle_seconds: ages, ..Settings::default() },
        Settings { bake_seconds: ages, ..Settings::default() },
    ] {
        let mut record = empty();
        record.settings = Some(settings);
        let said = Record::read(&map_of(&record.text())).unwrap_err();
        assert_eq!(said, "a number in it is out of range", "{settings:?}");
    }
}

#[test]
fn a_record_that_can_not_be_understood_is_refused_with_the_reason() {
    for (map, why) in [
        (json!({}), "no key \"record\""),
        (json!({"data": {"record": 1}}), "no key \"record\""),
        (map_of("{"), "EOF"),
        (map_of("{}"), "no format number"),
        (map_of("{\"form\": \"1\"}"), "no format number"),
        (map_of("{\"form\": 3}"), "its format is 3, written by a newer bluegreen"),
        (map_of("{\"form\": 0}"), "its format is 0, this version of bluegreen reads 1 and 2"),
        (map_of("{\"form\": 1}"), "missing field `service`"),
    ] {
        let said = Record::read(&map).unwrap_err();
        assert!(said.contains(why), "{map}: {said}");
    }
}

#[test]
fn what_no_bluegreen_writes_is_refused() {
    let said = |change: &dyn Fn(&mut Record)| {
        let mut record = empty();
        (record.number, record.release) = (3, Some(release(3)));
        change(&mut record);
        Record::read(&map_of(&record.text())).err()
    };
    assert_eq!(said(&|_| {}), None);
    let no_name = "it names no Service, or no label that tells the colours apart";
    for empty in [
        &(|record: &mut Record| record.service.clear()) as &dyn Fn(&mut Record),
        &|record| record.label.key.clear(),
        &|record| record.label.blue.clear(),
    ] {
        assert_eq!(said(empty).as_deref(), Some(no_name));
    }
    let in_place = said(&|record| record.release.as_mut().unwrap().to = Colour::Blue);
    assert_eq!(in_place.as_deref(), Some("its release is from blue to blue"));
    let past = said(&|record| {
        record.finish(ReleaseOutcome::Promoted, at(0));
        record.number = 2;
    });
    assert_eq!(past.as_deref(), Some("its history has release 3, and its last one is number 2"));
    let ahead = said(&|record| record.number = 2);
    assert_eq!(ahead.as_deref(), Some("its release is number 3, and its last one number 2"));
}

#[test]
fn a_release_that_is_over_moves_into_the_history() {
    let mut record = empty();
    let mut promoted = release(1);
    promoted.approved = Some(Approval { by: "you@host".into(), at: at(60) });
    (promoted.waiting, promoted.switched) = (Some(at(50)), Some(at(60)));
    promoted.sighted = Some("sighted".into());
    promoted.arrived = Some(at(62));
    (promoted.confirmed, promoted.keep_old) = (Some(Confirmed::Probe), true);
    record.release = Some(promoted);
    record.finish(ReleaseOutcome::Promoted, at(90));
    assert_eq!(record.release, None);
    assert_eq!(
        record.history,
        [Finished {
            number: 1,
            from: Colour::Blue,
            to: Colour::Green,
            hash: "hash-1".into(),
            images: release(1).images,
            replaces: release(1).replaces,
            base: Some("base".into()),
            sighted: Some("sighted".into()),
            observed: BTreeMap::new(),
            rollback: false,
            started: at(0),
            ready: Some(at(50)),
            switched: Some(at(60)),
            confirmed: Some(Confirmed::Probe),
            unconfirmed: None,
            arrived: Some(at(62)),
            missed: None,
            warnings: Vec::new(),
            kept: true,
            ended: at(90),
            outcome: ReleaseOutcome::Promoted,
            reason: String::new(),
            by: Some("you@host".into()),
        }]
    );
    let mut rejected = release(2);
    let (reason, by) = ("no".to_owned(), None);
    rejected.ending = Some(Ending { outcome: ReleaseOutcome::Rejected, reason, by, at: at(100) });
    rejected.approved = Some(Approval { by: "somebody".into(), at: at(99) });
    record.release = Some(rejected);
    record.finish(ReleaseOutcome::Rejected, at(101));
    let last = record.finished(2).unwrap();
    assert_eq!(
        (last.reason.as_str(), last.by.as_deref()),
        ("no", None),
        "who ended it, not who approved"
    );
}

#[test]
fn without_a_release_nothing_is_finished() {
    let mut record = empty();
    record.finish(ReleaseOutcome::Promoted, at(0));
    assert_eq!(record, empty());
}

#[test]
fn the_history_holds_the_last_ten() {
    let mut record = empty();
    for number in 1..=13 {
        record.release = Some(release(number));
        record.finish(ReleaseOutcome::Promoted, at(0));
    }
    let numbers: Vec<_> = record.history.iter().map(|finished| finished.number).collect();
    assert_eq!(numbers, (4..=13).collect::<Vec<_>>(), "oldest first");
    assert_eq!(record.finished(3), None);
    assert_eq!(record.finished(13).map(|finished| finished.number), Some(13));
}

#[test]
fn the_last_that_went_live_is_never_forgotten() {
    let mut record = empty();
    for number in 1..=14 {
        record.release = Some(release(number));
        let promoted = [1, 2].contains(&number);
        let outcome = if promoted { ReleaseOutcome::Promoted } else { ReleaseOutcome::Rejected };
        record.finish(outcome, at(0));
    }
    let numbers: Vec<_> = record.history.iter().map(|finished| finished.number).collect();
    assert_eq!(numbers, [vec![2], (6..=14).collect()].concat());
    assert_eq!(record.last_promoted().map(|finished| finished.number), Some(2));
}

#[test]
fn a_rollback_is_told_from_other_releases() {
    let mut record = empty();
    record.release = Some(Release { back: Some("found".into()), ..release(3) });
    record.finish(ReleaseOutcome::Promoted, at(0));
    assert!(record.finished(3).unwrap().rollback);
}

#[test]
fn the_config_map_is_marked_as_ours_and_holds_no_more_than_it_must() {
    let map = empty().config_map(&Names::new("blue-green", "parrot"));
    assert_eq!(map["metadata"]["name"], "bluegreen-parrot");
    assert_eq!(map["metadata"]["namespace"], "blue-green");
    assert_eq!(map["metadata"]["labels"][MANAGED_BY], MANAGER);
    let text = map["data"][RECORD_KEY].as_str().unwrap();
    assert!(!text.contains("null"), "what is not there is left out: {text}");
}

/// 0.1.0 drops from a record what it does not know: it would take the app for one that an Ingress leads to.
#[test]
fn a_record_with_a_route_that_is_new_has_a_form_of_its_own() {
    let mut record = empty();
    assert!(record.text().contains("\"form\":1,"));
    record.lead_by(RouteKind::Service);
    let map = json!({"data": {RECORD_KEY: record.text()}});
    assert!(record.text().contains("\"form\":2,"));
    assert_eq!(Record::read(&map), Ok(record.clone()));
    record.lead_by(RouteKind::Ingress);
    assert_eq!(record, empty());
}
