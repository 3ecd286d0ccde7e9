//! What `history` says: the app's releases that are over.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Finished, Names, Record};

/// What `bluegreen history -o json` prints: the last releases of an app that are over.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct History {
    /// The app: its Deployment's name.
    pub app: String,
    pub namespace: String,
    /// The newest first; only the last ten are kept.
    pub releases: Vec<Finished>,
}

pub fn of(names: &Names, record: &Record) -> History {
    History {
        app: names.app.clone(),
        namespace: names.namespace.clone(),
        releases: record.history.iter().rev().cloned().collect(),
    }
}
