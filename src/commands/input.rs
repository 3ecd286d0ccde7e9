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

/// Says what of the files does not count: whoever wrote it there may think that it does.
pub fn say_what_is_left(input: &Input) {
    let shown = |left: &[String]| shortened(&left.iter().map(String::as_str).collect::<Vec<_>>());
    if let Some(file) = input.template.as_ref().filter(|file| !file.left.is_empty()) {
        // Whoever applies the file to change them rolls out its template there and then.
        report::notice(&format!(
            "only the pod template of {} is used, not {}; change those with kubectl scale or kubectl patch: \
             kubectl apply would roll out the template at once",
            file.shown(),
            shown(&file.left)
        ));
    }
    if !input.unapplied.is_empty() {
        report::notice(&format!("not used: {}; apply them yourself", shown(&input.unapplied)));
    }
}

/// The first of many.
fn shortened(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Why files say nothing, by the kinds of what stands in them.
pub fn passed(kinds: &[String]) -> String {
    match kinds {
        [] => "the file is empty".to_owned(),
        kinds => format!("ignored kinds: {}", kinds.join(", ")),
    }
}
