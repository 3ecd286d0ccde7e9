//! The sandbox against the real API server: the same requests to both, and what they answer compared,
//! but for what `differences.yaml` lists.

mod ask;
mod compare;
mod differences;
mod forgetting;
mod kinds;
mod mask;
mod others;
mod page;
mod plane;
mod run;
mod sequences;
mod side;
mod table;
mod verbs;

use libtest_mimic::Trial;

use self::forgetting::forgets_as_the_real_one;
use self::sequences::draws_the_same_conclusions;
use self::table::answers_as_the_real_one;

pub fn trials() -> Vec<Trial> {
    crate::cases![answers_as_the_real_one, draws_the_same_conclusions, forgets_as_the_real_one,]
}
