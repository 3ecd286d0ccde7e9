//! What goes with a webhook beside its address. It stands in files, or in the environment: a command
//! line can be seen by others. Files may be named in settings, and their names be shown.

mod authorities;
mod headers;
mod keys;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::HeaderName;
use rustls::pki_types::CertificateDer;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

pub use keys::{Key, keys};

use super::yaml::listing;
use crate::error::{Error, Kind};

/// No file of this kind is longer: what is, is another one.
const LONGEST: u64 = 1 << 20;

/// Where what goes with a webhook stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Files {
    /// What it is signed with.
    pub secret: Option<PathBuf>,
    pub headers: Option<PathBuf>,
    /// Whose certificates count.
    pub ca: Option<PathBuf>,
}

impl Files {
    /// The same, and what it does not name as the other does.
    pub fn or(self, other: Files) -> Files {
        Files {
            secret: self.secret.or(other.secret),
            headers: self.headers.or(other.headers),
            ca: self.ca.or(other.ca),
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Files::default()
    }

    /// The same as seen from where we are, named in a file that stands in this folder.
    pub(super) fn within(self, folder: &Path) -> Files {
        let within = |path: Option<PathBuf>| path.map(|path| folder.join(path));
        Files { secret: within(self.secret), headers: within(self.headers), ca: within(self.ca) }
    }

    pub fn read(&self) -> Result<Credentials, Error> {
        let keys = self.secret.as_deref().map(|path| read(path, "the webhook's secret", keys));
        let headers = self.headers.as_deref().map(|path| read(path, "headers", headers::read));
        let ca = self.ca.as_deref().map(|path| {
            let what = "the webhook's CA certificates";
            read(path, what, authorities::read)
        });
        Ok(Credentials {
            keys: keys.transpose()?.unwrap_or_default().into(),
            headers: headers.transpose()?.unwrap_or_default().into(),
            authorities: ca.transpose()?.map(Arc::from),
        })
    }
}

/// What a webhook is asked with.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Each signs by itself, so that a receiver may know the old one or the new one.
    pub keys: Arc<[Key]>,
    pub headers: Arc<[(HeaderName, SecretString)]>,
    /// Where there are none, those that the system trusts.
    pub authorities: Option<Arc<[CertificateDer<'static>]>>,
}

/// What is wrong with a file says where, and never what stands there.
fn read<T>(path: &Path, what: &str, parse: fn(&str) -> Result<T, String>) -> Result<T, Error> {
    let shown = shown(path);
    let text = text(path).map_err(|why| {
        let error = Error::new(Kind::Usage, format!("{shown} can't be read")).because(why);
        match is_secret(path) {
            true => error.hint("give the name of a file that holds it"),
            false => error.hint(listing(path)),
        }
    })?;
    parse(text.expose_secret()).map_err(|why| {
        Error::new(Kind::Usage, format!("{shown} can't be used as {what}")).because(why)
    })
}

/// A file's name, unless it is what was to stand in the file.
fn shown(path: &Path) -> String {
    match is_secret(path) {
        true => "a file whose name may be a secret".to_owned(),
        false => path.display().to_string(),
    }
}

fn is_secret(path: &Path) -> bool {
    let name = path.display().to_string();
    name.contains("whsec_") || name.contains(": ")
}

fn text(path: &Path) -> Result<SecretString, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    let bytes = SecretSlice::from(bytes);
    let read = read.map_err(|error| error.to_string())?;
    if read as u64 > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let text = std::str::from_utf8(bytes.expose_secret());
    Ok(text.map_err(|_| "it is not UTF-8 text".to_owned())?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> [(Files, &'static str); 3] {
        let path = Some(folder.join("file"));
        [
            (Files { secret: path.clone(), ..Files::default() }, "the webhook's secret"),
            (Files { headers: path.clone(), ..Files::default() }, "headers"),
            (Files { ca: path, ..Files::default() }, "the webhook's CA certificates"),
        ]
    }

    #[test]
    fn a_file_that_can_not_be_used_is_named_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("file");
        for (files, what) in files(folder.path()) {
            let said = |files: &Files| files.read().err().expect("it is taken").to_string();
            for (text, why) in [
                (&b"hush\0hush"[..], "can't be used as"),
                (b"", "can't be used as"),
                (b"hush \xff", "not UTF-8 text"),
                (&vec![b'h'; LONGEST as usize + 1], "longer than 1048576 bytes"),
            ] {
                std::fs::write(&at, text).unwrap();
                let said = said(&files);
                assert!(said.contains(why) && said.contains("file can't be"), "{said}");
                assert!(!said.contains("hush") && !said.contains("hhh"), "{said}");
                assert!(why != "can't be used as" || said.contains(what), "{said}");
            }
            std::fs::remove_file(&at).unwrap();
            let said = said(&files);
            assert!(said.contains("No such file") && said.contains("hint: ls -l "), "{said}");
        }
        assert!(Files::default().read().is_ok_and(|none| none.authorities.is_none()));
    }

    #[test]
    fn a_secret_in_the_place_of_a_name_is_not_repeated() {
        for name in ["whsec_hush", "Authorization: hush"] {
            let files = Files { headers: Some(name.into()), ..Files::default() };
            let said = files.read().err().expect("it is taken").to_string();
            assert!(said.contains("can't be read") && !said.contains("hush"), "{said}");
        }
    }

    #[test]
    fn each_file_is_the_first_ones_that_names_it() {
        let [(secret, _), (headers, _), (ca, _)] = files(Path::new("a"));
        let other = Files { secret: Some("b".into()), headers: Some("b".into()), ca: None };
        let all = secret.clone().or(ca.clone()).or(other);
        assert_eq!(all, Files { headers: Some("b".into()), ..secret.or(ca) });
        let beside = headers.within(Path::new("/c"));
        assert_eq!(beside.headers.as_deref(), Some(Path::new("/c/a/file")));
        assert_eq!(beside.clone().within(Path::new("d")), beside, "absolute ones stay");
    }
}
