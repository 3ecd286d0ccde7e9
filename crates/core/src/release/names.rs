//! The names of an app's objects.

use serde_json::Value;

use crate::model::{Colour, Id, Kind, of_app};

/// The names of the objects of one app, in its namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names {
    pub namespace: String,
    pub app: String,
    /// The flags that lead kubectl to the app, each after a space: what is advised is pasted where another
    /// cluster may be the default.
    pub flags: String,
}

impl Names {
    pub fn new(namespace: impl Into<String>, app: impl Into<String>) -> Names {
        let namespace = namespace.into();
        let flags = format!(" -n {namespace}");
        Names { namespace, app: app.into(), flags }
    }

    pub fn deployment(&self, colour: Colour) -> String {
        match colour {
            Colour::Blue => self.app.clone(),
            Colour::Green => format!("{}-green", self.app),
        }
    }

    /// The Service that is fixed to one colour.
    pub fn service(&self, colour: Colour) -> String {
        format!("{}-{colour}", self.app)
    }

    /// The Services through which a route may send people to the app, of which `live` is the one
    /// that follows the live colour. The preview is not one.
    pub fn serving(&self, live: &str) -> Vec<String> {
        let fixed = Colour::BOTH.map(|colour| self.service(colour));
        std::iter::once(live.to_owned()).chain(fixed).collect()
    }

    /// That the app itself is not there.
    pub fn no_deployment(&self) -> String {
        format!("there is no Deployment {} in namespace {}", self.app, self.namespace)
    }

    /// The Service that follows the candidate.
    pub fn preview(&self) -> String {
        format!("{}-preview", self.app)
    }

    /// Where the candidate can be asked, from inside the cluster, by the preview Service's first port.
    pub fn preview_address(&self, service: &Value) -> Option<String> {
        let port = service["spec"]["ports"][0]["port"].as_u64()?;
        let port = if port == 80 { String::new() } else { format!(":{port}") };
        Some(format!("http://{}.{}.svc{port}", self.preview(), self.namespace))
    }

    pub fn record(&self) -> Id {
        Id::new(Kind::ConfigMap, format!("bluegreen-{}", self.app))
    }

    /// The key of this app's own annotation on an object that several apps may share.
    pub fn stamp(&self, key: &str) -> String {
        of_app(key, &self.app)
    }

    /// The app that a record of this name belongs to.
    pub fn app_of_record(name: &str) -> Option<&str> {
        name.strip_prefix("bluegreen-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_preview_is_asked_by_its_first_port() {
        let names = Names::new("blue-green", "parrot");
        let address =
            |port: u64| names.preview_address(&json!({"spec": {"ports": [{"port": port}]}}));
        assert_eq!(address(80).unwrap(), "http://parrot-preview.blue-green.svc");
        assert_eq!(address(8080).unwrap(), "http://parrot-preview.blue-green.svc:8080");
        assert_eq!(names.preview_address(&json!({"spec": {}})), None);
    }
}
