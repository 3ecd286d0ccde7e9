//! A signature by the Standard Webhooks scheme (standardwebhooks.com): with it a receiver knows that a
//! question is ours, whole, and new.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use ring::hmac;
use secrecy::ExposeSecret;

use crate::settings::Key;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// A question's own name, the same for each of its tries, by which a receiver knows a try again.
pub fn id() -> String {
    format!("msg_{:032x}", fastrand::u128(..))
}

/// Adds what says who asked, when, and that it was this.
pub fn sign(headers: &mut HeaderMap, keys: &[Key], id: &str, at: Timestamp, body: &[u8]) {
    if keys.is_empty() {
        return;
    }
    let at = at.as_second().to_string();
    let signatures: Vec<String> = keys.iter().map(|key| signature(key, id, &at, body)).collect();
    for (name, value) in [(ID, id), (TIMESTAMP, &at), (SIGNATURE, &signatures.join(" "))] {
        let value = HeaderValue::from_str(value).expect("it is letters and digits");
        headers.insert(name, value);
    }
}

fn signature(key: &Key, id: &str, at: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret());
    let mut signing = hmac::Context::with_key(&key);
    for part in [id.as_bytes(), b".", at.as_bytes(), b".", body] {
        signing.update(part);
    }
    format!("v1,{}", BASE64_STANDARD.encode(signing.sign()))
}

#[cfg(test)]
mod tests {
    use standardwebhooks::Webhook;

    use super::*;
    use crate::settings::keys;

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDC2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn signed(secrets: &str, id: &str, at: Timestamp, body: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        sign(&mut headers, &keys(secrets).unwrap(), id, at, body);
        headers
    }

    /// The scheme's own example, from its libraries' tests.
    #[test]
    fn is_the_schemes_to_the_letter() {
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let headers = signed(OLD, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        let wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(headers["webhook-signature"], wanted);
    }

    #[test]
    fn each_secret_is_enough_to_verify_it_and_no_other_is() {
        let (id, body) = (id(), b"{}");
        let headers = signed(&format!("{OLD} {NEW}"), &id, Timestamp::now(), body);
        for secret in [OLD, NEW] {
            let receiver = Webhook::new(secret).unwrap();
            receiver.verify(body, &headers).unwrap();
            receiver.verify(b"{ }", &headers).unwrap_err();
        }
        let other = Webhook::from_bytes(vec![1; 32]).unwrap();
        other.verify(body, &headers).unwrap_err();
    }

    #[test]
    fn nothing_is_added_without_a_secret_and_no_id_comes_twice() {
        let mut headers = HeaderMap::new();
        sign(&mut headers, &[], "a", Timestamp::now(), b"");
        assert!(headers.is_empty());
        assert_ne!(id(), id());
    }
}
