//! A runtime of one's own, so that a server needs nothing from its test.

use std::future::Future;

use tokio::runtime::{Builder, Handle, Runtime};

pub struct Background(Option<Runtime>);

impl Background {
    pub fn start(name: &str) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(name)
            .enable_all()
            .build()
            .expect("a runtime for a test server");
        Self(Some(runtime))
    }

    pub fn handle(&self) -> &Handle {
        self.0.as_ref().expect("taken on drop only").handle()
    }

    /// For plain tests; inside async code it panics, there is `.await` for that.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle().block_on(future)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // An ordinary drop waits for blocked callbacks, and panics when the
        // test that drops us is async.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
