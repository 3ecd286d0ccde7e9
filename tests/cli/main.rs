//! What the command line says without a cluster: help, usage errors, exit codes.
#![forbid(unsafe_code)]

mod canaries;
mod completions;
mod examples;
mod help;
mod json_page;
mod plugin;
#[allow(dead_code, reason = "who writes results uses all of it")]
#[path = "../results/mod.rs"]
mod results;
mod results_page;
#[path = "../schema/mod.rs"]
mod schema;
mod security_page;

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
