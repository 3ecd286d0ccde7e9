//! What a person says about the probe: where to ask, or not to.

use std::collections::BTreeMap;
use std::str::FromStr;

use url::Url;

use crate::model::Id;
use crate::route::Route;

/// Where the app's routes are asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Probe {
    /// At the addresses in the Ingress's status.
    #[default]
    Auto,
    /// Nowhere.
    None,
    At(Addresses),
}

/// Schemes, hosts and ports; what has none here is asked where its status says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Addresses {
    /// Of the routes that are named.
    pub own: BTreeMap<Id, Url>,
    /// Of all others.
    pub others: Option<Url>,
}

/// One word about it, of which there may be several: `auto`, `none` or `[KIND/NAME=]URL`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Word {
    Auto,
    None,
    At { route: Option<Id>, url: Url },
}

impl Probe {
    /// What several words say together.
    pub fn of(words: &[Word]) -> Result<Probe, String> {
        let mut at = Addresses::default();
        for word in words {
            let Word::At { route, url } = word else {
                return match (words, word) {
                    ([_], Word::Auto) => Ok(Probe::Auto),
                    ([_], _) => Ok(Probe::None),
                    _ => {
                        Err("auto and none stand alone, without an address beside them".to_owned())
                    }
                };
            };
            let known = match route {
                Some(route) => at.own.insert(route.clone(), url.clone()),
                None => at.others.replace(url.clone()),
            };
            if known.is_some() {
                return Err(match route {
                    Some(route) => format!("{route} is given an address twice"),
                    None => {
                        "two addresses are for every route: write KIND/NAME= before one that is \
                             for a certain route"
                            .to_owned()
                    }
                });
            }
        }
        Ok(if words.is_empty() { Probe::Auto } else { Probe::At(at) })
    }

    /// The routes that are named in it.
    pub fn routes(&self) -> Vec<Id> {
        match self {
            Probe::At(at) => at.own.keys().cloned().collect(),
            Probe::Auto | Probe::None => Vec::new(),
        }
    }
}

impl Addresses {
    /// Where a route is asked, if anybody has said so.
    pub fn of(&self, route: &Id) -> Option<&Url> {
        self.own.get(route).or(self.others.as_ref())
    }
}

impl FromStr for Word {
    type Err = String;

    fn from_str(text: &str) -> Result<Word, String> {
        const FORM: &str = "it is auto, none, or a URL such as http://127.0.0.1:8080";
        match text.split_once('=') {
            _ if text == "auto" => Ok(Word::Auto),
            _ if text == "none" => Ok(Word::None),
            // What stands behind a scheme is an address, and none of its own.
            Some((route, address)) if !route.contains("://") => {
                const OF_ROUTE: &str =
                    "it is KIND/NAME=URL, such as ingress/parrot=http://127.0.0.1";
                let route = self::route(route).map_err(|why| format!("{why}: {OF_ROUTE}"))?;
                let url = base(address).map_err(|why| format!("{why}: {OF_ROUTE}"))?;
                Ok(Word::At { route: Some(route), url })
            }
            _ => {
                let url = base(text).map_err(|why| format!("{why}: {FORM}"))?;
                Ok(Word::At { route: None, url })
            }
        }
    }
}

fn route(text: &str) -> Result<Id, String> {
    let Some((kind, name)) = text.split_once('/') else {
        return Err("the kind of route is missing".to_owned());
    };
    let Some(kind) = Route::KINDS.into_iter().find(|it| it.to_string().eq_ignore_ascii_case(kind))
    else {
        let known = Route::KINDS.map(|kind| kind.to_string().to_ascii_lowercase()).join(", ");
        return Err(format!("there are routes of kind {known}, and no other"));
    };
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err("the name of a route has lower case letters, digits, - and .".to_owned());
    }
    Ok(Id::new(kind, name))
}

fn base(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error: url::ParseError| error.to_string())?;
    let why = if !["http", "https"].contains(&url.scheme()) {
        "only http and https can be asked"
    } else if !url.username().is_empty() || url.password().is_some() {
        "nobody logs in there"
    } else if super::is_the_machines_own(&url) {
        "no ingress is at a link-local address"
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        "paths are the Ingress's, only the address is asked for"
    } else {
        return Ok(url);
    };
    Err(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn probe(words: &[&str]) -> Result<Probe, String> {
        let words: Result<Vec<Word>, String> = words.iter().map(|word| word.parse()).collect();
        Probe::of(&words?)
    }

    fn at(own: &[(&str, &str)], others: Option<&str>) -> Probe {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let own = own.iter().map(|(name, text)| (Id::new(Kind::Ingress, *name), url(text)));
        Probe::At(Addresses { own: own.collect(), others: others.map(url) })
    }

    #[test]
    fn is_auto_none_or_an_address() {
        assert_eq!(probe(&[]), Ok(Probe::Auto));
        assert_eq!(probe(&["auto"]), Ok(Probe::Auto));
        assert_eq!(probe(&["none"]), Ok(Probe::None));
        for url in ["http://127.0.0.1:8080", "https://lb.example.com/", "http://[::1]"] {
            assert_eq!(probe(&[url]), Ok(at(&[], Some(url))));
        }
    }

    #[test]
    fn a_route_may_have_an_address_of_its_own() {
        let (a, b, c) = ("http://10.0.0.1", "https://10.0.0.2:8443", "http://10.0.0.3");
        let words = [format!("ingress/parrot={a}"), format!("INGRESS/par.rot-2={b}"), c.to_owned()];
        let [first, second, _] = words.each_ref().map(String::as_str);
        let own = [("parrot", a), ("par.rot-2", b)];
        assert_eq!(probe(&[first, second, c]), Ok(at(&own, Some(c))));
        assert_eq!(probe(&[second, first]), Ok(at(&own, None)));
        let Ok(Probe::At(found)) = probe(&[first, c]) else { panic!("they are addresses") };
        let of = |name: &str| found.of(&Id::new(Kind::Ingress, name)).map(Url::as_str);
        assert_eq!(
            (of("parrot"), of("toucan")),
            (Some("http://10.0.0.1/"), Some("http://10.0.0.3/"))
        );
        assert_eq!(probe(&[first]).unwrap().routes(), [Id::new(Kind::Ingress, "parrot")]);
    }

    #[test]
    fn words_that_exclude_each_other_are_refused() {
        let (bare, own) = ("http://10.0.0.1", "ingress/parrot=http://10.0.0.1");
        for alone in ["auto", "none"] {
            for other in ["auto", "none", bare, own] {
                for words in [[alone, other], [other, alone]] {
                    let why = probe(&words).unwrap_err();
                    assert!(why.starts_with("auto and none stand alone"), "{words:?}: {why}");
                }
            }
        }
        assert!(probe(&[bare, bare]).unwrap_err().starts_with("two addresses are for every route"));
        let twice = probe(&[own, "Ingress/parrot=http://10.0.0.2"]).unwrap_err();
        assert_eq!(twice, "Ingress parrot is given an address twice");
    }

    #[test]
    fn anything_else_is_refused_and_a_password_not_repeated() {
        for (text, why) in [
            ("", "relative URL without a base"),
            ("127.0.0.1:8080", "relative URL without a base"),
            ("localhost:8080", "only http and https"),
            ("ftp://lb.example.com", "only http and https"),
            ("http://", "empty host"),
            ("http://lb.example.com:99999", "invalid port number"),
            ("http://me:hush@lb.example.com", "nobody logs in"),
            ("http://169.254.169.254", "no ingress is at a link-local address"),
            ("http://lb.example.com/parrot", "paths are the Ingress's"),
            ("http://lb.example.com/?a=b", "paths are the Ingress's"),
            ("http://lb.example.com/#a", "paths are the Ingress's"),
        ] {
            let error = text.parse::<Word>().unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
            assert!(error.ends_with("http://127.0.0.1:8080"), "{error}");
            assert!(!error.contains("hush"), "{error}");
            let error = format!("ingress/parrot={text}").parse::<Word>().unwrap_err();
            assert!(error.starts_with(why) && !error.contains("hush"), "{text}: {error}");
            assert!(
                error.ends_with("it is KIND/NAME=URL, such as ingress/parrot=http://127.0.0.1")
            );
        }
        for (text, why) in [
            ("parrot=http://10.0.0.1", "the kind of route is missing"),
            ("=http://10.0.0.1", "the kind of route is missing"),
            ("service/parrot=http://10.0.0.1", "there are routes of kind ingress, and no other"),
            ("ingress/=http://10.0.0.1", "the name of a route has"),
            ("ingress/Parrot=http://10.0.0.1", "the name of a route has"),
            ("ingress/a/b=http://10.0.0.1", "the name of a route has"),
            ("ingress/parrot=none", "relative URL without a base"),
        ] {
            let error = text.parse::<Word>().unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }
}
