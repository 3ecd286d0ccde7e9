//! Annotations of an Ingress that name Services. F5's NGINX Ingress Controller takes there only names of
//! Services that the Ingress has as backends: with another name in one it drops the whole Ingress, and all
//! of its hosts answer 404. So they change with the backends, in one patch.

use json_patch::{PatchOperation, ReplaceOperation, TestOperation};
use serde_json::{Value, json};

use crate::model::pointer;

/// The domains of that controller's annotations.
const F5: [&str; 2] = ["nginx.org", "nginx.com"];

/// How a value names Services.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// `cart,checkout`
    List,
    /// `serviceName=cart rewrite=/;serviceName=checkout rewrite=/pay/`
    Entries,
}

const ENTRY: &str = "serviceName=";

/// How an annotation of F5's names Services, if it does: `nginx.org/grpc-services`, `nginx.org/rewrites`, ...
fn form(key: &str) -> Option<Form> {
    let (domain, name) = key.split_once('/')?;
    match name {
        _ if !F5.contains(&domain) => None,
        "rewrites" | "sticky-cookie-services" => Some(Form::Entries),
        _ => name.ends_with("-services").then_some(Form::List),
    }
}

impl Form {
    /// The names in a value, each with the place where it begins.
    fn names(self, value: &str) -> Vec<(usize, &str)> {
        let (separator, before) = match self {
            Form::List => (',', ""),
            Form::Entries => (';', ENTRY),
        };
        let mut start = 0;
        let parts = value.split(separator).map(|part| {
            let at = start;
            start += part.len() + separator.len_utf8();
            (at, part)
        });
        let names = parts.filter_map(|(at, part)| {
            let said = part.trim_start();
            let name = said.strip_prefix(before)?;
            let at = at + part.len() - name.len();
            let name = match self {
                Form::List => name.trim_end(),
                Form::Entries => name.split_whitespace().next().filter(|_| !begins_blank(name))?,
            };
            (!name.is_empty()).then_some((at, name))
        });
        names.collect()
    }

    /// The value with these names replaced, and every other character as it was.
    fn renamed(self, value: &str, is_moved: impl Fn(&str) -> bool, to: &str) -> String {
        let mut renamed = value.to_owned();
        // From behind, so that the places before stay what they are.
        for (at, name) in self.names(value).into_iter().rev().filter(|(_, name)| is_moved(name)) {
            renamed.replace_range(at..at + name.len(), to);
        }
        renamed
    }
}

fn begins_blank(text: &str) -> bool {
    text.starts_with(char::is_whitespace)
}

/// Those that an Ingress has: key, value, form.
fn naming(ingress: &Value) -> impl Iterator<Item = (&str, &str, Form)> {
    let annotations = ingress["metadata"]["annotations"].as_object().into_iter().flatten();
    annotations.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?, form(key)?)))
}

/// Which annotation of an Ingress names which of these Services, each pair once.
pub fn named<'a>(ingress: &'a Value, services: &[String]) -> Vec<(&'a str, String)> {
    let all = naming(ingress).flat_map(|(key, value, form)| {
        let names = form.names(value).into_iter().map(|(_, name)| name);
        let mut ours: Vec<String> =
            names.filter(|name| services.iter().any(|s| s == name)).map(str::to_owned).collect();
        ours.sort();
        ours.dedup();
        ours.into_iter().map(move |service| (key, service)).collect::<Vec<_>>()
    });
    all.collect()
}

/// The operations by which they name one Service instead of the others.
pub fn rename(ingress: &Value, is_moved: impl Fn(&str) -> bool, to: &str) -> Vec<PatchOperation> {
    let changes = naming(ingress).filter_map(|(key, value, form)| {
        let renamed = form.renamed(value, &is_moved, to);
        (renamed != value).then_some((key, value, renamed))
    });
    let operations = changes.flat_map(|(key, value, renamed)| {
        let path = pointer(["metadata", "annotations", key]);
        [
            PatchOperation::Test(TestOperation { path: path.clone(), value: json!(value) }),
            PatchOperation::Replace(ReplaceOperation { path, value: json!(renamed) }),
        ]
    });
    operations.collect()
}

/// Whether an Ingress was written for F5's controller: it bears annotations of that one's.
pub fn are_f5s(ingress: &Value) -> bool {
    let annotations = ingress["metadata"]["annotations"].as_object().into_iter().flatten();
    let mut domains = annotations.filter_map(|(key, _)| Some(key.split_once('/')?.0));
    domains.any(|domain| F5.contains(&domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(key: &str, value: &str) -> String {
        form(key).expect(key).renamed(
            value,
            |name| ["cart", "cart-blue"].contains(&name),
            "cart-green",
        )
    }

    #[test]
    fn names_alone_change_and_nothing_else_of_a_value() {
        let list = "nginx.org/websocket-services";
        for (value, becomes) in [
            ("cart", "cart-green"),
            ("checkout, cart ,carts", "checkout, cart-green ,carts"),
            ("cart-blue,cart", "cart-green,cart-green"),
            ("my-cart,cart-blues,cart.x", "my-cart,cart-blues,cart.x"),
            (" , ,cart\n", " , ,cart-green\n"),
            ("", ""),
            ("serviceName=cart", "serviceName=cart"),
        ] {
            assert_eq!(renamed(list, value), becomes, "{value:?}");
        }
        let rewrites = "nginx.org/rewrites";
        for (value, becomes) in [
            ("serviceName=cart rewrite=/", "serviceName=cart-green rewrite=/"),
            (
                "serviceName=checkout rewrite=/cart; serviceName=cart  rewrite=/cart/;",
                "serviceName=checkout rewrite=/cart; serviceName=cart-green  rewrite=/cart/;",
            ),
            ("serviceName=carts rewrite=cart", "serviceName=carts rewrite=cart"),
            ("serviceName= cart rewrite=/", "serviceName= cart rewrite=/"),
            ("cart", "cart"),
        ] {
            assert_eq!(renamed(rewrites, value), becomes, "{value:?}");
        }
        // The name of a cookie is none of a Service's.
        assert_eq!(
            renamed(
                "nginx.com/sticky-cookie-services",
                "serviceName=cart cart expires=1h path=/cart"
            ),
            "serviceName=cart-green cart expires=1h path=/cart"
        );
    }

    #[test]
    fn what_is_named_is_told_by_annotation() {
        let ingress = json!({"metadata": {"annotations": {
            "nginx.org/grpc-services": "cart,checkout,cart",
            "nginx.org/rewrites": "serviceName=cart-blue rewrite=/",
            "nginx.org/lb-method": "cart",
            "example.com/grpc-services": "cart",
        }}});
        let services = ["cart".to_owned(), "cart-blue".to_owned()];
        assert_eq!(
            named(&ingress, &services),
            [
                ("nginx.org/grpc-services", "cart".to_owned()),
                ("nginx.org/rewrites", "cart-blue".to_owned()),
            ]
        );
        assert!(are_f5s(&ingress) && !are_f5s(&json!({})));
        let other = json!({"metadata": {"annotations": {"nginx.ingress.kubernetes.io/a": "b"}}});
        assert!(!are_f5s(&other));
    }
}
