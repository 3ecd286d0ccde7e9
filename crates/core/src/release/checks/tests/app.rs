//! An app that can be released, and what a test makes of it.

use serde_json::{Value, json};

use crate::model::{Id, Kind, Objects, Optional, Unknown};
use crate::release::checks::{self, Check, DryRun, Reply};
use crate::release::plan::{check_input, dry_run};
use crate::release::{
    Beyond, Elsewhere, Init, Memory, Names, PreviewHost, Record, Snapshot, Step, manifests,
};
use crate::route::{Label, RouteKind};

pub struct App {
    pub names: Names,
    objects: Objects,
    pub init: Init,
    pub beyond: Beyond,
}

impl App {
    pub fn sound() -> App {
        App::named("parrot", "parrot")
    }

    /// By its name, and the value of the label that its selector has.
    pub fn named(app: &str, label: &str) -> App {
        let names = Names::new("birds", app);
        let mut app = App {
            names,
            objects: Objects::default(),
            init: Init::default(),
            beyond: Beyond::default(),
        };
        let (name, labels) = (app.names.app.clone(), json!({"app": label}));
        app.add(json!({
            "kind": "Deployment", "metadata": {"name": name, "uid": "u"},
            "spec": {
                "replicas": 2,
                "strategy": {"type": "RollingUpdate"},
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "parrot", "image": "parrot-app:v1"}]},
                },
            },
            "status": {"readyReplicas": 2},
        }));
        app.add(json!({
            "kind": "Service", "metadata": {"name": name},
            "spec": {"type": "ClusterIP", "selector": labels, "ports": [{"port": 80}]},
        }));
        let backend = json!({"service": {"name": name, "port": {"number": 80}}});
        app.add(json!({
            "kind": "Ingress", "metadata": {"name": "parrot"},
            "spec": {
                "ingressClassName": "nginx",
                "rules": [{"host": "parrot.example.com", "http": {"paths": [
                    {"path": "/", "pathType": "Prefix", "backend": backend},
                ]}}],
            },
        }));
        app
    }

    pub fn add(&mut self, object: Value) {
        self.objects.insert(Id::of(&object).expect("it says its kind"), object);
    }

    /// Of a kind that a cluster may have.
    pub fn other(&mut self, kind: Optional, object: Value) {
        let others = &mut self.objects.others;
        let all: Vec<Value> = others.list(kind).cloned().chain([object]).collect();
        others.insert(kind, Ok(all));
    }

    /// The same, of another namespace; nothing where those may not be listed.
    pub fn elsewhere(&mut self, kind: Optional, objects: Option<Vec<Value>>) {
        self.objects.others.insert_elsewhere(kind, objects);
    }

    pub fn unknown(&mut self, kind: Optional, why: Unknown) {
        self.objects.others.insert(kind, Err(why));
    }

    pub fn runs_on(&mut self, version: (u64, u64)) {
        self.objects.server = Some(version);
    }

    /// Something that bears the labels of ours.
    pub fn add_own(&mut self, mut object: Value) {
        object["metadata"]["labels"] = manifests::labels(&self.names);
        self.add(object);
    }

    /// A slot that is there, with no pods.
    pub fn put_away(&mut self, slot: &str) {
        let labels = json!({"app": slot});
        self.add_own(json!({
            "kind": "Deployment", "metadata": {"name": slot, "uid": slot},
            "spec": {
                "replicas": 0, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}},
            },
        }));
    }

    /// A slot that goes on running what it has.
    pub fn kept(&mut self, slot: &str, replicas: u64) {
        self.put_away(slot);
        let mut object = self.objects.get(Kind::Deployment, slot).expect("it is there").clone();
        object["spec"]["replicas"] = json!(replicas);
        self.add(object);
    }

    pub fn edit(&mut self, kind: Kind, change: impl FnOnce(&mut Value)) {
        let mut object = self.objects.get(kind, "parrot").expect("it is there").clone();
        change(&mut object);
        self.add(object);
    }

    pub fn pause(&mut self, slot: &str) {
        let mut object = self.objects.get(Kind::Deployment, slot).expect("it is there").clone();
        object["spec"]["paused"] = json!(true);
        self.add(object);
    }

    /// Something of the pod template's spec.
    pub fn pods(&mut self, field: &str, value: Value) {
        self.edit(Kind::Deployment, |d| d["spec"]["template"]["spec"][field] = value);
    }

    /// Something of the only container.
    pub fn container(&mut self, field: &str, value: Value) {
        self.edit(Kind::Deployment, |d| {
            d["spec"]["template"]["spec"]["containers"][0][field] = value;
        });
    }

    pub fn annotate(&mut self, kind: Kind, key: &str, value: &str) {
        self.edit(kind, |object| object["metadata"]["annotations"][key] = json!(value));
    }

    pub fn remove(&mut self, kind: Kind) {
        self.objects.remove(&Id::new(kind, "parrot"));
    }

    /// Nothing but its Service leads to it.
    pub fn by_service(&mut self) {
        self.remove(Kind::Ingress);
        self.init.route = Some(RouteKind::Service);
    }

    /// Taken in: its record is there.
    pub fn initialised(&mut self) {
        let label = Label { key: "app".into(), blue: "parrot".into() };
        let record = Record::new("parrot".into(), label, 0, 0);
        self.add(record.config_map(&self.names));
    }

    /// The same with a preview host.
    pub fn initialised_at(&mut self, host: &str) {
        let label = Label { key: "app".into(), blue: "parrot".into() };
        let mut record = Record::new("parrot".into(), label, 0, 0);
        record.preview_host = Some(host.to_owned());
        self.add(record.config_map(&self.names));
    }

    pub fn preview_at(&mut self, host: &str) {
        self.init.preview_host = Some(PreviewHost::At(host.to_owned()));
        let served_by = None;
        self.beyond.host = Some(Elsewhere { host: host.to_owned(), served_by });
    }

    pub fn snapshot(&self) -> Snapshot {
        let (names, objects) = (self.names.clone(), self.objects.clone());
        let mut memory = Memory::default();
        memory.beyond = self.beyond.clone();
        Snapshot::new(names, objects, memory).expect("there is no record")
    }

    pub fn table(&self) -> Vec<Check> {
        let s = self.snapshot();
        checks::table(&check_input(&s, &self.init).expect("an app"))
    }

    /// What its class says.
    pub fn served_by(&mut self, controller: &str) {
        self.beyond.controllers.insert("nginx".to_owned(), controller.to_owned());
    }

    /// What is made of the API server's replies.
    pub fn dry_run(&self, reply: impl Fn(&Step) -> Reply) -> Vec<Check> {
        checks::dry_run(&self.tried(reply))
    }

    pub fn admitted(&self, reply: impl Fn(&Step) -> Reply) -> Vec<Check> {
        checks::admission(&self.tried(reply), &self.snapshot())
    }

    fn tried(&self, reply: impl Fn(&Step) -> Reply) -> Vec<DryRun> {
        let s = self.snapshot();
        let steps = dry_run::of(&check_input(&s, &self.init).expect("an app"));
        steps.into_iter().map(|step| DryRun { reply: reply(&step), step }).collect()
    }

    /// The reply to a step that leaves its object as it is.
    pub fn taken(&self, step: &Step) -> Reply {
        let id = step.write.id();
        Reply::Taken { object: self.objects.get(id.kind, &id.name).cloned() }
    }
}
