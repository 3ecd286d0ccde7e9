//! What a process of 0.1.0 sees and writes, as far as stamps go: it knows nothing but the plain keys, no
//! other app's record, and leaves out of its own what it does not know.

use bluegreen::model::{EPOCH, Kind, Objects, RELEASE, Write, name};
use bluegreen::release::{Names, Next, RECORD_KEY};
use serde_json::{Value, json};

const PLAIN: [&str; 2] = [RELEASE, EPOCH];

/// Objects as that version would understand them, in the form that this one has.
pub fn seen(objects: &Objects, names: &Names) -> Objects {
    let mut seen = Objects::default();
    for (id, object) in objects.iter() {
        let mut object = object.clone();
        match id.kind {
            Kind::ConfigMap if *id != names.record() => continue,
            Kind::ConfigMap => own(&mut object, |release| release["ownStamps"] = json!(true)),
            Kind::Ingress | Kind::Service if name(&object) != names.preview() => {
                let annotations = object["metadata"]["annotations"].as_object_mut();
                if let Some(annotations) = annotations {
                    annotations
                        .retain(|key, _| !PLAIN.iter().any(|plain| *key == names.stamp(plain)));
                    for key in PLAIN {
                        let plain = annotations.remove(key);
                        plain.map(|plain| annotations.insert(names.stamp(key), plain));
                    }
                }
            }
            _ => {}
        }
        seen.insert(id.clone(), object);
    }
    seen
}

/// A step as that version would send it.
pub fn sent(next: Next, names: &Names) -> Next {
    let Next::Do(mut step) = next else { return next };
    if let Write::Patch { patch, .. } = &mut step.write {
        let mut operations = serde_json::to_value(&*patch).unwrap();
        for operation in operations.as_array_mut().unwrap() {
            let path = operation["path"].as_str().unwrap().to_owned();
            let plain = PLAIN.into_iter().find(|key| {
                path == format!("/metadata/annotations/{}", names.stamp(key).replace('/', "~1"))
            });
            if let Some(key) = plain {
                operation["path"] =
                    json!(format!("/metadata/annotations/{}", key.replace('/', "~1")));
            }
            if path == format!("/data/{RECORD_KEY}") {
                operation["value"] = json!(left_out(operation["value"].as_str().unwrap()));
            }
        }
        *patch = serde_json::from_value(operations).unwrap();
    }
    Next::Do(step)
}

fn own(map: &mut Value, change: impl FnOnce(&mut Value)) {
    let mut record: Value =
        serde_json::from_str(map["data"][RECORD_KEY].as_str().unwrap()).unwrap();
    if record["release"].is_object() {
        change(&mut record["release"]);
    }
    map["data"][RECORD_KEY] = json!(record.to_string());
}

fn left_out(text: &str) -> String {
    let mut record: Value = serde_json::from_str(text).unwrap();
    if let Some(release) = record["release"].as_object_mut() {
        release.remove("ownStamps");
    }
    record.to_string()
}
