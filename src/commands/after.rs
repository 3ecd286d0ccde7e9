//! What deploy and rollback are told of the time after the switch.

use crate::cli::AfterSwitch;
use crate::release::Settings;

pub fn settings(args: &AfterSwitch) -> Settings {
    Settings {
        drain_seconds: args.drain,
        settle_seconds: args.settle,
        bake_seconds: args.bake,
        keep_old: (args.keep_old || args.no_keep_old).then_some(args.keep_old),
        ..Settings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_the_old_version_is_kept_may_be_said_or_not() {
        let said = |keep_old, no_keep_old| {
            let (drain, bake, probe, settle) = (None, None, None, None);
            settings(&AfterSwitch { drain, bake, keep_old, no_keep_old, probe, settle }).keep_old
        };
        let all = [said(true, false), said(false, true), said(false, false)];
        assert_eq!(all, [Some(true), Some(false), None]);
    }
}
