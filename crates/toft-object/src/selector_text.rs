//! Label selectors as text: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`.
//!
//! Source: apimachinery 0.36.3 `pkg/labels/selector.go`, whose messages these are.

use smol_str::SmolStr;

use crate::selector::{Requirement, SelectorError};

/// How long a label's name and its value may be.
/// How many bytes the prefix of a key may have.
const PREFIX_MAX: usize = 253;

const PART_MAX: usize = 63;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    End,
    Open,
    Close,
    Comma,
    Not,
    Equals,
    DoubleEquals,
    NotEquals,
    Greater,
    Less,
    Word(&'t str),
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
}

/// Reads the requirements of a text.
pub(crate) fn parse(text: &str) -> Result<Vec<Requirement>, SelectorError> {
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
    };
    parser.requirements()
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let Some(first) = rest.chars().next() else {
            return tokens;
        };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '>' => (Token::Greater, 1),
            '<' => (Token::Less, 1),
            '=' if rest.starts_with("==") => (Token::DoubleEquals, 2),
            '=' => (Token::Equals, 1),
            '!' if rest.starts_with("!=") => (Token::NotEquals, 2),
            '!' => (Token::Not, 1),
            _ => {
                let special = |one: char| " \t\r\n=!(),><".contains(one);
                let end = rest.find(special).unwrap_or(rest.len());
                let (word, _) = rest.split_at(end);
                (Token::Word(word), end)
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default();
    }
}

impl Token<'_> {
    fn text(&self) -> &str {
        match self {
            Self::End => "",
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
            Self::Not => "!",
            Self::Equals => "=",
            Self::DoubleEquals => "==",
            Self::NotEquals => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::Word(word) => word,
        }
    }

    fn unexpected(&self, expected: &str) -> SelectorError {
        SelectorError(format!("found '{}', expected: {expected}", self.text()))
    }
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Token<'t> {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'t> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, SelectorError> {
        let mut requirements = Vec::new();
        loop {
            match self.peek() {
                Token::Word(_) | Token::Not => {}
                Token::End => return Ok(requirements),
                other => return Err(other.unexpected("!, identifier, or 'end of string'")),
            }
            let requirement = self.requirement();
            requirements.push(requirement.map_err(|error| {
                SelectorError(format!("unable to parse requirement: {}", error.0))
            })?);
            match self.next() {
                Token::End => return Ok(requirements),
                Token::Comma => match self.peek() {
                    Token::Word(_) | Token::Not => {}
                    other => return Err(other.unexpected("identifier after ','")),
                },
                other => return Err(other.unexpected("',' or 'end of string'")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        let missing = self.peek() == Token::Not;
        if missing {
            self.at += 1;
        }
        let key = match self.next() {
            Token::Word(word) => key(word)?,
            other => return Err(other.unexpected("identifier")),
        };
        match self.peek() {
            _ if missing => return Ok(Requirement::Missing(key)),
            Token::End | Token::Comma => return Ok(Requirement::Exists(key)),
            _ => {}
        }
        match self.next() {
            Token::Word("in") => Ok(Requirement::In(key.clone(), self.set(&key)?)),
            Token::Word("notin") => Ok(Requirement::NotIn(key.clone(), self.set(&key)?)),
            Token::Equals | Token::DoubleEquals => {
                Ok(Requirement::Equals(key.clone(), self.one(&key)?))
            }
            Token::NotEquals => Ok(Requirement::Differs(key.clone(), self.one(&key)?)),
            Token::Greater => Ok(Requirement::Greater(key.clone(), self.number(&key)?)),
            Token::Less => Ok(Requirement::Less(key.clone(), self.number(&key)?)),
            other => Err(other.unexpected("in, notin, =, ==, !=, gt, lt")),
        }
    }

    /// `(a, b)`
    fn set(&mut self, key: &str) -> Result<Vec<SmolStr>, SelectorError> {
        match self.next() {
            Token::Open => {}
            // Upstream forgot the comma here.
            other => {
                let found = other.text();
                return Err(SelectorError(format!("found '{found}' expected: '('")));
            }
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Token::Word(word) => values.push(value(key, word, values.len())?),
                Token::Comma => values.push(SmolStr::default()),
                Token::Close if values.is_empty() => return Ok(vec![SmolStr::default()]),
                other => return Err(other.unexpected("',', ')' or identifier")),
            }
            match self.next() {
                Token::Comma => {}
                Token::Close => return Ok(values),
                other => return Err(other.unexpected("',' or ')'")),
            }
        }
    }

    fn one(&mut self, key: &str) -> Result<SmolStr, SelectorError> {
        match self.peek() {
            Token::End | Token::Comma => Ok(SmolStr::default()),
            Token::Word(word) => {
                self.at += 1;
                value(key, word, 0)
            }
            other => Err(other.unexpected("identifier")),
        }
    }

    fn number(&mut self, key: &str) -> Result<i64, SelectorError> {
        let text = self.one(key)?;
        text.parse().map_err(|_| {
            SelectorError(format!(
                "values[0]: Invalid value: {text:?}: for 'Gt', 'Lt' operators, the value must be an integer"
            ))
        })
    }
}

fn is_part(text: &str) -> bool {
    let inner = |one: char| one.is_ascii_alphanumeric() || "-_.".contains(one);
    text.starts_with(|one: char| one.is_ascii_alphanumeric())
        && text.ends_with(|one: char| one.is_ascii_alphanumeric())
        && text.chars().all(inner)
}

fn key(text: &str) -> Result<SmolStr, SelectorError> {
    // Upstream forgot the path here.
    key_error("<nil>", text).map_or_else(|| Ok(text.into()), |error| Err(SelectorError(error)))
}

/// What is wrong with the key of a label.
///
/// Source: apimachinery 0.36.3 `pkg/api/validate/content/kube.go`, `IsLabelKey`.
pub(crate) fn key_error(path: &str, text: &str) -> Option<String> {
    const FORM: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let mut errors = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => Some(*name),
        [prefix, name] => {
            errors.extend(prefix_errors(prefix));
            Some(*name)
        }
        _ => None,
    };
    match name {
        None => errors.push(format!(
            "a valid label key {FORM} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )),
        Some(name) => {
            if name.is_empty() {
                errors.push("name part must be non-empty".to_owned());
            } else if name.len() > PART_MAX {
                errors.push(format!("name part must be no more than {PART_MAX} bytes"));
            }
            if !is_part(name) {
                errors.push(format!("name part {FORM}"));
            }
        }
    }
    (!errors.is_empty()).then(|| format!("{path}: Invalid value: {text:?}: {}", errors.join("; ")))
}

fn prefix_errors(prefix: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if prefix.is_empty() {
        return vec!["prefix part must be non-empty".to_owned()];
    }
    if prefix.len() > PREFIX_MAX {
        errors.push(format!(
            "prefix part must be no more than {PREFIX_MAX} bytes"
        ));
    }
    let inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_label = |text: &str| {
        text.starts_with(inner)
            && text.ends_with(inner)
            && text.chars().all(|letter| inner(letter) || letter == '-')
    };
    if !prefix.split('.').all(is_label) {
        errors.push("prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')".to_owned());
    }
    errors
}

fn value(key: &str, text: &str, index: usize) -> Result<SmolStr, SelectorError> {
    value_error(key, text, index).map_or_else(|| Ok(text.into()), |error| Err(SelectorError(error)))
}

/// What is wrong with the value of a label.
pub(crate) fn value_error(key: &str, text: &str, index: usize) -> Option<String> {
    let mut errors = Vec::new();
    if text.len() > PART_MAX {
        errors.push(format!("must be no more than {PART_MAX} bytes"));
    }
    if !text.is_empty() && !is_part(text) {
        errors.push("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')".to_owned());
    }
    let errors = (!errors.is_empty()).then(|| errors.join("; "))?;
    Some(format!(
        "values[{index}][{key}]: Invalid value: {text:?}: {errors}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_selector_is_told_in_upstreams_words() {
        let cases = [
            (
                "=x",
                "found '=', expected: !, identifier, or 'end of string'",
            ),
            (
                "a in x",
                "unable to parse requirement: found 'x' expected: '('",
            ),
            ("a,", "found '', expected: identifier after ','"),
            (
                "a b",
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
            ),
            (
                "a>x",
                "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(
                parse(text),
                Err(SelectorError(message.to_owned())),
                "{text}"
            );
        }
    }
}
