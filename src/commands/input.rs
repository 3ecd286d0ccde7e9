//! What a command line and its files ask for together.

use std::path::PathBuf;

use super::session;
use crate::cli::Common;
use crate::error::Error;
use crate::report;
use crate::settings::{self, Asked, Input};

/// Reads the files, and says which settings count where nobody named them. With what they say of
/// the namespace.
pub fn read(
    common: &Common,
    files: &[PathBuf],
    app: Option<&str>,
    with_template: bool,
) -> Result<(Common, Input), Error> {
    let look = |app: &str, namespace: Option<&str>| {
        let flags = session::access(common).flags(namespace);
        format!("kubectl get deployment {app} -o yaml{flags}")
    };
    let asked = Asked { files, app, namespace: common.namespace.as_deref(), with_template };
    let input = settings::read(&asked, &look)?;
    if let Some(loaded) = input.settings.as_ref().filter(|loaded| loaded.found) {
        report::notice(&format!("settings from {}", loaded.shown));
    }
    Ok((Common { namespace: input.namespace.clone(), ..common.clone() }, input))
}

/// Why files say nothing, by the kinds of what stands in them.
pub fn passed(kinds: &[String]) -> String {
    match kinds {
        [] => "nothing stands there".to_owned(),
        kinds => format!("what stands there is passed over: {}", kinds.join(", ")),
    }
}
