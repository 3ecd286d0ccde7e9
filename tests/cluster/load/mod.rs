//! The load generator: requests at a fixed rate, whatever becomes of those before (open loop), half
//! of them on kept-alive connections, half on a connection each. It writes down every request.

pub mod answer;
mod connection;
pub mod lasting;
pub mod long;
mod manner;
mod run;
mod sample;
pub mod staying;
mod summary;

pub use connection::Protocol;
pub use manner::{Manner, Tls};
pub use run::{Load, Running};
pub use summary::Summary;
