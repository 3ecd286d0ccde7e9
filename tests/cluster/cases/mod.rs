//! The tests, one file a subject. A new file: a `mod` line, and its `trials()` in `all`.

mod access;
mod alternate;
mod article;
mod bed;
mod crash;
mod credentials;
mod errors;
mod examples;
mod gate;
mod intents;
mod manners;
mod mended;
mod parrot;
mod pictures;
mod plugin;
mod refusals;
mod requests;
mod rights;
mod settings;
mod terminal;
mod unhealthy;
mod watch;

use libtest_mimic::Trial;

pub fn all() -> Vec<Trial> {
    let files = [
        bed::trials(),
        access::trials(),
        alternate::trials(),
        article::trials(),
        crash::trials(),
        credentials::trials(),
        examples::trials(),
        errors::trials(),
        gate::trials(),
        intents::trials(),
        manners::trials(),
        mended::trials(),
        pictures::trials(),
        plugin::trials(),
        refusals::trials(),
        requests::trials(),
        rights::trials(),
        settings::trials(),
        terminal::trials(),
        unhealthy::trials(),
        watch::trials(),
    ];
    files.into_iter().flatten().collect()
}
