//! What holds for the kinds, each by its own rules.

mod autoscalers;
mod containers;
mod counts;
mod endpoint_slices;
mod ingresses;
mod network_policies;
mod pods;
mod probes;
mod selectors;
mod services;
mod small;
mod workloads;

use serde_json::Value;

use super::fields::Errors;
use crate::resources::{
    AUTOSCALERS, CONFIG_MAPS, DEPLOYMENTS, DISRUPTION_BUDGETS, ENDPOINT_SLICES, EVENTS,
    INGRESS_CLASSES, INGRESSES, NAMESPACES, NETWORK_POLICIES, PODS, REPLICA_SETS, Resource,
    SERVICES,
};

pub fn check(resource: Resource, object: &Value, old: Option<&Value>, errors: &mut Errors) {
    match resource.plural {
        plural if plural == DEPLOYMENTS.plural => workloads::deployment(object, old, errors),
        plural if plural == REPLICA_SETS.plural => workloads::replica_set(object, old, errors),
        plural if plural == PODS.plural => pods::check(object, old, errors),
        plural if plural == SERVICES.plural => services::check(&object["spec"], old, errors),
        plural if plural == INGRESSES.plural => ingresses::check(object, old, errors),
        plural if plural == INGRESS_CLASSES.plural => ingresses::class(object, old, errors),
        plural if plural == NAMESPACES.plural => small::namespace(object, errors),
        plural if plural == CONFIG_MAPS.plural => small::config_map(object, old, errors),
        plural if plural == EVENTS.plural => small::event(object, errors),
        plural if plural == DISRUPTION_BUDGETS.plural => small::budget(&object["spec"], errors),
        plural if plural == NETWORK_POLICIES.plural => {
            network_policies::check(&object["spec"], errors);
        }
        plural if plural == ENDPOINT_SLICES.plural => endpoint_slices::check(object, old, errors),
        plural if plural == AUTOSCALERS.plural => autoscalers::check(&object["spec"], errors),
        _ => {}
    }
}

/// What holds where only a status is written.
pub fn check_status(resource: Resource, object: &Value, errors: &mut Errors) {
    counts::check(resource, object, errors);
}
