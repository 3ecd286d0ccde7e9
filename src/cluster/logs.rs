//! The last words of a container.

use std::time::Duration;

use http::Request;

use super::Cluster;
use crate::model::Kind;

const LINES: usize = 10;
const READ_WITHIN: Duration = Duration::from_secs(5);

impl Cluster {
    /// The last lines of a container's log, of its previous run if it was started again. Empty
    /// where there is none, or where we may not read it: it only helps a person to understand.
    pub async fn last_lines(&self, pod: &str, container: &str, previous: bool) -> Vec<String> {
        let url = format!(
            "{}/log?container={container}&tailLines={LINES}&previous={previous}",
            self.path(Kind::Pod, Some(pod))
        );
        let Ok(request) = Request::get(url).body(Vec::new()) else { return Vec::new() };
        let Ok(pass) = self.account.pass().await else { return Vec::new() };
        let text = pass.client.request_text(request);
        match tokio::time::timeout(READ_WITHIN, text).await {
            Ok(Ok(text)) => text.lines().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}
