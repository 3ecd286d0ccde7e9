//! How long a data plane takes to follow the API server. The same for all that were tried, until one needs
//! a time of its own.

/// Between the candidate's readiness and the switch: a margin. A backend without ready endpoints is
/// unknown to the ingress controller, whoever names it, and its watches of endpoints and of Ingresses
/// are not in step: a switch that overtook the endpoints would find no backend until the next sync, of
/// which there are 0.3 a second (3.4 s); its workers look once a second. No run has shown it.
pub const SECONDS_BEFORE_A_SWITCH: u64 = 5;

/// How long the ingress controller is given to take in a switch, where nothing can be asked. The
/// longest that was measured is 7 s, with 300 other Ingresses.
pub const SECONDS_AFTER_A_SWITCH: u64 = 10;

/// How long the nodes are given to follow the EndpointSlices of a Service. Nothing says when the last of them
/// has: kube-proxy programs a change within a second, or up to 10 s later where it has just done so (its
/// `minSyncPeriod`), and a margin.
pub const SECONDS_FOR_THE_NODES: u64 = 15;
