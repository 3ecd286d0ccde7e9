//! What a release has to be allowed to do: one list, of which the smallest Role is made, and which the
//! API server is asked about.

use std::fmt::{self, Display, Write};

use serde_json::{Value, json};

use super::report::Check;
use crate::model::{Kind, Optional};
use crate::release::Names;

const NAME: &str = "rights";

/// Something that one has to be allowed in the app's namespace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Right {
    pub verb: &'static str,
    /// Empty for the core group.
    pub group: &'static str,
    /// With a subresource, as RBAC has it: `pods/log`.
    pub resource: &'static str,
}

struct Rule {
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    /// All but the reading is for apps that have objects of this kind.
    only_with: Option<Kind>,
    /// What a release does without.
    without: Option<&'static str>,
}

const fn rule(
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
) -> Rule {
    Rule { group, resources, verbs, only_with: None, without: None }
}

const RULES: [Rule; 13] = [
    rule("", &["configmaps"], &["list", "watch", "create", "patch"]),
    rule("", &["services"], &["list", "watch", "create", "patch"]),
    rule("apps", &["deployments"], &["list", "watch", "create", "patch", "delete"]),
    rule("networking.k8s.io", &["ingresses"], &["list", "watch", "create", "patch"]),
    rule("discovery.k8s.io", &["endpointslices"], &["list", "watch"]),
    rule("", &["pods"], &["list", "watch"]),
    rule("apps", &["replicasets"], &["list"]),
    Rule {
        only_with: Some(Kind::HorizontalPodAutoscaler),
        ..rule("autoscaling", &["horizontalpodautoscalers"], &["list", "create", "patch", "delete"])
    },
    Rule {
        only_with: Some(Kind::PodDisruptionBudget),
        ..rule("policy", &["poddisruptionbudgets"], &["list", "create", "delete"])
    },
    // What is in the way of a release.
    rule("networking.k8s.io", &["networkpolicies"], &["list"]),
    rule("", &["persistentvolumeclaims", "resourcequotas"], &["list"]),
    Rule {
        without: Some("the logs of a failing candidate are not shown"),
        ..rule("", &["pods/log"], &["get"])
    },
    Rule {
        without: Some("Events of an ingress controller that has not applied a switch are not seen"),
        ..rule("", &["events"], &["list", "watch"])
    },
];

/// What is only looked at, where one may, and how it goes on where one may not. Nobody is asked about these:
/// the look itself tells.
const LOOKS: [(&str, &[Optional]); 2] = [
    (
        "policies that do not apply to a candidate, and other controllers of the app, are not \
         found",
        &Optional::DECISIVE,
    ),
    ("check can't say whether the new version has metrics", &Optional::MONITORS),
];
const NO_TRY: &str =
    "whether Pod Security, quotas and limits admit a candidate's pods is known only when it starts";

fn rights_of(rule: &'static Rule) -> impl Iterator<Item = Right> {
    rule.resources.iter().flat_map(|resource| {
        rule.verbs.iter().map(|verb| Right { verb, group: rule.group, resource })
    })
}

/// What only tells whether something is in the way of a new version.
const IN_THE_WAY: [&str; 3] = ["networkpolicies", "persistentvolumeclaims", "resourcequotas"];

impl Right {
    /// Whether who makes nothing new needs it, as far as nothing that was tried is `forbidden`, by verb and
    /// resource. A role may be for objects by their names, of which a review of the whole kind knows nothing.
    pub fn is_needed_to_go_on(&self, forbidden: &[(&str, &str)]) -> bool {
        match self.verb {
            "list" | "watch" | "get" => !IN_THE_WAY.contains(&self.resource),
            verb => forbidden.contains(&(verb, self.resource)),
        }
    }
}

pub fn all() -> Vec<Right> {
    RULES.iter().flat_map(rights_of).collect()
}

/// The rights that are missing of those that are needed, as the API server says, and how one gets
/// them. `has`: whether there are objects of a kind.
pub fn checks(missing: &[Right], has: impl Fn(Kind) -> bool, hint: &str) -> Vec<Check> {
    let mut found = Vec::new();
    for rule in &RULES {
        let is_needed = |right: &Right| right.verb == "list" || rule.only_with.is_none_or(&has);
        let lacking = rights_of(rule).filter(|right| missing.contains(right) && is_needed(right));
        // What is done without is said once.
        let at_most = if rule.without.is_some() { 1 } else { usize::MAX };
        for right in lacking.take(at_most) {
            let what = format!("you are not allowed to {right}");
            let check = match rule.without {
                Some(without) => Check::warn(NAME, format!("{what}: {without}")),
                None => Check::fail(NAME, what),
            };
            found.push(check.hint(hint));
        }
    }
    super::report::or_pass(found, NAME, "everything that a release does is allowed")
}

/// The same of what the API server was asked, which it may not have said.
pub fn told<E: Display>(
    missing: Result<Vec<Right>, E>,
    has: impl Fn(Kind) -> bool,
    hint: &str,
) -> Vec<Check> {
    match missing {
        Ok(missing) => checks(&missing, has, hint),
        Err(why) => {
            let what = format!("the API server does not say what is allowed: {why}");
            vec![Check::warn(NAME, what)]
        }
    }
}

/// How one gets them, where `check` is the command line of that name.
pub fn hint(check: &str) -> String {
    format!("{check} --role")
}

impl Right {
    /// Whether the rules of a review allow it.
    pub fn is_in(&self, rules: &[Value]) -> bool {
        let has = |rule: &Value, field: &str, wanted: &[&str]| {
            let values = rule[field].as_array().into_iter().flatten();
            values.filter_map(Value::as_str).any(|value| wanted.contains(&value))
        };
        rules.iter().any(|rule| {
            rule["resourceNames"].as_array().is_none_or(Vec::is_empty)
                && has(rule, "verbs", &[self.verb, "*"])
                && has(rule, "apiGroups", &[self.group, "*"])
                && has(rule, "resources", &[self.resource, "*"])
        })
    }

    /// As the API server is asked about it.
    pub fn attributes(&self, namespace: &str) -> Value {
        let (resource, part) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        json!({
            "namespace": namespace,
            "verb": self.verb,
            "group": self.group,
            "resource": resource,
            "subresource": part,
        })
    }
}

impl Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}

/// The smallest Role, as a manifest.
pub fn role(names: &Names) -> String {
    let mut text = format!(
        "# The rights that releases of {} need, and no others.\n\
         apiVersion: rbac.authorization.k8s.io/v1\n\
         kind: Role\n\
         metadata:\n  name: bluegreen\n  namespace: {}\n\
         rules:\n",
        names.app, names.namespace
    );
    for rule in &RULES {
        if let Some(without) = rule.without {
            let _ = writeln!(text, "# Without this one, {without}.");
        }
        write_rule(&mut text, rule.group, rule.resources, rule.verbs);
    }
    text += &looks();
    text + &binding("bluegreen", &names.namespace) + BEYOND
}

/// The rules for what is only looked at, of kinds that a cluster may have.
fn looks() -> String {
    let mut text = String::new();
    for (without, kinds) in LOOKS {
        let _ = writeln!(text, "# Without these, {without}.");
        let mut groups: Vec<&str> = kinds.iter().flat_map(|kind| kind.groups()).copied().collect();
        groups.dedup();
        for group in groups {
            let of_group = kinds.iter().filter(|kind| kind.groups().contains(&group));
            let resources: Vec<&str> = of_group.map(|kind| kind.plural()).collect();
            write_rule(&mut text, group, &resources, &["list"]);
        }
    }
    let _ = writeln!(text, "# Without this one, {NO_TRY}.");
    write_rule(&mut text, "", &[Kind::Pod.plural()], &["create"]);
    text
}

fn write_rule(text: &mut String, group: &str, resources: &[&str], verbs: &[&str]) {
    let _ = writeln!(text, "- apiGroups: [{}]", quoted(group));
    let _ = writeln!(text, "  resources: [{}]", resources.join(", "));
    let _ = writeln!(text, "  verbs: [{}]", verbs.join(", "));
}

/// What a Role can't give, and a release does without.
const BEYOND: &str = "\n\
    # Cluster-wide, and optional. Without it, bluegreen can't tell which controller serves an Ingress class,\n\
    # nor whether an Ingress in another namespace serves the preview host.\n\
    # kubectl create clusterrole bluegreen-look --verb=get,list \\\n\
    #   --resource=ingressclasses.networking.k8s.io,ingresses.networking.k8s.io\n\
    # kubectl create clusterrolebinding bluegreen-look --clusterrole=bluegreen-look --group=GROUP";

/// How somebody is given a Role, as a comment.
pub(super) fn binding(role: &str, namespace: &str) -> String {
    format!(
        "# To grant it to a group:\n\
         # kubectl create rolebinding {role} --role={role} --group=GROUP -n {namespace}"
    )
}

fn quoted(group: &str) -> String {
    if group.is_empty() { "\"\"".to_owned() } else { group.to_owned() }
}
