//! Headers that a webhook is to have: `Name: value`, each on a line.

use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, HeaderValue};
use secrecy::SecretString;

/// What says how a request is to be read is not for a file to say.
const OURS: [HeaderName; 9] = [
    CONNECTION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];
/// Those of the signature.
const SIGNED: &str = "webhook-";

/// Empty lines, and those that begin with #, are passed over.
pub fn read(text: &str) -> Result<Vec<(HeaderName, SecretString)>, String> {
    let lines = text.lines().enumerate();
    let lines = lines.map(|(n, line)| (n + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let headers: Vec<_> = lines
        .map(|(n, line)| header(line).map_err(|why| format!("line {n}: {why}")))
        .collect::<Result<_, _>>()?;
    match headers.is_empty() {
        true => Err("it contains no header".to_owned()),
        false => Ok(headers),
    }
}

/// Names are not repeated either: who forgot the name begins with the value.
fn header(line: &str) -> Result<(HeaderName, SecretString), &'static str> {
    let (name, value) = line.split_once(':').ok_or("this is not Name: value")?;
    let name: HeaderName = name.parse().map_err(|_| "this is not a valid header name")?;
    if OURS.contains(&name) || name.as_str().starts_with(SIGNED) {
        return Err("this header is set by bluegreen");
    }
    let value = value.trim();
    match HeaderValue::from_str(value) {
        Ok(_) if value.is_empty() => Err("this header has no value"),
        Ok(_) if value.is_ascii() => Ok((name, value.into())),
        _ => Err("a header's value must be printable ASCII"),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn each_line_is_a_header() {
        let text = "# who we are\nAuthorization: Bearer a:b\r\n\n  X-Team:birds  \nX-Team: owls\n";
        let read = read(text).unwrap();
        let read: Vec<_> =
            read.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        let wanted = [("authorization", "Bearer a:b"), ("x-team", "birds"), ("x-team", "owls")];
        assert_eq!(read, wanted);
    }

    #[test]
    fn what_is_wrong_has_its_line_and_is_not_repeated() {
        let set = "this header is set by bluegreen";
        for (line, why) in [
            ("hush", "this is not Name: value"),
            ("hush hush: a", "this is not a valid header name"),
            (": hush", "this is not a valid header name"),
            ("Authorization:", "this header has no value"),
            ("A: hush\u{1b}", "a header's value must be printable ASCII"),
            ("A: hüsh", "a header's value must be printable ASCII"),
            ("Host: hush", set),
            ("content-LENGTH: 1", set),
            ("Transfer-Encoding: chunked", set),
            ("Webhook-Signature: hush", set),
        ] {
            let said = read(&format!("A: b\n\n{line}\n")).unwrap_err();
            assert_eq!(said, format!("line 3: {why}"));
        }
        assert_eq!(read("#\n").unwrap_err(), "it contains no header");
    }
}
