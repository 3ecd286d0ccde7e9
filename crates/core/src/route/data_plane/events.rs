//! What a data plane says of an Ingress by Events.

/// What comes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    /// The Ingress is dropped: its hosts are answered as if it were not there.
    Dropped,
    /// The controller goes on with what it had before.
    NotApplied,
}

/// Reasons of warnings that say so, all of them of F5's NGINX Ingress Controller.
const REASONS: [(&str, Means); 3] = [
    ("Rejected", Means::Dropped),
    // What dropped it could not be applied either.
    ("RejectedWithError", Means::NotApplied),
    ("AddedOrUpdatedWithError", Means::NotApplied),
];

/// What a warning with this reason means.
pub fn means(reason: &str) -> Option<Means> {
    REASONS.into_iter().find(|(known, _)| *known == reason).map(|(_, means)| means)
}
