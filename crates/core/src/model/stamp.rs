//! The annotations that one app has on an object which several may share.

use sha2::{Digest, Sha256};

/// The longest that the name of an annotation may be, behind its prefix.
const LONGEST: usize = 63;

/// The key of an app's own annotation: `bluegreen/release.parrot`. An app whose name is too long for
/// that has a hash in its place, behind a sign that no name has.
pub fn of_app(key: &str, app: &str) -> String {
    let whole = format!("{key}.{app}");
    let name = whole.rsplit('/').next().map_or(0, str::len);
    if name <= LONGEST {
        return whole;
    }
    let hash: String = Sha256::digest(app).iter().take(16).map(|b| format!("{b:02x}")).collect();
    format!("{key}_{hash}")
}

#[cfg(test)]
mod tests {
    use super::super::{EPOCH, RELEASE};
    use super::*;

    #[test]
    fn each_app_has_a_key_of_its_own_that_the_api_server_takes() {
        assert_eq!(of_app(RELEASE, "parrot"), "bluegreen/release.parrot");
        assert_eq!(of_app(EPOCH, "parrot"), "bluegreen/epoch.parrot");
        // The longest of which a Service can be made that is called by it and `-preview`.
        let long = "p".repeat(55);
        assert_eq!(of_app(RELEASE, &long), format!("bluegreen/release.{long}"));
        let (longer, other) = ("p".repeat(56), format!("{}q", "p".repeat(55)));
        for app in [longer.as_str(), &other, &"p.".repeat(120), "\u{1f99c}".repeat(16).as_str()] {
            let key = of_app(RELEASE, app);
            let name = key.strip_prefix("bluegreen/").unwrap();
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            assert!(name.len() <= 63 && name.chars().all(is_plain), "{name}");
            assert!(name.ends_with(|c: char| c.is_ascii_alphanumeric()), "{name}");
        }
        assert_ne!(of_app(RELEASE, &longer), of_app(RELEASE, &other));
    }
}
