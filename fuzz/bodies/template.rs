//! The clone of a pod template: whichever slot it goes into, it is the same version, and nothing of it
//! is lost.

use bluegreen::model::Colour;
use bluegreen::release::{Change, template};
use bluegreen::route::Label;
use serde_json::{Value, json};

pub fn tried(input: &[u8]) {
    let Ok(deployment) = serde_json::from_slice::<Value>(input) else { return };
    let label = template::label(&deployment, None, None)
        .unwrap_or(Label { key: "app".to_owned(), blue: "parrot".to_owned() });
    let found = &deployment["spec"]["template"];
    let neutral = template::neutral(found, &label);
    for colour in Colour::BOTH {
        let sent = template::coloured(&neutral, &label, colour, 7);
        let back = template::neutral(&sent, &label);
        assert_eq!(back, neutral, "{colour}");
        assert_eq!(template::hash(&back), template::hash(&neutral));
        assert_eq!(template::images(&sent), template::images(&neutral));
        // Only labels and selectors tell the slots apart.
        assert_eq!(sent["spec"]["containers"], neutral["spec"]["containers"]);
    }
    template::of_replica_set(&json!({"spec": {"template": found}}));
    for image in ["a:2", "parrot=a:2"] {
        let change = Change::Images(vec![image.parse().expect("an image")]);
        let _ = template::changed(&neutral, &change, &label);
    }
    let _ = template::changed(&neutral, &Change::Template(found.clone()), &label);
}
