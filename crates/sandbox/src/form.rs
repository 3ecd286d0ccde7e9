//! The form in which objects are sent: whole, as their metadata alone, or as rows of a table.

use http::HeaderMap;
use http::header::ACCEPT;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::request::Query;
use super::resources::Resource;
use super::table::{self, Include};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Whole,
    Metadata,
    Table(Include),
}

impl Form {
    /// Of what the client takes, the first that there is.
    pub fn asked(headers: &HeaderMap, query: &Query) -> Result<Form, Refusal> {
        let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
        let form = accepted.split(',').find_map(|media| Form::of(media.trim()));
        match form.ok_or_else(Refusal::not_acceptable)? {
            Form::Table(_) => Ok(Form::Table(Include::asked(query.get("includeObject"))?)),
            form => Ok(form),
        }
    }

    fn of(media: &str) -> Option<Form> {
        let mut parts = media.split(';').map(str::trim);
        let is_known = ["application/json", "*/*"].contains(&parts.next()?);
        let parts: Vec<&str> = parts.collect();
        let of_meta = parts.contains(&"g=meta.k8s.io") && parts.contains(&"v=v1");
        match parts.iter().find_map(|part| part.strip_prefix("as=")) {
            _ if !is_known => None,
            None => Some(Form::Whole),
            Some("Table") if of_meta => Some(Form::Table(Include::Metadata)),
            Some("PartialObjectMetadata" | "PartialObjectMetadataList") if of_meta => {
                Some(Form::Metadata)
            }
            Some(_) => None,
        }
    }

    pub fn one(self, resource: Resource, object: &Value, now: Timestamp) -> Value {
        match self {
            Form::Whole => object.clone(),
            Form::Metadata => metadata_of(object),
            Form::Table(include) => {
                let version = &object["metadata"]["resourceVersion"];
                table::of(resource, [object], version, include, now)
            }
        }
    }

    pub fn list<'a>(
        self,
        resource: Resource,
        objects: impl IntoIterator<Item = &'a Value>,
        at: u64,
        now: Timestamp,
    ) -> Value {
        let version = json!(at.to_string());
        let (kind, api_version, items): (_, _, Vec<Value>) = match self {
            Form::Table(include) => {
                return table::of(resource, objects, &version, include, now);
            }
            // The items of a list do not say what they are; the list does.
            Form::Whole => (
                format!("{}List", resource.kind),
                resource.api_version(),
                objects.into_iter().map(untyped).collect(),
            ),
            Form::Metadata => (
                "PartialObjectMetadataList".to_owned(),
                "meta.k8s.io/v1".to_owned(),
                objects.into_iter().map(metadata_of).collect(),
            ),
        };
        json!({
            "kind": kind,
            "apiVersion": api_version,
            "metadata": { "resourceVersion": version },
            "items": items,
        })
    }
}

pub fn metadata_of(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

fn untyped(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &str, uri: &str) -> Result<Form, u16> {
        let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
        Form::asked(&headers, &Query::of(&uri.parse().unwrap())).map_err(|refusal| refusal.code)
    }

    #[test]
    fn the_first_form_that_there_is_counts() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
        let metadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        let protobuf = "application/vnd.kubernetes.protobuf";
        let of_metadata = Form::Table(Include::Metadata);
        for (accept, form) in [
            (table.to_owned(), Ok(of_metadata)),
            (format!("{table},application/json"), Ok(of_metadata)),
            (format!("application/json, {table}"), Ok(Form::Whole)),
            (table.replace("v1", "v1beta1"), Err(406)),
            (metadata.to_owned(), Ok(Form::Metadata)),
            (format!("{protobuf},application/json"), Ok(Form::Whole)),
            (format!("{protobuf};as=Table;v=v1;g=meta.k8s.io, {table}"), Ok(of_metadata)),
            (protobuf.to_owned(), Err(406)),
            ("*/*".to_owned(), Ok(Form::Whole)),
            ("application/*".to_owned(), Err(406)),
        ] {
            assert_eq!(asked(&accept, "/"), form, "{accept}");
        }
        for (include, form) in [
            ("None", Ok(Form::Table(Include::Nothing))),
            ("Object", Ok(Form::Table(Include::Object))),
            ("All", Err(400)),
        ] {
            assert_eq!(asked(table, &format!("/?includeObject={include}")), form, "{include}");
        }
    }
}
