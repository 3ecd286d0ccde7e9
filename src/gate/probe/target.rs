//! What is asked through the ingress: each rule of the app, at each address of the ingress. Pure.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde_json::Value;
use url::{Host, Url};

use crate::release::NOT_ASKED;
use crate::route::{Asked, Route};
use crate::settings::Probe;

/// So many are asked at most.
const MOST: usize = 8;
/// In the place of a wildcard: what nobody has a rule of its own for.
const ANY: &str = "bluegreen-probe";

/// One rule, at one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// The rule's host and path, at the port of the address.
    pub url: Url,
    /// Where the connection goes.
    pub address: Host<String>,
    /// The route that has the rule.
    pub ingress: String,
    /// The port of the app's Service, as the route names it.
    pub port: Value,
    /// Whether the controller speaks TLS to the app.
    pub is_tls: bool,
}

impl Target {
    /// By what one switch arrives: each route has a patch of its own, each address maybe a controller.
    pub fn way(&self) -> String {
        format!("{} {}", self.ingress, self.address)
    }

    /// Whether both are at the same address, and spoken to in the same way.
    pub fn is_at(&self, other: &Target) -> bool {
        let at = |target: &Target| (target.url.scheme().to_owned(), target.url.port());
        self.address == other.address && at(self) == at(other)
    }

    /// Another host and path at the same address.
    pub fn at(&self, host: &str, path: &str) -> Option<Target> {
        let mut url = self.url.clone();
        url.set_host(Some(host)).ok()?;
        url.set_path(path);
        Some(Target { url, ..self.clone() })
    }

    /// The same path under the preview host. Where only that is encrypted, nginx would redirect.
    pub fn previewed(&self, preview: &Url) -> Option<Target> {
        let mut target = self.at(preview.host_str()?, self.url.path())?;
        if target.url.port().is_none() {
            target.url.set_scheme(preview.scheme()).ok()?;
        }
        Some(target)
    }

    /// Whether both are the same rule of the same route, at the same address.
    pub fn is_where(&self, other: &Target) -> bool {
        (&self.ingress, &self.url, &self.address) == (&other.ingress, &other.url, &other.address)
    }

    /// The rule, which is the same at each address.
    pub fn rule(&self) -> String {
        let host = self.url.host().map(|host| host.to_owned());
        let host = host.filter(|host| *host != self.address);
        let host = host.map_or_else(|| "*".to_owned(), |host| host.to_string());
        format!("{} {host}{}", self.ingress, self.url.path())
    }
}

/// As a person would type it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.url)?;
        if self.url.host().map(|host| host.to_owned()) != Some(self.address.clone()) {
            write!(f, " at {}", self.address)?;
        }
        Ok(())
    }
}

/// What can be asked, and what not, and why.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Targets {
    pub targets: Vec<Target>,
    pub left_out: Vec<String>,
    /// Routes of which nothing is asked.
    pub unasked: Vec<String>,
}

impl Targets {
    /// What is not asked, and why not.
    pub fn unasked(&self) -> Vec<String> {
        if self.targets.is_empty() {
            return self.left_out.clone();
        }
        self.unasked.iter().map(|name| format!("Ingress {name} is not probed")).collect()
    }

    /// Of the user's routes, those backends that name one of the app's Services.
    pub fn find(routes: &[Route], services: &[String], choice: &Probe) -> Targets {
        let mut found = Targets::default();
        if *choice == Probe::None {
            found.left_out.push(NOT_ASKED.to_owned());
            return found;
        }
        let (mut ranked, mut of_app) = (Vec::new(), Vec::new());
        // A canary's answers are those of another route, now and then.
        for route in routes.iter().copied().filter(|route| !route.is_canary()) {
            let rules = route.asked(services);
            if rules.is_empty() {
                continue;
            }
            of_app.push(route.name());
            let places = places(route, choice);
            if places.is_empty() {
                found.left_out.push(match route {
                    Route::Ingress(_) => {
                        format!("Ingress {} has no address in its status", route.name())
                    }
                    Route::Service(_) => {
                        format!(
                            "Service {} is the route, and --probe gives no address",
                            route.name()
                        )
                    }
                });
                continue;
            }
            let mut rank = 0;
            for rule in rules {
                match rule {
                    Ok(rule) => {
                        let targets = places.iter().enumerate();
                        ranked.extend(targets.filter_map(|(nth, place)| {
                            Some((rank + nth, place.target(route, &rule)?))
                        }));
                        rank += 1;
                    }
                    Err(why) => found.left_out.push(why),
                }
            }
        }
        found.take(ranked);
        of_app.retain(|name| found.targets.iter().all(|target| target.ingress != *name));
        found.unasked = of_app.into_iter().map(str::to_owned).collect();
        found
    }

    /// The rules by which the app is reached now, wherever that is: each as its targets have it.
    pub fn rules(routes: &[Route], services: &[String]) -> BTreeSet<String> {
        let nowhere = Place {
            address: Host::Domain("bluegreen.invalid".to_owned()),
            given: None,
            ports: Vec::new(),
        };
        let rules = routes.iter().copied().flat_map(|route| {
            let rules = route.asked(services).into_iter().flatten();
            let targets = rules.filter_map(|rule| nowhere.target(route, &rule));
            // At an address that has the rule's own host it is called by no host.
            let called = |target: Target| {
                let at_home = target.url.host().map(|host| host.to_owned());
                let address = at_home.unwrap_or_else(|| target.address.clone());
                [target.rule(), Target { address, ..target }.rule()]
            };
            targets.flat_map(called).collect::<Vec<_>>()
        });
        rules.collect()
    }

    /// Where there are too many, each route, each rule and each address come in before any comes in
    /// twice.
    fn take(&mut self, mut ranked: Vec<(usize, Target)>) {
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut known = BTreeSet::new();
        ranked.retain(|(_, target)| known.insert(target.to_string()));
        let all = ranked.len();
        self.targets = ranked.into_iter().map(|(_, target)| target).take(MOST).collect();
        if all > MOST {
            self.left_out.push(format!("only {MOST} of {all} rules and addresses are probed"));
        }
    }
}

/// An address of the ingress. Which scheme and port, the rule says, unless a person did.
struct Place {
    address: Host<String>,
    given: Option<Url>,
    /// Those that the status names, if it does: the only ones there are.
    ports: Vec<u16>,
}

impl Place {
    /// None where a host is no host, which the API server would not have let through.
    fn target(&self, route: Route, rule: &Asked) -> Option<Target> {
        let scheme = if rule.is_encrypted { "https" } else { "http" };
        let mut url = match &self.given {
            Some(url) => url.clone(),
            None => Url::parse(&format!("{scheme}://{}/", self.address)).ok()?,
        };
        let is_usual = self.ports.iter().any(|port| Some(*port) == url.port_or_known_default());
        if let Some(port) = self.ports.first().filter(|_| !is_usual) {
            url.set_port(Some(*port)).ok()?;
        }
        if let Some(host) = &rule.host {
            let any = host.strip_prefix("*.").map(|rest| format!("{ANY}.{rest}"));
            url.set_host(Some(any.as_deref().unwrap_or(host))).ok()?;
        }
        url.set_path(&rule.path);
        let (address, ingress) = (self.address.clone(), route.name().to_owned());
        Some(Target { url, address, ingress, port: rule.port.clone(), is_tls: rule.is_tls })
    }
}

/// Its own, else the one that is for every route, else those in its status.
fn places(route: Route, choice: &Probe) -> Vec<Place> {
    let given = match choice {
        Probe::At(addresses) => addresses.of(&route.id()),
        Probe::Auto | Probe::None => None,
    };
    if let Some(url) = given {
        let address = url.host().map(|host| host.to_owned());
        return address
            .map(|address| Place { address, given: Some(url.clone()), ports: Vec::new() })
            .into_iter()
            .collect();
    }
    let found = route.addresses().into_iter().filter_map(|found| {
        let address = match found.at.parse() {
            Ok(IpAddr::V6(ip)) => Host::Ipv6(ip),
            _ => Host::parse(found.at).ok()?,
        };
        Some(Place { address, given: None, ports: found.ports })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::route::{CANARY, Route};
    use crate::settings::Word;

    fn ingress(rules: &[(Option<&str>, &str)]) -> Value {
        let rules = rules.iter().map(|(host, path)| {
            let service = json!({"name": "parrot", "port": {"number": 80}});
            let paths = json!([{"path": path, "backend": {"service": service}}]);
            match host {
                Some(host) => json!({"host": host, "http": {"paths": paths}}),
                None => json!({"http": {"paths": paths}}),
            }
        });
        json!({
            "metadata": {"name": "parrot"},
            "spec": {"rules": rules.collect::<Vec<_>>()},
            "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}},
        })
    }

    fn find(ingress: &Value, choice: &str) -> Targets {
        of_all(&[ingress], &[choice])
    }

    fn of_all(ingresses: &[&Value], choice: &[&str]) -> Targets {
        let words: Vec<Word> = choice.iter().map(|word| word.parse().unwrap()).collect();
        let routes: Vec<Route> = ingresses.iter().copied().map(Route::Ingress).collect();
        Targets::find(&routes, &["parrot".to_owned()], &Probe::of(&words).unwrap())
    }

    fn named(name: &str, host: &str) -> Value {
        let mut ingress = ingress(&[(Some(host), "/")]);
        ingress["metadata"]["name"] = json!(name);
        ingress
    }

    fn shown(found: &Targets) -> Vec<String> {
        found.targets.iter().map(Target::to_string).collect()
    }

    #[test]
    fn asks_each_rule_of_the_app_at_the_address_in_the_status() {
        let mut ingress = ingress(&[
            (Some("parrot.example.com"), "/"),
            (Some("birds.example.com"), "/parrot"),
            (Some("*.example.com"), "/"),
            (None, "/parrot"),
        ]);
        ingress["spec"]["rules"][1]["http"]["paths"][0]["backend"]["service"]["name"] =
            json!("toucan");
        assert_eq!(
            shown(&find(&ingress, "auto")),
            [
                "http://parrot.example.com/ at 203.0.113.7",
                "http://bluegreen-probe.example.com/ at 203.0.113.7",
                "http://203.0.113.7/parrot",
            ]
        );
        assert_eq!(
            shown(&find(&ingress, "http://[::1]:8080"))[..2],
            [
                "http://parrot.example.com:8080/ at [::1]",
                "http://bluegreen-probe.example.com:8080/ at [::1]",
            ]
        );
    }

    #[test]
    fn asks_by_tls_where_nginx_would_only_redirect() {
        let hosts =
            [Some("parrot.example.com"), Some("a.b.example.com"), Some("b.example.com"), None];
        let mut ingress = ingress(&hosts.map(|host| (host, "/")));
        ingress["spec"]["tls"] =
            json!([{"secretName": "x"}, {"hosts": ["parrot.example.com", "*.b.example.com"]}]);
        let schemes = |ingress: &Value, choice| -> Vec<String> {
            let targets = find(ingress, choice).targets;
            targets.iter().map(|target| target.url.scheme().to_owned()).collect()
        };
        assert_eq!(schemes(&ingress, "auto"), ["https", "https", "http", "http"]);
        assert_eq!(schemes(&ingress, "http://127.0.0.1"), ["http"; 4]);
        ingress["metadata"]["annotations"] =
            json!({"nginx.ingress.kubernetes.io/force-ssl-redirect": "true"});
        assert_eq!(schemes(&ingress, "auto"), ["https"; 4]);
    }

    #[test]
    fn asks_at_the_port_in_the_status_where_the_usual_one_is_not_there() {
        let mut ingress = ingress(&[(Some("parrot.example.com"), "/"), (None, "/")]);
        let port = |port: u16, protocol: &str| json!({"port": port, "protocol": protocol});
        let mut asked = |ports: &[Value]| {
            ingress["status"]["loadBalancer"]["ingress"][0]["ports"] = json!(ports);
            shown(&find(&ingress, "auto"))
        };
        let (usual, other) = (
            ["http://parrot.example.com/ at 203.0.113.7", "http://203.0.113.7/"],
            ["http://parrot.example.com:8080/ at 203.0.113.7", "http://203.0.113.7:8080/"],
        );
        assert_eq!(asked(&[port(8080, "TCP")]), other);
        assert_eq!(asked(&[port(8080, "TCP"), port(80, "TCP")]), usual);
        let mut broken = port(81, "TCP");
        broken["error"] = json!("NoSuchPort");
        assert_eq!(asked(&[port(82, "UDP"), broken, port(8080, "TCP")]), other);
        assert_eq!(asked(&[]), usual);
    }

    #[test]
    fn says_why_there_is_nothing_to_ask() {
        let found = find(&ingress(&[(None, "/")]), "none");
        assert_eq!(found.left_out, ["probing is turned off"]);
        assert!(found.targets.is_empty());

        let mut hidden = ingress(&[(None, "/")]);
        hidden["status"] = json!({"loadBalancer": {}});
        let found = find(&hidden, "auto");
        assert_eq!(found.left_out, ["Ingress parrot has no address in its status"]);
        assert!(found.targets.is_empty());
        assert_eq!(shown(&find(&hidden, "http://lb.example.com")), ["http://lb.example.com/"]);

        hidden["metadata"]["annotations"] = json!({CANARY: "true"});
        assert_eq!(find(&hidden, "auto"), Targets::default());
        assert_eq!(find(&hidden, "http://lb.example.com"), Targets::default());
    }

    #[test]
    fn each_ingress_is_asked_at_its_own_address_or_the_one_for_all_or_where_its_status_says() {
        let (a, b) = (named("a", "a.example.com"), named("b", "b.example.com"));
        let mut c = named("c", "c.example.com");
        c["status"] = json!({});
        let found = |words: &[&str]| of_all(&[&a, &b, &c], words);
        let own = found(&["ingress/b=http://10.0.0.2:8080"]);
        assert_eq!(
            shown(&own),
            ["http://a.example.com/ at 203.0.113.7", "http://b.example.com:8080/ at 10.0.0.2"]
        );
        assert_eq!(
            (own.left_out, own.unasked),
            (vec![NO_ADDRESS.to_owned()], vec!["c".to_owned()])
        );
        let all = found(&["Ingress/b=https://10.0.0.2", "http://10.0.0.3"]);
        assert_eq!(
            shown(&all),
            [
                "http://a.example.com/ at 10.0.0.3",
                "https://b.example.com/ at 10.0.0.2",
                "http://c.example.com/ at 10.0.0.3",
            ]
        );
        assert_eq!((all.left_out, all.unasked), Default::default());
        let ways: Vec<String> = all.targets.iter().map(Target::way).collect();
        assert_eq!(ways, ["a 10.0.0.3", "b 10.0.0.2", "c 10.0.0.3"]);
        assert_eq!(found(&["auto"]).unasked, ["c"]);
    }

    const NO_ADDRESS: &str = "Ingress c has no address in its status";

    #[test]
    fn a_rule_is_there_until_its_ingress_has_it_no_more_wherever_it_is_asked() {
        let both = ingress(&[(Some("a.example.com"), "/"), (Some("*.b.example.com"), "/b")]);
        let one = ingress(&[(Some("a.example.com"), "/")]);
        let services = ["parrot".to_owned()];
        let left = |choice: &str, now: &Value| -> Vec<String> {
            let rules = Targets::rules(&[Route::Ingress(now)], &services);
            let targets = find(&both, choice).targets.into_iter();
            let left = targets.filter(|target| rules.contains(&target.rule()));
            left.map(|target| target.url.path().to_owned()).collect()
        };
        for choice in ["auto", "http://127.0.0.1:8080", "http://a.example.com"] {
            assert_eq!(left(choice, &both), ["/", "/b"], "{choice}");
            assert_eq!(left(choice, &one), ["/"], "{choice}");
        }
        // Where it is asked is no matter: a controller that starts again has no address for a while.
        let mut hidden = both.clone();
        hidden["status"] = json!({});
        assert_eq!(left("auto", &hidden), ["/", "/b"]);
        assert!(left("auto", &ingress(&[])).is_empty());
    }

    #[test]
    fn one_with_many_rules_leaves_room_for_the_others() {
        let paths: Vec<String> = (0..12).map(|nth| format!("/{nth}")).collect();
        let paths: Vec<_> = paths.iter().map(|path| (None, path.as_str())).collect();
        let many = ingress(&paths);
        let few = named("few", "few.example.com");
        let found = of_all(&[&many, &few], &["auto"]);
        assert_eq!(found.targets.len(), MOST);
        assert_eq!(found.unasked, Vec::<String>::new());
        assert_eq!(shown(&found)[1], "http://few.example.com/ at 203.0.113.7");
    }

    #[test]
    fn a_path_that_may_be_an_expression_is_left_out() {
        let found = find(&ingress(&[(None, "/v[0-9]+")]), "auto");
        assert_eq!(found.left_out, ["path /v[0-9]+ can't be requested literally"]);
    }

    #[test]
    fn of_too_many_each_rule_and_each_address_is_asked() {
        let mut ingress = ingress(&[(None, "/a"), (None, "/b"), (None, "/c"), (None, "/a")]);
        let addresses = ["10.0.0.1", "fd00::1", "not one", "10.0.0.3", "10.0.0.4"];
        let addresses = addresses.map(|ip| json!({"ip": ip}));
        ingress["status"]["loadBalancer"]["ingress"] = json!(addresses);
        let found = find(&ingress, "auto");
        assert_eq!(
            shown(&found),
            [
                "http://10.0.0.1/a",
                "http://[fd00::1]/a",
                "http://10.0.0.1/b",
                "http://10.0.0.3/a",
                "http://[fd00::1]/b",
                "http://10.0.0.1/c",
                "http://10.0.0.4/a",
                "http://10.0.0.3/b",
            ]
        );
        assert_eq!(found.left_out, ["only 8 of 12 rules and addresses are probed"]);
    }
}
