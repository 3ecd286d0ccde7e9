//! The tests, one file a subject. A new file: a `mod` line, and its `trials()` in `all`.

mod bed;

use libtest_mimic::Trial;

pub fn all() -> Vec<Trial> {
    [bed::trials()].into_iter().flatten().collect()
}
