//! What asking the app through the ingress has shown: an Ingress has no acknowledgement, so this is
//! the only proof that a switch has arrived.

use jiff::{SignedDuration, Timestamp};

/// So long new answers alone have to come. Old and new answers mix while nginx reloads, for at most a
/// quarter of a second where it was measured, and by chance many new ones may come in a row then.
pub const ENOUGH: SignedDuration = SignedDuration::from_secs(1);
/// And at least so many: a slow app answers seldom.
pub const ENOUGH_ANSWERS: u64 = 10;

/// What one process has seen since the switch of a release; of the time before it only whether it
/// will be able to tell the two versions apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Probed {
    pub release: u64,
    pub sight: Sight,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Nothing can be told from the answers, and why not.
    Blind { why: String },
    /// The old version still answers, or nobody does: the last such answer, and when it came.
    Old { at: Timestamp, said: String },
    /// Since then every answer came from the new version, each on a connection of its own. What could
    /// not be told of another Ingress or address, and why, if there is any.
    New { since: Timestamp, answers: u64, unseen: Option<String> },
}

impl Sight {
    /// Whether the new version is served, beyond doubt, by all that was seen.
    pub fn is_enough(&self, now: Timestamp) -> bool {
        match self {
            Sight::New { since, answers, .. } => {
                *answers >= ENOUGH_ANSWERS && now.duration_since(*since) >= ENOUGH
            }
            Sight::Old { .. } | Sight::Blind { .. } => false,
        }
    }
}
