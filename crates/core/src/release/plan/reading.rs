//! What the API server makes of a template that stands in a file: whether it can read it, and whether that
//! is what stands there already. Tried on the live Deployment, with nothing written.

use json_patch::{Patch, PatchOperation, ReplaceOperation};
use serde_json::Value;

use crate::model::{Id, Kind, Write, pointer};
use crate::release::checks::Reply;
use crate::release::goal::{Change, Deploy, Goal};
use crate::release::memory::{Reading, Tried};
use crate::release::routes::Leads;
use crate::release::{Fault, Outcome, Record, Slot, Snapshot, template};

/// Where a template stands in a Deployment.
const TEMPLATE: &str = "spec.template";

/// What is to be tried before a deploy of a file is planned; nothing where that is known, or of no use.
pub fn unread(goal: &Goal, s: &Snapshot) -> Option<(Tried, Write)> {
    let Goal::Deploy(deploy @ Deploy { change: Change::Template(_), .. }) = goal else {
        return None;
    };
    let (_, record) = s.record.as_ref().filter(|(_, record)| record.release.is_none())?;
    let Leads::To(from) = s.routes_lead(record) else { return None };
    let live = s.slot(from)?;
    let base = live.neutral_template(&record.label);
    let wanted = template::changed(&base, &deploy.change, &record.label).ok()?;
    let tried = of(live, &wanted);
    let is_known = s.memory.reading.as_ref().is_some_and(|reading| reading.tried == tried);
    if is_known || is_as_sent(record, live, &base, &tried.hash) {
        return None;
    }
    let number = live.release().unwrap_or(record.number);
    let replace = PatchOperation::Replace(ReplaceOperation {
        path: pointer(["spec", "template"]),
        value: template::coloured(&wanted, &record.label, from, number),
    });
    let id = Id::new(Kind::Deployment, live.name());
    // On whatever stands there by now: nothing comes of it.
    Some((tried, Write::Patch { id, patch: Patch(vec![replace]) }))
}

/// How the command ends where the API server can't take the template as it is written.
pub fn misread(s: &Snapshot, record: &Record, deploy: &Deploy) -> Option<Outcome> {
    let Change::Template(_) = &deploy.change else { return None };
    let reading = s.memory.reading.as_ref()?;
    let Leads::To(from) = s.routes_lead(record) else { return None };
    let base = s.slot(from)?.neutral_template(&record.label);
    let wanted = template::changed(&base, &deploy.change, &record.label).ok()?;
    let Reply::Refused { faults, .. } = &reading.reply else { return None };
    let fields: Vec<Fault> =
        faults.iter().filter(|fault| is_of_the_template(fault)).cloned().collect();
    let is_about_it = reading.tried.hash == template::hash(&wanted) && !fields.is_empty();
    is_about_it.then_some(Outcome::Misread { fields })
}

fn is_of_the_template(fault: &Fault) -> bool {
    let below = fault.field.strip_prefix(TEMPLATE);
    fault.field.is_empty()
        || below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether what stands there is what the API server makes of a template.
pub fn stands(s: &Snapshot, record: &Record, live: Slot, (base, wanted): (&Value, &Value)) -> bool {
    let tried = of(live, wanted);
    match s.memory.reading.as_ref().filter(|reading| reading.tried == tried) {
        Some(Reading { reply: Reply::Taken { object: Some(object) }, .. }) => {
            template::neutral(&object["spec"]["template"], &record.label) == *base
                || is_as_sent(record, live, base, &tried.hash)
        }
        // What is read back has the API server's defaults: only what was sent can be compared.
        _ => live.hash() == Some(tried.hash.as_str()),
    }
}

/// Whether it stands as the API server gave it back when this very template was sent.
fn is_as_sent(record: &Record, live: Slot, base: &Value, hash: &str) -> bool {
    let found = template::hash(base);
    live.hash() == Some(hash)
        && record.promoted().any(|it| it.hash == hash && it.sighted.as_ref() == Some(&found))
}

fn of(live: Slot, wanted: &Value) -> Tried {
    let generation = live.0["metadata"]["generation"].as_i64();
    Tried { hash: template::hash(wanted), uid: live.version().uid, generation }
}
