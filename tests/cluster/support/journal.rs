//! What a server was asked, in order, and waiting for more of it.

use std::fmt::Display;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// An entry's identity. Not its place: a test may forget what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

struct Pages<T> {
    entries: Vec<(Key, T)>,
    next: u64,
}

pub struct Journal<T>(watch::Sender<Pages<T>>);

impl<T: Clone + Display> Journal<T> {
    pub fn new() -> Self {
        Self(watch::Sender::new(Pages { entries: Vec::new(), next: 0 }))
    }

    /// Adds what `make` builds from the entries so far; they don't change
    /// meanwhile, so numbers that it takes from them are unique.
    pub fn add(&self, make: impl FnOnce(&mut dyn Iterator<Item = &T>) -> T) -> (Key, T) {
        let mut added = None;
        self.0.send_modify(|pages| {
            let entry = make(&mut pages.entries.iter().map(|(_, entry)| entry));
            let key = Key(pages.next);
            pages.next += 1;
            pages.entries.push((key, entry.clone()));
            added = Some((key, entry));
        });
        added.expect("send_modify runs what it is given")
    }

    /// Notes what became of an entry; of a forgotten one nothing is noted.
    pub fn note(&self, key: Key, change: impl FnOnce(&mut T)) {
        self.0.send_modify(|pages| {
            if let Some((_, entry)) = pages.entries.iter_mut().find(|(k, _)| *k == key) {
                change(entry);
            }
        });
    }

    pub fn all(&self) -> Vec<T> {
        let pages = self.0.borrow();
        pages.entries.iter().map(|(_, entry)| entry.clone()).collect()
    }

    pub fn forget(&self) {
        self.0.send_modify(|pages| pages.entries.clear());
    }

    /// The first entry that fits, as soon as there is one. Fails the test at
    /// the caller's line, listing what came instead.
    #[track_caller]
    pub fn wait_for<P>(&self, limit: Duration, mut fits: P) -> impl Future<Output = T>
    where
        P: FnMut(&T) -> bool,
    {
        let caller = Location::caller();
        async move {
            let mut found = None;
            let mut changes = self.0.subscribe();
            let search = changes.wait_for(|pages| {
                found = pages
                    .entries
                    .iter()
                    .find(|(_, entry)| fits(entry))
                    .map(|(_, entry)| entry.clone());
                found.is_some()
            });
            // Bound to a name: the borrow inside ends before `found` is read.
            let in_time = timeout(limit, search).await.is_ok();
            found.filter(|_| in_time).unwrap_or_else(|| {
                let came: Vec<String> = self.all().iter().map(|e| format!("  {e}")).collect();
                panic!(
                    "{caller}: nothing that fits in {limit:?}; what came ({}):\n{}",
                    came.len(),
                    came.join("\n")
                )
            })
        }
    }
}
