//! What says when a candidate may go live, and whether it has.

mod outside;
mod payload;
pub mod probe;
mod signature;
mod webhook;

pub use outside::{Courier, Denied, Failure, Outside, Proxied};
pub use payload::Payload;
pub use webhook::{Reply, Webhooks};
