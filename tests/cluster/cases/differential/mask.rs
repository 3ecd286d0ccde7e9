//! What each side makes up for itself (uids, versions, times, addresses, suffixes), by when it was
//! first seen: the nth uid of the one is the nth uid of the other.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::ask::Ask;
use super::side::Reply;

#[derive(Default)]
pub struct Mask {
    uids: Vec<String>,
    versions: Vec<String>,
    names: Vec<String>,
    addresses: Vec<String>,
    ports: Vec<String>,
}

/// Where a message tells versions.
static VERSIONS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(resource version: |in precondition: |in object meta: |precondition \(|record \()\d+( \(\d+\))?").unwrap()
});

impl Mask {
    pub fn reply(&mut self, ask: &Ask, mut reply: Reply) -> Reply {
        if let (Ok(sent), Some(made)) =
            (serde_json::from_str::<Value>(&ask.body), reply.body["metadata"]["name"].as_str())
            && let Some(prefix) = sent["metadata"]["generateName"].as_str()
            && made.starts_with(prefix)
            && made != sent["metadata"]["name"]
        {
            self.names.push(made.to_owned());
        }
        if ask.path.starts_with("/api/v1/namespaces") && ask.object().is_none() {
            ours(&mut reply.body);
        }
        self.value("", &mut reply.body);
        reply
    }

    fn value(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                let is_list = fields.get("items").is_some_and(Value::is_array);
                if let Some(managers) = fields.get_mut("managedFields") {
                    who(managers);
                }
                for (key, value) in fields {
                    if is_list && key == "metadata" && value["resourceVersion"].is_string() {
                        value["resourceVersion"] = json!("version of the list");
                    }
                    self.value(key, value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(key, item)),
            Value::String(text) => *text = self.text(key, text),
            Value::Number(port) if key == "nodePort" => {
                *value = json!(tag("port", &mut self.ports, &port.to_string()));
            }
            _ => {}
        }
    }

    fn text(&mut self, key: &str, text: &str) -> String {
        match key {
            _ if text.is_empty() => String::new(),
            "uid" if text.len() == 36 => tag("uid", &mut self.uids, text),
            "resourceVersion" if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                tag("version", &mut self.versions, text)
            }
            "clusterIP" | "clusterIPs" if text != "None" => {
                tag("address", &mut self.addresses, text)
            }
            "creationTimestamp" | "deletionTimestamp" => "time".to_owned(),
            _ => {
                let known = self.uids.iter().enumerate().map(|(n, uid)| (format!("uid {n}"), uid));
                let named = self.names.iter().enumerate().map(|(n, it)| (format!("name {n}"), it));
                let text = known
                    .chain(named)
                    .fold(text.to_owned(), |text, (tag, it)| text.replace(it.as_str(), &tag));
                VERSIONS.replace_all(&text, "${1}N").into_owned()
            }
        }
    }
}

/// Of all namespaces, those that are a row's own: each side has others.
fn ours(body: &mut Value) {
    let is_ours = |it: &Value| {
        let metadata = &it["metadata"];
        metadata["labels"]["row"].is_string() && metadata["generateName"].is_null()
    };
    match body {
        Value::Array(events) => {
            events.retain(|event| is_ours(&event["object"]) || event["type"] == "ERROR");
        }
        list => {
            if let Some(items) = list["items"].as_array_mut() {
                items.retain(is_ours);
            }
        }
    }
}

/// Of managed fields, who wrote when; which ones, the sandbox does not keep.
fn who(managers: &mut Value) {
    for manager in managers.as_array_mut().into_iter().flatten() {
        if let Some(manager) = manager.as_object_mut() {
            manager.retain(|field, _| !field.starts_with("fields"));
            manager.insert("time".to_owned(), json!("time"));
        }
    }
}

fn tag(what: &str, known: &mut Vec<String>, it: &str) -> String {
    let n = known.iter().position(|known| known == it).unwrap_or_else(|| {
        known.push(it.to_owned());
        known.len() - 1
    });
    format!("{what} {n}")
}
