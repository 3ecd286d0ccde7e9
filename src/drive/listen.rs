//! What has been said of the app's routes before the first of them is changed: one list. What comes
//! after that is about the change.

use std::collections::BTreeMap;

use super::Loop;
use crate::cluster::said;
use crate::error::Error;
use crate::model::{Id, Kind, name};
use crate::release::plan::{Action, Step};
use crate::release::{SaidBefore, Snapshot};
use crate::route::Route;

impl Loop<'_> {
    /// Holds nobody up: where nothing is heard the release goes on as if nothing had been said.
    pub async fn listen(&mut self, step: &Step, s: &Snapshot) -> Result<(), Error> {
        let is_back = match &step.action {
            Action::Switch { .. } => false,
            Action::SwitchBack { .. } => true,
            _ => return Ok(()),
        };
        let Some((_, record)) = &s.record else { return Ok(()) };
        let Some(release) = record.release.as_ref().filter(|_| self.pause.may_hear(s)) else {
            return Ok(());
        };
        let to = if is_back { release.from } else { release.to };
        let number = release.number;
        let known = self.look.memory.said_before.as_ref();
        // Of one that is in the middle of it, some was said of those that are changed already.
        let begun = !is_back && s.begun(record, release);
        if begun || known.is_some_and(|known| (known.release, known.to) == (number, to)) {
            return Ok(());
        }
        let routes: Vec<Id> = s.routes(record).into_iter().map(Route::id).collect();
        let said = tokio::select! {
            said = said(self.drive.cluster, &routes) => said,
            signal = self.drive.interrupts.next() => return Err(self.interrupted(signal)),
        };
        match said {
            Ok((events, version)) => {
                self.look.objects.clear(Kind::Event);
                for event in &events {
                    self.look.objects.insert(Id::new(Kind::Event, name(event)), event.clone());
                }
                self.pause.watches.read_at(BTreeMap::from([(Kind::Event, version)]));
                self.look.memory.said_before = Some(SaidBefore { release: number, to, events });
            }
            Err(error) => self.pause.is_deaf = error.is_about_rights(),
        }
        Ok(())
    }
}
