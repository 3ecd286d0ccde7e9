//! The three writes that change a cluster. Updates are JSON Patches whose first operations test the
//! object's identity and state, so that a write which was planned on an older look fails.

use json_patch::{AddOperation, Patch, PatchOperation, TestOperation, jsonptr::PointerBuf};
use serde_json::{Value, json};

use super::{Id, Version};

/// One write to the cluster.
#[derive(Clone, PartialEq, Debug)]
pub enum Write {
    Create { id: Id, object: Value },
    Patch { id: Id, patch: Patch },
    Delete { id: Id, at: Version },
}

impl Write {
    pub fn create(id: Id, object: Value) -> Write {
        Write::Create { id, object }
    }

    /// A patch that holds only for the object as it was observed.
    pub fn patch(id: Id, at: &Version, changes: Vec<PatchOperation>) -> Write {
        let mut operations = vec![
            test(&["metadata", "uid"], json!(at.uid)),
            test(&["metadata", "resourceVersion"], json!(at.resource_version)),
        ];
        operations.extend(changes);
        Write::Patch { id, patch: Patch(operations) }
    }

    pub fn delete(id: Id, at: Version) -> Write {
        Write::Delete { id, at }
    }

    pub fn id(&self) -> &Id {
        match self {
            Write::Create { id, .. } | Write::Patch { id, .. } | Write::Delete { id, .. } => id,
        }
    }

    /// The word for it in audit logs and RBAC rules.
    pub fn verb(&self) -> &'static str {
        match self {
            Write::Create { .. } => "create",
            Write::Patch { .. } => "patch",
            Write::Delete { .. } => "delete",
        }
    }
}

/// A JSON pointer of these tokens, escaped.
pub fn pointer<'a>(tokens: impl IntoIterator<Item = &'a str>) -> PointerBuf {
    PointerBuf::from_tokens(tokens)
}

fn test(tokens: &[&str], value: Value) -> PatchOperation {
    PatchOperation::Test(TestOperation { path: pointer(tokens.iter().copied()), value })
}

/// The operations that set annotations, whether or not the object has any yet.
pub fn annotate(object: &Value, annotations: &[(&str, String)]) -> Vec<PatchOperation> {
    let mut operations = Vec::new();
    if !object["metadata"]["annotations"].is_object() {
        operations.push(PatchOperation::Add(AddOperation {
            path: pointer(["metadata", "annotations"]),
            value: json!({}),
        }));
    }
    operations.extend(annotations.iter().map(|(key, value)| {
        PatchOperation::Add(AddOperation {
            path: pointer(["metadata", "annotations", key]),
            value: json!(value),
        })
    }));
    operations
}
