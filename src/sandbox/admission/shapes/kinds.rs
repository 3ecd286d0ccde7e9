//! The kinds, each by its fields.

use super::Fields;
use super::Shape::{
    self, Any, Fields as Object, Flag, KeptFlag, KeptNumber, KeptText, List, Number, NumberOrText,
    Quantities, Text, Texts,
};
use super::pods::{POD, POD_STATUS};
use crate::sandbox::resources::{
    AUTOSCALERS, CONFIG_MAPS, DEPLOYMENTS, DISRUPTION_BUDGETS, ENDPOINT_SLICES, EVENTS, INGRESSES,
    NAMESPACES, NETWORK_POLICIES, PODS, REPLICA_SETS, Resource, SERVICES,
};

pub fn of(resource: Resource) -> Fields {
    match resource.plural {
        plural if plural == NAMESPACES.plural => NAMESPACE,
        plural if plural == SERVICES.plural => SERVICE,
        plural if plural == CONFIG_MAPS.plural => CONFIG_MAP,
        plural if plural == PODS.plural => POD_OBJECT,
        plural if plural == EVENTS.plural => EVENT,
        plural if plural == DEPLOYMENTS.plural => DEPLOYMENT,
        plural if plural == REPLICA_SETS.plural => REPLICA_SET,
        plural if plural == INGRESSES.plural => INGRESS,
        plural if plural == NETWORK_POLICIES.plural => NETWORK_POLICY,
        plural if plural == ENDPOINT_SLICES.plural => ENDPOINT_SLICE,
        plural if plural == AUTOSCALERS.plural => AUTOSCALER,
        plural if plural == DISRUPTION_BUDGETS.plural => BUDGET,
        _ => &[],
    }
}

const OWNER: Fields = &[
    ("apiVersion", KeptText),
    ("kind", KeptText),
    ("name", KeptText),
    ("uid", KeptText),
    ("controller", KeptFlag),
    ("blockOwnerDeletion", KeptFlag),
];

const METADATA: Shape = Object(&[
    ("name", Text),
    ("generateName", Text),
    ("namespace", Text),
    ("selfLink", Text),
    ("uid", Text),
    ("resourceVersion", Text),
    ("generation", Number),
    ("creationTimestamp", Text),
    ("deletionTimestamp", Text),
    ("deletionGracePeriodSeconds", KeptNumber),
    ("labels", Texts),
    ("annotations", Texts),
    ("ownerReferences", List(&Object(OWNER))),
    ("finalizers", List(&Text)),
]);

const EXPRESSION: Fields = &[("key", KeptText), ("operator", KeptText), ("values", List(&Text))];
const SELECTOR: Shape =
    Object(&[("matchLabels", Texts), ("matchExpressions", List(&Object(EXPRESSION)))]);

const TEMPLATE: Shape = Object(&[("metadata", METADATA), ("spec", Object(POD))]);

const NAMESPACE: Fields = &[
    ("metadata", METADATA),
    ("spec", Object(&[("finalizers", List(&Text))])),
    ("status", Object(&[("phase", Text), ("conditions", List(&Any))])),
];

const POD_OBJECT: Fields =
    &[("metadata", METADATA), ("spec", Object(POD)), ("status", Object(POD_STATUS))];

const CONFIG_MAP: Fields =
    &[("metadata", METADATA), ("data", Texts), ("binaryData", Texts), ("immutable", KeptFlag)];

const SERVICE_PORT: Fields = &[
    ("name", Text),
    ("protocol", Text),
    ("appProtocol", KeptText),
    ("port", KeptNumber),
    ("targetPort", NumberOrText),
    ("nodePort", Number),
];

const SERVICE_SPEC: Fields = &[
    ("ports", List(&Object(SERVICE_PORT))),
    ("selector", Texts),
    ("clusterIP", Text),
    ("clusterIPs", List(&Text)),
    ("type", Text),
    ("externalIPs", List(&Text)),
    ("sessionAffinity", Text),
    ("loadBalancerIP", Text),
    ("loadBalancerSourceRanges", List(&Text)),
    ("externalName", Text),
    ("externalTrafficPolicy", Text),
    ("healthCheckNodePort", Number),
    ("publishNotReadyAddresses", Flag),
    ("sessionAffinityConfig", Any),
    ("ipFamilies", List(&Text)),
    ("ipFamilyPolicy", KeptText),
    ("allocateLoadBalancerNodePorts", KeptFlag),
    ("loadBalancerClass", KeptText),
    ("internalTrafficPolicy", KeptText),
    ("trafficDistribution", KeptText),
];

const BALANCER: Shape = Object(&[("ingress", List(&Any))]);

const SERVICE: Fields = &[
    ("metadata", METADATA),
    ("spec", Object(SERVICE_SPEC)),
    ("status", Object(&[("loadBalancer", BALANCER), ("conditions", List(&Any))])),
];

const EVENT: Fields = &[
    ("metadata", METADATA),
    (
        "involvedObject",
        Object(&[
            ("kind", Text),
            ("namespace", Text),
            ("name", Text),
            ("uid", Text),
            ("apiVersion", Text),
            ("resourceVersion", Text),
            ("fieldPath", Text),
        ]),
    ),
    ("reason", Text),
    ("message", Text),
    ("source", Object(&[("component", Text), ("host", Text)])),
    ("count", Number),
    ("type", Text),
    ("action", Text),
    ("reportingComponent", KeptText),
    ("reportingInstance", KeptText),
];

const DEPLOYMENT_SPEC: Fields = &[
    ("replicas", KeptNumber),
    ("selector", SELECTOR),
    ("template", TEMPLATE),
    (
        "strategy",
        Object(&[
            ("type", Text),
            (
                "rollingUpdate",
                Object(&[("maxUnavailable", NumberOrText), ("maxSurge", NumberOrText)]),
            ),
        ]),
    ),
    ("minReadySeconds", Number),
    ("revisionHistoryLimit", KeptNumber),
    ("paused", Flag),
    ("progressDeadlineSeconds", KeptNumber),
];

const DEPLOYMENT_STATUS: Fields = &[
    ("observedGeneration", Number),
    ("replicas", Number),
    ("updatedReplicas", Number),
    ("readyReplicas", Number),
    ("availableReplicas", Number),
    ("unavailableReplicas", Number),
    ("terminatingReplicas", KeptNumber),
    ("conditions", List(&Any)),
    ("collisionCount", KeptNumber),
];

const DEPLOYMENT: Fields = &[
    ("metadata", METADATA),
    ("spec", Object(DEPLOYMENT_SPEC)),
    ("status", Object(DEPLOYMENT_STATUS)),
];

const REPLICA_SET_STATUS: Fields = &[
    ("replicas", KeptNumber),
    ("fullyLabeledReplicas", Number),
    ("readyReplicas", Number),
    ("availableReplicas", Number),
    ("terminatingReplicas", KeptNumber),
    ("observedGeneration", Number),
    ("conditions", List(&Any)),
];

const REPLICA_SET: Fields = &[
    ("metadata", METADATA),
    (
        "spec",
        Object(&[
            ("replicas", KeptNumber),
            ("minReadySeconds", Number),
            ("selector", SELECTOR),
            ("template", TEMPLATE),
        ]),
    ),
    ("status", Object(REPLICA_SET_STATUS)),
];

const BACKEND: Shape = Object(&[
    (
        "service",
        Object(&[("name", KeptText), ("port", Object(&[("name", Text), ("number", Number)]))]),
    ),
    ("resource", Any),
]);
const PATH: Fields = &[("path", Text), ("pathType", KeptText), ("backend", BACKEND)];
const RULE: Fields = &[("host", Text), ("http", Object(&[("paths", List(&Object(PATH)))]))];

const INGRESS: Fields = &[
    ("metadata", METADATA),
    (
        "spec",
        Object(&[
            ("ingressClassName", KeptText),
            ("defaultBackend", BACKEND),
            ("tls", List(&Object(&[("hosts", List(&Text)), ("secretName", Text)]))),
            ("rules", List(&Object(RULE))),
        ]),
    ),
    ("status", Object(&[("loadBalancer", BALANCER)])),
];

const POLICY_PORT: Fields =
    &[("protocol", KeptText), ("port", NumberOrText), ("endPort", KeptNumber)];
const PEER: Fields = &[
    ("podSelector", SELECTOR),
    ("namespaceSelector", SELECTOR),
    ("ipBlock", Object(&[("cidr", KeptText), ("except", List(&Text))])),
];
const PEERS: Shape = List(&Object(PEER));
const PORTS: Shape = List(&Object(POLICY_PORT));

const NETWORK_POLICY: Fields = &[
    ("metadata", METADATA),
    (
        "spec",
        Object(&[
            ("podSelector", SELECTOR),
            ("ingress", List(&Object(&[("ports", PORTS), ("from", PEERS)]))),
            ("egress", List(&Object(&[("ports", PORTS), ("to", PEERS)]))),
            ("policyTypes", List(&Text)),
        ]),
    ),
];

const ENDPOINT: Fields = &[
    ("addresses", List(&Text)),
    (
        "conditions",
        Object(&[("ready", KeptFlag), ("serving", KeptFlag), ("terminating", KeptFlag)]),
    ),
    ("hostname", KeptText),
    ("targetRef", Any),
    ("nodeName", KeptText),
    ("zone", KeptText),
];

const ENDPOINT_SLICE: Fields = &[
    ("metadata", METADATA),
    ("addressType", KeptText),
    ("endpoints", List(&Object(ENDPOINT))),
    (
        "ports",
        List(&Object(&[
            ("name", KeptText),
            ("protocol", KeptText),
            ("port", KeptNumber),
            ("appProtocol", KeptText),
        ])),
    ),
];

const SCALING_RULES: Shape = Object(&[
    ("stabilizationWindowSeconds", KeptNumber),
    ("selectPolicy", KeptText),
    (
        "policies",
        List(&Object(&[("type", KeptText), ("value", KeptNumber), ("periodSeconds", KeptNumber)])),
    ),
]);

const TARGET: Fields = &[("kind", KeptText), ("name", KeptText), ("apiVersion", Text)];

const AUTOSCALER: Fields = &[
    ("metadata", METADATA),
    (
        "spec",
        Object(&[
            ("scaleTargetRef", Object(TARGET)),
            ("minReplicas", KeptNumber),
            ("maxReplicas", KeptNumber),
            ("metrics", List(&Any)),
            ("behavior", Object(&[("scaleUp", SCALING_RULES), ("scaleDown", SCALING_RULES)])),
        ]),
    ),
    (
        "status",
        Object(&[
            ("observedGeneration", KeptNumber),
            ("currentReplicas", Number),
            ("desiredReplicas", KeptNumber),
            ("conditions", List(&Any)),
        ]),
    ),
];

const BUDGET: Fields = &[
    ("metadata", METADATA),
    (
        "spec",
        Object(&[
            ("minAvailable", NumberOrText),
            ("maxUnavailable", NumberOrText),
            ("selector", SELECTOR),
            ("unhealthyPodEvictionPolicy", KeptText),
        ]),
    ),
    (
        "status",
        Object(&[
            ("observedGeneration", Number),
            ("disruptedPods", Quantities),
            ("disruptionsAllowed", KeptNumber),
            ("currentHealthy", KeptNumber),
            ("desiredHealthy", KeptNumber),
            ("expectedPods", KeptNumber),
            ("conditions", List(&Any)),
        ]),
    ),
];
