//! Which colour a route resolves to, the patch that changes it, and which data plane obeys it. Pure.

mod data_plane;
mod ingress;
mod service;

pub use data_plane::{Believed, By, DataPlane, F5_ACCESS, of as data_plane};
pub use ingress::naming_annotations;
pub use ingress::{Backend, CANARY, CLASS, Switch, backends, class, hosts, is_canary, names_app};
pub use service::{Label, follow, resolves_to, selects};
