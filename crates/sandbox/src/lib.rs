#![doc = include_str!("../README.md")]

mod access;
mod admission;
mod clock;
mod cluster;
mod controllers;
mod decode;
mod deletion;
mod discovery;
mod faults;
mod form;
mod generation;
mod labels;
mod log;
mod managers;
mod nodes;
mod operations;
mod options;
mod passage;
mod patch;
mod refusal;
mod request;
pub mod resources;
mod scale;
pub mod scripts;
mod selectors;
mod serve;
mod service;
mod store;
mod strategic;
mod table;
mod types;
mod verbs;
mod watch;

pub use admission::mutating::{Mutation, Operation};
pub use cluster::Sandbox;
pub use faults::{Call, Fault, Faults};
pub use nodes::{Life, Nodes, Stage, Turn};
pub use scripts::{DIE, Scripts};
pub use serve::{kubeconfig, serve};
pub use service::{Api, ReplyBody};
pub use store::{Change, Key, Logged, Store};

#[cfg(test)]
mod tests;
