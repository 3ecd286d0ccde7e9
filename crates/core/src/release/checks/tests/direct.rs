//! Whether both versions can be asked.

use serde_json::Value;

use crate::release::Names;
use crate::release::checks::direct::{check, rights, role};
use crate::release::checks::rights::Right;
use crate::release::checks::{CheckStatus, rights as needed};

fn right(verb: &'static str, resource: &'static str) -> Right {
    Right { verb, group: "", resource }
}

#[test]
fn either_way_is_enough_and_none_is_no_reason() {
    let (get, create) = (right("get", "pods/portforward"), right("create", "pods/portforward"));
    let proxy = right("get", "services/proxy");
    let time = "a switch is not confirmed, only waited for";
    for (missing, says) in [
        (vec![], "by port-forward"),
        (vec![proxy], "by port-forward"),
        (vec![create], "Service proxy"),
        (vec![get], "Service proxy"),
        (vec![create, proxy], time),
        (vec![get, create, proxy], time),
    ] {
        let found = check(Ok::<_, ()>(&missing[..]), "ask");
        assert!(found.what.contains(says), "{missing:?}: {found:?}");
        assert_eq!(found.status, CheckStatus::Pass);
        assert_eq!(found.hint.is_some(), says == time, "{found:?}");
    }
    let unknown = check(Err::<&[Right], _>("no reply"), "ask");
    assert!(
        unknown.status == CheckStatus::Pass && unknown.what.contains("does not say"),
        "{unknown:?}"
    );
}

#[test]
fn its_role_gives_what_is_asked_about_and_is_none_of_a_releases() {
    let text = role(&Names::new("birds", "parrot"));
    let role: Value = serde_saphyr::from_str(&text).unwrap();
    let metadata = &role["metadata"];
    assert!(metadata["name"] == "bluegreen-probe" && metadata["namespace"] == "birds", "{role}");
    let rules = role["rules"].as_array().unwrap();
    assert!(rights().iter().all(|right| right.is_in(rules)));
    let verbs: usize = rules.iter().map(|rule| rule["verbs"].as_array().unwrap().len()).sum();
    assert_eq!(verbs, rights().len());
    assert!(needed::all().iter().all(|right| !rights().contains(right)));
    for said in ["every port of every pod", "every Service of the namespace", "enough"] {
        assert!(text.contains(said), "{text}");
    }
}
