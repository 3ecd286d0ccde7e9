//! Requests, as both sides get them: `<version>` and the like stand for what each has seen.

use serde_json::Value;

pub const JSON: &str = "application/json";
pub const JSON_PATCH: &str = "application/json-patch+json";
pub const MERGE_PATCH: &str = "application/merge-patch+json";
pub const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";

#[derive(Clone, Debug)]
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub media: &'static str,
    pub accept: &'static str,
    pub body: String,
}

/// What a row of the table or a sequence is made of.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sent to both, and the replies compared.
    Ask(Ask),
    /// Keeps the version that a collection is at, as `<start>`.
    Mark { collection: String },
    /// Compares all events until the object `end`, which is made and deleted meanwhile, goes.
    Watch { path: String, collection: String, end: Value },
}

fn ask(method: &'static str, path: &str, media: &'static str, body: String) -> Ask {
    Ask { method, path: path.to_owned(), media, accept: JSON, body }
}

pub fn get(path: &str) -> Ask {
    ask("GET", path, "", String::new())
}

pub fn post(path: &str, body: &Value) -> Ask {
    ask("POST", path, JSON, body.to_string())
}

pub fn put(path: &str, body: &Value) -> Ask {
    ask("PUT", path, JSON, body.to_string())
}

pub fn json_patch(path: &str, body: &Value) -> Ask {
    ask("PATCH", path, JSON_PATCH, body.to_string())
}

pub fn merge_patch(path: &str, body: &Value) -> Ask {
    ask("PATCH", path, MERGE_PATCH, body.to_string())
}

pub fn strategic_patch(path: &str, body: &Value) -> Ask {
    ask("PATCH", path, STRATEGIC_PATCH, body.to_string())
}

pub fn delete(path: &str, options: &Value) -> Ask {
    let body = if options.is_null() { String::new() } else { options.to_string() };
    ask("DELETE", path, JSON, body)
}

impl Ask {
    pub fn with_media(self, media: &'static str) -> Ask {
        Ask { media, ..self }
    }

    pub fn accepting(self, accept: &'static str) -> Ask {
        Ask { accept, ..self }
    }

    pub fn saying(self, body: &str) -> Ask {
        Ask { body: body.to_owned(), ..self }
    }

    /// As Kubernetes names what it asks for.
    pub fn verb(&self) -> &'static str {
        let is_one = self.object().is_some();
        match self.method {
            "GET" if self.path.contains("watch=") => "watch",
            "GET" if is_one => "get",
            "GET" => "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            _ => "delete",
        }
    }

    /// The path of the object that it is about, if it is about one.
    pub fn object(&self) -> Option<String> {
        let path = self.path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let collection = match parts.iter().position(|part| *part == "namespaces") {
            Some(at) if parts.len() > at + 2 && !matches!(parts[at + 2], "status") => at + 2,
            Some(at) => at,
            None => return None,
        };
        parts.get(collection + 1).map(|_| parts[..=collection + 1].join("/"))
    }
}
