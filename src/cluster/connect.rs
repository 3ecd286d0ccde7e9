//! From kubectl's flags to a client.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header;
use kube::Config;
use kube::config::{AuthInfo, KubeConfigOptions, KubeconfigError};

use super::account::Account;
use super::call::chain;
use super::{Clock, Cluster, kubeconfig, proxy};
use crate::USER_AGENT;
use crate::error::{Error, Kind, quoted};

pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// kubectl's own flags.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub namespace: Option<String>,
    pub context: Option<String>,
    pub kubeconfig: Option<PathBuf>,
    pub impersonate: Option<String>,
}

impl Access {
    /// A command line of kubectl's that shows the same kubeconfig.
    fn kubectl(&self, words: &str) -> String {
        let shown = Access { kubeconfig: self.kubeconfig.clone(), ..Access::default() };
        format!("kubectl {words}{}", shown.flags(None))
    }

    /// The same once more, for a command line that works when pasted.
    pub fn flags(&self, namespace: Option<&str>) -> String {
        let kubeconfig = self.kubeconfig.as_ref().map(|path| path.display().to_string());
        let flags = [
            ("-n", namespace),
            ("--context", self.context.as_deref()),
            ("--kubeconfig", kubeconfig.as_deref()),
            ("--as", self.impersonate.as_deref()),
        ];
        let given = flags.iter().filter_map(|(flag, value)| Some((flag, quoted((*value)?))));
        given.map(|(flag, value)| format!(" {flag} {value}")).collect()
    }
}

/// Makes the client, with a credential. Nothing is sent yet.
pub async fn connect(access: &Access) -> Result<Cluster, Error> {
    let mut config = config(access).await?;
    config.connect_timeout = Some(CONNECT_WITHIN);
    // A repeated write is a decision: the plan's, after it has looked again.
    config.default_retry = false;
    config.headers.push((header::USER_AGENT, header::HeaderValue::from_static(USER_AGENT)));
    if let Some(user) = &access.impersonate {
        config.auth_info.impersonate = Some(user.clone());
    }
    let namespace = access.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    if !crate::settings::is_dns_label(&namespace) {
        let what = format!("{namespace:?} is not a valid namespace");
        return Err(Error::new(Kind::Usage, what)
            .because("it is set in the kubeconfig's context")
            .hint("use another: -n NAME"));
    }
    let address = shown(&config.cluster_url);
    let account = Account::new(config).map_err(|error| {
        Error::new(Kind::Usage, "the kubeconfig can't be used")
            .because(chain(&error))
            .hint(access.kubectl("config view"))
    })?;
    let flags = access.flags(Some(&namespace));
    let (account, clock) = (Arc::new(account), Arc::new(Clock::default()));
    let cluster = Cluster { account, clock, namespace, address, flags };
    // Here, and not with the first request: nothing else is in the way yet.
    match cluster.account.pass().await {
        Ok(_) => Ok(cluster),
        Err(trouble) => Err(cluster.without_credential(trouble)),
    }
}

/// A cluster's address without what may stand before the host: a user and a password.
fn shown(url: &http::Uri) -> String {
    let host = url.host().unwrap_or_default();
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme_str().unwrap_or("https"), url.path())
}

async fn config(access: &Access) -> Result<Config, Error> {
    let context = access.context.as_ref();
    let failed = |error: &KubeconfigError| {
        Error::new(Kind::Usage, "the kubeconfig can't be read")
            .because(chain(error))
            .hint(remedy(access, error))
    };
    let mut kubeconfig = match kubeconfig::read(access.kubeconfig.as_deref()) {
        Ok(kubeconfig) => kubeconfig,
        // Without one, and without a word about one: the Pod that a CI step may run in.
        Err(error) if is_none(&error) && access.kubeconfig.is_none() && context.is_none() => {
            return Config::incluster().map_err(|_| {
                Error::new(Kind::Usage, "there is no kubeconfig")
                    .because(chain(&error))
                    .hint("use --kubeconfig FILE, or set KUBECONFIG")
            });
        }
        Err(error) => return Err(failed(&error)),
    };
    let used = context.or(kubeconfig.current_context.as_ref());
    let used = kubeconfig.contexts.iter().find(|named| Some(&named.name) == used);
    let used = used.and_then(|named| named.context.clone());
    let user = used.as_ref().and_then(|used| used.user.clone());
    if let Some(user) = user.filter(|user| !user.is_empty()) {
        let named = kubeconfig.auth_infos.iter().find(|named| named.name == user);
        // The client would go on as nobody.
        let named = named.ok_or_else(|| {
            Error::new(Kind::Usage, "the kubeconfig can't be read")
                .because(format!("it has no user {user}, which the context names"))
                .hint(access.kubectl("config view"))
        })?;
        no_old_provider(&user, named.auth_info.as_ref())?;
    }
    let said = used.and_then(|used| proxy::take(&mut kubeconfig, &used.cluster));
    let options = KubeConfigOptions { context: context.cloned(), ..Default::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|error| failed(&error))?;
    config.proxy_url = proxy::to(&config.cluster_url, said.as_deref()).map_err(|why| {
        Error::new(Kind::Usage, "the proxy to the cluster can't be used").because(why).hint(
            match said {
                Some(_) => access.kubectl("config view"),
                None => "set it as http://HOST:PORT, or add the cluster to NO_PROXY".to_owned(),
            },
        )
    })?;
    Ok(config)
}

/// The client would run the program that such a provider names, with no limit, its thread blocked.
fn no_old_provider(user: &str, info: Option<&AuthInfo>) -> Result<(), Error> {
    let provider = info.and_then(|info| info.auth_provider.as_ref());
    // Its token stands in the kubeconfig, and is sent as any other.
    let Some(provider) = provider.filter(|provider| provider.name != "oidc") else { return Ok(()) };
    let what = format!("its user {user} has the auth-provider {}", provider.name);
    Err(Error::new(Kind::Usage, "the kubeconfig can't be used")
        .because(format!("{what}, which kubectl no longer supports either"))
        .hint(
            "refresh the kubeconfig with the cluster's own tool, such as aws eks update-kubeconfig",
        ))
}

fn is_none(error: &KubeconfigError) -> bool {
    matches!(error, KubeconfigError::FindPath) || kubeconfig::is_missing(error)
}

fn remedy(access: &Access, error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(..) | KubeconfigError::FindPath => {
            "use another: --kubeconfig FILE, or set KUBECONFIG".to_owned()
        }
        KubeconfigError::CurrentContextNotSet | KubeconfigError::LoadContext(_) => {
            access.kubectl("config get-contexts")
        }
        _ => access.kubectl("config view"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_can_be_pasted() {
        let access = Access {
            context: Some("it's".to_owned()),
            kubeconfig: Some("my files/config".into()),
            impersonate: Some("system:serviceaccount:birds:ci".to_owned()),
            ..Access::default()
        };
        let flags = access.flags(Some("birds"));
        let wanted = r"-n birds --context 'it'\''s' --kubeconfig 'my files/config'";
        assert_eq!(flags, format!(" {wanted} --as system:serviceaccount:birds:ci"));
        assert_eq!(Access::default().flags(Some("birds")), " -n birds");
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url = "https://user:secret@10.0.0.1:6443/k8s/c1".parse().unwrap();
        assert_eq!(shown(&url), "https://10.0.0.1:6443/k8s/c1");
        assert_eq!(shown(&"http://[::1]:80".parse().unwrap()), "http://[::1]:80/");
    }
}
