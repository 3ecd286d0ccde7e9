//! Where the app is asked through the ingress.

use std::str::FromStr;

use url::Url;

/// How a switch is confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Probe {
    /// At the address that stands in the Ingress's status, where one does.
    #[default]
    Auto,
    /// Not at all: the ingress controller is given time.
    None,
    /// There: the Ingress's hosts and paths are asked at this scheme, host and port.
    At(Url),
}

impl FromStr for Probe {
    type Err = String;

    fn from_str(text: &str) -> Result<Probe, String> {
        match text {
            "auto" => return Ok(Probe::Auto),
            "none" => return Ok(Probe::None),
            _ => {}
        }
        let url: Url = text.parse().map_err(|error: url::ParseError| error.to_string())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err("it is auto, none, or an address like http://203.0.113.7".to_owned());
        }
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        match plain && url.username().is_empty() && url.password().is_none() {
            true => Ok(Probe::At(url)),
            false => {
                Err("scheme, host and port are all that counts: hosts and paths are the Ingress's"
                    .to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_where_the_ingress_listens_and_no_more() {
        assert_eq!("auto".parse(), Ok(Probe::Auto));
        assert_eq!("none".parse(), Ok(Probe::None));
        for address in ["http://127.0.0.1:8080", "https://lb.example.com", "http://[::1]:80/"] {
            assert_eq!(address.parse(), Ok(Probe::At(address.parse().unwrap())));
        }
        for wrong in [
            "",
            "yes",
            "127.0.0.1:8080",
            "ftp://a",
            "http://a/parrot",
            "http://a?b",
            "http://a#b",
            "http://u:p@a",
        ] {
            assert!(wrong.parse::<Probe>().is_err(), "{wrong}");
        }
    }
}
