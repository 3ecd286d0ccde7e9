//! The resources that the sandbox knows, as discovery tells of them: its own, and what a test declares as a
//! CustomResourceDefinition would.

use std::sync::Mutex;

/// One resource of the API. There is one static value of each, so a reference is its identity.
#[derive(Debug)]
pub struct Info {
    /// Empty for the core group.
    pub group: &'static str,
    pub version: &'static str,
    /// One of its own by its name alone, a declared one with its group: `canaries.flagger.app`.
    pub plural: &'static str,
    pub singular: &'static str,
    pub kind: &'static str,
    pub short: &'static [&'static str],
    pub is_namespaced: bool,
    /// Whether `metadata.generation` counts the changes of what is wanted.
    pub has_generation: bool,
    /// Whether `status` belongs to the controllers, and a person's write leaves it alone.
    pub has_status: bool,
    pub has_scale: bool,
}

pub type Resource = &'static Info;

const CORE: Info = Info {
    group: "",
    version: "v1",
    plural: "",
    singular: "",
    kind: "",
    short: &[],
    is_namespaced: true,
    has_generation: false,
    has_status: false,
    has_scale: false,
};

pub static NAMESPACES: Info = Info {
    plural: "namespaces",
    singular: "namespace",
    kind: "Namespace",
    short: &["ns"],
    is_namespaced: false,
    has_status: true,
    ..CORE
};
pub static SERVICES: Info = Info {
    plural: "services",
    singular: "service",
    kind: "Service",
    short: &["svc"],
    has_status: true,
    ..CORE
};
pub static CONFIG_MAPS: Info =
    Info { plural: "configmaps", singular: "configmap", kind: "ConfigMap", short: &["cm"], ..CORE };
pub static PODS: Info = Info {
    plural: "pods",
    singular: "pod",
    kind: "Pod",
    short: &["po"],
    has_generation: true,
    has_status: true,
    ..CORE
};
pub static EVENTS: Info =
    Info { plural: "events", singular: "event", kind: "Event", short: &["ev"], ..CORE };
pub static DEPLOYMENTS: Info = Info {
    group: "apps",
    plural: "deployments",
    singular: "deployment",
    kind: "Deployment",
    short: &["deploy"],
    has_generation: true,
    has_status: true,
    has_scale: true,
    ..CORE
};
pub static REPLICA_SETS: Info = Info {
    group: "apps",
    plural: "replicasets",
    singular: "replicaset",
    kind: "ReplicaSet",
    short: &["rs"],
    has_generation: true,
    has_status: true,
    has_scale: true,
    ..CORE
};
pub static INGRESSES: Info = Info {
    group: "networking.k8s.io",
    plural: "ingresses",
    singular: "ingress",
    kind: "Ingress",
    short: &["ing"],
    has_generation: true,
    has_status: true,
    ..CORE
};
pub static INGRESS_CLASSES: Info = Info {
    group: "networking.k8s.io",
    plural: "ingressclasses",
    singular: "ingressclass",
    kind: "IngressClass",
    is_namespaced: false,
    has_generation: true,
    ..CORE
};
pub static NETWORK_POLICIES: Info = Info {
    group: "networking.k8s.io",
    plural: "networkpolicies",
    singular: "networkpolicy",
    kind: "NetworkPolicy",
    short: &["netpol"],
    has_generation: true,
    ..CORE
};
pub static ENDPOINT_SLICES: Info = Info {
    group: "discovery.k8s.io",
    plural: "endpointslices",
    singular: "endpointslice",
    kind: "EndpointSlice",
    has_generation: true,
    ..CORE
};
pub static AUTOSCALERS: Info = Info {
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
    singular: "horizontalpodautoscaler",
    kind: "HorizontalPodAutoscaler",
    short: &["hpa"],
    has_status: true,
    ..CORE
};
pub static DISRUPTION_BUDGETS: Info = Info {
    group: "policy",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    kind: "PodDisruptionBudget",
    short: &["pdb"],
    has_generation: true,
    has_status: true,
    ..CORE
};

pub static CLAIMS: Info = Info {
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    kind: "PersistentVolumeClaim",
    short: &["pvc"],
    has_status: true,
    ..CORE
};
pub static QUOTAS: Info = Info {
    plural: "resourcequotas",
    singular: "resourcequota",
    kind: "ResourceQuota",
    short: &["quota"],
    has_status: true,
    ..CORE
};

/// Asked, never stored.
pub static ACCESS_REVIEWS: Info = Info {
    group: "authorization.k8s.io",
    plural: "selfsubjectaccessreviews",
    singular: "selfsubjectaccessreview",
    kind: "SelfSubjectAccessReview",
    is_namespaced: false,
    ..CORE
};
pub static RULES_REVIEWS: Info = Info {
    group: "authorization.k8s.io",
    plural: "selfsubjectrulesreviews",
    singular: "selfsubjectrulesreview",
    kind: "SelfSubjectRulesReview",
    is_namespaced: false,
    ..CORE
};

/// In the order in which discovery has them: `kubectl get all` prints pods before Services.
pub static ALL: [Resource; 17] = [
    &NAMESPACES,
    &PODS,
    &SERVICES,
    &CONFIG_MAPS,
    &EVENTS,
    &DEPLOYMENTS,
    &REPLICA_SETS,
    &INGRESSES,
    &INGRESS_CLASSES,
    &NETWORK_POLICIES,
    &ENDPOINT_SLICES,
    &AUTOSCALERS,
    &DISRUPTION_BUDGETS,
    &CLAIMS,
    &QUOTAS,
    &ACCESS_REVIEWS,
    &RULES_REVIEWS,
];

impl Info {
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// As URLs name it.
    pub fn path_name(&self) -> &'static str {
        self.plural.split('.').next().unwrap_or_default()
    }

    /// Whether it was declared: of its objects nothing is known but their metadata.
    pub fn is_declared(&self) -> bool {
        self.plural.contains('.')
    }

    /// As messages name it: `deployments.apps`.
    pub fn qualified(&self) -> String {
        match self.group {
            _ if self.is_declared() => self.plural.to_owned(),
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }
}

/// By its place in a URL, among those of the sandbox's own and some that were declared.
pub fn find(declared: &[Resource], group: &str, version: &str, plural: &str) -> Option<Resource> {
    let mut all = ALL.iter().chain(declared).copied();
    all.find(|it| it.group == group && it.version == version && it.path_name() == plural)
}

/// A kind that is not the sandbox's own.
pub fn declared(group: &str, version: &str, plural: &str, kind: &str) -> Resource {
    // Each is made once in a process, however many clusters have it.
    static DECLARED: Mutex<Vec<Resource>> = Mutex::new(Vec::new());
    let mut all = DECLARED.lock().expect("no holder panics");
    let qualified = format!("{plural}.{group}");
    let is_it = |it: &Resource| it.version == version && it.plural == qualified && it.kind == kind;
    if let Some(known) = all.iter().copied().find(is_it) {
        return known;
    }
    let keep = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let info: Resource = Box::leak(Box::new(Info {
        group: keep(group),
        version: keep(version),
        plural: keep(&qualified),
        singular: keep(&kind.to_lowercase()),
        kind: keep(kind),
        has_generation: true,
        ..CORE
    }));
    all.push(info);
    info
}

/// By what an object says of itself.
pub fn of_kind(api_version: &str, kind: &str) -> Option<Resource> {
    ALL.into_iter().find(|it| it.kind == kind && it.api_version() == api_version)
}
