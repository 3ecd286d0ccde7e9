//! The files that go with a webhook: the secret that signs, the headers, the certificates.

use bluegreen::settings::Files;

pub fn tried(input: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    std::fs::write(&path, input).expect("a file");
    for files in [
        Files { secret: Some(path.clone()), ..Files::default() },
        Files { headers: Some(path.clone()), ..Files::default() },
        Files { ca: Some(path.clone()), ..Files::default() },
    ] {
        if let Err(error) = files.read() {
            // A word of the file, long enough to be a secret, is not repeated.
            let said = error.to_string();
            let text = String::from_utf8_lossy(input);
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            for word in words.filter(|word| word.len() > 20) {
                assert!(!said.contains(word), "{said}");
            }
        }
    }
}
