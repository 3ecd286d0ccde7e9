//! The API server's audit log: who asked what, when, and what the answer was.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};

use super::tokens::{ADMIN_GROUP, USER_GROUP};
use super::wait::wait_for;

/// One request at one stage. `stage` is `ResponseComplete` for an ordinary request; a watch has a
/// `ResponseStarted` line before it, and `ResponseComplete` only when it ended.
#[derive(Clone, Debug)]
pub struct AuditLine {
    pub id: String,
    pub stage: String,
    pub user: String,
    pub verb: String,
    pub resource: String,
    pub subresource: String,
    pub name: String,
    pub namespace: String,
    pub code: u16,
    pub user_agent: String,
    pub request_uri: String,
    pub received: Timestamp,
    pub completed: Timestamp,
}

impl AuditLine {
    /// Of a pod, by way of the API server: what is asked is the app.
    pub fn is_to_the_app(&self) -> bool {
        ["proxy", "portforward"].contains(&&*self.subresource)
    }
}

const MARKER: &str = "/bed-marker-";

pub fn log_path(folder: &Path) -> PathBuf {
    folder.join("audit.log")
}

/// Only what tests ask is written down: the controllers' own requests would be most of the log.
pub fn policy() -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            { "level": "Metadata", "userGroups": [ADMIN_GROUP, USER_GROUP] },
            { "level": "None" },
        ],
    })
}

/// All lines of `user`, in the order of the log, once it is settled.
///
/// A line is written just after its reply is sent, so the last one may still be missing when the
/// client is done. A marker request of `admin` shows how far the log is; two markers with no new
/// line between them say that nothing is under way.
pub async fn of_user(folder: &Path, admin: &Client, user: &str) -> Result<Vec<AuditLine>> {
    let mut before = None;
    loop {
        let lines = so_far(folder, admin, user).await?;
        if before.replace(lines.len()) == Some(lines.len()) {
            return Ok(lines);
        }
    }
}

/// The same of a user who goes on asking, and whose log is never settled.
pub async fn so_far(folder: &Path, admin: &Client, user: &str) -> Result<Vec<AuditLine>> {
    let text = marked(folder, admin).await?;
    let mut lines = parse(&text, user)?;
    // Who asks for the markers may be the user.
    lines.retain(|line| !line.request_uri.starts_with(MARKER));
    Ok(lines)
}

async fn marked(folder: &Path, admin: &Client) -> Result<String> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let path = log_path(folder);
    let marker = format!("{MARKER}{}", NEXT.fetch_add(1, Ordering::Relaxed));
    // No such path: the answer is 404, and all that matters is its line in the log.
    let request = http::Request::get(&marker).body(Vec::new())?;
    let _ = admin.request_text(request).await;
    let wanted = format!("\"requestURI\":\"{marker}\"");
    wait_for("the audit log's marker", Duration::from_secs(30), async || {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.contains(&wanted).then_some(text))
    })
    .await
}

fn parse(text: &str, user: &str) -> Result<Vec<AuditLine>> {
    // Cheap before exact: the log holds every test's requests. Its last line may be half written.
    let name = format!("\"username\":\"{user}\"");
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lines = Vec::new();
    for line in whole.lines().filter(|line| line.contains(&name)) {
        let event: Value = serde_json::from_str(line).context("the audit log has a broken line")?;
        if event["user"]["username"] == user {
            lines.push(read(&event)?);
        }
    }
    Ok(lines)
}

fn read(event: &Value) -> Result<AuditLine> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let time = |value: &Value| {
        text(value).parse::<Timestamp>().with_context(|| format!("no audit time: {value}"))
    };
    let object = &event["objectRef"];
    Ok(AuditLine {
        id: text(&event["auditID"]),
        stage: text(&event["stage"]),
        user: text(&event["user"]["username"]),
        verb: text(&event["verb"]),
        resource: text(&object["resource"]),
        subresource: text(&object["subresource"]),
        name: text(&object["name"]),
        namespace: text(&object["namespace"]),
        code: event["responseStatus"]["code"].as_u64().unwrap_or_default() as u16,
        user_agent: text(&event["userAgent"]),
        request_uri: text(&event["requestURI"]),
        received: time(&event["requestReceivedTimestamp"])?,
        completed: time(&event["stageTimestamp"])?,
    })
}
