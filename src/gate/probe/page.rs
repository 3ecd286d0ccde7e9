//! What a body is made of, so that it is known again though it was changed on the way: a proxy adds a script to
//! a page, or writes its links anew, and an app writes the time into it. Pure.

/// So many bytes are compared at a time.
const PIECE: usize = 8;
/// About so many pieces of a body are kept at most, of all that it has the same ones.
const KEPT: usize = 128;
/// So many at least tell something.
const FEW: usize = 8;
/// A body with no more than this is found in another one as it is.
const SHORT: usize = 24;
/// So far that is looked for.
const HEAD: usize = 256;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    head: Vec<u8>,
    /// In order.
    pieces: Vec<u64>,
    /// Of how many pieces one is kept, as a power of two.
    thinned: u32,
}

impl Page {
    pub fn new(body: &[u8]) -> Page {
        let body = body.trim_ascii();
        let windows = body.windows(PIECE).filter_map(|bytes| Some(mixed(bytes.try_into().ok()?)));
        let mut pieces: Vec<u64> = windows.collect();
        pieces.sort_unstable();
        pieces.dedup();
        let mut thinned = 0;
        while pieces.len() > KEPT {
            thinned += 1;
            pieces.retain(|piece| is_kept(*piece, thinned));
        }
        Page { head: body[..body.len().min(HEAD)].to_vec(), pieces, thinned }
    }

    /// Whether the most of this one is in the other.
    pub fn is_in(&self, other: &Page) -> bool {
        if self.head.len() <= SHORT {
            return has_word(&other.head, &self.head);
        }
        let thinned = self.thinned.max(other.thinned);
        let mine = self.pieces.iter().filter(|piece| is_kept(**piece, thinned));
        let (mut all, mut shared) = (0, 0);
        for piece in mine {
            all += 1;
            shared += usize::from(other.pieces.binary_search(piece).is_ok());
        }
        all >= FEW && shared * 3 >= all * 2
    }
}

/// In a way that any part of it depends on all bytes.
fn mixed(bytes: [u8; PIECE]) -> u64 {
    let mut x = u64::from_le_bytes(bytes);
    for factor in [0xff51_afd7_ed55_8ccd_u64, 0xc4ce_b9fe_1a85_ec53] {
        x = (x ^ (x >> 33)).wrapping_mul(factor);
    }
    x ^ (x >> 33)
}

fn is_kept(piece: u64, thinned: u32) -> bool {
    piece.trailing_zeros() >= thinned
}

/// Not as a part of a longer word. An empty one is in an empty text alone.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    if word.is_empty() {
        return text.is_empty();
    }
    let ends = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    text.windows(word.len()).enumerate().any(|(at, found)| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        found == word && ends(before) && ends(text.get(at + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n<style>\nhtml { \
        color-scheme: light dark; }\nbody { width: 35em; margin: 0 auto;\nfont-family: Tahoma, Verdana, \
        Arial, sans-serif; }\n</style>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>If you see this \
        page, the nginx web server is successfully installed and\nworking.</p>\n</body>\n</html>\n";

    fn app(of: usize) -> String {
        let rows = (0..of).map(|row| format!("<li><a href=\"/birds/{row}\">bird {row}</a></li>\n"));
        let rows: String = rows.collect();
        format!(
            "<!DOCTYPE html>\n<html>\n<head>\n<title>Birds</title>\n</head>\n<body>\n<h1>All our birds</h1>\
             \n<ul>\n{rows}</ul>\n</body>\n</html>\n"
        )
    }

    fn is_in(one: &str, other: &str) -> bool {
        Page::new(one.as_bytes()).is_in(&Page::new(other.as_bytes()))
    }

    #[test]
    fn a_page_is_known_again_with_something_added_to_it() {
        for page in
            [app(3), app(40), app(900), "v2.2".to_owned(), "I am a green parrot, v2".to_owned()]
        {
            let added =
                format!("<script nonce=\"8dd1\">load('rum')</script>\n{page}<script></script>");
            assert!(is_in(&page, &page) && is_in(&page, &added), "{page}");
            let inside = page.replace("</body>", &format!("{}</body>", "<p>cookies</p>".repeat(5)));
            assert!(is_in(&page, &inside), "{page}");
        }
    }

    #[test]
    fn another_page_is_another() {
        for page in [app(3), app(40), app(900), "v2.2".to_owned(), "ok".to_owned()] {
            for other in [NGINX, "", "not the app", "<h1>It works!</h1>", "{\"status\": \"UP\"}"] {
                assert!(!is_in(&page, other) && !is_in(other, &page), "{page}: {other}");
            }
        }
        assert!(is_in("", " \n") && !is_in("v2", "v22") && !is_in("v2", "xv2"));
    }
}
