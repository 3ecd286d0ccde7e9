//! Which proxy leads to the cluster, by kubectl's rules: the kubeconfig's wherever the cluster is, or the
//! environment's where `NO_PROXY` does not except it.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::Kubeconfig;

use crate::settings::is_this_machine;

const SCHEMES: [&str; 3] = ["http", "https", "socks5"];
/// Nobody's.
const PLACEHOLDER: &str = "http://proxy.invalid";

/// Takes the proxy of a context's cluster out of the kubeconfig. The client would read the environment
/// by rules of its own, which have `NO_PROXY` name proxies: it finds one that is said already.
pub(super) fn take(kubeconfig: &mut Kubeconfig, context: Option<&str>) -> Option<String> {
    let named = kubeconfig.contexts.iter().find(|named| Some(&*named.name) == context)?;
    let cluster = named.context.as_ref()?.cluster.clone();
    let named = kubeconfig.clusters.iter_mut().find(|named| named.name == cluster)?;
    let cluster = named.cluster.as_mut()?;
    let said = cluster.proxy_url.take().filter(|said| !said.is_empty());
    let reads = ["HTTPS_PROXY", "https_proxy"].into_iter().any(|name| variable(&[name]).is_some());
    cluster.proxy_url = reads.then(|| PLACEHOLDER.to_owned());
    said
}

/// The proxy to a cluster of which the kubeconfig says this. What is wrong with one is said without
/// repeating it: there may be a password in it.
pub(super) fn to(cluster: &Uri, said: Option<&str>) -> Result<Option<Uri>, String> {
    match said {
        Some(said) => {
            parsed(said).map_err(|why| format!("the kubeconfig's proxy-url {why}")).map(Some)
        }
        None => environments(cluster),
    }
}

fn environments(cluster: &Uri) -> Result<Option<Uri>, String> {
    // As with kubectl: it is for other machines than this one.
    if is_this_machine(cluster.host()) {
        return Ok(None);
    }
    let names = match cluster.scheme_str() {
        Some("http") => ["HTTP_PROXY", "http_proxy"],
        _ => ["HTTPS_PROXY", "https_proxy"],
    };
    let Some(said) = variable(&names) else { return Ok(None) };
    let no = variable(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
    // Only whether any would be asked: it leaves out the password.
    let matcher = Matcher::builder().all(PLACEHOLDER).no(no).build();
    match matcher.intercept(cluster) {
        Some(_) => {
            parsed(&said).map_err(|why| format!("{} in the environment {why}", names[0])).map(Some)
        }
        None => Ok(None),
    }
}

fn variable(names: &[&str]) -> Option<String> {
    let mut values = names.iter().filter_map(|name| std::env::var(name).ok());
    values.find(|value| !value.is_empty())
}

fn parsed(said: &str) -> Result<Uri, String> {
    let said = if said.contains("://") { said.to_owned() } else { format!("http://{said}") };
    let uri: Uri = said.parse().map_err(|_| "is no address".to_owned())?;
    match uri.scheme_str() {
        Some(scheme) if SCHEMES.contains(&scheme) => Ok(uri),
        _ => Err(format!("is not one of {}", SCHEMES.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_of_the_kubeconfigs_counts_for_this_machine_too() {
        let cluster = "https://127.0.0.1:6443".parse().unwrap();
        for (said, proxy) in [
            ("http://proxy.example.com:3128", "http://proxy.example.com:3128/"),
            ("proxy.example.com:3128", "http://proxy.example.com:3128/"),
            ("socks5://127.0.0.1:1080", "socks5://127.0.0.1:1080/"),
        ] {
            let found = to(&cluster, Some(said)).unwrap().unwrap();
            assert_eq!(found.to_string(), proxy);
        }
    }

    #[test]
    fn one_that_can_not_be_used_is_not_repeated() {
        let cluster = "https://10.0.0.1:6443".parse().unwrap();
        for (said, why) in [
            ("http://me:hush@", "the kubeconfig's proxy-url is no address"),
            ("ftp://me:hush@proxy", "the kubeconfig's proxy-url is not one of http, https, socks5"),
        ] {
            assert_eq!(to(&cluster, Some(said)), Err(why.to_owned()));
        }
    }
}
