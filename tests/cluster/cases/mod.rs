//! The tests, one file a subject. A new file: a `mod` line, and its `trials()` in `together`,
//! `light` or `alone`.

mod accepted;
mod access;
mod after_switch;
mod alternate;
mod article;
mod bed;
mod ci;
mod crash;
mod credentials;
mod cuts;
mod differential;
mod direct;
mod errors;
mod examples;
mod frozen;
mod gate;
mod gone_bad;
mod json;
mod kept;
mod killed;
mod kinds;
mod kubectl;
mod lasting;
mod manners;
mod marker;
mod matrix;
mod mended;
mod pair;
mod parrot;
mod pictures;
mod plugin;
mod preview_host;
mod probe;
mod proxied;
mod refusals;
mod reload_fails;
mod requests;
mod rights;
pub mod saved;
mod scalars;
mod scene;
mod served;
mod settings;
mod settle;
mod several;
mod signals;
mod stand_ins;
mod terminal;
mod traffic;
mod unhealthy;
mod watch;
mod ways;
mod zero_loss;

use libtest_mimic::Trial;

/// They mind their own namespace and wait most of the time.
pub fn together() -> Vec<Trial> {
    let files = [
        // First what takes longest, so that not all others are done before it.
        examples::trials(),
        bed::trials(),
        access::trials(),
        after_switch::trials(),
        alternate::trials(),
        article::trials(),
        ci::trials(),
        crash::trials(),
        credentials::trials(),
        cuts::trials(),
        differential::trials(),
        direct::trials(),
        errors::trials(),
        frozen::trials(),
        gate::trials(),
        json::trials(),
        kept::trials(),
        kubectl::trials(),
        manners::trials(),
        mended::trials(),
        pictures::trials(),
        plugin::trials(),
        proxied::trials(),
        refusals::trials(),
        requests::trials(),
        rights::trials(),
        scalars::trials(),
        settings::trials(),
        several::trials(),
        signals::trials(),
        terminal::trials(),
        unhealthy::trials(),
        watch::trials(),
    ];
    files.into_iter().flatten().collect()
}

/// The cases that the sandbox has as well. All of a command is in this process, and waits.
pub fn shared() -> Vec<Trial> {
    accepted::trials()
}

/// They use the data plane, and wait for it most of their time: another one may be under load meanwhile.
pub fn light() -> Vec<Trial> {
    let files = [marker::trials(), kinds::trials(), reload_fails::trials(), gone_bad::trials()];
    files.into_iter().flatten().collect()
}

/// They put it under full load, or measure: one after the other, when the rest is done.
pub fn alone() -> Vec<Trial> {
    let files = [
        stand_ins::trials(),
        traffic::trials(),
        preview_host::trials(),
        probe::trials(),
        zero_loss::trials(),
        lasting::trials(),
        killed::trials(),
    ];
    files.into_iter().flatten().collect()
}

/// What takes long and is written down in `docs/results/`: only by `--ignored`, and no test that was
/// skipped without it.
pub fn measurements() -> Vec<Trial> {
    let files = [
        matrix::trials(),
        ways::trials(),
        lasting::long(),
        killed::long(),
        gone_bad::long(),
        settle::trials(),
        marker::long(),
        requests::long(),
    ];
    files.into_iter().flatten().map(|trial| trial.with_ignored_flag(true)).collect()
}
