//! Whether a switch, or the way back, has arrived: an Ingress has no acknowledgement.

use jiff::Timestamp;

use super::others::FIRST_WORD_SECONDS;
use super::{Action, Context, Next, WaitFor, after_switch, later, start};
use crate::model::{Colour, Id, Kind, name};
use crate::release::condition::{Aim, Condition, Need};
use crate::release::{
    Arrival, Cause, Confirmed, ENOUGH, ENOUGH_ANSWERS, NOT_ASKED, Record, Release, Sight, marker,
};
use crate::release::{complaints, endpoints};
use crate::route::{Means, RouteKind};

/// What is known of it.
enum Known {
    /// One version alone answers, at all that is asked.
    Seen,
    /// Nothing can be seen, of some of it or of all: time has to do, from this instant on.
    Unseen { since: Timestamp, why: Option<String> },
    /// Somebody else answers, or it is too early to say.
    Not(Option<String>),
}

/// What this process has heard of the release.
pub fn sight<'a>(cx: Context<'a>, release: &Release) -> Option<&'a Sight> {
    cx.s.memory.sight(release.number)
}

/// Writes down which rules are answered before the switch, as far as this process has heard it.
pub fn note_answered(cx: Context, release: &mut Release) {
    if let Some(sight) = cx.s.memory.sight(release.number) {
        release.answered = sight.answered(&release.answered);
        for rule in sight.rules.iter().filter(|rule| rule.answered.is_some()) {
            release.erred.remove(&rule.name);
            release.erred.extend(rule.erred.map(|status| (rule.name.clone(), status)));
            let known_by = rule.known_by.clone().map(|parts| (rule.name.clone(), parts));
            release.known_by.extend(known_by);
            release.came.extend(rule.came.clone().map(|came| (rule.name.clone(), came)));
        }
    }
}

/// `began`: when people were led to the version that is wanted now.
fn known(cx: Context, release: &Release, wanted: Colour, began: Timestamp) -> Known {
    if !cx.is_driver {
        return Known::Not(None);
    }
    let memory = &cx.s.memory;
    let Some(sight) = sight(cx, release) else {
        let first = memory.started_at.map(|began| later(began, FIRST_WORD_SECONDS));
        return match memory.asks && first.is_some_and(|first| cx.now < first) {
            true => Known::Not(None),
            false => {
                let why = (!memory.asks).then(|| NOT_ASKED.to_owned());
                Known::Unseen { since: began, why }
            }
        };
    };
    // What was heard last is as late as what can't be heard may be; and whoever gave errors has to hold.
    let heard = [sight.heard_other(), sight.erred_until(&release.answered)];
    let since = heard.into_iter().flatten().fold(began, Timestamp::max);
    match sight.arrival(wanted, &release.answered) {
        Arrival::Arrived { unseen: None } => Known::Seen,
        Arrival::Arrived { unseen } => Known::Unseen { since, why: unseen },
        Arrival::Inconclusive { why } => Known::Unseen { since, why: Some(why) },
        Arrival::Not { said } => Known::Not(said),
        Arrival::Learning => Known::Not(None),
    }
}

/// What each rule has answered, at each address; one alone where nothing was heard, or who looks can't know it.
fn answers(cx: Context, release: &Release, wanted: Colour, known: &Known) -> Vec<Condition> {
    let wanted_words = format!("{ENOUGH_ANSWERS} in a row from {wanted}, for at least {ENOUGH:#}");
    let of = |is_met, now: &str| Condition::new(Need::Answers, is_met, now, wanted_words.clone());
    if !cx.is_driver && !release.answered.is_empty() {
        let rules = release.answered.iter();
        return rules.map(|rule| cx.heard(of(false, "")).of(rule.clone())).collect();
    }
    let Some(sight) = sight(cx, release).filter(|sight| !sight.rules.is_empty()) else {
        let (is_met, now) = match known {
            Known::Seen => (true, "enough"),
            Known::Unseen { why, .. } => (true, why.as_deref().unwrap_or("nothing can be probed")),
            Known::Not(said) => (false, said.as_deref().unwrap_or("none yet")),
        };
        return vec![cx.heard(of(is_met, now))];
    };
    let rules = sight.rules.iter().map(|rule| {
        let (is_waited_for, now) = rule.heard(wanted, &release.answered);
        of(!is_waited_for, &now).of(rule.name.clone())
    });
    rules.collect()
}

/// Who takes a release up later gives the switch the same time again.
fn given_up(cx: Context, release: &Release, began: Timestamp) -> Timestamp {
    later(cx.since(began), release.timeout_seconds)
}

fn wait(colour: Colour, by: Confirmed, why: Option<String>, until: Timestamp) -> Next {
    Next::Wait { until: Some(until), on: WaitFor::Arrival { colour, by, why } }
}

/// A controller that says itself that it has not applied the switch is not waited for, unless new answers
/// prove that people are served.
fn told_off(cx: Context, record: &Record, release: &Release) -> Option<Next> {
    // What had been said before the patch, its driver alone has heard.
    if !cx.is_driver {
        return None;
    }
    let arrival = sight(cx, release).map(|s| s.arrival(release.to, &release.answered));
    if matches!(arrival, Some(Arrival::Arrived { .. })) {
        return None;
    }
    let said = complaints::since_the_patch(cx.s, record, release);
    let of = |means: Means| said.iter().find(|word| word.means == Some(means));
    if let Some(word) = of(Means::Dropped) {
        return Some(after_switch::go_back(cx, format!("the switch was rejected: {word}")));
    }
    let word = of(Means::NotApplied)?;
    // What it had before goes on answering, as far as that can be told.
    let goes_on =
        matches!(arrival, Some(Arrival::Not { said: Some(_) } | Arrival::Inconclusive { .. }));
    goes_on.then(|| {
        let what = format!("the ingress controller does not apply changes: {word}");
        cx.stopped(Cause::NotApplied, what)
    })
}

/// Why a switch is given up, with the controller's last words.
fn never_came(cx: Context, record: &Record, release: &Release, said: Option<String>) -> String {
    let said = said.unwrap_or_else(|| "too few answers".to_owned());
    let word = complaints::latest(cx.s, record, release);
    let word = word.map(|word| format!("; {word}")).unwrap_or_default();
    format!("within {} s: {said}{word}", release.timeout_seconds)
}

/// Until the new version alone answers.
pub fn confirm(cx: Context, record: &Record, release: &Release, switched: Timestamp) -> Next {
    if let Some(next) = told_off(cx, record, release) {
        return next;
    }
    let colour = release.to;
    let until = given_up(cx, release, switched);
    let reached = match reached(cx, record, release, colour) {
        Ok(reached) => reached,
        Err(Reached::Write(next)) => return *next,
        Err(Reached::Not(why)) if cx.is_driver && cx.now >= until => {
            let what = format!(
                "the switch did not take effect within {} s: {why}",
                release.timeout_seconds
            );
            return cx.stopped(Cause::NotArrived, what);
        }
        Err(Reached::Not(why)) => return wait(colour, Confirmed::Endpoints, Some(why), until),
    };
    let switched = reached.map_or(switched, |reached| reached.max(switched));
    let (mut by, mut heard_by) = (Confirmed::Probe, None);
    let mut known = known(cx, release, colour, switched);
    let mut needs = answers(cx, release, colour, &known);
    if !cx.is_driver && marker::is_there(cx.s, record, release) {
        needs.push(cx.heard(marker_seen(false, "")));
    }
    if let Known::Unseen { .. } = known {
        match marked(cx, record, release) {
            Marked::Nothing => {}
            Marked::Learning(until) => heard_by = Some(until),
            Marked::Write(next) => return *next,
            Marked::Served => {
                needs.push(marker_seen(true, "served"));
                cx.all(Aim::Confirm, needs);
                return confirmed(cx, release, Confirmed::Marker, None);
            }
            Marked::Not(said) => {
                needs.push(marker_seen(false, &said));
                (by, known) = (Confirmed::Marker, Known::Not(Some(said)));
            }
        }
    }
    needs.extend(time(cx, release, switched, &known, heard_by));
    cx.all(Aim::Confirm, needs);
    match known {
        Known::Seen => confirmed(cx, release, Confirmed::Probe, None),
        // It was seen not to have arrived after its time: time alone proves nothing any more.
        Known::Unseen { why, .. } if is_in_doubt(cx, release) => {
            if cx.now >= until || !cx.s.memory.asks {
                let command = if release.back.is_some() { "rollback" } else { "the same deploy" };
                let what = format!(
                    "the switch was not confirmed in time, and this process can't check it again: \
                     run {command} with another --settle TIME to accept it unconfirmed"
                );
                return cx.stopped(Cause::NotArrived, what);
            }
            wait(colour, Confirmed::Probe, why, until)
        }
        Known::Unseen { since, why } => {
            let settled = settled(cx, release, since, heard_by);
            let (by, shown) = match reached {
                Some(_) => (Confirmed::Endpoints, None),
                None => (Confirmed::Settle, why.clone()),
            };
            if cx.now >= settled {
                return confirmed(cx, release, by, why);
            }
            wait(colour, by, shown, settled)
        }
        Known::Not(said) if cx.is_driver && cx.now >= until => {
            let why = never_came(cx, record, release, said);
            cx.stopped(Cause::NotArrived, format!("the switch was not confirmed {why}"))
        }
        Known::Not(Some(said)) if by == Confirmed::Marker => {
            unserved(cx, release, switched, said, until)
        }
        Known::Not(said) => doubt(cx, release, switched)
            .unwrap_or_else(|| wait(colour, Confirmed::Probe, said, until)),
    }
}

/// Why it can't have arrived yet where Services were switched.
enum Reached {
    /// That they reach one version alone is to be written down, or that they no longer do.
    Write(Box<Next>),
    /// They name something else, or nothing.
    Not(String),
}

/// Since when the Services have reached the new version alone; nothing where they are no routes. Whoever
/// goes on with the release goes by the same time.
fn reached(
    cx: Context,
    record: &Record,
    release: &Release,
    colour: Colour,
) -> Result<Option<Timestamp>, Reached> {
    if record.route == RouteKind::Ingress {
        return Ok(None);
    }
    let mark = |only: bool| {
        let write = cx.release(|release| release.reached = only.then_some(cx.now));
        Err(Reached::Write(Box::new(cx.act(Action::MarkReached { only }, write))))
    };
    match (unreached(cx, record, colour, Aim::Confirm), release.reached) {
        (Some(_), Some(_)) => mark(false),
        (Some(why), None) => Err(Reached::Not(why)),
        (None, None) => mark(true),
        (None, Some(reached)) => Ok(Some(reached)),
    }
}

/// What of the Services that a switch changes does not lead to one version alone yet: their EndpointSlices have
/// to name what those of the version's own Service name.
fn unreached(cx: Context, record: &Record, colour: Colour, aim: Aim) -> Option<String> {
    let s = cx.s;
    let fixed = endpoints::named(&s.objects, &s.names.service(colour));
    let services = s.following(&record.service, &record.label, colour);
    let conditions = services.into_iter().map(|service| {
        let service = name(service);
        let named = endpoints::named(&s.objects, service);
        let mut others = named.difference(&fixed);
        let (is_met, now) = match (others.next(), fixed.difference(&named).next()) {
            (Some(other), _) => (false, format!("still names {other}")),
            (None, Some(missing)) => (false, format!("does not name {missing} yet")),
            (None, None) if named.is_empty() => (false, "names no pod".to_owned()),
            (None, None) => (true, format!("names only pods of {colour} ({})", named.len())),
        };
        let wanted = format!("only the pods of {colour}");
        Condition::new(Need::Reached, is_met, now, wanted).of(format!("Service {service}"))
    });
    let conditions: Vec<Condition> = conditions.collect();
    let unmet = conditions.iter().find(|condition| !condition.is_met());
    let unmet = unmet.map(|condition| {
        let object = condition.object.as_deref().unwrap_or_default();
        format!("an EndpointSlice of {object} {}", condition.now)
    });
    cx.all(aim, conditions);
    unmet
}

/// When time alone is enough.
fn settled(
    cx: Context,
    release: &Release,
    since: Timestamp,
    heard_by: Option<Timestamp>,
) -> Timestamp {
    // Whoever has not heard the errors hears for as long that there are none.
    let mine = cx.s.memory.started_at.filter(|_| release.erring);
    let settled = later(mine.map_or(since, |mine| mine.max(since)), release.settle_seconds);
    heard_by.map_or(settled, |heard_by| heard_by.max(settled))
}

/// What time has to do, where the answers can't tell, or who looks does not know whether they can.
fn time(
    cx: Context,
    release: &Release,
    switched: Timestamp,
    known: &Known,
    heard_by: Option<Timestamp>,
) -> Option<Condition> {
    let since = match known {
        Known::Unseen { since, .. } => *since,
        Known::Not(_) if !cx.is_driver => switched,
        Known::Seen | Known::Not(_) => return None,
    };
    if is_in_doubt(cx, release) {
        let now = "others answered after the settle time";
        let wanted = "answers of the new version: time alone proves nothing any more";
        let doubt = Condition::new(Need::Doubt, false, now, wanted);
        return Some(cx.heard(doubt));
    }
    let wanted = "to be over, where no answers confirm the switch (--settle)";
    let until = settled(cx, release, since, heard_by);
    let settle = Condition::after(Need::SettleTime, cx.now, until, wanted);
    // It begins anew with whatever the driver hears of the other version.
    Some(if settle.is_met() { cx.heard(settle) } else { settle })
}

/// That the rule that was added after the switch is served at each address.
fn marker_seen(is_served: bool, now: &str) -> Condition {
    Condition::new(Need::Marker, is_served, now, "served at each address")
}

/// Whoever goes on and can't hear that the marker is not served must not take time for a proof.
fn unserved(
    cx: Context,
    release: &Release,
    switched: Timestamp,
    said: String,
    until: Timestamp,
) -> Next {
    let settled = later(switched, release.settle_seconds);
    let is_known = release.doubted && !release.erring;
    if cx.now >= settled && !is_known {
        let write = cx.release(|release| (release.doubted, release.erring) = (true, false));
        return cx.act(Action::Doubt, write);
    }
    // Its time is over in the middle of it, and that is no news to anybody.
    let until = if cx.now < settled { settled.min(until) } else { until };
    wait(release.to, Confirmed::Marker, Some(said), until)
}

/// What a marker tells.
enum Marked {
    /// It is of no use.
    Nothing,
    /// Whether it is of use is known until then, or never.
    Learning(Timestamp),
    /// It has to be there first.
    Write(Box<Next>),
    /// Each address has taken it in, and so what came before it.
    Served,
    /// One has not: what was asked for there.
    Not(String),
}

/// Where the versions can't be told apart, a rule that was added after the switch may be seen instead. The
/// ingress is asked first whether it answers a host that it knows otherwise than one that it does not.
fn marked(cx: Context, record: &Record, release: &Release) -> Marked {
    let s = cx.s;
    let ingress = s.names.preview();
    let is_refused = s.memory.refusal(&Id::new(Kind::Ingress, &ingress)).is_some();
    let Some(sight) = sight(cx, release).filter(|_| !is_refused) else { return Marked::Nothing };
    // What is asked nowhere may be behind another controller.
    let is_asked = !sight.marks.is_empty() && sight.unasked.is_empty();
    if !is_asked || !marker::is_of_use(s, record, release) {
        return Marked::Nothing;
    }
    let tells = |wanted: Option<bool>| sight.marks.iter().any(|mark| mark.tells == wanted);
    if tells(Some(false)) {
        return Marked::Nothing;
    }
    if tells(None) {
        // Who takes a release up has heard nothing yet.
        let began = s.memory.started_at.unwrap_or(cx.now);
        return Marked::Learning(later(began, FIRST_WORD_SECONDS));
    }
    if marker::is_there(s, record, release) {
        return match sight.marks.iter().find(|mark| !mark.has_it) {
            None => Marked::Served,
            Some(mark) => Marked::Not(format!("{} is not served yet", mark.at)),
        };
    }
    let hosts = marker::hosts(s, record, release).zip(marker::add(s, record, release));
    match hosts.filter(|_| s.memory.marked != Some(release.number)) {
        None => Marked::Nothing,
        Some((hosts, write)) => {
            let action = Action::Mark { ingress, host: hosts.marker };
            Marked::Write(Box::new(cx.act(action, write)))
        }
    }
}

/// A marker goes as soon as it has told what there is to tell.
pub fn unmark(cx: Context) -> Option<Next> {
    // Nothing waits for that, and whether it can be taken away its driver alone knows.
    if !cx.is_driver {
        return None;
    }
    let ingress = cx.s.names.preview();
    let is_refused = cx.s.memory.refusal(&Id::new(Kind::Ingress, &ingress)).is_some();
    let write = marker::remove(cx.s).filter(|_| !is_refused)?;
    Some(cx.act(Action::Unmark { ingress }, write))
}

/// Writes down that somebody else was heard after the switch's time, and whether it was errors alone. A hiccup
/// is none.
fn doubt(cx: Context, release: &Release, switched: Timestamp) -> Option<Next> {
    let sight = sight(cx, release)?;
    let is_late = cx.now >= later(switched, release.settle_seconds);
    let others = sight.hears_others(release.to);
    let errs = sight.lasting(&release.answered).or(sight.unserved(&release.answered)).is_some();
    let is_new = !release.doubted || release.erring && others;
    (is_late && is_new && (others || errs)).then(|| {
        let write = cx.release(|release| {
            release.doubted = true;
            release.erring = !others;
        });
        cx.act(Action::Doubt, write)
    })
}

/// Whether time alone proves nothing: old answers may go on where nobody can tell. Errors that are over do not.
fn is_in_doubt(cx: Context, release: &Release) -> bool {
    let is_over = || sight(cx, release).is_some_and(|s| s.is_well(&release.answered));
    release.doubted && sees_nothing(cx, release) && !(release.erring && is_over())
}

/// Whether nothing at all was seen to arrive.
fn sees_nothing(cx: Context, release: &Release) -> bool {
    let sight = sight(cx, release);
    sight.is_none_or(|sight| {
        matches!(sight.arrival(release.to, &release.answered), Arrival::Inconclusive { .. })
    })
}

fn confirmed(cx: Context, release: &Release, by: Confirmed, why: Option<String>) -> Next {
    let seconds = release.kept_seconds().max(release.bake_seconds);
    let write = cx.release(|release| {
        release.confirmed = Some(by);
        release.unconfirmed = why;
        release.arrived = Some(cx.now);
        // Who had no time to ask before the switch has heard the app by now.
        if let Some(sight) = sight(cx, release) {
            release.answered = sight.answered_now(&release.answered);
        }
        (release.drain_until, release.bake_until) = start::kept_until(release, cx.now);
    });
    cx.act(Action::StartDrain { seconds, confirmed: Some(by) }, write)
}

/// After a switch back: until the old version alone answers, then for as long as what is under way may
/// take. The candidate stays all the while.
pub fn confirm_back(cx: Context, record: &Record, release: &Release, began: Timestamp) -> Next {
    let colour = release.from;
    let drain = |arrival: u64| {
        let seconds = release.drain_seconds.saturating_add(arrival);
        let until = later(cx.now, seconds);
        let write = cx.release(|release| release.drain_back_until = Some(until));
        cx.act(Action::StartDrain { seconds, confirmed: None }, write)
    };
    // Nobody misses a version that answers nothing.
    if cx.s.endpoints(release.to) == 0 {
        return drain(0);
    }
    let until = given_up(cx, release, began);
    if record.route == RouteKind::Service
        && let Some(why) = unreached(cx, record, colour, Aim::Withdraw)
    {
        if cx.is_driver && cx.now >= until {
            let timeout = release.timeout_seconds;
            let what = format!("the switch back did not take effect within {timeout} s: {why}");
            return cx.stopped(Cause::NotArrived, what);
        }
        return wait(colour, Confirmed::Endpoints, Some(why), until);
    }
    let known = known(cx, release, colour, began);
    cx.all(Aim::Withdraw, answers(cx, release, colour, &known));
    match known {
        Known::Seen => drain(0),
        Known::Unseen { .. } => drain(release.settle_seconds),
        Known::Not(said) if cx.is_driver && cx.now >= until => {
            let why = never_came(cx, record, release, said);
            cx.stopped(Cause::NotArrived, format!("the switch back was not confirmed {why}"))
        }
        Known::Not(said) => wait(colour, Confirmed::Probe, said, until),
    }
}
