//! The tests, one file a subject. A new file: a `mod` line, and its `trials()` in `all`.

mod article;
mod bed;
mod crash;
mod gate;
mod intents;
mod parrot;

use libtest_mimic::Trial;

pub fn all() -> Vec<Trial> {
    let files =
        [bed::trials(), article::trials(), crash::trials(), gate::trials(), intents::trials()];
    files.into_iter().flatten().collect()
}
