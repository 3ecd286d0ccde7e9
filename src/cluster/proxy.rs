//! Which proxy leads to the cluster, by kubectl's rules: the kubeconfig's wherever the cluster is, or the
//! environment's where `NO_PROXY` does not except it.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::Kubeconfig;

use crate::settings::is_this_machine;

const SCHEMES: [&str; 3] = ["http", "https", "socks5"];
/// Nobody's.
const PLACEHOLDER: &str = "http://proxy.invalid";

const OF_HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const OF_HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];

/// Takes a cluster's proxy out of the kubeconfig. The client would read the environment
/// by rules of its own, which have `NO_PROXY` name proxies: it finds one that is said already.
pub(super) fn take(kubeconfig: &mut Kubeconfig, cluster: &str) -> Option<String> {
    let named = kubeconfig.clusters.iter_mut().find(|named| named.name == cluster)?;
    let cluster = named.cluster.as_mut()?;
    let said = cluster.proxy_url.take().filter(|said| !said.is_empty());
    cluster.proxy_url = variable(OF_HTTPS).map(|_| PLACEHOLDER.to_owned());
    said
}

/// The proxy to a cluster of which the kubeconfig says this. What is wrong with one is said without
/// repeating it: there may be a password in it.
pub(super) fn to(cluster: &Uri, said: Option<&str>) -> Result<Option<Uri>, String> {
    match said {
        Some(said) => parsed("the kubeconfig's proxy-url", said).map(Some),
        None => environments(cluster),
    }
}

fn environments(cluster: &Uri) -> Result<Option<Uri>, String> {
    // As with kubectl: it is for other machines than this one.
    if is_this_machine(cluster.host()) {
        return Ok(None);
    }
    let names = match cluster.scheme_str() {
        Some("http") => OF_HTTP,
        _ => OF_HTTPS,
    };
    let Some(said) = variable(names) else { return Ok(None) };
    let no = variable(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    // Only whether any would be asked: it leaves out the password.
    let matcher = Matcher::builder().all(PLACEHOLDER).no(no).build();
    match matcher.intercept(cluster) {
        Some(_) => parsed(&format!("{} in the environment", names[0]), &said).map(Some),
        None => Ok(None),
    }
}

fn variable(names: [&str; 2]) -> Option<String> {
    let mut values = names.into_iter().filter_map(|name| std::env::var(name).ok());
    values.find(|value| !value.is_empty())
}

/// `place` is where it is said.
fn parsed(place: &str, said: &str) -> Result<Uri, String> {
    let said = if said.contains("://") { said.to_owned() } else { format!("http://{said}") };
    let uri: Uri = said.parse().map_err(|_| format!("{place} is not a valid address"))?;
    match uri.scheme_str() {
        Some(scheme) if SCHEMES.contains(&scheme) => Ok(uri),
        _ => Err(format!("{place} is not one of {}", SCHEMES.join(", "))),
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
            ("http://me:hush@", "the kubeconfig's proxy-url is not a valid address"),
            ("ftp://me:hush@proxy", "the kubeconfig's proxy-url is not one of http, https, socks5"),
        ] {
            assert_eq!(to(&cluster, Some(said)), Err(why.to_owned()));
        }
    }
}
