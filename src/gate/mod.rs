//! What says when a candidate may go live, and whether it has.

mod payload;
pub mod probe;
mod webhook;

pub use payload::Payload;
pub use webhook::Webhooks;
