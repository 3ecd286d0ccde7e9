//! Which colour a route resolves to, and the patch that changes it. Pure.

mod ingress;
mod service;

pub use ingress::{Backend, CANARY, CLASS, Switch, backends, class, hosts, is_canary, names_app};
pub use service::{Label, follow, resolves_to, selects};
