//! Label selectors, as they stand in a URL; what is wrong with one is told as the API server does.

use serde_json::Value;

use super::admission::names;

/// What one label has to be.
#[derive(Clone, Debug)]
pub struct Requirement {
    key: String,
    is: Is,
    values: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Is {
    There,
    Absent,
    In,
    NotIn,
    Above,
    Below,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    End,
    Word(String),
    Sign(&'static str),
}

/// From the longest.
const SIGNS: [&str; 9] = ["==", "!=", "(", ")", ",", "!", "=", ">", "<"];

pub fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser { tokens: tokens(text), at: 0 };
    let mut requirements = Vec::new();
    loop {
        match parser.peek() {
            Token::Word(_) | Token::Sign("!") => {
                let requirement = parser.requirement();
                let wrong = |error| format!("unable to parse requirement: {error}");
                requirements.push(requirement.map_err(wrong)?);
            }
            Token::End => return Ok(requirements),
            other => {
                let found = other.text();
                return Err(format!(
                    "found '{found}', expected: !, identifier, or 'end of string'"
                ));
            }
        }
        match parser.next() {
            Token::End => return Ok(requirements),
            Token::Sign(",") => {
                let next = parser.peek();
                if !matches!(next, Token::Word(_) | Token::Sign("!")) {
                    let found = next.text();
                    return Err(format!("found '{found}', expected: identifier after ','"));
                }
            }
            other => {
                return Err(format!("found '{}', expected: ',' or 'end of string'", other.text()));
            }
        }
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
        let length = match sign {
            Some(sign) => sign.len(),
            None => {
                let ends = |c: char| c.is_ascii_whitespace() || "()=!,<>".contains(c);
                rest.find(ends).unwrap_or(rest.len())
            }
        };
        tokens.push(sign.map_or_else(|| Token::Word(rest[..length].to_owned()), Token::Sign));
        rest = rest[length..].trim_start();
    }
    tokens
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Token::End => "",
            Token::Word(word) => word,
            Token::Sign(sign) => sign,
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.next();
        let is_absent = token == Token::Sign("!");
        if is_absent {
            token = self.next();
        }
        let Token::Word(key) = token else {
            return Err(format!("found '{}', expected: identifier", token.text()));
        };
        let wrong = names::qualified(&key);
        if !wrong.is_empty() {
            return Err(format!("<nil>: Invalid value: {key:?}: {}", wrong.join("; ")));
        }
        if is_absent || matches!(self.peek(), Token::End | Token::Sign(",")) {
            let is = if is_absent { Is::Absent } else { Is::There };
            return Ok(Requirement { key, is, values: Vec::new() });
        }
        let operator = self.next();
        let (is, values) = match operator.text() {
            "in" => (Is::In, self.values()?),
            "notin" => (Is::NotIn, self.values()?),
            "=" | "==" => (Is::In, self.value()?),
            "!=" => (Is::NotIn, self.value()?),
            ">" => (Is::Above, self.value()?),
            "<" => (Is::Below, self.value()?),
            found => {
                return Err(format!("found '{found}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        };
        for (n, value) in values.iter().enumerate() {
            let wrong = names::label_value(value);
            if !wrong.is_empty() {
                let wrong = wrong.join("; ");
                return Err(format!("values[{n}][{key}]: Invalid value: {value:?}: {wrong}"));
            }
            if matches!(is, Is::Above | Is::Below) && value.parse::<i64>().is_err() {
                return Err(format!(
                    "values[{n}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value \
                     must be an integer"
                ));
            }
        }
        Ok(Requirement { key, is, values })
    }

    fn value(&mut self) -> Result<Vec<String>, String> {
        match self.peek() {
            Token::End | Token::Sign(",") => Ok(vec![String::new()]),
            Token::Word(value) => {
                self.at += 1;
                Ok(vec![value])
            }
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let open = self.next();
        if open != Token::Sign("(") {
            return Err(format!("found '{}' expected: '('", open.text()));
        }
        let mut values = vec![String::new()];
        let mut has_begun = false;
        loop {
            match (self.next(), values.last_mut()) {
                (Token::Sign(")"), _) => break,
                (Token::Sign(","), _) => values.push(String::new()),
                (Token::Word(word), Some(last)) if last.is_empty() => *last = word,
                (other, _) => {
                    let wanted = match has_begun {
                        false => "',', ')' or identifier",
                        true if matches!(other, Token::Word(_)) => "',' or ')'",
                        true => "',', or identifier",
                    };
                    return Err(format!("found '{}', expected: {wanted}", other.text()));
                }
            }
            has_begun = true;
        }
        values.sort();
        values.dedup();
        Ok(values)
    }
}

impl Requirement {
    pub fn matches(&self, labels: &Value) -> bool {
        let is = labels[&self.key].as_str();
        let is_one_of = |is: &str| self.values.iter().any(|value| value == is);
        let number = |text: &str| text.parse::<i64>().ok();
        let limit = self.values.first().and_then(|value| number(value));
        match self.is {
            Is::There => is.is_some(),
            Is::Absent => is.is_none(),
            Is::In => is.is_some_and(is_one_of),
            Is::NotIn => !is.is_some_and(is_one_of),
            Is::Above => is.and_then(number).is_some_and(|is| limit.is_some_and(|it| is > it)),
            Is::Below => is.and_then(number).is_some_and(|is| limit.is_some_and(|it| is < it)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_select_as_kubernetes_has_it() {
        let labels = json!({ "app": "parrot", "v": "2" });
        let matches =
            |selector: &str| parse(selector).unwrap().iter().all(|it| it.matches(&labels));
        for selector in [
            "",
            "app=parrot",
            "app==parrot,v=2",
            "app,!team",
            "team!=birds",
            "v in (1,2),app",
            "v notin (3, 4)",
            "team notin (birds)",
            "v>1",
            "v < 3",
        ] {
            assert!(matches(selector), "{selector}");
        }
        for selector in
            ["app=toucan", "team", "!app", "v!=2", "v in (1,3)", "v notin (2)", "v>2", "v in ()"]
        {
            assert!(!matches(selector), "{selector}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let requirement = |error: &str| format!("unable to parse requirement: {error}");
        for (selector, error) in [
            ("a b=c", requirement("found 'b', expected: in, notin, =, ==, !=, gt, lt")),
            ("app in", requirement("found '' expected: '('")),
            ("app in (", requirement("found '', expected: ',', ')' or identifier")),
            ("app in (a b", requirement("found 'b', expected: ',' or ')'")),
            ("=x", "found '=', expected: !, identifier, or 'end of string'".to_owned()),
            ("app=a b", "found 'b', expected: ',' or 'end of string'".to_owned()),
            ("app=a,", "found '', expected: identifier after ','".to_owned()),
        ] {
            assert_eq!(parse(selector).unwrap_err(), error, "{selector}");
        }
        assert!(parse("a/b/c").unwrap_err().contains("<nil>: Invalid value: \"a/b/c\": "));
        assert!(parse("app=-").unwrap_err().contains("values[0][app]: Invalid value: \"-\": "));
    }
}
