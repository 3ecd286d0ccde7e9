//! Kinds that a cluster has or has not, by what is installed in it: what other controllers do with an
//! app's pods is read there, and never written.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Optional {
    /// Flagger's.
    Canary,
    /// Argo's.
    Rollout,
    /// KEDA's.
    ScaledObject,
    VerticalPodAutoscaler,
    /// Istio's.
    AuthorizationPolicy,
    PeerAuthentication,
    RequestAuthentication,
    CiliumNetworkPolicy,
    CalicoNetworkPolicy,
    /// The Prometheus operator's.
    PodMonitor,
    ServiceMonitor,
}

impl Optional {
    /// What may refuse a release.
    pub const DECISIVE: [Optional; 9] = [
        Optional::Canary,
        Optional::Rollout,
        Optional::ScaledObject,
        Optional::VerticalPodAutoscaler,
        Optional::AuthorizationPolicy,
        Optional::PeerAuthentication,
        Optional::RequestAuthentication,
        Optional::CiliumNetworkPolicy,
        Optional::CalicoNetworkPolicy,
    ];
    /// What is worth a word.
    pub const MONITORS: [Optional; 2] = [Optional::PodMonitor, Optional::ServiceMonitor];

    /// Those of which some hold for pods of other namespaces than their own.
    pub fn reaches_out(self) -> bool {
        self.groups() == ["security.istio.io"] || Optional::MONITORS.contains(&self)
    }

    /// The API groups that may have it, the first that does counts: Calico's own API server shows what is
    /// kept in the other group.
    pub fn groups(self) -> &'static [&'static str] {
        match self {
            Optional::Canary => &["flagger.app"],
            Optional::Rollout => &["argoproj.io"],
            Optional::ScaledObject => &["keda.sh"],
            Optional::VerticalPodAutoscaler => &["autoscaling.k8s.io"],
            Optional::AuthorizationPolicy
            | Optional::PeerAuthentication
            | Optional::RequestAuthentication => &["security.istio.io"],
            Optional::CiliumNetworkPolicy => &["cilium.io"],
            Optional::CalicoNetworkPolicy => &["projectcalico.org", "crd.projectcalico.org"],
            Optional::PodMonitor | Optional::ServiceMonitor => &["monitoring.coreos.com"],
        }
    }

    /// The resource's name in URLs and in RBAC rules.
    pub fn plural(self) -> &'static str {
        match self {
            Optional::Canary => "canaries",
            Optional::Rollout => "rollouts",
            Optional::ScaledObject => "scaledobjects",
            Optional::VerticalPodAutoscaler => "verticalpodautoscalers",
            Optional::AuthorizationPolicy => "authorizationpolicies",
            Optional::PeerAuthentication => "peerauthentications",
            Optional::RequestAuthentication => "requestauthentications",
            Optional::CiliumNetworkPolicy => "ciliumnetworkpolicies",
            Optional::CalicoNetworkPolicy => "networkpolicies",
            Optional::PodMonitor => "podmonitors",
            Optional::ServiceMonitor => "servicemonitors",
        }
    }
}

impl fmt::Display for Optional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Kubernetes has a kind of that name itself.
            Optional::CalicoNetworkPolicy => f.write_str("Calico NetworkPolicy"),
            other => fmt::Debug::fmt(other, f),
        }
    }
}

/// Why it is not known which objects of a kind there are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unknown {
    /// One may not list them: as RBAC names the resource.
    Forbidden { resource: String },
    /// What went wrong, in a sentence.
    Failed { why: String },
}

/// The objects of optional kinds in one namespace. A kind that is not there has none.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Others {
    own: BTreeMap<Optional, Result<Arc<Vec<Value>>, Unknown>>,
    /// Those of all other namespaces, where somebody has tried to list them; none where one may not.
    elsewhere: BTreeMap<Optional, Option<Arc<Vec<Value>>>>,
}

impl Others {
    pub fn insert_elsewhere(&mut self, kind: Optional, known: Option<Vec<Value>>) {
        self.elsewhere.insert(kind, known.map(Arc::new));
    }

    pub fn elsewhere(&self, kind: Optional) -> impl Iterator<Item = &Value> {
        self.elsewhere.get(&kind).into_iter().flatten().flat_map(|it| it.iter())
    }

    /// Whether the other namespaces were to be looked at for one of these kinds, and could not.
    pub fn is_short_sighted(&self, kinds: &[Optional]) -> bool {
        kinds.iter().any(|kind| self.elsewhere.get(kind).is_some_and(Option::is_none))
    }

    pub fn insert(&mut self, kind: Optional, known: Result<Vec<Value>, Unknown>) {
        self.own.insert(kind, known.map(Arc::new));
    }

    pub fn list(&self, kind: Optional) -> impl Iterator<Item = &Value> {
        self.own
            .get(&kind)
            .and_then(|known| known.as_ref().ok())
            .into_iter()
            .flat_map(|it| it.iter())
    }

    /// Why some of these kinds are not known, each reason once.
    pub fn unknown(&self, kinds: &[Optional]) -> Vec<&Unknown> {
        let unknown = kinds.iter().filter_map(|kind| self.own.get(kind)?.as_ref().err());
        let mut unknown: Vec<&Unknown> = unknown.collect();
        unknown.sort();
        unknown.dedup();
        unknown
    }
}
