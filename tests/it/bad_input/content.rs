//! What stands in a file, or goes over a wire, of which a table can only hold a description.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde::Deserialize;

#[derive(Deserialize, Clone, Debug)]
#[serde(untagged, deny_unknown_fields)]
pub enum Content {
    Text(String),
    Bytes {
        bytes: Vec<u8>,
    },
    Repeated {
        #[serde(default)]
        head: String,
        repeat: String,
        times: usize,
        #[serde(default)]
        tail: String,
    },
    /// No file at all: `folder`, `fifo`, or `unreadable`.
    Special {
        special: Special,
    },
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum Special {
    Folder,
    /// With somebody who writes the text `a: [` into it.
    Fifo,
}

impl Content {
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Content::Text(text) => text.clone().into_bytes(),
            Content::Bytes { bytes } => bytes.clone(),
            Content::Repeated { head, repeat, times, tail } => {
                format!("{head}{}{tail}", repeat.repeat(*times)).into_bytes()
            }
            Content::Special { .. } => Vec::new(),
        }
    }
}

pub fn written(content: &Content, path: &Path) -> Result<()> {
    match content {
        Content::Special { special: Special::Folder } => fs::create_dir(path)?,
        Content::Special { special: Special::Fifo } => {
            ensure!(Command::new("mkfifo").arg(path).status()?.success(), "no mkfifo");
            let path = path.to_owned();
            // It waits until somebody reads.
            std::thread::spawn(move || fs::write(path, "a: ["));
        }
        content => fs::write(path, content.bytes())?,
    }
    Ok(())
}
