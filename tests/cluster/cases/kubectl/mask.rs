//! What two clusters may well tell differently: when, where, and the random ends of names.

use std::process::Output;

use regex::Regex;

/// Each with what stands for it.
const RANDOM: [(&str, &str); 11] = [
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000 UTC)", "TIME"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "TIME"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"\b\d+\.\d+\.\d+\.\d+\b", "IP"),
    (r#"(resourceVersion"?): "\d+""#, "${1}: VERSION"),
    // Pods that end take a moment, or none.
    (r#"(terminatingReplicas"?): \d+"#, "${1}: SOME"),
    (r"\b(bed-node|sandbox)\b", "NODE"),
    (r"pod-template-hash([=:]) ?\w+", "pod-template-hash${1}HASH"),
    // A ReplicaSet, its pods; an EndpointSlice.
    (r"\bparrot-[a-z0-9]{8,10}(-[a-z0-9]{5})?\b", "parrot-HASH${1}"),
    (r"\bparrot-(HASH-)?[a-z0-9]{5}\b", "parrot-${1}END"),
    (r"\b(\d+[ydhms]){1,2}\b", "AGE"),
];

/// What the controller of autoscalers has come to by then: it looks 15 s after one was made, whether the
/// commands before have taken as long or not.
const OF_AUTOSCALERS: [(&str, &str); 3] = [
    (r"(Deployment/parrot  cpu: \S+  \d+  \d+)  \d+", "${1}  SOME"),
    (r"(?s)\nDeployment pods:.*", "\nDeployment pods: SOME"),
    (
        r"(?s)(kind: HorizontalPodAutoscaler\n.*?\n *status:\n).*?(\n- apiVersion|\nkind: List|\z)",
        "${1}SOME${2}",
    ),
];

pub fn mask(text: &str) -> String {
    // Columns are as wide as what stands in them.
    let blanks = Regex::new(r" {2,}").expect("it is one");
    (RANDOM.iter().chain(&OF_AUTOSCALERS))
        .fold(blanks.replace_all(text, "  ").into_owned(), |text, (random, name)| {
            Regex::new(random).expect("it is one").replace_all(&text, *name).into_owned()
        })
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.starts_with("Waiting for deployment "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Its exit code and all that it says, but what a rollout goes through: that is a matter of pace.
pub fn told(output: &Output) -> String {
    let code = output.status.code();
    let text = |bytes: &[u8]| mask(&String::from_utf8_lossy(bytes));
    format!("{}\n{}\nexit {code:?}", text(&output.stdout), text(&output.stderr))
}

/// The lines in which two texts differ, by their place.
pub fn differences(one: &str, other: &str) -> String {
    let one: Vec<&str> = one.lines().collect();
    let other: Vec<&str> = other.lines().collect();
    let only = |sign: &str, of: &[&str], than: &[&str]| {
        of.iter()
            .filter(|line| !than.contains(line))
            .map(|line| format!("{sign} {line}\n"))
            .collect()
    };
    let lines: [String; 2] = [only("real   ", &one, &other), only("sandbox", &other, &one)];
    match lines.concat() {
        none if none.is_empty() => "the order of its lines".to_owned(),
        lines => lines,
    }
}
