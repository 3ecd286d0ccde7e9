//! What is read beyond the app's namespace. Most may not, and nothing waits for it: what can't be read is
//! not known.

use std::time::Duration;

use futures_util::future::join;
use http::Method;
use serde_json::Value;

use super::Cluster;
use super::observe::encode;
use crate::release::{Beyond, Class, Elsewhere, Sought, default_controller};

const GROUP: &str = "/apis/networking.k8s.io/v1";
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);
/// All Ingresses of a large cluster.
const LISTED_WITHIN: Duration = Duration::from_secs(5);

pub async fn beyond(cluster: &Cluster, sought: &Sought) -> Beyond {
    let (controller, host) = join(controller(cluster, sought), elsewhere(cluster, sought)).await;
    Beyond { controllers: controller.into_iter().collect(), host }
}

/// A class, and which controller serves it.
async fn controller(cluster: &Cluster, sought: &Sought) -> Option<(String, String)> {
    let classes = format!("{GROUP}/ingressclasses");
    match sought.class.as_ref()? {
        // The older annotation may say what no object can be called.
        Class::Named(class) if class.contains('/') => None,
        Class::Named(class) => {
            let url = format!("{classes}/{}", encode(class));
            let object = get(cluster, &url, ANSWERED_WITHIN).await?;
            Some((class.clone(), object["spec"]["controller"].as_str()?.to_owned()))
        }
        Class::Default => {
            let list = get(cluster, &classes, ANSWERED_WITHIN).await?;
            let controller = default_controller(list["items"].as_array()?)?;
            Some((String::new(), controller.to_owned()))
        }
    }
}

/// Who else in the cluster has the preview host.
async fn elsewhere(cluster: &Cluster, sought: &Sought) -> Option<Elsewhere> {
    let host = sought.host.as_deref()?;
    let list = get(cluster, &format!("{GROUP}/ingresses"), LISTED_WITHIN).await?;
    let all = list["items"].as_array().filter(|_| list["kind"] == "IngressList")?;
    Some(Elsewhere::among(host, &cluster.namespace, all))
}

async fn get(cluster: &Cluster, url: &str, limit: Duration) -> Option<Value> {
    cluster.call(Method::GET, url, None, limit).await.ok()
}
