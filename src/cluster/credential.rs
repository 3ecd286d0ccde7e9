//! Errors about who we are. The client's own words for them repeat what a credential is made of, or
//! lines of the kubeconfig: these may hold secrets.

use kube::client::AuthError;
use kube::config::{KubeconfigError, LoadDataError};

/// What may be said of an error that has such a one among its causes; nothing if it has none.
pub fn told(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return Some(auth(error));
        }
        if let Some(error) = error.downcast_ref()
            && let Some(text) = kubeconfig(error)
        {
            return Some(text);
        }
        next = error.source();
    }
    None
}

fn auth(error: &AuthError) -> String {
    match error {
        AuthError::ReadTokenFile(error, path) => {
            format!("the token file {} can't be read: {error}", path.display())
        }
        AuthError::InvalidBasicAuth(_) => error.to_string(),
        _ => "the credential in the kubeconfig can't be used".to_owned(),
    }
}

fn kubeconfig(error: &KubeconfigError) -> Option<String> {
    let load = |what: &str, error: &LoadDataError| match error {
        LoadDataError::DecodeBase64(_) => format!("its {what} is not base64"),
        LoadDataError::ReadFile(error, path) => {
            format!("its {what}, {}, can't be read: {error}", path.display())
        }
        LoadDataError::NoBase64DataOrFile => format!("it has no {what}"),
    };
    Some(match error {
        KubeconfigError::Parse(error) => {
            let place = error.location().map(|place| format!(" (line {})", place.line()));
            format!("it is not the YAML of a kubeconfig{}", place.unwrap_or_default())
        }
        KubeconfigError::ReadConfig(error, path) => format!("{}: {error}", path.display()),
        KubeconfigError::CurrentContextNotSet => "it names no current context".to_owned(),
        KubeconfigError::LoadContext(name) => format!("it has no context {name}"),
        KubeconfigError::LoadClusterOfContext(name) => {
            format!("it has no cluster {name}, which the context names")
        }
        KubeconfigError::MissingClusterUrl => "its cluster has no server".to_owned(),
        KubeconfigError::ParseClusterUrl(_) => {
            "its cluster's server is not a valid address".to_owned()
        }
        KubeconfigError::ParseNoProxy(_) => {
            "NO_PROXY in the environment must be a comma-separated list of hosts, addresses and \
             ranges"
                .to_owned()
        }
        KubeconfigError::LoadCertificateAuthority(error) => load("certificate authority", error),
        KubeconfigError::LoadClientCertificate(error) => load("client certificate", error),
        KubeconfigError::LoadClientKey(error) => load("client key", error),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::call::chain;

    #[test]
    fn what_the_client_says_of_a_credential_is_not_repeated() {
        let error = AuthError::AuthExec("Executing sh failed: secret".to_owned());
        assert!(!chain(&kube::Error::Auth(error)).contains("secret"));
    }

    #[test]
    fn a_broken_kubeconfig_is_not_repeated() {
        let text = "users:\n- name: me\n  user: {token: secret\ncontexts: [";
        let error = kube::config::Kubeconfig::from_yaml(text).unwrap_err();
        let text = chain(&error);
        assert!(text.contains("line") && !text.contains("secret"), "{text}");
    }
}
