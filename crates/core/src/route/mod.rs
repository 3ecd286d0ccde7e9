//! Which colour a route resolves to, the patch that changes it, and which data plane obeys it. Pure.

mod data_plane;
mod ingress;
mod service;

pub use data_plane::{Believed, By, CANARY, DataPlane, Means, OF_THE_BACKEND, Told, is_canary};
pub use data_plane::{
    access_lists, is_a_list, is_by_cookie, keeps_out, means, of as data_plane, saying,
};
pub use ingress::{Address, Asked, ManagedIngress, Needs, Word, addresses, asked, managed_ingress};
pub use ingress::{
    Backend, Switch, backends, class, default_service, hosts, names_app, serves_host,
};
pub use ingress::{naming_annotations, resource_backends, tls_hosts};
pub use service::{Label, follow, resolves_to, selects};
