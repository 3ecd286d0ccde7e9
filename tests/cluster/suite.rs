//! One control plane, all tests, teardown.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use tokio::runtime::Handle;

use crate::bed::binaries::Binaries;
use crate::bed::{Bed, start};
use crate::cases;

/// A test that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(600);
/// They wait most of their time, for the cluster and for each other's CPU.
const THREADS: usize = 6;
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
    let mut arguments = arguments.clone();
    let asked = arguments.test_threads;
    arguments.test_threads = asked.or(Some(THREADS));
    let together = libtest_mimic::run(&arguments, cases::together());
    arguments.test_threads = asked.or(Some(SHARED_THREADS));
    let shared = libtest_mimic::run(&arguments, cases::shared());
    arguments.test_threads = Some(1);
    let last = match arguments.ignored {
        true => cases::measurements(),
        false => cases::alone(),
    };
    let alone = libtest_mimic::run(&arguments, last);
    let stopping = Instant::now();
    runtime.block_on(bed.stop_ingress());
    drop(plane);
    eprintln!("testbed: all down in {:.1} s", stopping.elapsed().as_secs_f32());
    let failed = [together, shared, alone].iter().any(Conclusion::has_failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

type Case = Pin<Box<dyn Future<Output = Result<()>>>>;

/// Use `cases!`: it gives the name.
pub fn trial<F>(name: String, case: F) -> Trial
where
    F: Fn(Arc<Bed>) -> Case + Send + 'static,
{
    Trial::test(name, move || {
        let (runtime, bed) = BED.get().context("no control plane").map_err(failed)?;
        // On this thread: a panic is then this test's failure, which libtest-mimic reports.
        let case = async { tokio::time::timeout(PATIENCE, case(Arc::clone(bed))).await };
        match runtime.block_on(case) {
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
