//! Errors about who we are. The client's own words for them repeat a credential plugin's environment,
//! arguments and output, or lines of the kubeconfig: all of these may hold secrets.

use kube::client::AuthError;
use kube::config::KubeconfigError;

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
        AuthError::AuthExecRun { cmd, out } => {
            format!("the credential plugin{} failed with {}", program(cmd), out.status)
        }
        AuthError::AuthExecStart(why) => format!("the credential plugin can't be started: {why}"),
        AuthError::AuthExecParse(_)
        | AuthError::ExecPluginFailed
        | AuthError::MalformedTokenExpirationDate(_)
        | AuthError::InvalidBearerToken(_) => {
            "the credential plugin gave no credential that can be understood".to_owned()
        }
        AuthError::MissingCommand
        | AuthError::ExecMissingClusterInfo
        | AuthError::InvalidBasicAuth(_)
        | AuthError::UnrefreshableTokenResponse
        | AuthError::ReadTokenFile(..) => error.to_string(),
        _ => "the kubeconfig's way to a credential did not work".to_owned(),
    }
}

/// The program of a command line as `std::process::Command` shows it: after its variables, before
/// its arguments, and only where it is plain to see.
fn program(shown: &str) -> String {
    let mut rest = shown;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            return match quoted.split('"').next() {
                Some(name) if !name.is_empty() && !name.contains('\\') => format!(" {name}"),
                _ => String::new(),
            };
        }
        // NAME="VALUE", where quotes in the value are escaped.
        let Some((name, value)) = rest.split_once("=\"") else { return String::new() };
        if name.contains(['"', ' ']) {
            return String::new();
        }
        let mut escaped = false;
        let end = value.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(after) = end.and_then(|end| value[end + 1..].strip_prefix(' ')) else {
            return String::new();
        };
        rest = after;
    }
}

fn kubeconfig(error: &KubeconfigError) -> Option<String> {
    let KubeconfigError::Parse(error) = error else { return None };
    let place = error.location().map(|place| format!(" (line {})", place.line()));
    Some(format!("it is not the YAML of a kubeconfig{}", place.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::call::chain;
    use std::process::Command;

    #[test]
    fn a_failing_plugin_is_told_without_its_secrets() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo secret-out; echo secret-err >&2; exit 3; : secret-arg"]);
        command.env("PLUGIN_TOKEN", "secret \"env\\").env("OTHER", "secret-two");
        let out = Box::new(command.output().unwrap());
        let told = |cmd: String| {
            let error = AuthError::AuthExecRun { cmd, out: out.clone() };
            chain(&kube::Error::Service(Box::new(error)))
        };
        let text = told(format!("{command:?}"));
        assert_eq!(text, "the credential plugin sh failed with exit status: 3");
        for odd in ["", "\"", "A=\"secret", "A=\"secret\\\"", "secret -c x", "A B=\"\" \"secret\""]
        {
            assert!(!told(odd.to_owned()).contains("secret"), "{odd}");
        }
        let error = AuthError::AuthExecRun { cmd: format!("{command:?}"), out: out.clone() };
        assert_eq!(chain(&kube::Error::Auth(error)), text);
    }

    #[test]
    fn a_credential_that_can_not_be_understood_is_not_repeated() {
        let error = serde_saphyr::from_str::<u64>("token: secret").unwrap_err();
        let text = chain(&kube::Error::Auth(AuthError::AuthExecParse(Box::new(error))));
        assert_eq!(text, "the credential plugin gave no credential that can be understood");
        let error = AuthError::AuthExec("Executing sh failed: secret".to_owned());
        assert!(!chain(&error).contains("secret"));
    }

    #[test]
    fn a_broken_kubeconfig_is_not_repeated() {
        let text = "users:\n- name: me\n  user: {token: secret\ncontexts: [";
        let error = kube::config::Kubeconfig::from_yaml(text).unwrap_err();
        let text = chain(&error);
        assert!(text.contains("line") && !text.contains("secret"), "{text}");
    }
}
