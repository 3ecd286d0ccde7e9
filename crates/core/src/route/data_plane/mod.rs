//! Data planes: the programs that obey an Ingress. Which one it is decides what a switch costs, and what of
//! an Ingress means anything. Pure: it sees an Ingress, and what its class says where that may be read.

mod access;
mod balancing;
mod events;
pub(super) mod ingress_nginx;
mod times;

use serde_json::Value;

pub use access::{access_lists, is_a_list, keeps_out};
pub use balancing::{Told, is_by_cookie, saying};
pub use events::{Means, means};
pub use ingress_nginx::{CANARY, OF_THE_BACKEND, is_canary};
pub use times::{SECONDS_AFTER_A_SWITCH, SECONDS_BEFORE_A_SWITCH, SECONDS_FOR_THE_NODES};

use super::ingress::{are_f5s, class};
use crate::model::annotation;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataPlane {
    /// kubernetes/ingress-nginx, and its forks.
    IngressNginx,
    /// F5's NGINX Ingress Controller.
    F5Nginx,
    /// Traefik where it obeys what was written for ingress-nginx.
    TraefikNginx,
    Traefik,
    Contour,
    /// Load balancers of clouds: not ours to switch yet.
    Alb,
    Gce,
    AppGateway,
    /// What leads requests to a Service on to its pods: kube-proxy, or what a cluster has in its place.
    Nodes,
    /// One that bluegreen knows nothing of.
    Other,
}

/// By what a data plane was told.
// The better known, the later.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum By {
    Nothing,
    /// The class's name alone.
    Name,
    /// Annotations that were written for it: it may have served the Ingress once.
    Written,
    /// What it has left on the Ingress itself; or a rule of its own that keeps people out, on which somebody
    /// relies.
    Marks,
    /// Its class's `spec.controller`.
    Controller(String),
    /// The kind of the route: nothing else obeys it.
    Kind,
}

/// What is believed of a route, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Believed {
    pub plane: DataPlane,
    pub by: By,
}

impl Believed {
    /// Of Services.
    pub fn of_services() -> Believed {
        Believed { plane: DataPlane::Nodes, by: By::Kind }
    }

    /// Whether an Ingress of ours is of use there that shows nothing to anybody. It is made where annotations
    /// are all that tells: to do without loses requests if another controller serves it.
    pub fn wants_ours(&self) -> bool {
        self.plane.wants_ours() || self.by == By::Written && !self.plane.is_a_clouds()
    }

    /// Whether anything is to be heard by Events of an Ingress. F5's classes are called nginx, too, so a name
    /// alone rules nothing out.
    pub fn may_complain(&self) -> bool {
        self.plane.says_by_events() || self.by <= By::Name
    }
}

/// A controller's name in an IngressClass, by how it begins: some of them append a name of their own.
const CONTROLLERS: [(&str, DataPlane); 6] = [
    ("nginx.org/ingress-controller", DataPlane::F5Nginx),
    ("traefik.io/ingress-controller", DataPlane::Traefik),
    ("projectcontour.io/", DataPlane::Contour),
    ("ingress.k8s.aws/alb", DataPlane::Alb),
    // EKS Auto Mode has the same controller within.
    ("eks.amazonaws.com/alb", DataPlane::Alb),
    ("azure/application-gateway", DataPlane::AppGateway),
];

/// Where a cluster has several of these, each has a name of its own: `k8s.io/internal-ingress-nginx`.
const INGRESS_NGINX: &str = "ingress-nginx";

/// Names that classes have by custom, in the field or in the older annotation.
const NAMES: [(&str, DataPlane); 9] = [
    ("alb", DataPlane::Alb),
    ("gce", DataPlane::Gce),
    ("gce-internal", DataPlane::Gce),
    ("gce-multi-cluster", DataPlane::Gce),
    ("azure/application-gateway", DataPlane::AppGateway),
    ("azure-application-gateway", DataPlane::AppGateway),
    ("traefik", DataPlane::Traefik),
    ("contour", DataPlane::Contour),
    ("nginx", DataPlane::IngressNginx),
];

/// What a controller leaves on an Ingress that it serves: finalizers, and annotations of its own.
const LEFT: [(&str, DataPlane); 5] = [
    ("group.ingress.k8s.aws/", DataPlane::Alb),
    ("ingress.k8s.aws/", DataPlane::Alb),
    ("networking.gke.io/ingress-finalizer", DataPlane::Gce),
    ("ingress.kubernetes.io/forwarding-rule", DataPlane::Gce),
    ("ingress.kubernetes.io/url-map", DataPlane::Gce),
];

/// As it signs what it writes.
const TRAEFIK: &str = "traefik";

/// Annotations that were written for one.
const FOR: [(&str, DataPlane); 3] = [
    ("alb.ingress.kubernetes.io/", DataPlane::Alb),
    ("appgw.ingress.kubernetes.io/", DataPlane::AppGateway),
    ("traefik.ingress.kubernetes.io/", DataPlane::Traefik),
];

/// Which one obeys an Ingress. `controller` is its class's `spec.controller`, where that may be read.
pub fn of(ingress: &Value, controller: Option<&str>) -> Believed {
    // What has served an Ingress that names no class does so still, whatever the default is.
    let has_left = |(_, by): &(DataPlane, By)| *by == By::Marks;
    if class(ingress).is_none()
        && let Some((plane, by)) =
            marks(ingress).or_else(|| nginx_by_marks(ingress)).filter(has_left)
    {
        return Believed { plane, by };
    }
    if let Some(controller) = controller {
        let known = CONTROLLERS.iter().find(|(known, _)| controller.starts_with(known));
        let plane = match known {
            Some((_, plane)) => *plane,
            None if !controller.contains(INGRESS_NGINX) => DataPlane::Other,
            // Traefik's provider for it takes classes of that very controller.
            None if is_written_by(ingress, TRAEFIK) => DataPlane::TraefikNginx,
            None => DataPlane::IngressNginx,
        };
        return Believed { plane, by: By::Controller(controller.to_owned()) };
    }
    let named = class(ingress).and_then(by_name);
    // Two more serve classes that are called nginx.
    let marks = match named {
        None => marks(ingress).or_else(|| nginx_by_marks(ingress)),
        Some(DataPlane::IngressNginx) => nginx_by_marks(ingress),
        Some(_) => None,
    };
    match (marks, named) {
        (Some((plane, by)), _) => Believed { plane, by },
        (None, Some(plane)) => Believed { plane, by: By::Name },
        (None, None) => Believed { plane: DataPlane::Other, by: By::Nothing },
    }
}

/// `nginx-internal` and `public-nginx` are as good as `nginx`.
fn by_name(class: &str) -> Option<DataPlane> {
    let known = NAMES.iter().find(|(known, _)| *known == class).map(|(_, plane)| *plane);
    known.or_else(|| class.contains("nginx").then_some(DataPlane::IngressNginx))
}

fn marks(ingress: &Value) -> Option<(DataPlane, By)> {
    let finalizers = ingress["metadata"]["finalizers"].as_array().into_iter().flatten();
    let annotations = ingress["metadata"]["annotations"].as_object().into_iter().flatten();
    let keys: Vec<&str> = finalizers
        .filter_map(Value::as_str)
        .chain(annotations.map(|(key, _)| key.as_str()))
        .collect();
    let begins = |(mark, _): &&(&str, DataPlane)| keys.iter().any(|key| key.starts_with(mark));
    let left = LEFT.iter().find(begins).map(|(_, plane)| (*plane, By::Marks));
    // A class of another name is another's as soon as somebody gives it to the Ingress.
    let is_classless = || class(ingress).is_none();
    left.or_else(|| {
        FOR.iter().find(begins).filter(|_| is_classless()).map(|(_, it)| (*it, By::Written))
    })
}

/// Which of those that serve a class called nginx, if one has left its name, or is written for.
fn nginx_by_marks(ingress: &Value) -> Option<(DataPlane, By)> {
    let written = [
        ("nginx-ingress-controller", DataPlane::IngressNginx),
        ("nginx-ingress", DataPlane::F5Nginx),
        (TRAEFIK, DataPlane::TraefikNginx),
    ];
    let writer = written.into_iter().find(|(manager, _)| is_written_by(ingress, manager));
    let is_said = |key: &&str| annotation(ingress, key).is_some_and(|said| !said.trim().is_empty());
    let by = if access::OF_F5.iter().any(is_said) { By::Marks } else { By::Written };
    writer
        .map(|(_, plane)| (plane, By::Marks))
        .or_else(|| are_f5s(ingress).then_some((DataPlane::F5Nginx, by)))
}

/// Whether somebody of this name has written the Ingress's status.
fn is_written_by(ingress: &Value, manager: &str) -> bool {
    let fields = ingress["metadata"]["managedFields"].as_array().into_iter().flatten();
    fields.into_iter().any(|field| field["manager"] == manager && field["subresource"] == "status")
}

impl DataPlane {
    /// As people call it.
    pub fn title(self) -> &'static str {
        match self {
            DataPlane::IngressNginx => "ingress-nginx",
            DataPlane::F5Nginx => "F5's NGINX Ingress Controller",
            DataPlane::TraefikNginx => "Traefik with the annotations of ingress-nginx",
            DataPlane::Traefik => "Traefik",
            DataPlane::Contour => "Contour",
            DataPlane::Alb => "the AWS Load Balancer Controller",
            DataPlane::Gce => "Google Cloud's Ingress controller",
            DataPlane::AppGateway => "Azure's Application Gateway",
            DataPlane::Nodes => "kube-proxy, or what the cluster has in its place",
            DataPlane::Other => "a controller that bluegreen does not know",
        }
    }

    /// Whether it makes a load balancer of a cloud, where a switch cuts connections and an Ingress of ours
    /// would be one load balancer more.
    pub fn is_a_clouds(self) -> bool {
        matches!(self, DataPlane::Alb | DataPlane::Gce | DataPlane::AppGateway)
    }

    /// Whether it obeys the annotations of ingress-nginx. Of one that is not known it may.
    pub fn obeys_nginx(self) -> bool {
        matches!(self, DataPlane::IngressNginx | DataPlane::TraefikNginx | DataPlane::Other)
    }

    /// Whether what it makes of a Service, and of passwords, is ingress-nginx's own way.
    pub fn is_ingress_nginx(self) -> bool {
        matches!(self, DataPlane::IngressNginx | DataPlane::Other)
    }

    /// Whether it says by Events of an Ingress that it does not apply it. Of one that is not known it may.
    fn says_by_events(self) -> bool {
        matches!(self, DataPlane::F5Nginx | DataPlane::Other)
    }

    /// Whether our own Ingress can be closed there, by a list of addresses; None where it is not known.
    pub fn locks(self) -> Option<bool> {
        match self {
            DataPlane::IngressNginx | DataPlane::TraefikNginx => Some(true),
            DataPlane::F5Nginx | DataPlane::Traefik | DataPlane::Contour => Some(false),
            DataPlane::Alb
            | DataPlane::Gce
            | DataPlane::AppGateway
            | DataPlane::Nodes
            | DataPlane::Other => None,
        }
    }

    /// What Traefik obeys as ingress-nginx's may be that one's as well, while one takes over from the other; and
    /// at a cloud's an Ingress of ours would be a load balancer.
    fn wants_ours(self) -> bool {
        match self {
            DataPlane::IngressNginx
            | DataPlane::TraefikNginx
            | DataPlane::Contour
            | DataPlane::Other => true,
            DataPlane::F5Nginx
            | DataPlane::Traefik
            | DataPlane::Alb
            | DataPlane::Gce
            | DataPlane::AppGateway
            | DataPlane::Nodes => false,
        }
    }

    /// Whether a switch loses requests there where no Ingress names the Services of both versions.
    pub fn needs_both_named(self) -> Option<bool> {
        match self {
            DataPlane::IngressNginx | DataPlane::Contour => Some(true),
            DataPlane::F5Nginx
            | DataPlane::TraefikNginx
            | DataPlane::Traefik
            | DataPlane::Nodes => Some(false),
            DataPlane::Alb | DataPlane::Gce | DataPlane::AppGateway | DataPlane::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn classed(class: &str) -> Value {
        json!({"spec": {"ingressClassName": class}})
    }

    #[test]
    fn a_controller_that_may_be_read_decides_whatever_the_class_is_called() {
        for (controller, plane) in [
            ("k8s.io/ingress-nginx", DataPlane::IngressNginx),
            ("k8s.io/internal-ingress-nginx", DataPlane::IngressNginx),
            ("nginx.org/ingress-controller", DataPlane::F5Nginx),
            ("projectcontour.io/projectcontour/contour", DataPlane::Contour),
            ("ingress.k8s.aws/alb", DataPlane::Alb),
            ("azure/application-gateway", DataPlane::AppGateway),
            ("haproxy.org/ingress-controller", DataPlane::Other),
        ] {
            let by = By::Controller(controller.to_owned());
            assert_eq!(of(&classed("nginx"), Some(controller)), Believed { plane, by });
        }
        let mut ingress = classed("nginx");
        ingress["metadata"]["managedFields"] =
            json!([{"manager": "traefik", "subresource": "status"}]);
        let believed = of(&ingress, Some("k8s.io/ingress-nginx"));
        assert_eq!(believed.plane, DataPlane::TraefikNginx);
    }

    #[test]
    fn events_are_heard_but_where_a_controller_is_known_to_say_nothing() {
        let heard = |controller| of(&classed("nginx"), controller).may_complain();
        assert!(heard(None));
        assert!(heard(Some("nginx.org/ingress-controller")));
        assert!(heard(Some("haproxy.org/ingress-controller")));
        assert!(!heard(Some("k8s.io/ingress-nginx")));
    }

    #[test]
    fn else_names_that_classes_have_by_custom() {
        for (class, plane) in [
            ("alb", DataPlane::Alb),
            ("gce", DataPlane::Gce),
            ("gce-internal", DataPlane::Gce),
            ("azure/application-gateway", DataPlane::AppGateway),
            ("azure-application-gateway", DataPlane::AppGateway),
            ("traefik", DataPlane::Traefik),
            ("nginx", DataPlane::IngressNginx),
            ("nginx-internal", DataPlane::IngressNginx),
        ] {
            assert_eq!(of(&classed(class), None), Believed { plane, by: By::Name }, "{class}");
            let older =
                json!({"metadata": {"annotations": {"kubernetes.io/ingress.class": class}}});
            assert_eq!(of(&older, None).plane, plane, "{class}");
        }
        let nothing = Believed { plane: DataPlane::Other, by: By::Nothing };
        assert_eq!(of(&classed("inner"), None), nothing);
        assert_eq!(of(&json!({}), None), nothing);
    }

    #[test]
    fn else_what_stands_on_the_ingress() {
        let marked = |mut ingress: Value, field: &str, mark: Value| {
            ingress["metadata"][field] = mark;
            of(&ingress, None)
        };
        let f5 = Believed { plane: DataPlane::F5Nginx, by: By::Marks };
        let written = json!({"nginx.org/rewrites": "serviceName=a rewrite=/"});
        let written = marked(classed("nginx"), "annotations", written);
        assert_eq!(written, Believed { by: By::Written, ..f5.clone() });
        // An annotation may be left over, but for one on which somebody relies.
        assert!(written.wants_ours() && !f5.wants_ours());
        let few = json!({"nginx.org/policies": "people"});
        assert_eq!(marked(classed("nginx"), "annotations", few), f5);
        let status = |manager| json!([{"manager": manager, "subresource": "status"}]);
        assert_eq!(marked(classed("nginx"), "managedFields", status("nginx-ingress")), f5);
        let own = marked(classed("nginx"), "managedFields", status("nginx-ingress-controller"));
        assert_eq!(own.plane, DataPlane::IngressNginx);
        // A cluster's default class has no name on the Ingress.
        let finalizers = json!(["networking.gke.io/ingress-finalizer-V2"]);
        assert_eq!(marked(json!({}), "finalizers", finalizers.clone()).plane, DataPlane::Gce);
        let mut left = json!({"metadata": {"finalizers": finalizers}});
        assert_eq!(of(&left, Some("k8s.io/ingress-nginx")).plane, DataPlane::Gce);
        left["spec"]["ingressClassName"] = json!("nginx");
        assert_eq!(of(&left, Some("k8s.io/ingress-nginx")).plane, DataPlane::IngressNginx);
        let alb = json!({"alb.ingress.kubernetes.io/scheme": "internal"});
        assert_eq!(marked(json!({}), "annotations", alb.clone()).plane, DataPlane::Alb);
        // What was written for another that once served it does not count against the class's name.
        let kong = marked(classed("kong"), "annotations", alb.clone());
        assert_eq!(kong.plane, DataPlane::Other);
        let moved = marked(classed("nginx"), "annotations", alb);
        assert_eq!(moved.plane, DataPlane::IngressNginx);
    }
}
