//! Label and field selectors, as they stand in a URL.

use serde_json::Value;

use super::labels::{self, Requirement};
use super::refusal::Refusal;
use super::resources::{EVENTS, NAMESPACES, PODS, Resource, SERVICES};

/// What a list or a watch is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Selectors {
    labels: Vec<Requirement>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    path: String,
    value: String,
    is_equal: bool,
}

impl Selectors {
    pub fn parse(resource: Resource, labels: &str, fields: &str) -> Result<Selectors, Refusal> {
        let fields = fields.split(',').map(str::trim).filter(|part| !part.is_empty());
        let fields = fields.map(|part| field(resource, part));
        Ok(Selectors {
            labels: labels::parse(labels).map_err(Refusal::bad_request)?,
            fields: fields.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        })
    }

    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|label| label.matches(labels))
            && self.fields.iter().all(|field| field.matches(object))
    }
}

/// None where it says nothing.
fn field(resource: Resource, part: &str) -> Result<Option<Field>, Refusal> {
    let found = part
        .split_once("!=")
        .map(|(path, value)| (path, value, false))
        .or_else(|| part.split_once("==").map(|(path, value)| (path, value, true)))
        .or_else(|| part.split_once('=').map(|(path, value)| (path, value, true)));
    let Some((path, value, is_equal)) = found else {
        let why = format!("invalid selector: '{part}'; can't understand '{part}'");
        return Err(Refusal::bad_request(why));
    };
    if path.is_empty() && value.is_empty() {
        return Ok(None);
    }
    let own: &[&str] = match resource.plural {
        plural if plural == PODS.plural => &[
            "metadata.name",
            "metadata.namespace",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        plural if plural == EVENTS.plural => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
            "metadata.namespace",
            "metadata.name",
        ],
        plural if plural == NAMESPACES.plural => &["status.phase", "metadata.name"],
        plural if plural == SERVICES.plural => {
            &["metadata.namespace", "metadata.name", "spec.clusterIP", "spec.type"]
        }
        _ => &[],
    };
    let of_all = ["metadata.name", "metadata.namespace"];
    match own.is_empty() {
        true if !of_all.contains(&path) => Err(Refusal::bad_request(format!(
            "{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ))),
        false if !own.contains(&path) => {
            Err(Refusal::bad_request(format!("field label not supported: {path}")))
        }
        _ => Ok(Some(Field { path: path.to_owned(), value: value.to_owned(), is_equal })),
    }
}

impl Field {
    fn matches(&self, object: &Value) -> bool {
        let there = self.path.split('.').fold(object, |value, name| &value[name]);
        (there.as_str().unwrap_or_default() == self.value) == self.is_equal
    }
}

#[cfg(test)]
mod tests {
    use super::super::resources::DEPLOYMENTS;
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_select_where_they_are_known() {
        let object = json!({"metadata": {"name": "parrot", "labels": {"app": "parrot"}}});
        let matches = |labels: &str, fields: &str| {
            Selectors::parse(&DEPLOYMENTS, labels, fields).unwrap().matches(&object)
        };
        assert!(matches("", "metadata.name=parrot") && matches("app", "metadata.name!=toucan"));
        assert!(!matches("", "metadata.name=toucan") && !matches("!app", "metadata.name=parrot"));
        for (resource, fields, words) in [
            (
                &DEPLOYMENTS,
                "status.phase=Running",
                "\"status.phase\" is not a known field selector",
            ),
            (&PODS, "spec.beak=red", "field label not supported: spec.beak"),
            (&PODS, "rubbish", "invalid selector: 'rubbish'; can't understand 'rubbish'"),
        ] {
            let refused = Selectors::parse(resource, "", fields).unwrap_err();
            assert!(refused.code == 400 && refused.message.starts_with(words), "{refused:?}");
        }
        assert!(Selectors::parse(&PODS, "", "status.phase=Running").is_ok());
        assert_eq!(Selectors::parse(&DEPLOYMENTS, "(", "").unwrap_err().code, 400);
    }
}
