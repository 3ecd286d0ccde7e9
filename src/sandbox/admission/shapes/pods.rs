//! Pods, and what pods are made from.

use super::Fields;
use super::Shape::{
    Any, Fields as Object, Flag, KeptFlag, KeptNumber, KeptText, List, Number, NumberOrText,
    Quantities, Text, Texts,
};

const PORT: Fields = &[
    ("name", Text),
    ("hostPort", Number),
    ("containerPort", KeptNumber),
    ("protocol", Text),
    ("hostIP", Text),
];

const HEADER: Fields = &[("name", KeptText), ("value", KeptText)];

const EXEC: Fields = &[("command", List(&Text))];
const HTTP_GET: Fields = &[
    ("path", Text),
    ("port", NumberOrText),
    ("host", Text),
    ("scheme", Text),
    ("httpHeaders", List(&Object(HEADER))),
];
const TCP_SOCKET: Fields = &[("port", NumberOrText), ("host", Text)];

const PROBE: Fields = &[
    ("exec", Object(EXEC)),
    ("httpGet", Object(HTTP_GET)),
    ("tcpSocket", Object(TCP_SOCKET)),
    ("grpc", Object(&[("port", KeptNumber), ("service", KeptText)])),
    ("initialDelaySeconds", Number),
    ("timeoutSeconds", Number),
    ("periodSeconds", Number),
    ("successThreshold", Number),
    ("failureThreshold", Number),
    ("terminationGracePeriodSeconds", KeptNumber),
];

const HANDLER: Fields = &[
    ("exec", Object(EXEC)),
    ("httpGet", Object(HTTP_GET)),
    ("tcpSocket", Object(TCP_SOCKET)),
    ("sleep", Object(&[("seconds", KeptNumber)])),
];

const VARIABLE: Fields = &[("name", KeptText), ("value", Text), ("valueFrom", Any)];

const MOUNT: Fields = &[
    ("name", KeptText),
    ("readOnly", Flag),
    ("mountPath", KeptText),
    ("subPath", Text),
    ("subPathExpr", Text),
    ("mountPropagation", KeptText),
];

const RESOURCES: Fields =
    &[("limits", Quantities), ("requests", Quantities), ("claims", List(&Any))];

const CONTAINER: Fields = &[
    ("name", KeptText),
    ("image", Text),
    ("command", List(&Text)),
    ("args", List(&Text)),
    ("workingDir", Text),
    ("ports", List(&Object(PORT))),
    ("envFrom", List(&Any)),
    ("env", List(&Object(VARIABLE))),
    ("resources", Object(RESOURCES)),
    ("resizePolicy", List(&Any)),
    ("restartPolicy", KeptText),
    ("volumeMounts", List(&Object(MOUNT))),
    ("volumeDevices", List(&Any)),
    ("livenessProbe", Object(PROBE)),
    ("readinessProbe", Object(PROBE)),
    ("startupProbe", Object(PROBE)),
    ("lifecycle", Object(&[("postStart", Object(HANDLER)), ("preStop", Object(HANDLER))])),
    ("terminationMessagePath", Text),
    ("terminationMessagePolicy", Text),
    ("imagePullPolicy", Text),
    ("securityContext", Any),
    ("stdin", Flag),
    ("stdinOnce", Flag),
    ("tty", Flag),
];

pub const POD: Fields = &[
    ("volumes", List(&Any)),
    ("initContainers", List(&Object(CONTAINER))),
    ("containers", List(&Object(CONTAINER))),
    ("ephemeralContainers", List(&Any)),
    ("restartPolicy", Text),
    ("terminationGracePeriodSeconds", KeptNumber),
    ("activeDeadlineSeconds", KeptNumber),
    ("dnsPolicy", Text),
    ("dnsConfig", Any),
    ("nodeSelector", Texts),
    ("serviceAccountName", Text),
    ("serviceAccount", Text),
    ("automountServiceAccountToken", KeptFlag),
    ("nodeName", Text),
    ("hostNetwork", Flag),
    ("hostPID", Flag),
    ("hostIPC", Flag),
    ("hostUsers", KeptFlag),
    ("shareProcessNamespace", KeptFlag),
    ("securityContext", Any),
    ("imagePullSecrets", List(&Object(&[("name", Text)]))),
    ("hostname", Text),
    ("subdomain", Text),
    ("affinity", Any),
    ("schedulerName", Text),
    ("tolerations", List(&Any)),
    ("hostAliases", List(&Any)),
    ("priorityClassName", Text),
    ("priority", KeptNumber),
    ("readinessGates", List(&Any)),
    ("runtimeClassName", KeptText),
    ("enableServiceLinks", KeptFlag),
    ("preemptionPolicy", KeptText),
    ("overhead", Quantities),
    ("topologySpreadConstraints", List(&Any)),
    ("setHostnameAsFQDN", KeptFlag),
    ("os", Any),
    ("schedulingGates", List(&Any)),
    ("resourceClaims", List(&Any)),
];

pub const POD_STATUS: Fields = &[
    ("phase", Text),
    ("conditions", List(&Any)),
    ("message", Text),
    ("reason", Text),
    ("hostIP", Text),
    ("podIP", Text),
    ("podIPs", List(&Any)),
    ("startTime", Any),
    ("containerStatuses", List(&Any)),
    ("initContainerStatuses", List(&Any)),
    ("qosClass", Text),
    ("observedGeneration", Number),
];
