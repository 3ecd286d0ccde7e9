#![forbid(unsafe_code)]
//! Blue/green releases on Kubernetes from the command line, without a controller.
//!
//! A library only so that tests can link it: what is stable is the command line, its exit codes and
//! its JSON.

mod clean;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod demo;
pub mod drive;
pub mod error;
pub mod event;
pub mod gate;
pub mod report;
pub mod settings;

pub use bluegreen_core::{model, release, route};
pub use bluegreen_sandbox as sandbox;

#[cfg(test)]
mod layers;

/// How API servers and webhooks know us.
pub const USER_AGENT: &str = concat!("bluegreen/", env!("CARGO_PKG_VERSION"));
