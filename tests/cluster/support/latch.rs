//! Something a test opens once, and a server waits for.

use tokio::sync::watch;

/// Stays open once opened, so that it does not matter who comes first (a
/// `Notify` would lose an opening that nobody was waiting for).
#[derive(Clone, Debug)]
pub struct Latch(watch::Sender<bool>);

impl Latch {
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub async fn opened(&self) {
        let mut state = self.0.subscribe();
        state.wait_for(|open| *open).await.expect("we hold a sender");
    }
}
