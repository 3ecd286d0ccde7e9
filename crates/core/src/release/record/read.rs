//! A record that is read is one that some bluegreen wrote, or it is refused.

use serde_json::Value;

use super::{FORM, FORM_WITH_ROUTE, LAST_NUMBER, RECORD_KEY, Record, Release};
use crate::release::Settings;

/// Longer than any setting may be: about 10 years.
const LONGEST_SECONDS: u64 = 10 * 366 * 24 * 3600;

impl Record {
    /// Reads the record out of its ConfigMap.
    pub fn read(config_map: &Value) -> Result<Record, String> {
        let text = config_map["data"][RECORD_KEY]
            .as_str()
            .ok_or_else(|| format!("its data has no key {RECORD_KEY:?}"))?;
        let form: Value =
            serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        match form["form"].as_u64() {
            Some(n) if (FORM..=FORM_WITH_ROUTE).any(|form| n == u64::from(form)) => {
                // Once more from the text, for the place of what is wrong.
                let record: Record =
                    serde_json::from_str(text).map_err(|error| error.to_string())?;
                record.check()?;
                Ok(record)
            }
            Some(n) if n > u64::from(FORM_WITH_ROUTE) => Err(format!(
                "its format is {n}, written by a newer bluegreen: this one ({}) reads {FORM} and {FORM_WITH_ROUTE}",
                env!("CARGO_PKG_VERSION")
            )),
            Some(n) => Err(format!(
                "its format is {n}, this version of bluegreen reads {FORM} and {FORM_WITH_ROUTE}"
            )),
            None => Err("it has no format number".to_owned()),
        }
    }

    /// Whether a later bluegreen wrote it.
    pub fn is_later(config_map: &Value) -> bool {
        let text = config_map["data"][RECORD_KEY].as_str().unwrap_or_default();
        let form: Value = serde_json::from_str(text).unwrap_or_default();
        form["form"].as_u64().is_some_and(|form| form > u64::from(FORM_WITH_ROUTE))
    }

    /// What no bluegreen writes: somebody edited it, and nothing is decided on it.
    fn check(&self) -> Result<(), String> {
        self.numbers()?;
        if self.service.is_empty() || self.label.key.is_empty() || self.label.blue.is_empty() {
            return Err("it names no Service, or no label that tells the colours apart".to_owned());
        }
        let past = self.history.iter().map(|finished| finished.number).max().unwrap_or(0);
        if past > self.number {
            let last = self.number;
            return Err(format!(
                "its history has release {past}, and its last one is number {last}"
            ));
        }
        let Some(release) = &self.release else { return Ok(()) };
        if release.from == release.to {
            return Err(format!("its release is from {0} to {0}", release.from));
        }
        if release.number > self.number {
            let (number, last) = (release.number, self.number);
            return Err(format!("its release is number {number}, and its last one number {last}"));
        }
        Ok(())
    }

    fn numbers(&self) -> Result<(), String> {
        let seconds = self.release.iter().flat_map(|release| {
            let Release { timeout_seconds, drain_seconds, settle_seconds, bake_seconds, .. } =
                *release;
            let interval_seconds = release.gate.interval_seconds;
            [timeout_seconds, drain_seconds, settle_seconds, bake_seconds, interval_seconds]
        });
        let settings = self.settings.iter().flat_map(|settings| {
            let Settings { interval_seconds, timeout_seconds, deadline_seconds, .. } = *settings;
            let Settings { drain_seconds, settle_seconds, bake_seconds, .. } = *settings;
            [interval_seconds, timeout_seconds, deadline_seconds].into_iter().chain([
                drain_seconds,
                settle_seconds,
                bake_seconds,
            ])
        });
        let seconds = seconds.chain(settings.flatten());
        let gate = self.release.as_ref().map(|release| &release.gate);
        let counts = [
            self.number,
            self.epoch,
            self.driver.as_ref().map_or(0, |driver| driver.writes),
            gate.map_or(0, |gate| gate.failures),
            gate.map_or(0, |gate| gate.broken),
        ];
        match seconds.max().is_some_and(|longest| longest > LONGEST_SECONDS)
            || counts.into_iter().any(|count| count > LAST_NUMBER)
        {
            true => Err("a number in it is out of range".to_owned()),
            false => Ok(()),
        }
    }
}
