//! Keys and certificates of one control plane, made at its start. P-256 throughout: an RSA key
//! would make every TLS handshake of the suite several times as dear.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

pub struct Certs {
    pub ca_pem: String,
    pub ca: PathBuf,
    pub serving: PathBuf,
    pub serving_key: PathBuf,
    /// Signs the tokens of service accounts; the public half is for the API server to check them.
    pub accounts_key: PathBuf,
    pub accounts_public: PathBuf,
}

impl Certs {
    pub fn make(dir: &Path) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "bluegreen test bed");
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"].map(String::from);
        let serving_key = KeyPair::generate()?;
        let serving = CertificateParams::new(names)?.signed_by(&serving_key, &ca)?;
        let accounts = KeyPair::generate()?;

        Ok(Self {
            ca: write(dir, "ca.crt", &ca.pem())?,
            ca_pem: ca.pem(),
            serving: write(dir, "serving.crt", &serving.pem())?,
            serving_key: write(dir, "serving.key", &serving_key.serialize_pem())?,
            accounts_key: write(dir, "accounts.key", &accounts.serialize_pem())?,
            accounts_public: write(dir, "accounts.pub", &accounts.public_key_pem())?,
        })
    }
}

fn write(dir: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = dir.join(name);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
