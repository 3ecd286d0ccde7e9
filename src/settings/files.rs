//! The files of a command line: the kind of each document decides what it is for. A Deployment is
//! the template of the new version; a Canary of Flagger's, or a document of our own, is settings;
//! whatever else stands there is passed over.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::canary::{self, Unusable};
use super::given::Given;
use super::tree::{Node, What, Wrong};
use super::yaml::Source;

use super::{config, deployment, is_dns_label, place};
use crate::error::{Error, Kind};
use crate::model::{MANAGED_BY, MANAGER};
use crate::release::Fault;

/// The name under which our own form is looked for.
pub const CONFIG: &str = "bluegreen.yaml";

/// More of what is wrong with a file is not shown at once.
const MOST_FAULTS: usize = 5;

const NOT_SETTINGS: &str = "can't be used as settings";
const NOT_A_VERSION: &str = "can't be used as the new version";

/// What the command line says by itself.
pub struct Asked<'a> {
    pub files: &'a [PathBuf],
    pub app: Option<&'a str>,
    pub namespace: Option<&'a str>,
    /// Whether a Deployment among the files is the new version; otherwise it is passed over.
    pub with_template: bool,
}

/// The same with what the files add to it.
#[derive(Debug)]
pub struct Input {
    pub app: Option<String>,
    pub namespace: Option<String>,
    pub settings: Option<Loaded>,
    pub template: Option<Template>,
    /// What was passed over: kinds and names.
    pub passed: Vec<String>,
    /// Those of them that somebody may mean to apply.
    pub unapplied: Vec<String>,
}

/// The settings that count, and where they stand.
#[derive(Debug)]
pub struct Loaded {
    pub shown: String,
    pub given: Given,
    /// Nobody named the file: it was beside the manifests.
    pub found: bool,
}

/// The new version, and the file that it stands in.
pub struct Template {
    pub template: Value,
    /// The Deployment's own.
    pub metadata: Value,
    /// The fields of the Deployment that are passed over.
    pub left: Vec<String>,
    source: Source,
    document: Node,
}

/// Without the file's content, which may hold secrets.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({})", self.source.shown)
    }
}

impl Template {
    pub fn shown(&self) -> &str {
        &self.source.shown
    }

    /// What the API server finds wrong with it, shown in the file.
    pub fn wrong(&self, faults: &[Fault]) -> Error {
        let error = Error::new(Kind::Usage, format!("{} {NOT_A_VERSION}", self.source.shown));
        let shown = faults.iter().take(MOST_FAULTS);
        let error = shown.fold(error, |error, fault| {
            error.because(self.source.show(&place::of(&self.document, fault)))
        });
        match faults.len().saturating_sub(MOST_FAULTS) {
            0 => error,
            more => error.because(format!("{more} more fields are wrong")),
        }
    }
}

enum Form {
    Deployment,
    Canary,
    Config,
}

/// A document that counts for something.
struct Part {
    source: usize,
    form: Form,
    /// The app that it is for, as far as can be told before it is read.
    app: Option<String>,
    namespace: Option<String>,
    node: Node,
}

impl Part {
    fn is_deployment(&self) -> bool {
        matches!(self.form, Form::Deployment)
    }
}

/// Reads the files. `look` words the command line that shows an app's Deployment.
pub fn read(asked: &Asked, look: &dyn Fn(&str, Option<&str>) -> String) -> Result<Input, Error> {
    let sources: Vec<Source> =
        asked.files.iter().map(|path| Source::read(path)).collect::<Result<_, _>>()?;
    let (mut parts, mut passed, mut unapplied) = (Vec::new(), Vec::new(), Vec::new());
    // Files that say nothing are a mistake, whatever stands beside them.
    let mut says_something = sources.is_empty();
    for (n, source) in sources.iter().enumerate() {
        for node in source.documents()? {
            passed.push(named_by(&node));
            let is_the_users = is_the_users(&node);
            let Some(part) = part(n, node) else {
                unapplied.extend(passed.last().filter(|_| is_the_users).cloned());
                continue;
            };
            says_something = true;
            if asked.with_template || !part.is_deployment() {
                parts.push(part);
                passed.pop();
            }
        }
    }
    let (deployments, others): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(Part::is_deployment);
    let mut settings = named(asked, &sources, &others)?;
    let said = |of: fn(&Given) -> Option<&str>, settings: &Option<Loaded>| {
        settings.as_ref().and_then(|loaded| of(&loaded.given).map(str::to_owned))
    };
    let only = match &deployments[..] {
        [only] => Some(only),
        _ => None,
    };
    let mut app = asked.app.map(str::to_owned);
    let mut namespace = asked.namespace.map(str::to_owned);
    app = app.or(said(|given| Some(&given.app), &settings));
    app = app.or(only.and_then(|part| part.app.clone()));
    namespace = namespace.or(said(|given| given.namespace.as_deref(), &settings));
    namespace = namespace.or(only.and_then(|part| part.namespace.clone()));
    if settings.is_none() && says_something {
        settings = beside(asked.files, app.as_deref(), namespace.as_deref())?;
        app = app.or(said(|given| Some(&given.app), &settings));
        namespace = namespace.or(said(|given| given.namespace.as_deref(), &settings));
    }
    let template = match &deployments[..] {
        [] => None,
        _ => Some(template(&sources, &deployments, app.as_deref(), namespace.as_deref(), look)?),
    };
    Ok(Input { app, namespace, settings, template, passed, unapplied })
}

/// Whether somebody applies it: not what another object owns, nor what bluegreen makes.
fn is_the_users(node: &Node) -> bool {
    let metadata = node.get("metadata");
    let owners = metadata.and_then(|it| it.get("ownerReferences"));
    let labels = metadata.and_then(|it| it.get("labels"));
    let manager = labels.and_then(|it| it.get(MANAGED_BY)).and_then(Node::text);
    owners.is_none_or(Node::is_empty) && manager != Some(MANAGER)
}

/// How people know an object.
fn named_by(node: &Node) -> String {
    let Some(kind) = node.get("kind").and_then(Node::text) else {
        return "a document without a kind".to_owned();
    };
    match node.get("metadata").and_then(|it| it.get("name")).and_then(Node::text) {
        Some(name) => format!("{kind} {name}"),
        None => kind.to_owned(),
    }
}

fn part(source: usize, node: Node) -> Option<Part> {
    let text = |path: [&str; 3]| {
        let path = path.into_iter().filter(|key| !key.is_empty());
        let found = path.into_iter().try_fold(&node, |node, key| node.get(key));
        found.and_then(Node::text).map(str::to_owned)
    };
    let (kind, version) = (text(["kind", "", ""]), text(["apiVersion", "", ""]));
    let version = version.unwrap_or_default();
    let (form, app, namespace) = match kind.as_deref() {
        Some("Deployment") => (Form::Deployment, ["metadata", "name", ""], "metadata"),
        Some("Canary") if version.starts_with("flagger.app/") => {
            (Form::Canary, ["spec", "targetRef", "name"], "metadata")
        }
        None if version.is_empty()
            && matches!(&node.what, What::Map(entries) if !entries.is_empty()) =>
        {
            (Form::Config, ["app", "", ""], "")
        }
        _ => return None,
    };
    let (app, namespace) = (text(app), text([namespace, "namespace", ""]));
    Some(Part { source, form, app, namespace, node })
}

/// The settings among the files that were named.
fn named(asked: &Asked, sources: &[Source], parts: &[Part]) -> Result<Option<Loaded>, Error> {
    for (n, part) in parts.iter().enumerate() {
        let twin = parts[..n].iter().find(|other| part.app.is_some() && other.app == part.app);
        if let (Some(twin), Some(app)) = (twin, &part.app) {
            let place =
                |part: &Part| format!("{}, line {}", sources[part.source].shown, part.node.at.line);
            return Err(Error::new(Kind::Usage, format!("there are two settings for {app}"))
                .because(format!("{} and {}", place(twin), place(part)))
                .hint("give one of them"));
        }
    }
    let part = match parts {
        [] => return Ok(None),
        [only] => only,
        several => match asked.app {
            Some(app) => {
                several.iter().find(|part| part.app.as_deref() == Some(app)).ok_or_else(|| {
                    Error::new(Kind::Usage, format!("no file has settings for {app}"))
                        .because(format!("they are for {}", apps(several)))
                        .hint("give the app's own file, or name another app")
                })?
            }
            None => {
                let what = "no app is named, and the files have settings for several";
                return Err(Error::new(Kind::Usage, what)
                    .because(apps(several))
                    .hint("name one of them after the subcommand"));
            }
        },
    };
    let source = &sources[part.source];
    let given = settings(source, part)?;
    let differs = differing(&given, asked.app, asked.namespace);
    if let Some(why) = differs {
        return Err(Error::new(Kind::Usage, format!("{} {NOT_SETTINGS}", source.shown))
            .because(why)
            .hint("give the right file, or omit the name"));
    }
    Ok(Some(Loaded { shown: source.shown.clone(), given, found: false }))
}

fn apps(parts: &[Part]) -> String {
    let apps = parts.iter().map(|part| part.app.as_deref().unwrap_or("an app without a name"));
    apps.collect::<Vec<_>>().join(", ")
}

/// Why settings are not for this app.
fn differing(given: &Given, app: Option<&str>, namespace: Option<&str>) -> Option<String> {
    if let Some(app) = app.filter(|app| *app != given.app) {
        return Some(format!("it is for app {}, not {app}", given.app));
    }
    let other = given.namespace.as_ref()?;
    let namespace = namespace.filter(|namespace| namespace != other)?;
    Some(format!("it is for namespace {other}, not {namespace}"))
}

fn settings(source: &Source, part: &Part) -> Result<Given, Error> {
    let given = match part.form {
        Form::Canary => canary::read(&part.node).map_err(|unusable| match unusable {
            Unusable::Wrong(wrong) => source.wrong(NOT_SETTINGS, &wrong),
            Unusable::Refused(reasons) => {
                let what =
                    format!("{} uses settings that bluegreen does not support", source.shown);
                Error { causes: reasons, ..Error::new(Kind::Usage, what) }
            }
        }),
        _ => config::read(&part.node).map_err(|wrong| not_ours(source, &wrong)),
    };
    given.map(|given| given.within(&source.folder))
}

/// What is wrong with our own form.
fn not_ours(source: &Source, wrong: &Wrong) -> Error {
    source.wrong(NOT_SETTINGS, wrong).hint("bluegreen schema config")
}

/// Our own form beside the manifests, unless it is another app's.
fn beside(
    files: &[PathBuf],
    app: Option<&str>,
    namespace: Option<&str>,
) -> Result<Option<Loaded>, Error> {
    let folder = files.first().filter(|path| path.as_os_str() != "-");
    let folder = folder.and_then(|path| path.parent()).unwrap_or(Path::new(""));
    let path = folder.join(CONFIG);
    if !path.exists() {
        return Ok(None);
    }
    let source = Source::read(&path)?;
    let documents = source.documents()?;
    let [document] = &documents[..] else {
        let why = format!("it contains {} documents, where one is expected", documents.len());
        return Err(source.wrong(NOT_SETTINGS, &Wrong { at: None, why }).hint(format!(
            "it is read because it is in the current directory; to read it explicitly: -f {}",
            source.shown
        )));
    };
    let given = config::read(document).map_err(|wrong| not_ours(&source, &wrong))?;
    let given = given.within(&source.folder);
    let is_ours = differing(&given, app, namespace).is_none();
    Ok(is_ours.then_some(Loaded { shown: source.shown, given, found: true }))
}

/// What is wrong with a field, or with the nearest above it that is there.
fn spot(document: &Node, path: &[&str], why: String) -> Wrong {
    let mut node = document;
    for key in path {
        match node.get(key) {
            Some(below) => node = below,
            None => break,
        }
    }
    Wrong::at(node.at, why)
}

/// The pod template of the one Deployment that is meant for this app.
fn template(
    sources: &[Source],
    deployments: &[Part],
    app: Option<&str>,
    namespace: Option<&str>,
    look: &dyn Fn(&str, Option<&str>) -> String,
) -> Result<Template, Error> {
    let wrong = |part: &Part, path: &[&str], why: String| {
        let source = &sources[part.source];
        let what = format!("{} {NOT_A_VERSION}", source.shown);
        let error =
            Error::new(Kind::Usage, what).because(source.show(&spot(&part.node, path, why)));
        match app.or(part.app.as_deref()).filter(|app| is_dns_label(app)) {
            Some(app) => error.hint(look(app, namespace.filter(|it| is_dns_label(it)))),
            None => error,
        }
    };
    let first = &deployments[0];
    let meant = |part: &&Part| app.is_none() || part.app.as_deref() == app;
    let mut candidates = deployments.iter().filter(meant);
    let part = match (candidates.next(), candidates.next()) {
        (Some(part), None) => part,
        (Some(_), Some(second)) => {
            let what = format!("{} {NOT_A_VERSION}", sources[first.source].shown);
            let error = Error::new(Kind::Usage, what);
            return Err(match app {
                Some(app) => error
                    .because(format!(
                        "there are several Deployments {app}, another one in {}",
                        sources[second.source].shown
                    ))
                    .hint("give one of them"),
                None => error
                    .because(format!("there are several Deployments: {}", apps(deployments)))
                    .hint("name one of them after the subcommand"),
            });
        }
        (None, _) => {
            let app = app.unwrap_or_default();
            let why = match first.app.as_deref() {
                Some(other) => format!("it is for Deployment {other}, not {app}"),
                None => format!("its Deployment has no name; expected {app}"),
            };
            return Err(wrong(first, &["metadata", "name"], why));
        }
    };
    match &part.app {
        Some(app) if is_dns_label(app) => {}
        Some(_) => {
            let why = "its Deployment's name is not valid: use lower case letters, digits and -";
            return Err(wrong(part, &["metadata", "name"], why.to_owned()));
        }
        None => {
            return Err(wrong(part, &["metadata"], "its Deployment has no name".to_owned()));
        }
    }
    if part.namespace.as_deref().is_some_and(|namespace| !is_dns_label(namespace)) {
        let why = "its namespace is not valid: use lower case letters, digits and -";
        return Err(wrong(part, &["metadata", "namespace"], why.to_owned()));
    }
    if let (Some(other), Some(namespace)) = (&part.namespace, namespace)
        && other != namespace
    {
        let why = format!("it is for namespace {other}, not {namespace}");
        return Err(wrong(part, &["metadata", "namespace"], why));
    }
    let value = part.node.value();
    if value["apiVersion"] != "apps/v1" {
        let why = format!("its apiVersion is {}, not apps/v1", value["apiVersion"]);
        return Err(wrong(part, &["apiVersion"], why));
    }
    let template = Template {
        template: value["spec"]["template"].clone(),
        metadata: value["metadata"].clone(),
        left: deployment::left(&part.node),
        source: sources[part.source].clone(),
        document: part.node.clone(),
    };
    let faults = deployment::faults(&value);
    if let Some(first) = faults.first() {
        let path = first.explained();
        let path = if path.is_empty() { path } else { format!(".{path}") };
        return Err(template.wrong(&faults).hint(format!("kubectl explain deployment{path}")));
    }
    if template.template["spec"]["containers"].as_array().is_none_or(Vec::is_empty) {
        let path = ["spec", "template", "spec", "containers"];
        return Err(wrong(part, &path, "its pod template has no containers".to_owned()));
    }
    Ok(template)
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
