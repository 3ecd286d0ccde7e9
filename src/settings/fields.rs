//! Every key that Flagger knows in a Canary, and what becomes of it here. `docs/settings.md` has
//! the same table, and a test keeps the two alike.

use self::Use::{Refused, Works};
use super::tree::{Key, Node, What, Wrong, unknown};

/// What becomes of a key.
pub enum Use {
    /// What it means.
    Works(&'static str),
    /// What to do instead.
    Refused(&'static str),
}

const MESH: &str =
    "leave it out: bluegreen sets up no mesh and no gateway, only the Ingress's backends change";
const CANARY: &str = "leave it out, and use iterations: 1: bluegreen switches all requests at once";
const METADATA: &str = "leave it out: label the Services with kubectl label";

/// `a[].b` is the key `b` of every item of the list `a`. Keys below one that has none here are not
/// looked at.
pub const FIELDS: &[(&str, Use)] = &[
    ("apiVersion", Works("`flagger.app/v1beta1`")),
    ("kind", Works("`Canary`")),
    ("metadata", Works("`namespace` is the app's; the rest is ignored")),
    ("status", Works("ignored")),
    ("spec", Works("see below")),
    ("spec.provider", Works("`nginx` or `kubernetes`; required")),
    ("spec.targetRef", Works("the app: a Deployment")),
    ("spec.targetRef.apiVersion", Works("`apps/v1`")),
    ("spec.targetRef.kind", Works("`Deployment`")),
    ("spec.targetRef.name", Works("the app's name")),
    ("spec.ingressRef", Works("the Ingress that names the app; another one is refused (exit 10)")),
    ("spec.ingressRef.apiVersion", Works("`networking.k8s.io/v1`")),
    ("spec.ingressRef.kind", Works("`Ingress`")),
    ("spec.ingressRef.name", Works("its name")),
    (
        "spec.service",
        Works(
            "the live Service: `init` creates it; an existing one that differs is refused (exit \
             10)",
        ),
    ),
    ("spec.service.name", Works("its name; by default the one that the Ingress names")),
    ("spec.service.port", Works("its port; required")),
    ("spec.service.portName", Works("its port's name; by default `http`")),
    (
        "spec.service.targetPort",
        Works("the container's port, a number or a name; by default `port`"),
    ),
    ("spec.service.appProtocol", Works("its port's application protocol")),
    ("spec.analysis", Works("the gate; required")),
    ("spec.analysis.interval", Works("`--interval`; required")),
    ("spec.analysis.threshold", Works("`--threshold`; required")),
    (
        "spec.analysis.iterations",
        Works("1, or omitted: the gate decides how long a candidate waits"),
    ),
    (
        "spec.analysis.webhooks",
        Works("the gate: those of type `confirm-promotion`, all of which must approve"),
    ),
    ("spec.analysis.webhooks[].name", Works("the name by which its answers are shown")),
    ("spec.analysis.webhooks[].type", Works("`confirm-promotion`")),
    ("spec.analysis.webhooks[].url", Works("its address, a secret: never recorded")),
    (
        "spec.analysis.webhooks[].timeout",
        Works("timeout of one request, including its retries; by default 10s"),
    ),
    (
        "spec.analysis.webhooks[].retries",
        Works("retries of a request that got no answer, 429 or 5xx; by default 0"),
    ),
    ("spec.analysis.webhooks[].disableTLS", Works("its certificate is not checked")),
    ("spec.analysis.webhooks[].metadata", Works("sent along in the payload's `metadata`")),
    ("spec.progressDeadlineSeconds", Works("`--timeout`")),
    ("spec.skipAnalysis", Works("no gate, like `--yes`")),
    (
        "spec.metricsServer",
        Refused("leave it out: bluegreen asks a webhook, which may look at metrics"),
    ),
    (
        "spec.autoscalerRef",
        Refused(
            "leave it out: the autoscaler of the live version is found, and cloned for the new one",
        ),
    ),
    (
        "spec.routeRef",
        Refused("leave it out: only the backends of an Ingress are switched (ingressRef)"),
    ),
    (
        "spec.upstreamRef",
        Refused("leave it out: only the backends of an Ingress are switched (ingressRef)"),
    ),
    ("spec.canaryAnalysis", Refused("call it analysis, as Flagger itself does since v1beta1")),
    ("spec.revertOnDeletion", Refused("leave it out: nothing is installed that could be deleted")),
    ("spec.suspend", Refused("leave it out: nothing runs unless you start it")),
    (
        "spec.service.portDiscovery",
        Refused("create the Service with all its ports yourself before bluegreen init"),
    ),
    (
        "spec.service.headless",
        Refused("leave it out: an Ingress reaches the app through a ClusterIP Service"),
    ),
    ("spec.service.trafficDistribution", Refused("set it on the Service yourself")),
    (
        "spec.service.timeout",
        Refused(
            "leave it out: set the Ingress's annotation nginx.ingress.kubernetes.io/proxy-read-timeout",
        ),
    ),
    (
        "spec.service.retries",
        Refused(
            "leave it out: set the Ingress's annotation nginx.ingress.kubernetes.io/proxy-next-upstream-tries",
        ),
    ),
    (
        "spec.service.rewrite",
        Refused(
            "leave it out: set the Ingress's annotation nginx.ingress.kubernetes.io/rewrite-target",
        ),
    ),
    (
        "spec.service.corsPolicy",
        Refused(
            "leave it out: set the Ingress's annotation nginx.ingress.kubernetes.io/enable-cors",
        ),
    ),
    ("spec.service.hosts", Refused("leave it out: the Ingress's rules name the hosts")),
    ("spec.service.match", Refused("leave it out: the Ingress's rules name the paths")),
    ("spec.service.gateways", Refused(MESH)),
    ("spec.service.gatewayRefs", Refused(MESH)),
    ("spec.service.delegation", Refused(MESH)),
    ("spec.service.trafficPolicy", Refused(MESH)),
    ("spec.service.headers", Refused(MESH)),
    ("spec.service.mirror", Refused(MESH)),
    ("spec.service.backendTimeout", Refused(MESH)),
    ("spec.service.meshName", Refused(MESH)),
    ("spec.service.backends", Refused(MESH)),
    ("spec.service.apex", Refused(METADATA)),
    ("spec.service.primary", Refused(METADATA)),
    ("spec.service.canary", Refused(METADATA)),
    (
        "spec.service.unmanagedMetadata",
        Refused("leave it out: bluegreen leaves labels and annotations alone"),
    ),
    ("spec.analysis.stepWeight", Refused(CANARY)),
    ("spec.analysis.stepWeights", Refused(CANARY)),
    ("spec.analysis.stepWeightPromotion", Refused(CANARY)),
    ("spec.analysis.maxWeight", Refused(CANARY)),
    (
        "spec.analysis.mirror",
        Refused(
            "leave it out: bluegreen copies no requests; test the candidate through its preview Service",
        ),
    ),
    (
        "spec.analysis.mirrorWeight",
        Refused(
            "leave it out: bluegreen copies no requests; test the candidate through its preview Service",
        ),
    ),
    (
        "spec.analysis.match",
        Refused(
            "leave it out: the candidate gets no traffic before the switch; test it through its \
             preview Service",
        ),
    ),
    ("spec.analysis.sessionAffinity", Refused("leave it out: all requests are switched at once")),
    (
        "spec.analysis.metrics",
        Refused("leave them out: let a confirm-promotion webhook look at them"),
    ),
    (
        "spec.analysis.alerts",
        Refused(
            "leave them out: bluegreen sends no alerts; its exit code and -o json say how it went",
        ),
    ),
    ("spec.analysis.primaryReadyThreshold", Refused("leave it out: every pod must be ready")),
    ("spec.analysis.canaryReadyThreshold", Refused("leave it out: every pod must be ready")),
    ("spec.analysis.webhooks[].muteAlert", Refused("leave it out: bluegreen sends no alerts")),
];

/// The types of webhooks that Flagger knows and bluegreen does not call.
pub const HOOKS: &[(&str, &str)] = &[
    (
        "",
        "a hook without a type is a rollout hook: load or test the candidate from your own script while it waits, through its preview Service",
    ),
    (
        "rollout",
        "load or test the candidate from your own script while it waits, through its preview Service",
    ),
    ("confirm-rollout", "ask before you call bluegreen deploy"),
    ("pre-rollout", "test the candidate while it waits, through its preview Service"),
    ("confirm-traffic-increase", "confirm-promotion confirms the one switch"),
    ("post-rollout", "call it after bluegreen deploy, which ends when the release is over"),
    ("rollback", "let the confirm-promotion hook answer 410, or call bluegreen abort"),
    ("event", "read the events of bluegreen deploy -o json"),
];

/// Everything in the Canary that bluegreen does not do, in the file's order. A key that Flagger
/// does not know either is an error at once.
pub fn refused(canary: &Node) -> Result<Vec<String>, Wrong> {
    let mut reasons = Vec::new();
    walk(canary, "", &mut reasons)?;
    Ok(reasons)
}

fn walk(node: &Node, path: &str, reasons: &mut Vec<String>) -> Result<(), Wrong> {
    match &node.what {
        What::Map(entries) => entries.iter().try_for_each(|entry| key(entry, path, reasons)),
        What::List(items) => {
            items.iter().try_for_each(|item| walk(item, &format!("{path}[]"), reasons))
        }
        _ => Ok(()),
    }
}

fn key((key, node): &(Key, Node), path: &str, reasons: &mut Vec<String>) -> Result<(), Wrong> {
    let full = match path {
        "" => key.name.clone(),
        _ => format!("{path}.{}", key.name),
    };
    match FIELDS.iter().find(|(field, _)| *field == full) {
        None => Err(Wrong::at(key.at, unknown(&key.name, &below(path)))),
        Some((_, Refused(advice))) => {
            if !node.is_empty() {
                reasons.push(format!("line {}: {full}: {advice}", key.at.line));
            }
            Ok(())
        }
        Some((_, Works(_))) if has_more(&full) => walk(node, &full, reasons),
        Some((_, Works(_))) => Ok(()),
    }
}

fn has_more(path: &str) -> bool {
    let more = [format!("{path}."), format!("{path}[]")];
    FIELDS.iter().any(|(field, _)| more.iter().any(|more| field.starts_with(more)))
}

/// The keys that may stand under a path.
fn below(path: &str) -> Vec<&'static str> {
    let keys = FIELDS.iter().filter_map(|(field, _)| match path {
        "" => Some(*field),
        _ => field.strip_prefix(path)?.strip_prefix('.'),
    });
    keys.filter(|key| !key.contains(['.', '['])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_and_none_without_its_parent() {
        for (n, (field, _)) in FIELDS.iter().enumerate() {
            assert!(FIELDS[..n].iter().all(|(other, _)| other != field), "{field} stands twice");
            if let Some((parent, _)) = field.rsplit_once('.') {
                let parent = parent.trim_end_matches("[]");
                let is_there =
                    |(other, used): &(&str, Use)| *other == parent && matches!(used, Works(_));
                assert!(FIELDS.iter().any(is_there), "{field} has no parent");
            }
        }
    }
}
