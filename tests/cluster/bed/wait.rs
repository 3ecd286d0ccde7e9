//! Waiting for conditions: every wait of a test names what it waits for and until when.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Asks `probe` until it gives `Some`. An error of the probe is kept for the message and asked
/// again: what a test waits for often does not exist yet.
pub async fn wait_for<T, F>(what: &str, deadline: Duration, mut probe: F) -> Result<T>
where
    F: AsyncFnMut() -> Result<Option<T>>,
{
    let end = Instant::now() + deadline;
    loop {
        let seen = match tokio::time::timeout_at(end.into(), probe()).await {
            Ok(Ok(Some(value))) => return Ok(value),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => bail!("{what}: the question itself was not answered within {deadline:?}"),
        };
        if Instant::now() >= end {
            let message = format!("{what}: not so within {deadline:?}");
            return match seen {
                Some(error) => Err(error).context(message),
                None => bail!(message),
            };
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
