//! Selectors of Calico's policies: an expression over labels, `app == 'parrot' && tier in {'web', 'api'}`.

use std::collections::BTreeMap;
use std::iter::Peekable;

type Labels = BTreeMap<String, String>;

/// Whether it matches pods with these labels; none where it is not understood.
pub fn matches(selector: &str, labels: &Labels) -> Option<bool> {
    let mut reader = Reader { words: words(selector)?.into_iter().peekable(), labels };
    if reader.words.peek().is_none() {
        return Some(true);
    }
    let is_matched = reader.either()?;
    reader.words.peek().is_none().then_some(is_matched)
}

#[derive(Clone, PartialEq, Debug)]
enum Word {
    /// A label's key, or an operator that is a word.
    Name(String),
    Text(String),
    Sign(&'static str),
}

const SIGNS: [&str; 10] = ["==", "!=", "&&", "||", "!", "(", ")", "{", "}", ","];

fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' || first == '"' {
            let end = rest[1..].find(first)?;
            words.push(Word::Text(rest[1..=end].to_owned()));
            end + 2
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            words.push(Word::Sign(sign));
            sign.len()
        } else {
            let is_of_a_name = |c: char| c.is_alphanumeric() || "._-/".contains(c);
            let end = rest.find(|c| !is_of_a_name(c)).unwrap_or(rest.len());
            words.push(Word::Name(rest[..end].to_owned()));
            end
        };
        if length == 0 {
            return None;
        }
        rest = rest[length..].trim_start();
    }
    Some(words)
}

struct Reader<'a> {
    words: Peekable<std::vec::IntoIter<Word>>,
    labels: &'a Labels,
}

impl Reader<'_> {
    fn takes(&mut self, sign: &'static str) -> bool {
        self.words.next_if_eq(&Word::Sign(sign)).is_some()
    }

    fn wants(&mut self, sign: &'static str) -> Option<()> {
        self.takes(sign).then_some(())
    }

    fn takes_name(&mut self, name: &str) -> bool {
        self.words.next_if(|word| matches!(word, Word::Name(it) if it == name)).is_some()
    }

    fn text(&mut self) -> Option<String> {
        match self.words.next()? {
            Word::Text(text) => Some(text),
            _ => None,
        }
    }

    fn either(&mut self) -> Option<bool> {
        let mut holds = self.both()?;
        while self.takes("||") {
            holds |= self.both()?;
        }
        Some(holds)
    }

    fn both(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        while self.takes("&&") {
            holds &= self.one()?;
        }
        Some(holds)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("!") {
            return Some(!self.one()?);
        }
        if self.takes("(") {
            let holds = self.either()?;
            self.wants(")")?;
            return Some(holds);
        }
        let Word::Name(name) = self.words.next()? else { return None };
        match name.as_str() {
            "all" | "global" => {
                self.wants("(")?;
                self.wants(")")?;
                // global() matches what is in no namespace.
                Some(name == "all")
            }
            "has" => {
                self.wants("(")?;
                let Word::Name(key) = self.words.next()? else { return None };
                self.wants(")")?;
                Some(self.labels.contains_key(&key))
            }
            key => self.compared(key),
        }
    }

    fn compared(&mut self, key: &str) -> Option<bool> {
        let has = self.labels.get(key).cloned();
        let has = has.as_deref();
        if self.takes("==") {
            return Some(has == Some(&*self.text()?));
        }
        if self.takes("!=") {
            return Some(has != Some(&*self.text()?));
        }
        if self.takes_name("contains") {
            let part = self.text()?;
            return Some(has.is_some_and(|has| has.contains(&part)));
        }
        for is_start in [true, false] {
            if self.takes_name(if is_start { "starts" } else { "ends" }) {
                let with = self.takes_name("with");
                let part = self.text().filter(|_| with)?;
                let meets = |has: &str| match is_start {
                    true => has.starts_with(&part),
                    false => has.ends_with(&part),
                };
                return Some(has.is_some_and(meets));
            }
        }
        let is_negated = self.takes_name("not");
        if !self.takes_name("in") {
            return None;
        }
        let is_among = self.among(has)?;
        Some(is_among != is_negated)
    }

    fn among(&mut self, has: Option<&str>) -> Option<bool> {
        self.wants("{")?;
        let mut is_among = false;
        while !self.takes("}") {
            let text = self.text()?;
            is_among |= has == Some(&*text);
            if !self.takes(",") {
                self.wants("}")?;
                break;
            }
        }
        Some(is_among)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_read_as_calico_reads_it() {
        let labels = [("app", "parrot"), ("example.com/tier", "web-1")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        for (selector, wanted) in [
            ("", Some(true)),
            ("all()", Some(true)),
            ("global()", Some(false)),
            ("app == 'parrot'", Some(true)),
            ("app=='toucan'", Some(false)),
            ("app != \"toucan\"", Some(true)),
            ("nest != 'x'", Some(true)),
            ("has(example.com/tier) && !has(nest)", Some(true)),
            ("app in {'toucan', 'parrot'}", Some(true)),
            ("app not in { 'parrot' }", Some(false)),
            ("nest not in {'x'}", Some(true)),
            ("app in {}", Some(false)),
            ("example.com/tier starts with 'web' && app contains 'arr'", Some(true)),
            ("app ends with 'x' || (app == 'parrot' && !(has(nest)))", Some(true)),
            ("app == 'x' || app == 'y' && all()", Some(false)),
            ("app", None),
            ("app == parrot", None),
            ("app == 'parrot", None),
            ("app == 'parrot' )", None),
            ("app starts 'p'", None),
            ("app ~ 'p'", None),
        ] {
            assert_eq!(matches(selector, &labels), wanted, "{selector}");
        }
    }
}
