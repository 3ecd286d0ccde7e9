//! What a file of settings says, whatever its form.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::{Address, Files, Probe};
use crate::release::{Declared, PreviewTls, Settings};

/// The settings of one app.
#[derive(Clone, Debug)]
pub struct Given {
    pub app: String,
    pub namespace: Option<String>,
    pub expected: Declared,
    pub settings: Settings,
    /// The certificate of the preview host.
    pub preview_tls: Option<PreviewTls>,
    /// All of them have to say yes.
    pub hooks: Vec<Hook>,
    /// What goes with a webhook that somebody else names.
    pub files: Files,
    pub probe: Option<Probe>,
}

impl Given {
    /// The same with its files in the folder that they stand in.
    pub fn within(mut self, folder: &Path) -> Given {
        let hooks = self.hooks.iter_mut().map(|hook| &mut hook.files);
        for files in hooks.chain([&mut self.files]) {
            *files = std::mem::take(files).within(folder);
        }
        self
    }
}

/// A webhook as it is to be asked.
#[derive(Clone)]
pub struct Hook {
    /// How its answers are told apart from another's.
    pub name: Option<String>,
    pub address: Address,
    pub timeout_seconds: u64,
    pub retries: u32,
    pub metadata: BTreeMap<String, String>,
    /// Its certificate is not checked.
    pub disable_tls: bool,
    pub files: Files,
}

/// How long a webhook may take to answer, where nobody says.
pub const ANSWER_WITHIN_SECONDS: u64 = 10;

impl Hook {
    /// A webhook of which only the address is known.
    pub fn new(address: Address) -> Hook {
        Hook {
            name: None,
            address,
            timeout_seconds: ANSWER_WITHIN_SECONDS,
            retries: 0,
            metadata: BTreeMap::new(),
            disable_tls: false,
            files: Files::default(),
        }
    }
}

/// Without the address, and without metadata, in which people put tokens.
impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hook({:?})", self.name)
    }
}
