//! Which colour a route resolves to, and the patch that changes it. Pure.

mod ingress;
mod service;

pub use ingress::{Backend, CLASS, Switch, backends, class, hosts, names_app};
pub use service::{Label, follow, resolves_to, selects};
