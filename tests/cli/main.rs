//! What the command line says without a cluster: help, usage errors, exit codes.
#![forbid(unsafe_code)]

mod canaries;
mod commands_page;
mod completions;
mod doc_paths;
mod every_file;
mod examples;
mod files;
mod help;
mod json_page;
mod plugin;
mod results_page;
mod security_page;

use bluegreen_testkit::{results, schema};

#[test]
fn command_line() {
    trycmd::TestCases::new()
        // Hermetic: no kubeconfig of whoever runs the tests, no colours, one width.
        .env("HOME", "/nonexistent")
        .env("KUBECONFIG", "/nonexistent/kubeconfig")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .case("tests/cli/*.trycmd");
}
