//! The kubeconfig, from one file or several, as client-go has it.

use std::collections::BTreeSet;
use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use kube::config::{Kubeconfig, KubeconfigError};

/// The file that was named; otherwise those that the environment lists, or the usual one.
pub(super) fn read(named: Option<&Path>) -> Result<Kubeconfig, KubeconfigError> {
    match (named, env::var_os("KUBECONFIG")) {
        (Some(path), _) => Kubeconfig::read_from(path),
        (None, Some(list)) if !list.is_empty() => merged(env::split_paths(&list)),
        (None, _) => Kubeconfig::read(),
    }
}

/// The first file that says something counts. Those that are not there are passed over while one is left.
fn merged(paths: impl Iterator<Item = PathBuf>) -> Result<Kubeconfig, KubeconfigError> {
    let (mut seen, mut merged, mut missing) = (BTreeSet::new(), None, None);
    for path in paths.filter(|path| !path.as_os_str().is_empty()) {
        if !seen.insert(path.clone()) {
            continue;
        }
        let read = match Kubeconfig::read_from(&path) {
            Err(error) if is_missing(&error) => {
                missing.get_or_insert(error);
                continue;
            }
            read => read?,
        };
        // An empty name is none.
        let current_context = read.current_context.clone().filter(|name| !name.is_empty());
        let read = Kubeconfig { current_context, ..read };
        merged = Some(match merged {
            None => read,
            Some(before) => Kubeconfig::merge(before, read)?,
        });
    }
    merged.map_or_else(|| Err(missing.unwrap_or(KubeconfigError::FindPath)), Ok)
}

pub(super) fn is_missing(error: &KubeconfigError) -> bool {
    matches!(error, KubeconfigError::ReadConfig(error, _) if error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(context: &str, server: &str) -> String {
        format!(
            "current-context: {context}\n\
             contexts: [{{name: birds, context: {{cluster: c, namespace: {server}}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'https://{server}', certificate-authority: ca.crt}}}}]\n\
             users: [{{name: {server}, user: {{client-key: keys/me.key}}}}]\n"
        )
    }

    #[test]
    fn the_first_file_that_says_something_counts_and_each_knows_its_own_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        fs::write(at("a"), file("''", "one")).unwrap();
        fs::write(at("b/config"), file("birds", "two")).unwrap();
        let list = ["nowhere", "a", "", "a", "b/config"];
        let list = list.map(|name| if name.is_empty() { PathBuf::new() } else { at(name) });
        let read = merged(list.into_iter()).unwrap();
        assert_eq!(read.current_context.as_deref(), Some("birds"));
        assert_eq!((read.contexts.len(), read.clusters.len()), (1, 1));
        let cluster = read.clusters[0].cluster.as_ref().unwrap();
        let authority = at("ca.crt").display().to_string();
        assert_eq!(cluster.server.as_deref(), Some("https://one"));
        assert_eq!(cluster.certificate_authority, Some(authority));
        let keys = read.auth_infos.iter().map(|user| {
            (user.name.as_str(), user.auth_info.as_ref().unwrap().client_key.clone().unwrap())
        });
        let key = |folder: &Path| folder.join("keys/me.key").display().to_string();
        let wanted = [("one", key(folder.path())), ("two", key(&at("b")))];
        assert_eq!(keys.collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn where_none_is_there_the_first_is_missing() {
        let list = ["/nowhere/a", "/nowhere/b"].map(PathBuf::from);
        let error = merged(list.into_iter()).unwrap_err();
        assert!(is_missing(&error) && error.to_string().contains("/nowhere/a"), "{error}");
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "[").unwrap();
        assert!(!is_missing(&merged([path].into_iter()).unwrap_err()));
    }
}
