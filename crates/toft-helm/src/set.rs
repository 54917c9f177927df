//! `--set` and its kin: `a.b=1,c[0]=x,d={1,2}` into values.
//!
//! Source: Helm 3.22.0 `pkg/strvals/parser.go`, `literal_parser.go`.

use toft_value::{List, Map, Value};

use crate::values::as_read;

/// The largest index of a list; Helm's own limit.
const INDEX_MAX: usize = 65_536;

/// How deep a name may nest; Helm's own limit.
const NAME_DEPTH_MAX: usize = 30;

/// Reads `--set`.
pub(crate) fn typed(values: &mut Map, text: &str) -> Result<(), String> {
    Parser::new(text, Mode::Typed).parse(values)
}

/// Reads `--set-string`.
pub(crate) fn text(values: &mut Map, text: &str) -> Result<(), String> {
    Parser::new(text, Mode::Text).parse(values)
}

/// Reads `--set-json`.
pub(crate) fn json(values: &mut Map, text: &str) -> Result<(), String> {
    Parser::new(text, Mode::Json).parse(values)
}

/// Reads `--set-literal`.
pub(crate) fn literal(values: &mut Map, text: &str) -> Result<(), String> {
    Parser::new(text, Mode::Literal).parse(values)
}

/// Reads `--set-file`, whose file has this content.
pub(crate) fn file(values: &mut Map, key: &str, content: &str) -> Result<(), String> {
    let text = format!("{key}=file");
    Parser::new(&text, Mode::File(content)).parse(values)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode<'a> {
    Typed,
    Text,
    Json,
    Literal,
    File(&'a str),
}

/// Why reading stops.
enum Stop {
    /// There is nothing more; what was read holds.
    End,
    Failed(String),
}

type Read<T> = Result<T, Stop>;

fn failed<T>(message: impl Into<String>) -> Read<T> {
    Err(Stop::Failed(message.into()))
}

struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    mode: Mode<'a>,
}

impl<'a> Parser<'a> {
    fn new(text: &str, mode: Mode<'a>) -> Self {
        Self {
            text: text.chars().collect(),
            at: 0,
            mode,
        }
    }

    fn parse(mut self, values: &mut Map) -> Result<(), String> {
        loop {
            match self.key(values, 0) {
                Ok(()) => {}
                Err(Stop::End) => return Ok(()),
                Err(Stop::Failed(message)) => return Err(message),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.text.get(self.at).copied()?;
        self.at += 1;
        Some(next)
    }

    /// What stands before one of `stops`, and which one it was; `None` at the end.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut before = String::new();
        loop {
            match self.next() {
                None => return (before, None),
                Some(stop) if stops.contains(&stop) => return (before, Some(stop)),
                Some('\\') if self.mode != Mode::Literal => match self.next() {
                    Some(escaped) => before.push(escaped),
                    None => return (before, None),
                },
                Some(other) => before.push(other),
            }
        }
    }

    fn key(&mut self, values: &mut Map, depth: usize) -> Read<()> {
        let stops: &[char] = match self.mode {
            Mode::Literal => &['=', '[', '.'],
            _ => &['=', '[', ',', '.'],
        };
        let (key, stop) = self.until(stops);
        match stop {
            None if key.is_empty() => Err(Stop::End),
            None => failed(format!("key {key:?} has no value")),
            Some('[') => self.list_key(values, &key, depth),
            Some('=') => self.value_of(values, &key),
            Some(',') => failed(format!("key {key:?} has no value (cannot end with ,)")),
            Some(_) => self.map_key(values, &key, depth + 1),
        }
    }

    fn list_key(&mut self, values: &mut Map, key: &str, depth: usize) -> Read<()> {
        let index = self.index()?;
        let mut list = match values.get(key) {
            None => Vec::new(),
            Some(Value::List(list)) => list.as_slice().to_vec(),
            Some(other) => return failed(conversion(other, "[]interface {}")),
        };
        let read = self.item(&mut list, index, depth);
        set(values, key, Value::List(list.into_iter().collect::<List>()));
        read
    }

    fn map_key(&mut self, values: &mut Map, key: &str, depth: usize) -> Read<()> {
        if depth > NAME_DEPTH_MAX {
            return failed(format!(
                "value name nested level is greater than maximum supported nested level of {NAME_DEPTH_MAX}"
            ));
        }
        let mut inner = match values.get(key) {
            None => Map::new(),
            Some(Value::Map(map)) => map.clone(),
            Some(other) => return failed(conversion(other, "map[string]interface {}")),
        };
        let read = self.key(&mut inner, depth);
        if read.is_ok() && inner.is_empty() {
            return failed(format!("key map {key:?} has no value"));
        }
        if !inner.is_empty() {
            set(values, key, Value::Map(inner));
        }
        read
    }

    fn value_of(&mut self, values: &mut Map, key: &str) -> Read<()> {
        let value = self.value()?;
        let ended = matches!(&value, Found::Last(_));
        let (Found::Value(value) | Found::Last(value)) = value;
        set(values, key, value);
        if ended { Err(Stop::End) } else { Ok(()) }
    }

    fn value(&mut self) -> Read<Found> {
        match self.mode {
            Mode::Json => self.json_value().map(Found::Value),
            Mode::Literal => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let rest: String = rest.iter().collect();
                self.at = self.text.len();
                Ok(Found::Value(Value::from(rest)))
            }
            Mode::Typed | Mode::Text | Mode::File(_) => match self.text.get(self.at) {
                None => Ok(Found::Last(Value::from(""))),
                Some('{') => {
                    self.at += 1;
                    self.braces().map(Found::Value)
                }
                Some(_) => {
                    let (text, _) = self.until(&[',']);
                    Ok(Found::Value(self.typed_value(&text)))
                }
            },
        }
    }

    /// `{a,b}`, behind its first brace.
    fn braces(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            match stop {
                None => return failed("list must terminate with '}'"),
                Some('}') => {
                    if self.text.get(self.at) == Some(&',') {
                        self.at += 1;
                    }
                    items.push(self.typed_value(&text));
                    return Ok(Value::List(items.into_iter().collect()));
                }
                Some(_) => items.push(self.typed_value(&text)),
            }
        }
    }

    fn typed_value(&self, text: &str) -> Value {
        match self.mode {
            Mode::File(content) => return Value::from(content),
            Mode::Typed => {}
            Mode::Text | Mode::Json | Mode::Literal => return Value::from(text),
        }
        match text.to_ascii_lowercase().as_str() {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            "null" => return Value::Null,
            "0" => return Value::Int(0),
            _ => {}
        }
        match text.parse() {
            Ok(number) if !text.starts_with('0') => Value::Int(number),
            _ => Value::from(text),
        }
    }

    /// Nothing up to a comma or the end, which are passed.
    fn is_empty_value(&mut self) -> bool {
        loop {
            match self.text.get(self.at) {
                None => return true,
                Some(',') => {
                    self.at += 1;
                    return true;
                }
                Some(space) if space.is_whitespace() => self.at += 1,
                Some(_) => return false,
            }
        }
    }

    fn json_value(&mut self) -> Read<Value> {
        if self.is_empty_value() {
            return Ok(Value::Null);
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = json_length(rest);
        let text: String = rest.iter().take(length).collect();
        let value = Value::from_json(text.as_bytes());
        let value = value.map_err(|error| Stop::Failed(error.message))?;
        self.at += length;
        self.is_empty_value();
        let read = as_read(&Map::from_entries(vec![("value".into(), value)]));
        Ok(read.get("value").cloned().unwrap_or_default())
    }

    fn index(&mut self) -> Read<i64> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            return failed("error parsing index: EOF");
        }
        let index = text.parse();
        index.map_err(|_| {
            Stop::Failed(format!(
                "error parsing index: strconv.Atoi: parsing {text:?}: invalid syntax"
            ))
        })
    }

    fn item(&mut self, list: &mut Vec<Value>, index: i64, depth: usize) -> Read<()> {
        if index < 0 {
            return failed(format!("negative {index} index not allowed"));
        }
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            // Upstream prints a list of characters.
            let shown: Vec<String> = text.chars().map(quoted).collect();
            let shown = shown.join(" ");
            return failed(format!("unexpected data at end of array index: [{shown}]"));
        }
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        match stop {
            None => Err(Stop::End),
            Some('=') => {
                let (Found::Value(value) | Found::Last(value)) = self.value()?;
                set_index(list, at, value)
            }
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get(at) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::List(inner)) => inner.as_slice().to_vec(),
                    Some(other) => return failed(conversion(other, "[]interface {}")),
                };
                self.item(&mut inner, next, depth)?;
                set_index(list, at, Value::List(inner.into_iter().collect()))
            }
            Some(_) => {
                let mut inner = match list.get(at) {
                    Some(Value::Map(map)) => map.clone(),
                    _ => Map::new(),
                };
                let read = self.key(&mut inner, depth);
                // The end of the text ends the list too, and what was read is lost there.
                read?;
                set_index(list, at, Value::Map(inner))
            }
        }
    }
}

/// A value, and whether nothing follows.
enum Found {
    Value(Value),
    Last(Value),
}

fn set(values: &mut Map, key: &str, value: Value) {
    if !key.is_empty() {
        values.insert(key, value);
    }
}

/// A character as Go's `%q` prints it.
fn quoted(one: char) -> String {
    match one {
        '"' => "'\"'".to_owned(),
        other => format!("{other:?}"),
    }
}

fn set_index(list: &mut Vec<Value>, index: usize, value: Value) -> Read<()> {
    if index > INDEX_MAX {
        return failed(format!(
            "index of {index} is greater than maximum supported index of {INDEX_MAX}"
        ));
    }
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
    Ok(())
}

fn conversion(found: &Value, wanted: &str) -> String {
    let found = match found {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    };
    format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")
}

/// How many characters the JSON value at the start of a text has.
fn json_length(text: &[char]) -> usize {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, character) in text.iter().enumerate() {
        if quoted {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    quoted = false;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
            continue;
        }
        match character {
            '"' => quoted = true,
            '{' | '[' => depth += 1,
            '}' | ']' if depth <= 1 => return at + usize::from(depth == 1),
            '}' | ']' => depth -= 1,
            ',' if depth == 0 => return at,
            space if depth == 0 && space.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn set_all(
        read: fn(&mut Map, &str) -> Result<(), String>,
        text: &str,
    ) -> Result<Value, String> {
        let mut map = Map::new();
        read(&mut map, text).map(|()| Value::Map(map))
    }

    #[test]
    fn settings_are_read_as_upstream_reads_them() {
        let cases = [
            ("a=1,b=x", value!({"a": 1, "b": "x"})),
            (
                "a.b.c=true,a.d=null",
                value!({"a": {"b": {"c": true}, "d": null}}),
            ),
            ("a={1,2,x}", value!({"a": [1, 2, "x"]})),
            ("a[1]=x", value!({"a": [null, "x"]})),
            ("a[0].b=1,a[0].c=2", value!({"a": [{"b": 1, "c": 2}]})),
            ("a[0][1]=x", value!({"a": [[null, "x"]]})),
            (
                "a=00123,b=0,c=0.1",
                value!({"a": "00123", "b": 0, "c": "0.1"}),
            ),
            (r"a\.b=1,c=x\,y", value!({"a.b": 1, "c": "x,y"})),
            ("a=", value!({"a": ""})),
            ("a=,b=1", value!({"a": "", "b": 1})),
        ];
        for (text, expected) in cases {
            assert_eq!(set_all(typed, text), Ok(expected), "{text}");
        }
        for text in ["a", "a,b=1", "a[x]=1", "a[99999999]=1", "a={1", "a=1,a.b=2"] {
            assert!(set_all(typed, text).is_err(), "{text}");
        }
        let deep = format!("{}=1", vec!["a"; 40].join("."));
        assert!(set_all(typed, &deep).is_err());
    }

    #[test]
    fn json_settings_hold_json() {
        let read = set_all(json, r#"a={"b":[1,"x,y"]},c=null,d="x" "#);
        let expected = value!({"a": {"b": [1.0, "x,y"]}, "c": null, "d": "x"});
        assert_eq!(read, Ok(expected));
        assert_eq!(
            set_all(literal, "a.b=c=d,e"),
            Ok(value!({"a": {"b": "c=d,e"}}))
        );
        assert_eq!(set_all(super::text, "a=1"), Ok(value!({"a": "1"})));
    }
}
