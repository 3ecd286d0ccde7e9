//! What a release does, written once and run twice: on the sandbox in paused time (`tests/it`), and on
//! a real control plane (`tests/cluster`). The clock, the pods and the API are the bed's; the gate is
//! the case's own, and no socket.

mod admission;
mod arrival;
mod autoscaling;
mod back;
mod carried;
mod changes;
pub mod command;
mod complaints;
pub mod custom;
mod data_plane;
mod drivers;
pub mod field;
mod fitness;
mod followed;
mod gate;
mod gitops;
mod intents;
pub mod kubectl;
mod leaving;
mod life;
mod manifests;
mod neighbours;
mod others;
pub mod outside;
mod policy;
mod ports;
mod reported;
mod seen;
pub mod service_route;
mod sharing;
mod still;
mod unhealthy;

pub use command::Said;
pub use field::Field;

use std::future::Future;
use std::pin::Pin;

use anyhow::Result;

type Running = Pin<Box<dyn Future<Output = Result<()>>>>;

/// A case, by its name.
pub type Case = (&'static str, fn(Field) -> Running);

/// `cases![a, b]`, each an `async fn(Field) -> Result<()>`.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        &[$((
            concat!(module_path!(), "::", stringify!($case)),
            |field: $crate::acceptance::Field| Box::pin($case(field)) as $crate::acceptance::Running,
        )),*]
    };
}
use cases;

pub fn all() -> Vec<Case> {
    let subjects = [
        life::CASES,
        gate::CASES,
        arrival::CASES,
        back::CASES,
        intents::CASES,
        drivers::CASES,
        unhealthy::CASES,
        neighbours::CASES,
        ports::CASES,
        changes::CASES,
        manifests::CASES,
        gitops::CASES,
        seen::CASES,
        fitness::CASES,
        data_plane::CASES,
        autoscaling::CASES,
        others::CASES,
        admission::CASES,
        complaints::CASES,
        sharing::CASES,
        carried::CASES,
        followed::CASES,
        service_route::CASES,
        leaving::CASES,
        reported::CASES,
    ];
    subjects.concat()
}

/// Without the path to it.
pub fn short(name: &str) -> &str {
    name.split_once("acceptance::").map_or(name, |(_, short)| short)
}
