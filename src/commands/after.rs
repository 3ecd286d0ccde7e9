//! What deploy and rollback are told of the time after the switch.

use crate::cli::AfterSwitch;
use crate::release::Settings;

pub fn settings(args: &AfterSwitch) -> Settings {
    Settings {
        drain_seconds: args.drain,
        settle_seconds: args.settle,
        bake_seconds: args.bake,
        keep_old: args.keep_old,
        ..Settings::default()
    }
}
