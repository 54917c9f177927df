//! JSON text as Go reads it: its syntax errors in Go's words, and what strict decoding objects to.
//!
//! Source: Go 1.26 `src/encoding/json/scanner.go`; `sigs.k8s.io/json` (`UnmarshalStrict`): unknown and duplicate
//! fields are reported in the order of the text, nothing below an unknown field is.

use std::fmt::Write as _;

use toft_schema::{Schema, Shape};

/// How deep a text may nest; the same bound as of values.
const DEPTH_MAX: usize = toft_value::JSON_DEPTH_MAX;

/// How many oddities are told.
///
/// Source: apimachinery 0.36.3 `pkg/runtime/serializer/json/json.go` and `sigs.k8s.io/json`, 100 at most.
const ODDITIES_MAX: usize = 100;

/// Reads a text only to find out what is odd in it.
///
/// # Errors
/// The text is no JSON; the message is Go's.
pub(crate) fn oddities(text: &[u8], schema: Option<Schema<'_>>) -> Result<Vec<String>, String> {
    let mut scan = Scan {
        text,
        at: 0,
        path: String::new(),
        oddities: Vec::new(),
    };
    scan.space();
    scan.value(schema, 0)?;
    scan.space();
    match scan.peek() {
        None => Ok(scan.oddities),
        Some(_) => Err(scan.unexpected("after top-level value")),
    }
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    path: String,
    oddities: Vec<String>,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, place: &str) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(first) = rest.first() else {
            return "unexpected end of JSON input".to_owned();
        };
        let shown = match first {
            b'\'' => r"'\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            _ if first.is_ascii_graphic() || *first == b' ' => format!("'{}'", char::from(*first)),
            b'\n' => r"'\n'".to_owned(),
            b'\t' => r"'\t'".to_owned(),
            b'\r' => r"'\r'".to_owned(),
            _ => format!("'\\x{first:02x}'"),
        };
        format!("invalid character {shown} {place}")
    }

    fn value(&mut self, schema: Option<Schema<'_>>, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX {
            return Err("exceeded max depth".to_owned());
        }
        match self.peek() {
            Some(b'{') => self.object(schema, depth),
            Some(b'[') => self.list(schema, depth),
            Some(b'"') => self.string().map(|_| ()),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn object(&mut self, schema: Option<Schema<'_>>, depth: usize) -> Result<(), String> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut seen: Vec<String> = Vec::new();
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.space();
            self.entry(schema, (&key, &mut seen), depth)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
            self.space();
        }
    }

    fn entry(
        &mut self,
        schema: Option<Schema<'_>>,
        (key, seen): (&str, &mut Vec<String>),
        depth: usize,
    ) -> Result<(), String> {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        let known = known(schema, key);
        if known.is_err() {
            self.note("unknown");
        } else if schema.is_some() && seen.iter().any(|one| one == key) {
            self.note("duplicate");
        }
        seen.push(key.to_owned());
        self.value(known.unwrap_or(None), depth + 1)?;
        self.path.truncate(length);
        Ok(())
    }

    fn note(&mut self, what: &str) {
        if self.oddities.len() < ODDITIES_MAX {
            self.oddities.push(format!("{what} field {:?}", self.path));
        }
    }

    fn list(&mut self, schema: Option<Schema<'_>>, depth: usize) -> Result<(), String> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        let items = schema.and_then(Schema::items);
        let length = self.path.len();
        for index in 0.. {
            let _ = write!(self.path, "[{index}]");
            self.value(items, depth + 1)?;
            self.path.truncate(length);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected("after array element")),
            }
            self.space();
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String, String> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err("unexpected end of JSON input".to_owned()),
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) => return Err(self.unexpected("in string literal")),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let text = self.text.get(start..self.at).unwrap_or_default();
        let value = toft_value::Value::from_json(text).unwrap_or_default();
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    fn escape(&mut self) -> Result<(), String> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.unexpected("in \\u hexadecimal character escape"));
                    }
                    self.at += 1;
                }
            }
            _ => return Err(self.unexpected("in string escape code")),
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return Err(self.unexpected(&format!(
                    "in literal {word} (expecting '{}')",
                    char::from(expected)
                )));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn digits(&mut self, place: &str) -> Result<(), String> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected(place));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), String> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(())
    }
}

/// The schema of an entry; an error where the object has no such field.
fn known<'s>(schema: Option<Schema<'s>>, key: &str) -> Result<Option<Schema<'s>>, ()> {
    let Some(schema) = schema else {
        return Ok(None);
    };
    match schema.shape() {
        Shape::Object => match schema.field(key) {
            Some(field) => Ok(Some(field.schema())),
            None => Err(()),
        },
        Shape::Map => Ok(schema.values()),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use toft_object::Gvk;
    use toft_schema::Schemas;

    use super::*;

    #[test]
    fn oddities_come_in_the_order_of_the_text() {
        let schemas = Schemas::builtin();
        let schema = schemas.schema(&Gvk::of("v1", "ConfigMap"));
        let text =
            br#"{"metadata":{"name":"a","foo":1},"data":{"x":"1","x":"2"},"bar":{"deep":1}}"#;
        let found = oddities(text, schema).unwrap();
        assert_eq!(
            found,
            [
                "unknown field \"metadata.foo\"",
                "duplicate field \"data.x\"",
                "unknown field \"bar\""
            ]
        );
    }

    #[test]
    fn syntax_errors_are_told_as_go_does() {
        let cases = [
            (
                "{bad",
                "invalid character 'b' looking for beginning of object key string",
            ),
            ("", "unexpected end of JSON input"),
            (
                "{\"a\":1 \"b\"}",
                "invalid character '\"' after object key:value pair",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            ("{} x", "invalid character 'x' after top-level value"),
            (
                "trux",
                "invalid character 'x' in literal true (expecting 'e')",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(
                oddities(text.as_bytes(), None),
                Err(message.to_owned()),
                "{text}"
            );
        }
    }
}
