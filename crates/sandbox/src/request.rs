//! What a request is about, read off its URL.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::Uri;

use super::resources::{self, NAMESPACES, Resource};

/// The objects that a path leads to.
#[derive(Clone, Debug)]
pub struct Target {
    pub resource: Resource,
    /// None: those of all namespaces.
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub part: Option<String>,
}

impl Target {
    /// None where no resource is at that path.
    pub fn of(declared: &[Resource], path: &str) -> Option<Target> {
        let parts: Vec<Cow<str>> =
            path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(Cow::as_ref).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let namespaced = match rest {
            // `/namespaces/X/status` and the like are the namespace's own.
            ["namespaces", namespace, plural, rest @ ..] => {
                let found = resources::find(declared, group, version, plural);
                found.map(|found| (found, *namespace, rest))
            }
            _ => None,
        };
        let (resource, namespace, rest) = match (namespaced, rest) {
            (Some((resource, namespace, rest)), _) if resource.is_namespaced => {
                (resource, Some(namespace.to_owned()), rest)
            }
            (_, [plural, rest @ ..]) => {
                (resources::find(declared, group, version, plural)?, None, rest)
            }
            _ => return None,
        };
        let mut rest = rest.iter().map(|part| (*part).to_owned());
        let (name, part) = (rest.next(), rest.next());
        // An object of a namespace is not to be had without it.
        let is_lost = resource.is_namespaced && namespace.is_none() && name.is_some();
        let target = Target { resource, namespace, name, part };
        (!is_lost && rest.next().is_none()).then_some(target)
    }

    /// The namespace that its objects are in, as keys have it.
    pub fn space(&self) -> &str {
        match self.resource.plural {
            plural if plural == NAMESPACES.plural => "",
            _ => self.namespace.as_deref().unwrap_or_default(),
        }
    }
}

/// Whether a path leads into a group that there is, of whatever version.
pub fn is_of_a_group(declared: &[Resource], path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["api", _, _, ..] => true,
        ["apis", group, _, _, ..] => {
            resources::ALL.iter().chain(declared).any(|it| it.group == *group)
        }
        _ => false,
    }
}

fn decode(part: &str) -> Cow<'_, str> {
    match part.contains('%') {
        // As in a query, where + would be a blank: there is none in a path of ours.
        true => url::form_urlencoded::parse(part.replace('+', "%2B").as_bytes())
            .next()
            .map_or(Cow::Borrowed(part), |(name, _)| Cow::Owned(name.into_owned())),
        false => Cow::Borrowed(part),
    }
}

/// What stands after the question mark.
#[derive(Clone, Debug, Default)]
pub struct Query(BTreeMap<String, String>);

impl Query {
    pub fn of(uri: &Uri) -> Query {
        let query = uri.query().unwrap_or_default().as_bytes();
        Query(url::form_urlencoded::parse(query).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.get(name), "true" | "1")
    }

    pub fn is_dry(&self) -> bool {
        self.get("dryRun") == "All"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Option<(&'static str, String)> {
        let target = Target::of(&[], path)?;
        let shown = [target.namespace, target.name, target.part];
        let shown = shown.map(|part| part.unwrap_or_else(|| "-".to_owned())).join(" ");
        Some((target.resource.plural, shown))
    }

    #[test]
    fn paths_lead_to_objects() {
        for (path, plural, rest) in [
            ("/api/v1/namespaces/birds/pods/a/log", "pods", "birds a log"),
            ("/api/v1/namespaces/birds/pods", "pods", "birds - -"),
            ("/api/v1/pods", "pods", "- - -"),
            ("/api/v1/namespaces", "namespaces", "- - -"),
            ("/api/v1/namespaces/birds", "namespaces", "- birds -"),
            ("/api/v1/namespaces/birds/status", "namespaces", "- birds status"),
            ("/apis/apps/v1/namespaces/birds/deployments/p/scale", "deployments", "birds p scale"),
            ("/apis/apps/v1/namespaces/b%69rds/deployments", "deployments", "birds - -"),
        ] {
            assert_eq!(read(path), Some((plural, rest.to_owned())), "{path}");
        }
        for path in [
            "/",
            "/api",
            "/apis/apps/v1",
            "/api/v1/pods/a",
            "/apis/apps/v1/namespaces/birds/pods",
            "/apis/apps/v1beta1/deployments",
            "/api/v1/namespaces/birds/pods/a/log/b",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }
}
