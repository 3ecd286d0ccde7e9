//! Certificates in a PEM file: those that may sign a webhook's own.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

pub fn read(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let certificates = certificates.map_err(|_| "it is not valid PEM")?;
    if certificates.is_empty() {
        return Err("it contains no certificate".to_owned());
    }
    let mut store = RootCertStore::empty();
    for (n, certificate) in certificates.iter().enumerate() {
        let added = store.add(certificate.clone());
        added.map_err(|_| format!("its certificate {} is not valid", n + 1))?;
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_certificates_and_nothing_else() {
        let one = rcgen::generate_simple_self_signed(["gate.example.com".to_owned()]).unwrap();
        let (pem, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        assert_eq!(read(&format!("a comment\n{pem}{key}{pem}")).unwrap().len(), 2);
        let cut = pem.replace("-----END CERTIFICATE-----", "");
        let rubbish = "-----BEGIN CERTIFICATE-----\naHVzaA==\n-----END CERTIFICATE-----\n";
        for (text, why) in [
            ("", "it contains no certificate"),
            (&key, "it contains no certificate"),
            (&cut, "it is not valid PEM"),
            (&format!("{pem}{rubbish}"), "its certificate 2 is not valid"),
        ] {
            assert_eq!(read(text).unwrap_err(), why);
        }
    }
}
