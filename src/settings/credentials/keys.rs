//! The secrets of the Standard Webhooks scheme: `whsec_` and base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretSlice;

/// What signs.
pub type Key = SecretSlice<u8>;

const PREFIX: &str = "whsec_";

/// One secret or several, with space between them: while a receiver changes from one to the next,
/// both sign.
pub fn keys(text: &str) -> Result<Vec<Key>, String> {
    let keys: Vec<Key> = text.split_whitespace().map(key).collect::<Result<_, _>>()?;
    match keys.is_empty() {
        true => Err("it contains no secret".to_owned()),
        false => Ok(keys),
    }
}

fn key(text: &str) -> Result<Key, String> {
    let encoded = text.strip_prefix(PREFIX).ok_or("a secret must begin with whsec_")?;
    let key = BASE64_STANDARD.decode(encoded);
    let key = key.map_err(|_| "what follows whsec_ is not base64")?;
    match key.len() {
        24..=64 => Ok(key.into()),
        length => Err(format!("a secret must have 24 to 64 bytes; this one has {length}")),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_whsec_and_base64_of_24_to_64_bytes() {
        let of = |bytes: &[u8]| format!("whsec_{}", BASE64_STANDARD.encode(bytes));
        let both = keys(&format!(" {}\n{}\n", of(&[1; 24]), of(&[2; 64]))).unwrap();
        let both: Vec<&[u8]> = both.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(both, [&[1; 24][..], &[2; 64]]);
        for (text, why) in [
            ("", "it contains no secret"),
            (" \n", "it contains no secret"),
            ("hush", "a secret must begin with whsec_"),
            ("whsec_hush!", "what follows whsec_ is not base64"),
            (&of(&[1; 23]), "a secret must have 24 to 64 bytes; this one has 23"),
            (&of(&[1; 65]), "a secret must have 24 to 64 bytes; this one has 65"),
            (&format!("{} hush", of(&[1; 24])), "a secret must begin with whsec_"),
        ] {
            assert_eq!(keys(text).err().as_deref(), Some(why));
        }
    }
}
