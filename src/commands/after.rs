//! What commands are told of the time after the switch.

use crate::cli::{AfterSwitch, Probed};
use crate::error::{Error, Kind};
use crate::release::Settings;
use crate::settings::Probe;

/// Where the app is to be asked, if the command line says so.
pub fn probe(args: &Probed) -> Result<Option<Probe>, Error> {
    let said = (!args.probe.is_empty()).then(|| Probe::of(&args.probe));
    said.transpose().map_err(|why| {
        Error::new(Kind::Usage, "the value of --probe is not valid")
            .because(why)
            .hint("use --probe URL for all Ingresses, --probe ingress/NAME=URL for one of them")
    })
}

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
            let (drain, bake, probed, settle) = (None, None, Probed { probe: Vec::new() }, None);
            settings(&AfterSwitch { drain, bake, keep_old, no_keep_old, probed, settle }).keep_old
        };
        let all = [said(true, false), said(false, true), said(false, false)];
        assert_eq!(all, [Some(true), Some(false), None]);
    }
}
