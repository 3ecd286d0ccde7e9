//! What tests put around the tool: a recording proxy that breaks things, a
//! webhook receiver that says what the test wants it to say, and a terminal.
//!
//! All run on threads of their own, so they serve plain tests that block and
//! async ones alike, and go on while the test waits for a child process. Their
//! own tests stand in `tests/support/` and need no cluster.

// Two test binaries share these modules and each uses only a part.
#![allow(dead_code, unused_imports)]

pub mod background;
pub mod front;
mod journal;
mod latch;
pub mod proxy;
pub mod reply;
pub mod terminal;
mod tunnel;
pub mod webhook;

pub use latch::Latch;
pub use proxy::{Action, Proxy, Seen};
pub use reply::Reply;
pub use terminal::Terminal;
pub use tunnel::Tunnel;
pub use webhook::{Answer, Poll, Webhook};
