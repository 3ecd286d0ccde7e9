//! All Kubernetes I/O.

mod account;
mod beyond;
mod call;
mod clock;
mod connect;
mod credential;
mod direct;
mod execute;
mod explain;
mod kubeconfig;
mod logs;
mod observe;
mod others;
mod plugin;
mod proxy;
mod refusal;
mod rights;
mod watch;

pub use beyond::beyond;
pub use call::{CallError, Cluster};
pub use clock::Clock;
pub use connect::{Access, connect};
pub use direct::courier;
pub use execute::{dry_run, reply_if_any, tried};
pub use observe::{Breadth, about, apps, read, read_once, read_rest, read_room, said};
pub use rights::missing;
pub use watch::{Change, Spec, Watches};
