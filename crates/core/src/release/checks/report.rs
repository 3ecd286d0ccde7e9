//! What a check says, and the report that all of them make.

use schemars::JsonSchema;
use serde::Serialize;

/// Whether the finding prevents a release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Grade")]
pub enum CheckStatus {
    /// It does not.
    Pass,
    /// A release can start, but you should know it.
    Warn,
    /// No release can start.
    Fail,
}

/// All checks, in the order in which they are shown: what scripts go by.
pub const NAMES: &[&str] = &[
    "rights",
    "direct",
    "deployment",
    "strategy",
    "paused",
    "replicas",
    "selector",
    "revision-history",
    "host-port",
    "names",
    "preview-host",
    "preview-access",
    "volumes",
    "scheduling",
    "services",
    "external-name",
    "network-policies",
    "policies",
    "monitors",
    "disruption-budgets",
    "autoscaler",
    "quota",
    "ingress",
    "ingress-class",
    "ingress-backends",
    "ingress-default-backend",
    "ingress-resource-backends",
    "ingress-annotations",
    "canary-siblings",
    "ingress-ports",
    "service-route",
    "service-affinity",
    "service-ports",
    "affinity",
    "service-upstream",
    "basic-auth",
    "deletion",
    "managers",
    "prepared",
    "drift",
    "dry-run",
    "admission",
    "pod-template",
];

/// What one check found. A check that found several things has a line for each.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Check {
    /// The check's name, which stays the same from version to version.
    #[schemars(extend("enum" = NAMES))]
    pub name: &'static str,
    #[serde(rename = "verdict")]
    pub status: CheckStatus,
    /// What was found.
    pub what: String,
    /// What to do about it; null if there is nothing to do.
    pub hint: Option<String>,
}

impl Check {
    pub fn pass(name: &'static str, what: impl Into<String>) -> Check {
        Check { name, status: CheckStatus::Pass, what: what.into(), hint: None }
    }

    pub fn warn(name: &'static str, what: impl Into<String>) -> Check {
        Check { status: CheckStatus::Warn, ..Check::pass(name, what) }
    }

    pub fn fail(name: &'static str, what: impl Into<String>) -> Check {
        Check { status: CheckStatus::Fail, ..Check::pass(name, what) }
    }

    pub fn hint(self, hint: impl Into<String>) -> Check {
        Check { hint: Some(hint.into()), ..self }
    }

    /// Where the check has no better one of its own.
    pub fn or_hint(self, hint: &str) -> Check {
        let hint = self.hint.unwrap_or_else(|| hint.to_owned());
        Check { hint: Some(hint), ..self }
    }

    pub fn has_failed(&self) -> bool {
        self.status == CheckStatus::Fail
    }

    /// In one sentence.
    pub fn reason(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}: {hint}", self.what),
            None => self.what.clone(),
        }
    }
}

/// What was found amiss, or that nothing was.
pub fn or_pass(found: Vec<Check>, name: &'static str, what: impl Into<String>) -> Vec<Check> {
    if found.is_empty() { vec![Check::pass(name, what)] } else { found }
}

/// What `bluegreen check -o json` prints: whether an app can be released as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The app: its Deployment's name.
    pub app: String,
    pub namespace: String,
    /// Whether no check failed.
    pub fit: bool,
    /// Of every check at least one line.
    pub checks: Vec<Check>,
}

impl Report {
    pub fn new(app: &str, namespace: &str, checks: Vec<Check>) -> Report {
        let fit = !checks.iter().any(Check::has_failed);
        Report { app: app.to_owned(), namespace: namespace.to_owned(), fit, checks }
    }

    pub fn count(&self, grade: CheckStatus) -> usize {
        self.checks.iter().filter(|check| check.status == grade).count()
    }
}
