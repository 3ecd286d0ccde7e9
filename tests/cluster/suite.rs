//! One control plane, all tests, teardown.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use tokio::runtime::Handle;

use crate::bed::binaries::Binaries;
use crate::bed::{Bed, start};
use crate::cases;

/// A test that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(600);
/// One that takes longer is told, so that whoever wants the whole to be faster knows where to look.
const LONG: Duration = Duration::from_secs(20);
/// They wait most of their time, for the cluster and for each other's CPU.
const THREADS: usize = 8;
/// Some have a driver that is gone, which is missed only after 10 s.
const SHARED_THREADS: usize = 16;

static BED: OnceLock<(Handle, Arc<Bed>)> = OnceLock::new();

pub fn run(arguments: &Arguments, binaries: &Binaries) -> Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let folder = tempfile::Builder::new().prefix("bluegreen-bed-").tempdir()?;

    let started = Instant::now();
    let (plane, bed) = runtime.block_on(start::start(folder.path(), binaries))?;
    eprintln!("testbed: control plane up in {:.1} s", started.elapsed().as_secs_f32());
    let bed = Arc::new(bed);
    let _ = BED.set((runtime.handle().clone(), Arc::clone(&bed)));

    if arguments.ignored {
        cases::saved::tested()?;
    }
    let conclusions = groups(arguments, part()?);
    let stopping = Instant::now();
    runtime.block_on(bed.stop_ingress());
    drop(plane);
    eprintln!("testbed: all down in {:.1} s", stopping.elapsed().as_secs_f32());
    let failed = conclusions.iter().any(Conclusion::has_failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is run of it all, by `BLUEGREEN_PART`.
#[derive(PartialEq, Eq)]
enum Part {
    All,
    /// What waits most of its time: something else may run beside it.
    Waiting,
    /// What needs the ingress controller, and sends it little.
    Light,
    /// What sends it much, or measures.
    Alone,
}

fn part() -> Result<Part> {
    match std::env::var("BLUEGREEN_PART").ok().as_deref() {
        None => Ok(Part::All),
        Some("waiting") => Ok(Part::Waiting),
        Some("light") => Ok(Part::Light),
        Some("alone") => Ok(Part::Alone),
        Some(other) => bail!("BLUEGREEN_PART is {other}: it can be waiting, light or alone"),
    }
}

fn groups(arguments: &Arguments, part: Part) -> Vec<Conclusion> {
    let asked = arguments.test_threads;
    let run = |threads, trials| {
        let arguments = Arguments { test_threads: Some(threads), ..arguments.clone() };
        libtest_mimic::run(&arguments, trials)
    };
    let has = |wanted| part == Part::All || part == wanted;
    let mut conclusions = Vec::new();
    if has(Part::Waiting) {
        conclusions.push(run(asked.unwrap_or(THREADS), cases::together()));
        conclusions.push(run(asked.unwrap_or(SHARED_THREADS), cases::shared()));
    }
    // One data plane, one test at a time.
    if has(Part::Light) {
        conclusions.push(run(1, cases::light()));
    }
    if has(Part::Alone) {
        let last = if arguments.ignored { cases::measurements() } else { cases::alone() };
        conclusions.push(run(1, last));
    }
    conclusions
}

type Case = Pin<Box<dyn Future<Output = Result<()>>>>;

/// Use `cases!`: it gives the name.
pub fn trial<F>(name: String, case: F) -> Trial
where
    F: Fn(Arc<Bed>) -> Case + Send + 'static,
{
    Trial::test(name.clone(), move || {
        let (runtime, bed) = BED.get().context("no control plane").map_err(failed)?;
        let began = Instant::now();
        // On this thread: a panic is then this test's failure, which libtest-mimic reports.
        let case = async { tokio::time::timeout(PATIENCE, case(Arc::clone(bed))).await };
        let outcome = runtime.block_on(case);
        let took = began.elapsed();
        if took > LONG {
            eprintln!("testbed: {name} took {:.0} s", took.as_secs_f32());
        }
        match outcome {
            Ok(outcome) => outcome.map_err(failed),
            Err(_) => Err(format!("not done within {PATIENCE:?}").into()),
        }
    })
}

fn failed(error: anyhow::Error) -> Failed {
    format!("{error:#}").into()
}

/// `cases![a, b]`: the trials of `async fn a(bed: Arc<Bed>) -> anyhow::Result<()>` and so on,
/// named after the file that they stand in.
#[macro_export]
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        vec![$({
            let file = module_path!().rsplit("::").next().unwrap_or_default();
            let name = format!("{file}::{}", stringify!($case));
            $crate::suite::trial(name, |bed| Box::pin($case(bed)))
        }),*]
    };
}
