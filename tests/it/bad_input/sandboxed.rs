//! Runs a row in this process, on a sandbox of its own, in paused time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::cli;
use bluegreen::commands::{Surroundings, run_in};
use bluegreen::sandbox::{Api, Sandbox};
use kube::Client;
use tokio::time::{sleep, timeout};

use super::changes;
use super::row::{Leaves, Row, shown};
use crate::acceptance::{Field, outside};
use crate::bed::{Bed, NAMESPACE, in_paused_time};

const RECORD: &str = "/configmaps/bluegreen-parrot?";
/// A command that takes longer hangs.
const HANG: Duration = Duration::from_secs(3600);
/// What controllers need to come to rest.
const REST: Duration = Duration::from_secs(20);

/// What the row came to: its exit code, and what it said.
pub fn run(row: &Row) -> Result<(u8, String)> {
    let folder = tempfile::tempdir()?;
    row.lay(folder.path(), &[])?;
    in_paused_time(async {
        let Bed { sandbox, field } = prepared(row).await?;
        sleep(REST).await;
        let before = Before::of(&sandbox, folder.path())?;
        let api = sandbox.api();
        let came = command(row, &field, api.clone(), folder.path()).await?;
        sleep(REST).await;
        before
            .held_against(row, &field, &sandbox, &api, folder.path())
            .await
            .with_context(|| format!("{came:?}"))?;
        Ok(came)
    })
}

/// The cluster as the row wants it.
pub async fn prepared(row: &Row) -> Result<Bed> {
    let bed = Bed::new(1).await?;
    for line in &row.first {
        bed.field.exits(0, line).await?;
    }
    for change in &row.cluster {
        changes::made(change, &bed.field, &bed.sandbox).await?;
    }
    Ok(bed)
}

async fn command(row: &Row, field: &Field, api: Api, folder: &Path) -> Result<(u8, String)> {
    let words = ["bluegreen".to_owned()].into_iter().chain(row.words(folder, &[]));
    let cli = match cli::parsed(words.map(OsString::from)) {
        Ok(cli) => cli,
        Err(error) => {
            return Ok((error.exit_code().try_into()?, cli::shown(&error)));
        }
    };
    let said: Arc<Mutex<String>> = Arc::default();
    let paper = Arc::clone(&said);
    let around = Surroundings {
        client: Some(Client::new(api, NAMESPACE)),
        outside: outside::answers(field, &[500], &Arc::default()),
        paper: Some(Arc::new(move |_, line: &str| {
            let mut said = paper.lock().expect("no holder panics");
            *said += &format!("{line}\n");
        })),
        ..Surroundings::default()
    };
    let exit = timeout(HANG, run_in(&cli, &around)).await;
    let said = said.lock().expect("no holder panics").clone();
    let exit = exit.with_context(|| format!("it hangs: {said}"))?;
    Ok((exit, shown(&said, folder)))
}

/// How all was before the input came.
pub struct Before {
    revision: u64,
    files: BTreeMap<String, Option<Vec<u8>>>,
}

impl Before {
    pub fn of(sandbox: &Sandbox, folder: &Path) -> Result<Before> {
        Ok(Before { revision: sandbox.store().revision(), files: files(folder)? })
    }

    pub async fn held_against(
        &self,
        row: &Row,
        field: &Field,
        sandbox: &Sandbox,
        api: &Api,
        folder: &Path,
    ) -> Result<()> {
        ensure!(files(folder)? == self.files, "a file was touched");
        let writes = api.faults().calls();
        let writes: Vec<_> = writes.iter().filter(|call| call.is_write()).collect();
        match row.leaves {
            Leaves::Everything => {
                ensure!(writes.is_empty(), "{writes:#?}");
                ensure!(sandbox.store().revision() == self.revision, "something was written");
            }
            Leaves::AllButTheRecord => {
                let others = writes.iter().filter(|call| !call.path.contains(RECORD));
                ensure!(others.count() == 0, "{writes:#?}");
            }
            Leaves::WhatServes => field.is_untouched().await?,
            Leaves::Nothing => ensure!(!writes.is_empty(), "nothing was written"),
        }
        Ok(())
    }
}

/// What lies in a folder: what is no plain file has no text.
fn files(folder: &Path) -> Result<BTreeMap<String, Option<Vec<u8>>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let text = entry.file_type()?.is_file().then(|| fs::read(entry.path())).transpose()?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    Ok(files)
}
