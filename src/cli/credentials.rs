//! What goes with a webhook.

use std::convert::Infallible;
use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

#[derive(Args, Debug)]
pub struct Credentials {
    /// Sign each request with the secret in this file
    ///
    /// By the Standard Webhooks scheme: whsec_ and base64. Separate several secrets by spaces to sign
    /// with each. The environment variable BLUEGREEN_WEBHOOK_SECRET can contain the secret itself.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "detach"], hide_short_help = true)]
    pub webhook_secret_file: Option<PathBuf>,
    /// Send the headers in this file, one per line: Name: value
    ///
    /// The environment variable for it is BLUEGREEN_HEADER_FILE.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "detach"], hide_short_help = true)]
    pub header_file: Option<PathBuf>,
    /// Trust only the CA certificates in this file (PEM) for the webhook
    ///
    /// The environment variable for it is BLUEGREEN_CA_FILE.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "detach"], hide_short_help = true)]
    pub ca_file: Option<PathBuf>,
}

/// A secret that a command line may give, since others of its kind do. What is wrong with it is said
/// later, in words of our own.
pub fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}
