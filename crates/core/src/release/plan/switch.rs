//! The switch itself: each Ingress by a patch of its own, in the order of their names. The first one
//! commits: from then on the release goes forward, or all of them go back. Where a Service is the route, it is
//! the one patch of that.

use super::before_switch::end;
use super::{Action, Context, Next};
use crate::model::Colour;
use crate::release::condition::{Condition, Need};
use crate::release::routes::Leads;
use crate::release::{
    Cause, GateKind, GateState, Outcome, Record, Release, ReleaseOutcome, Snapshot, checks,
    managed, ports,
};
use crate::route::{Route, RouteKind, Switch};

/// A release whose first Ingress is switched: a gate and a deadline have no more say.
pub fn committed(release: &Release) -> Release {
    let gate = GateState { kind: GateKind::Open, ..release.gate.clone() };
    Release { deadline: None, gate, ..release.clone() }
}

/// What does not lead where it did when the release started, and was not switched by it.
pub fn elsewhere(s: &Snapshot, record: &Record, release: &Release) -> Option<String> {
    let (routes, strayed) = (s.route_names(record), s.strayed(record, release));
    let service = s.live_service_leads(record) != Leads::To(release.from);
    if !routes.is_empty() && strayed.is_empty() && !service {
        return None;
    }
    let what = match strayed.is_empty() || routes.len() == 1 {
        _ if record.route == RouteKind::Service => format!("Service {}", record.service),
        true => format!("the Ingress or Service {}", record.service),
        false => format!("Ingress {}", strayed.join(", ")),
    };
    let (old, number) = (s.names.deployment(release.from), release.number);
    Some(format!("{what} no longer points to {old}, which release {number} started from"))
}

/// That every Ingress leads to the new version, by this release's own patch.
pub fn led(cx: Context, record: &Record, release: &Release) -> Vec<Condition> {
    let s = cx.s;
    let routes = s.routes(record);
    if routes.is_empty() {
        let (none, wanted) = match record.route {
            RouteKind::Ingress => {
                (format!("no Ingress names Service {}", record.service), "an Ingress that does")
            }
            RouteKind::Service => (format!("there is no Service {}", record.service), "a Service"),
        };
        return vec![Condition::new(Need::Ingress, false, none, wanted)];
    }
    let wanted = format!("points to {}", release.to);
    let mut led: Vec<Condition> = routes
        .into_iter()
        .map(|route| {
            let leads = s.route_leads(route, record);
            let now = match leads {
                Leads::To(colour) => format!("points to {colour}"),
                Leads::Astray => "does not point to one colour".to_owned(),
            };
            let is_led = leads == Leads::To(release.to);
            let condition = Condition::new(Need::Ingress, is_led, now, wanted.clone());
            condition.of(route.id().to_string())
        })
        .collect();
    let is_ours = s.bears_number(record, release) || release.switched.is_some();
    let wanted = format!("made by release {}", release.number);
    let now = if is_ours { wanted.clone() } else { format!("not {wanted} yet") };
    led.push(Condition::new(Need::Stamp, is_ours, now, wanted));
    led
}

/// What a switch must not meet, beside a candidate that is not ready.
pub fn unhindered(cx: Context, record: &Record, release: &Release) -> [Condition; 2] {
    let (s, service) = (cx.s, format!("Service {}", cx.s.names.service(release.to)));
    let is_fixed = s.is_fixed(release.to, record);
    let now = if is_fixed { "unchanged" } else { "changed" };
    let selector = Condition::new(Need::Selector, is_fixed, now, "unchanged");
    let missing = ports::missing(s, record, release.to);
    let is_met = missing.is_none();
    let all = match record.route {
        RouteKind::Ingress => "all that the Ingresses name",
        RouteKind::Service => "all that the live Service has",
    };
    let now = missing.unwrap_or_else(|| all.to_owned());
    let ports = Condition::new(Need::Ports, is_met, now, all);
    [selector.of(service.clone()), ports.of(service)]
}

/// The next Ingress that is not switched yet.
pub fn next(cx: Context, record: &Record, release: &Release) -> Next {
    let s = cx.s;
    let services = s.serving(record);
    let to = s.names.service(release.to);
    let (app, number, epoch) = (s.names.app.as_str(), release.number, record.epoch);
    let (colour, label) = (release.to, &record.label);
    let switch =
        Switch { app, services: &services, to: &to, colour, label, release: number, epoch };
    let [selector, ports] = unhindered(cx, record, release);
    if !selector.is_met() {
        return cx.changed(format!("the selector of Service {to} was changed"));
    }
    if !ports.is_met() {
        return cx.changed(ports.now);
    }
    if !s.begun(record, release)
        && let Some(unfit) = unfit(s, record, release)
    {
        return Next::Done(unfit);
    }
    // By name, so that everybody who goes on takes the same one next.
    let routes = s.routes(record);
    let route = routes
        .into_iter()
        .find(|route| s.route_leads(*route, record) != Leads::To(release.to))
        .expect("not switched, so a route leads elsewhere");
    if let Some(why) = s.memory.refusal(&route.id()) {
        let what = format!("the API server refuses to switch {}: {why}", route.id());
        let back = s.leading(record, release);
        // Nobody has met the candidate, and it has done nothing wrong.
        if back.is_empty() {
            return cx.stopped(Cause::Refused, what);
        }
        let reason = format!("{what}; put back: {}", back.join(", "));
        return end(cx, ReleaseOutcome::Unhealthy, reason);
    }
    cx.act_fresh(action(route, &switch), route.switch(&switch))
}

/// A switch forward, as it is told.
pub fn action(route: Route, switch: &Switch) -> Action {
    let name = route.name().to_owned();
    match route {
        Route::Ingress(_) => {
            let (service, was) = (switch.to.to_owned(), route.taken_away(switch));
            Action::Switch { ingress: name, service, was }
        }
        Route::Service(_) => Action::SwitchService { service: name, colour: switch.colour },
    }
}

/// A switch back, as it is told.
pub fn action_back(route: Route, to: &str, colour: Colour) -> Action {
    let name = route.name().to_owned();
    match route {
        Route::Ingress(_) => Action::SwitchBack { ingress: name, service: to.to_owned() },
        Route::Service(_) => Action::SwitchServiceBack { service: name, colour },
    }
}

/// The same, and what else `init` has to make again: for whoever is about to say yes.
pub fn before_a_yes(s: &Snapshot, record: &Record, release: &Release) -> Option<Outcome> {
    let missing = || {
        let reasons = checks::missing(s, record);
        (!reasons.is_empty()).then_some(Outcome::Unprepared { reasons })
    };
    unfit(s, record, release).or_else(missing)
}

/// What has come up since the start that a switch must not meet: another Ingress, another port, a Service
/// that it can't take along.
fn unfit(s: &Snapshot, record: &Record, release: &Release) -> Option<Outcome> {
    let mut reasons = checks::routes(s, record, release.back.is_some());
    reasons.extend(checks::unable(s, &record.service, &record.label, release.from));
    if !reasons.is_empty() {
        return Some(Outcome::Unfit { reasons });
    }
    managed::unfit(s, record).map(|reason| Outcome::Unprepared { reasons: vec![reason] })
}
