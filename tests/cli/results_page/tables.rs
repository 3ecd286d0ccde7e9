//! Results as tables of Markdown.

use std::collections::BTreeSet;

use crate::results::{
    Controller, Load, Measured, ReleaseRequests, Run, Settle, Switch, Switches, Unbroken, Way,
};

/// Everything of one kind that was measured.
macro_rules! all {
    ($runs:expr, $kind:ident) => {
        $runs.into_iter().filter_map(|(_, run)| match &run.measured {
            Measured::$kind(measured) => Some(measured),
            _ => None,
        })
    };
}

/// What stands between the markers of this name.
pub fn of(name: &str, runs: &[(String, Run)]) -> String {
    match name {
        "switches" => ours(runs),
        "ways" => ways(runs),
        "lasting" => lasting(runs),
        "replaced" => replaced(runs),
        "killed" => killed(runs),
        "gone-bad" => gone_bad(runs),
        "settle" => settle(runs),
        "runs" => about(runs),
        "zero-loss" => unbroken("zero_loss", runs),
        "reload-fails" => unbroken("reload_fails", runs),
        _ => panic!("the page asks for results named {name}"),
    }
}

pub fn switches(runs: &[(String, Run)]) -> impl Iterator<Item = &Switches> + Clone {
    all!(runs, Switches)
}

/// The runs of a file of tests, in a sentence.
pub fn unbroken(file: &str, runs: &[(String, Run)]) -> String {
    let of_file = |name: &str| name.starts_with(&format!("{file}-"));
    let runs = runs.iter().filter(|(name, _)| of_file(name));
    let runs: Vec<_> = all!(runs, Unbroken).collect();
    let sum = |of: fn(&Unbroken) -> usize| thousands(runs.iter().map(|run| of(run)).sum());
    let most = |of: fn(&Unbroken) -> u64| runs.iter().map(|run| of(run)).max().unwrap_or_default();
    let (median, p99) = (most(|run| run.median_us), most(|run| run.p99_us));
    format!(
        "{} requests at {} a second, {} failed; {} switches, {} reloads; {} idle kept-alive connections that a \
         reload closed under a request, which a new connection then answered; median {:.1} ms, 99 % below {:.1} ms.\n",
        sum(|run| run.load.requests),
        thousands(runs.first().map_or(0, |run| run.load.rate as usize)),
        sum(|run| run.load.failed),
        sum(|run| run.switches),
        sum(|run| run.reloads),
        sum(|run| run.load.reopened),
        median as f64 / 1000.0,
        p99 as f64 / 1000.0,
    )
}

/// Of whichever release needed the most.
pub fn requests(runs: &[(String, Run)]) -> String {
    let releases: Vec<_> = all!(runs, Requests).flat_map(|requests| &requests.releases).collect();
    let most = |of: fn(&ReleaseRequests) -> usize| releases.iter().map(|release| of(release)).max();
    let (before, since) = (most(ReleaseRequests::before), most(ReleaseRequests::since));
    let count = |count: Option<usize>| count.expect("docs/results/requests.json");
    let (before, since) = (count(before), count(since));
    format!("{before} before its first write, {since} from there to its last; one more for each no")
}

pub fn yes(runs: &[(String, Run)]) -> String {
    let yes =
        all!(runs, Yes).next().expect("docs/results/requests-a_yes_is_a_look_and_a_patch.json");
    let ms = |us: Option<&u64>| us.copied().unwrap_or_default().div_ceil(1000);
    let (least, most) = (ms(yes.ours_us.iter().min()), ms(yes.ours_us.iter().max()));
    format!("{least} to {most} ms, {:.1} times a look and a patch", yes.ratio())
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    let rows: String = rows.into_iter().map(|cells| line(&cells)).collect();
    line(&head) + &rule + &rows
}

fn ours(runs: &[(String, Run)]) -> String {
    let mut rows: Vec<_> = switches(runs).filter(|row| row.way == Way::Bluegreen).collect();
    rows.sort_by_key(|row| (row.workers, row.controller, row.protocol.clone()));
    let sum = |of: fn(&Switches) -> usize| thousands(rows.iter().map(|row| of(row)).sum());
    let all = format!(
        "\n{} switches, {} requests, {} failed.\n",
        sum(|row| row.switches.len()),
        sum(|row| row.load.requests),
        sum(|row| row.load.failed)
    );
    let head = [
        "workers",
        "controller",
        "protocol",
        "replicas",
        "switches",
        "requests",
        "failed",
        "asked again",
        "reloads",
        "first new",
        "last old",
        "mixed",
        "sent late",
    ];
    let cells = |row: &&Switches| {
        let first = [
            row.workers.to_string(),
            controller(row.controller).to_owned(),
            row.protocol.clone(),
            row.replicas.to_string(),
            row.switches.len().to_string(),
        ];
        let last = [thousands(row.load.late)];
        [&first[..], &measured(row)[..], &last[..]].concat()
    };
    table(&head, rows.iter().map(cells)) + &all
}

fn ways(runs: &[(String, Run)]) -> String {
    let mut rows: Vec<_> = switches(runs).filter(|row| row.way != Way::Bluegreen).collect();
    rows.sort_by_key(|row| (row.way, row.protocol.clone(), row.workers));
    let head = [
        "way",
        "workers",
        "protocol",
        "switches",
        "with failures",
        "requests",
        "failed",
        "asked again",
        "reloads",
        "first new",
        "last old",
        "mixed",
    ];
    let cells = |row: &&Switches| {
        let failing = row.switches.iter().filter(|switch| switch.failed > 0).count();
        let first = [
            way(row.way).to_owned(),
            row.workers.to_string(),
            row.protocol.clone(),
            row.switches.len().to_string(),
            failing.to_string(),
        ];
        [&first[..], &measured(row)[..]].concat()
    };
    table(&head, rows.iter().map(cells))
}

/// Requests, failed, asked again, reloads, first new, last old, mixed.
fn measured(row: &Switches) -> Vec<String> {
    let Load { requests, failed, reopened, .. } = row.load;
    let moves = row.way != Way::Elsewhere;
    let time = |of: fn(&Switch) -> Option<u64>| {
        let times: Vec<u64> = row.switches.iter().filter_map(of).collect();
        if moves { spread(times) } else { "-".to_owned() }
    };
    vec![
        thousands(requests),
        failed.to_string(),
        reopened.to_string(),
        row.reloads.to_string(),
        time(|switch| switch.first_new_ms),
        time(|switch| switch.last_old_ms),
        time(|switch| Some(switch.last_old_ms?.saturating_sub(switch.first_new_ms?))),
    ]
}

/// Least / median / most.
fn spread(mut times: Vec<u64>) -> String {
    times.sort_unstable();
    match times[..] {
        [] => "-".to_owned(),
        [first, .., last] => format!("{first} / {} / {last}", times[times.len() / 2]),
        [one] => one.to_string(),
    }
}

fn lasting(runs: &[(String, Run)]) -> String {
    let head = ["", "at a time", "each", "switches", "opened", "open across a switch", "cut"];
    let rows = all!(runs, Lasting);
    let rows = rows.flat_map(|lasting| {
        let kinds = [("websockets", &lasting.websockets), ("slow downloads", &lasting.downloads)];
        kinds.map(|(name, kind)| {
            vec![
                name.to_owned(),
                kind.at_a_time.to_string(),
                format!("{} s", kind.seconds_each),
                lasting.switches.to_string(),
                thousands(kind.opened),
                kind.across.to_string(),
                kind.cut.to_string(),
            ]
        })
    });
    table(&head, rows)
}

fn replaced(runs: &[(String, Run)]) -> String {
    let head =
        ["connections", "number", "gone with the reload", "gone within 30 s", "the last after"];
    let rows = all!(runs, Replaced);
    let rows = rows.flat_map(|replaced| {
        let kinds = [
            ("websockets", &replaced.websockets),
            ("HTTP/2, always with a request under way", &replaced.busy_http2),
            ("HTTP/2, a short request every few ms", &replaced.steady_http2),
            ("HTTP/2, a short request a second", &replaced.idle_http2),
            ("HTTP/2, opened before the reload, first bytes after it", &replaced.opened_http2),
        ];
        kinds.map(|(name, ends)| {
            let within = |seconds| ends.iter().filter(|end| **end <= seconds).count().to_string();
            let last = ends.iter().max().copied().unwrap_or_default();
            vec![
                name.to_owned(),
                ends.len().to_string(),
                within(0),
                within(30),
                format!("{last} s"),
            ]
        })
    });
    table(&head, rows)
}

fn killed(runs: &[(String, Run)]) -> String {
    let head =
        ["requests of the command", "kills", "requests of the load", "failed", "asked again"];
    let rows = all!(runs, Killed);
    let rows = rows.map(|killed| {
        vec![
            killed.requests_of_the_command.to_string(),
            killed.kills.to_string(),
            thousands(killed.load.requests),
            killed.load.failed.to_string(),
            killed.load.reopened.to_string(),
        ]
    });
    table(&head, rows)
}

fn gone_bad(runs: &[(String, Run)]) -> String {
    let head =
        ["replicas", "switched back after", "last failure after", "requests until then", "failed"];
    let rows = all!(runs, GoneBad);
    let rows = rows.flat_map(|bad| {
        bad.tries.iter().map(|one| {
            let share = one.failed * 100 / one.requests.max(1);
            vec![
                bad.replicas.to_string(),
                format!("{} ms", one.switched_back_ms),
                format!("{} ms", one.last_failed_ms),
                thousands(one.requests),
                format!("{} ({share} %)", thousands(one.failed)),
            ]
        })
    });
    table(&head, rows)
}

fn settle(runs: &[(String, Run)]) -> String {
    let rows = all!(runs, Settle);
    let rows = rows.flat_map(|Settle { controller: of, tries, .. }| {
        tries.iter().map(|tries| {
            let failed: Vec<String> = tries.failed.iter().map(usize::to_string).collect();
            vec![controller(*of).to_owned(), format!("{} ms", tries.after_ms), failed.join(", ")]
        })
    });
    table(&["controller", "switched after readiness", "failed requests of each try"], rows)
}

fn about(runs: &[(String, Run)]) -> String {
    let all = |of: fn(&Run) -> String| {
        let all: BTreeSet<String> = runs.iter().map(|(_, run)| of(run)).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    let commit = |run: &Run| {
        let changed = if run.changed { " (with changes)" } else { "" };
        format!("{}{changed}", run.commit)
    };
    let versions = |run: &Run| {
        let of = &run.versions;
        format!(
            "ingress-nginx {}, nginx {}, Kubernetes {}",
            of.ingress_nginx, of.nginx, of.kubernetes
        )
    };
    format!(
        "Measured at {} on {}, with {} cores for everything; {}.\n",
        all(commit),
        all(|run| run.date.clone()),
        all(|run| run.cores.to_string()),
        all(versions)
    )
}

fn controller(controller: Controller) -> &'static str {
    match controller {
        Controller::Quiet => "quiet",
        Controller::Busy => "busy",
        Controller::Crowded => "300 Ingresses",
    }
}

fn way(way: Way) -> &'static str {
    match way {
        Way::Bluegreen => "`bluegreen`",
        Way::Plain => "the backend replaced, nothing else",
        Way::Selector => "the live Service's selector",
        Way::CanaryWeight => "canary-weight 0 and 100",
        Way::Elsewhere => "no switch: another app's Ingress changed",
    }
}

/// 1234567 as 1,234,567
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
