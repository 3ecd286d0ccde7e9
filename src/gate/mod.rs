//! What says when a candidate may go live.

mod payload;
mod webhook;

pub use payload::Payload;
pub use webhook::Webhooks;
