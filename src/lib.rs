#![forbid(unsafe_code)]
//! Blue/green releases on Kubernetes from the command line, without a controller.

pub mod model;
pub mod release;
pub mod route;
