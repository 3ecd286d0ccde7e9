//! The tests, one file a subject. A new file: a `mod` line, and its `trials()` in `all`.

mod article;
mod bed;
mod gate;
mod intents;
mod parrot;

use libtest_mimic::Trial;

pub fn all() -> Vec<Trial> {
    [bed::trials(), article::trials(), gate::trials(), intents::trials()]
        .into_iter()
        .flatten()
        .collect()
}
