//! `init`: which Service is the live one, and which objects are missing.

use serde_json::{Value, json};

use super::{Action, Context, Next, autoscaling};
use crate::model::{APP_LABEL, Colour, EPOCH, Kind, RELEASE, Write};
use crate::model::{label as label_of, name, string_map};
use crate::release::checks::{self, Check, CheckInput};
use crate::release::goal::{Init, PreviewHost, PreviewTls};
use crate::release::routes::Leads;
use crate::release::{
    LAST_NUMBER, Outcome, Record, Settings, Slot, Snapshot, carried, file_vs_cluster, managed,
    manifests, marker, ports, template, ways,
};
use crate::route::{Route, RouteKind, Word, resolves_to, selects};

/// The port of a Service that init makes, where the Ingress gives only a name.
const HTTP: u64 = 80;

pub fn next(cx: Context, init: &Init) -> Next {
    match decide(cx, init) {
        Ok(next) => next,
        Err(reasons) => Next::Done(Outcome::Unfit { reasons }),
    }
}

/// The app as it is, for the checks: by its record, or else by what an Ingress names. Whoever else releases
/// it may be why it can't be told.
pub fn check_input<'a>(s: &'a Snapshot, init: &Init) -> Result<CheckInput<'a>, Vec<Check>> {
    known(s, init).map_err(|checks| [checks::controllers(s), checks].concat())
}

fn known<'a>(s: &'a Snapshot, init: &Init) -> Result<CheckInput<'a>, Vec<Check>> {
    let fail = |name, what: String| Err(vec![Check::fail(name, what)]);
    let Some(blue) = s.slot(Colour::Blue) else {
        return fail("deployment", ways::no_deployment(s));
    };
    if blue.is_ours() {
        let whose = label_of(blue.0, APP_LABEL).unwrap_or("another app");
        return fail(
            "deployment",
            format!("Deployment {} was created by bluegreen for {whose}", blue.name()),
        );
    }
    let route = route(s, init);
    let (service, label, from) = match &s.record {
        Some((_, record)) => {
            let record = led_by(record, route);
            let from = match s.routes_lead(&record) {
                Leads::To(colour) => colour,
                Leads::Astray => Colour::Blue,
            };
            (record.service, record.label, from)
        }
        None => {
            let check = if route.is_ingress() { "ingress" } else { "service-route" };
            let unknown = |why: String| Check::fail(check, why);
            let service = live_service(s, init)
                .map_err(|reasons| reasons.into_iter().map(unknown).collect::<Vec<_>>())?;
            let green = s.slot(Colour::Green).map(|Slot(green)| green);
            let Some(label) = template::label(blue.0, s.service(&service), green) else {
                let what = format!("Deployment {} has no matchLabels in its selector", blue.name());
                return fail("selector", what);
            };
            // Where a record was lost, green may be live.
            let leads = s.service(&service).and_then(|live| resolves_to(live, &label));
            let from = leads.filter(|colour| s.slot(*colour).is_some()).unwrap_or(Colour::Blue);
            (service, label, from)
        }
    };
    let Some(live) = s.slot(from) else {
        return fail("deployment", ways::no_live(s, from));
    };
    let recorded = s.record.as_ref().and_then(|(_, record)| record.preview_host.clone());
    Ok(CheckInput {
        s,
        service,
        route,
        live,
        to: from.other(),
        template: live.neutral_template(&label),
        label,
        preview_host: preview_host(init).unwrap_or(recorded),
        allow_policy_gap: init.allow_policy_gap,
        is_back: false,
    })
}

fn decide(cx: Context, init: &Init) -> Result<Next, Vec<String>> {
    let s = cx.s;
    let check_input = check_input(s, init)
        .map_err(|checks| checks.iter().map(Check::reason).collect::<Vec<_>>())?;
    let mut reasons = checks::reasons_before_init(&check_input);
    let CheckInput { service, route, label, live, to, .. } = check_input;
    let colour = to.other();
    reasons.extend(file_vs_cluster::unmet(s, (&service, route), &init.expected));
    reasons.extend(in_progress(s, route));
    reasons.extend(astray(s, route));
    reasons.extend(s.record.iter().flat_map(|(_, record)| {
        checks::turned(s, record).iter().map(Check::reason).collect::<Vec<_>>()
    }));
    reasons.extend(hostless(s, init));
    if !reasons.is_empty() {
        return Err(reasons);
    }
    // One that was deleted is made again like those that were made like it.
    let fixed = || Colour::BOTH.into_iter().find_map(|colour| s.service(&s.names.service(colour)));
    let alike = s.record.as_ref().and_then(|_| fixed());
    let spec = match s.service(&service).or(alike) {
        Some(live) => live["spec"].clone(),
        None => spec_from_routes(cx, live, &service, init)?,
    };
    let Some((_, record)) = &s.record else {
        let [number, epoch] = [RELEASE, EPOCH].map(|key| borne(s, &service, key));
        let mut record = Record::new(service, label, number, epoch);
        record.lead_by(route);
        record.controllers.clone_from(&s.memory.beyond.controllers);
        record.settings = settings(init).unwrap_or_default();
        record.preview_host = preview_host(init).unwrap_or_default();
        record.preview_tls_secret = preview_tls(init).unwrap_or_default();
        let write = Write::create(s.names.record(), record.config_map(&s.names));
        let write = carried::alike(s, &record.service, write);
        return Ok(cx.act(Action::MakeRecord, write));
    };
    if route != record.route {
        return Ok(cx.act(Action::Set, cx.record(|record| record.lead_by(route))));
    }
    let controllers = &s.memory.beyond.controllers;
    if !controllers.is_empty() && *controllers != record.controllers {
        let write = cx.record(|record| record.controllers.clone_from(controllers));
        return Ok(cx.act(Action::Set, write));
    }
    if let Some(settings) = settings(init)
        && settings != record.settings
    {
        return Ok(cx.act(Action::Set, cx.record(|record| record.settings = settings)));
    }
    if let Some(host) = preview_host(init)
        && host != record.preview_host
    {
        return Ok(cx.act(Action::Set, cx.record(|record| record.preview_host = host)));
    }
    if let Some(secret) = preview_tls(init)
        && secret != record.preview_tls_secret
    {
        let write = cx.record(|record| record.preview_tls_secret = secret);
        return Ok(cx.act(Action::Set, write));
    }
    let selector = s.service(&service).map(|service| &service["spec"]["selector"]);
    let mut selector = selector.unwrap_or(&live.0["spec"]["selector"]["matchLabels"]).clone();
    // The live Service first: what the others are like is then read off it.
    let wanted = [
        (service, colour),
        (s.names.service(Colour::Blue), Colour::Blue),
        (s.names.service(Colour::Green), Colour::Green),
        (s.names.preview(), colour.other()),
    ];
    for (service, colour) in wanted {
        if let Some(made) = s.service(&service) {
            let (has, wants) = (ports::plain(&made["spec"]), ports::plain(&spec));
            if has != wants {
                let write = manifests::align_ports(made, wants);
                return Ok(cx.act(Action::AlignPorts { service }, write));
            }
        } else {
            selector[&label.key] = json!(label.value(colour));
            let write = manifests::service_like(&s.names, &service, &spec, selector);
            let write = carried::alike(s, &record.service, write);
            return Ok(cx.act(Action::MakeService { service }, write));
        }
    }
    let rest = keep_warm(cx, record, init).or_else(|| autoscaling::align(cx, record));
    Ok(rest.unwrap_or(Next::Done(Outcome::Initialised)))
}

/// A live Service that somebody gave another selector: that is the user's to put right.
fn astray(s: &Snapshot, route: RouteKind) -> Option<String> {
    let (_, record) = s.record.as_ref()?;
    let record = &led_by(record, route);
    s.live_service(record)?;
    let [blue, green] = Colour::BOTH.map(|colour| s.names.deployment(colour));
    if s.live_service_leads(record) == Leads::Astray {
        let (service, key) = (&record.service, &record.label.key);
        let what = format!("Service {service} selects the pods of neither {blue} nor {green}");
        return Some(format!("{what}: check its {key}"));
    }
    // While a release switches one after the other they may lead to two.
    let is_idle = record.release.is_none() && checks::gone(s, record).is_empty();
    let what = checks::live(s, record).err().filter(|_| is_idle)?;
    let mend = ways::mend(s).map(|mend| format!(": to fix it: {mend}")).unwrap_or_default();
    Some(what + &mend)
}

/// The Ingress of ours: after the Services that it names.
fn keep_warm(cx: Context, record: &Record, init: &Init) -> Option<Next> {
    let (names, wanted) = (&cx.s.names, managed::wanted(cx.s, record));
    let ingress = names.preview();
    let host = record.preview_host.as_deref();
    Some(match cx.s.managed_ingress() {
        None if !managed::is_wanted(cx.s, (&record.service, record.route), host) => return None,
        None => {
            let write = carried::alike(
                cx.s,
                &record.service,
                wanted.make(&names.namespace, manifests::labels(names)),
            );
            cx.act(Action::MakeIngress { ingress }, write)
        }
        Some(made) => {
            let word = if init.preview_tls.is_some() { Word::Said } else { Word::Silent };
            // The release that is in progress may have added to it, and looks for that.
            let without = record.release.as_ref().map(|_| marker::without(cx.s, made));
            let write = wanted.align(without.as_ref().unwrap_or(made), word)?;
            cx.act(Action::AlignIngress { ingress }, write)
        }
    })
}

/// What leads people to the app: as somebody says, else as it is recorded.
fn route(s: &Snapshot, init: &Init) -> RouteKind {
    let recorded = s.record.as_ref().map(|(_, record)| record.route);
    init.route.or(recorded).unwrap_or_default()
}

/// A record as it is to be: until now its app may have been led by another route, of which nothing is left.
fn led_by(record: &Record, route: RouteKind) -> Record {
    let mut record = record.clone();
    record.lead_by(route);
    record
}

/// A release goes by one kind of route from its beginning to its end.
fn in_progress(s: &Snapshot, route: RouteKind) -> Option<String> {
    let (_, record) = s.record.as_ref().filter(|(_, record)| record.route != route)?;
    let number = record.release.as_ref()?.number;
    let (is, wanted) = (record.route.as_str(), route.as_str());
    Some(format!(
        "release {number} is in progress, with route: {is}: change it to {wanted} when that has ended (promote or abort ends it)"
    ))
}

/// What is to be recorded, if anything was said.
fn settings(init: &Init) -> Option<Option<Settings>> {
    let said = init.settings?;
    Some(Some(said).filter(|said| *said != Settings::default()))
}

/// What is to be recorded of the preview host, if anything was said.
fn preview_host(init: &Init) -> Option<Option<String>> {
    init.preview_host.as_ref().map(|said| match said {
        PreviewHost::None => None,
        PreviewHost::At(host) => Some(host.clone()),
    })
}

/// What is to be recorded of its certificate, if anything was said.
fn preview_tls(init: &Init) -> Option<Option<String>> {
    init.preview_tls.as_ref().map(|said| match said {
        PreviewTls::None => None,
        PreviewTls::Secret(name) => Some(name.clone()),
    })
}

/// A certificate for a host that nobody has asked for.
fn hostless(s: &Snapshot, init: &Init) -> Option<String> {
    let recorded = s.record.as_ref().and_then(|(_, record)| record.preview_host.clone());
    let host = preview_host(init).unwrap_or(recorded);
    (host.is_none() && matches!(init.preview_tls, Some(PreviewTls::Secret(_)))).then(|| {
        "a certificate is given for the preview, which has no host: give --preview-host HOST as well"
            .to_owned()
    })
}

/// The highest number that the app's own objects bear: other apps' are no business of its.
fn borne(s: &Snapshot, live: &str, key: &str) -> u64 {
    s.borne(live, key).filter(|number| *number < LAST_NUMBER).max().unwrap_or(0)
}

/// The Service through which an Ingress reaches the app; it may not exist yet (the article's case).
fn live_service(s: &Snapshot, init: &Init) -> Result<String, Vec<String>> {
    let said = init.expected.service.as_ref().and_then(|service| service.name.as_ref());
    let slots = Colour::BOTH.into_iter().filter_map(|colour| s.slot(colour));
    let labels: Vec<_> =
        slots.map(|slot| string_map(&slot.template()["metadata"]["labels"])).collect();
    // Where a record was lost, the Services that it had made may still be there.
    let fixed = Colour::BOTH.map(|colour| s.names.service(colour));
    let made = [&fixed[..], &[s.names.preview()]].concat();
    let selecting: Vec<&Value> = s
        .objects
        .list(Kind::Service)
        .filter(|service| !made.iter().any(|made| made == name(service)))
        .filter(|service| labels.iter().any(|labels| selects(service, labels)))
        .collect();
    if route(s, init) == RouteKind::Service {
        return own_service(s, &selecting, said).map_err(|why| vec![why]);
    }
    let routed = |service: &str| s.named_by(service).next().is_some();
    let candidates: Vec<&str> =
        selecting.iter().map(|service| name(service)).filter(|name| routed(name)).collect();
    match candidates[..] {
        [only] => Ok(only.to_owned()),
        [] => {
            let app = said.unwrap_or(&s.names.app);
            if s.service(app).is_none() && routed(app) {
                return Ok(app.clone());
            }
            let (deployment, namespace) = (&s.names.app, &s.names.namespace);
            if let Some(external) = external(s) {
                return Err(vec![external]);
            }
            Err(vec![match selecting.first() {
                Some(service) => format!(
                    "{}; if nothing but Service {} is to lead to the app: init {} --route service",
                    checks::nobody_names(s, name(service)),
                    name(service),
                    s.names.app
                ),
                None if s.service(app).is_some() => {
                    format!("Service {app} does not select the pods of Deployment {deployment}")
                }
                None => format!(
                    "no Service selects the pods of Deployment {deployment}, and no Ingress in namespace {namespace} names Service {app}"
                ),
            }])
        }
        _ => Err(vec![format!(
            "Ingresses reach the app through several Services ({}): bluegreen switches one",
            candidates.join(", ")
        )]),
    }
}

/// The Service that is the route, where no Ingress says which: the one that is named, or is called like the
/// app, or the first. Those beside it follow it.
fn own_service(
    s: &Snapshot,
    selecting: &[&Value],
    said: Option<&String>,
) -> Result<String, String> {
    let app = &s.names.app;
    let wanted = said.unwrap_or(app);
    let mut named = selecting.iter().map(|service| name(service));
    let found = match named.clone().find(|name| name == wanted) {
        None if said.is_none() => named.next(),
        found => found,
    };
    found.map(str::to_owned).ok_or_else(|| match s.service(wanted) {
        Some(service) if service["spec"]["type"] == "ExternalName" => format!(
            "Service {wanted} is of type ExternalName: it has no pods to switch between: create a \
             Service that selects the pods of Deployment {app}"
        ),
        Some(_) => format!("Service {wanted} does not select the pods of Deployment {app}"),
        None => format!(
            "no Service selects the pods of Deployment {app}: create one, which is then its route"
        ),
    })
}

/// A name of something else, through which an Ingress reaches whatever it reaches.
fn external(s: &Snapshot) -> Option<String> {
    let external = |service: &String| {
        let service = s.service(service)?;
        (service["spec"]["type"] == "ExternalName").then_some(service)
    };
    s.open_routes().find_map(|route| {
        let mut named = route.backends().into_iter().map(|backend| backend.service);
        let service = named.find_map(|named| external(&named))?;
        let (service, host) = (name(service), service["spec"]["externalName"].as_str());
        Some(format!(
            "Service {service}, which Ingress {} names, is of type ExternalName: it points to {}, \
             and has no pods to switch between: make the Ingress name a Service that selects the \
             pods of Deployment {}",
            route.name(),
            host.unwrap_or("a name outside"),
            s.names.app
        ))
    })
}

/// The spec of the Service that the Ingress names but nobody made: ports from the Ingress, the
/// target port from the pods.
fn spec_from_routes(
    cx: Context,
    blue: Slot,
    service: &str,
    init: &Init,
) -> Result<Value, Vec<String>> {
    let target = target_port(blue, init)?;
    if let Some(said) = &init.expected.service
        && let Some(port) = said.port
    {
        return Ok(
            json!({"ports": file_vs_cluster::made_ports(cx.s, service, said, port, &target)?}),
        );
    }
    let routes = cx.s.open_routes();
    let named = routes.flat_map(Route::backends).filter(|backend| backend.service == service);
    let mut ports: Vec<Value> = Vec::new();
    for backend in named {
        let port = match backend.port["number"].as_u64() {
            Some(number) => json!({"port": number, "targetPort": target, "protocol": "TCP"}),
            None => {
                json!({"name": backend.port["name"], "port": HTTP, "targetPort": target, "protocol": "TCP"})
            }
        };
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    if ports.len() > 1 {
        for port in ports.iter_mut().filter(|port| port["name"].is_null()) {
            // A Service with several ports has to name each.
            port["name"] = json!(format!("port-{}", port["port"]));
        }
    }
    Ok(json!({"ports": ports}))
}

/// As the flag says, else the file, else the containers.
fn target_port(blue: Slot, init: &Init) -> Result<Value, Vec<String>> {
    if let Some(port) = init.target_port {
        return Ok(port.into());
    }
    let said = init.expected.service.as_ref().and_then(|service| service.target_port.as_ref());
    if let Some(port) = said {
        return Ok(port.clone());
    }
    let containers = blue.template()["spec"]["containers"].as_array().into_iter().flatten();
    let ports: Vec<u64> = containers
        .flat_map(|container| container["ports"].as_array().into_iter().flatten())
        .filter(|port| port["protocol"].as_str().unwrap_or("TCP") == "TCP")
        .filter_map(|port| port["containerPort"].as_u64())
        .collect();
    match ports[..] {
        [only] => Ok(only.into()),
        [] => Err(vec![format!(
            "Deployment {} lists no container port to send requests to: give --target-port",
            blue.name()
        )]),
        _ => Err(vec![format!(
            "Deployment {} has several container ports ({}): give one as --target-port",
            blue.name(),
            ports.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
        )]),
    }
}
