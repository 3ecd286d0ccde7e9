//! Many runs on two threads, which is how many cores are promised.

use std::sync::Mutex;

const THREADS: usize = 2;
/// A command's future is large in a build that is not optimised.
const STACK: usize = 32 << 20;

/// What came of each, in their order.
pub fn each<J: Sync, T: Send>(jobs: &[J], run: impl Fn(&J) -> T + Sync) -> Vec<T> {
    let (next, done) = (Mutex::new(0..jobs.len()), Mutex::new(Vec::with_capacity(jobs.len())));
    let work = || {
        loop {
            let Some(n) = next.lock().expect("no holder panics").next() else { return };
            let came = run(&jobs[n]);
            done.lock().expect("no holder panics").push((n, came));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let thread = std::thread::Builder::new().stack_size(STACK);
                thread.spawn_scoped(scope, work).expect("a thread can be had")
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("a run panicked"));
    });
    let mut done = done.into_inner().expect("no holder panicked");
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, came)| came).collect()
}
