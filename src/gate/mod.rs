//! What says when a candidate may go live.

mod webhook;

pub use webhook::{Payload, Webhook};
