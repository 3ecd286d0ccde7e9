//! What is looked at beyond the app's namespace before anything new begins.

use super::Loop;
use crate::cluster::beyond;
use crate::error::Error;
use crate::release::plan::sought;
use crate::release::{Memory, Snapshot};

impl Loop<'_> {
    /// A request for each thing that is asked, and none where a release is under way.
    pub async fn look_beyond(&mut self) -> Result<(), Error> {
        let (names, objects) = (self.drive.names.clone(), self.look.objects.clone());
        // What can't be read is told by the look itself.
        let Ok(s) = Snapshot::new(names, objects, Memory::default()) else { return Ok(()) };
        let Some(sought) = sought(&self.drive.goal, &s) else { return Ok(()) };
        self.look.memory.beyond = tokio::select! {
            beyond = beyond(self.drive.cluster, &sought) => beyond,
            signal = self.drive.interrupts.next() => return Err(self.interrupted(signal)),
        };
        Ok(())
    }
}
