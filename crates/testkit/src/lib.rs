//! What several of the test programs share. Never published: only tests depend on it.

pub mod acceptance;
pub mod guard;
pub mod results;
pub mod scalars;
pub mod schema;
pub mod tally;
