//! How long a container waits that has crashed.

/// As the kubelet says it: 10 s, doubled each time, 5 minutes at most.
pub fn after(restarts: u64) -> String {
    let seconds = (10u64 << restarts.saturating_sub(1).min(5)).min(300);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn it_doubles_up_to_five_minutes() {
        let waits = [1, 2, 3, 4, 5, 6, 60].map(after);
        assert_eq!(waits, ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"]);
    }
}
