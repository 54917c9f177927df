//! The canonical writer: what `kubectl -o yaml`, `kustomize build` and Helm's `toYaml` print.
//!
//! All of them end in `sigs.k8s.io/yaml.Marshal`: the value becomes JSON, the JSON is read as YAML, and
//! go-yaml v2 emits that in block style with two columns of indentation and a width of 80.
//! Source: sigs.k8s.io/yaml v1.6.0 `yaml.go`, go.yaml.in/yaml v2.4.4 `encode.go` and `emitterc.go`.

mod order;
mod scalar;

pub(crate) use scalar::may_be_literal;

use toft_value::{Map, Value, float_to_json, float_to_shortest};

use crate::resolve::{Plain, Resolver, resolve_plain};
use scalar::Bytes;

/// Columns per level; `best_indent` upstream.
const INDENT: usize = 2;

/// A space right of this column becomes a line break; `best_width` upstream.
const WIDTH: usize = 80;

/// Longer keys are written with `? `; `yaml_emitter_check_simple_key` upstream.
const SIMPLE_KEY_BYTES_MAX: usize = 128;

/// Writes a value as one YAML document, without `---`, ending in a newline.
///
/// The bytes equal those of `sigs.k8s.io/yaml.Marshal`. Where upstream refuses (a string with a
/// control character that JSON leaves alone, a key of more than 1,024 characters) the text is what
/// the rules give, and reads back as the same value.
///
/// # Example
/// ```
/// use toft_value::value;
/// let object = value!({"b": [1, "1"], "a": "x"});
/// assert_eq!(toft_yaml::write(&object), "a: x\nb:\n- 1\n- \"1\"\n");
/// ```
pub fn write(value: &Value) -> String {
    let mut writer = Writer::default();
    writer.node(value, Place::Root);
    writer.indent = 0;
    writer.start_line();
    writer.out
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    Key,
    Value,
}

/// The emitter's state, named as upstream's.
struct Writer {
    out: String,
    column: usize,
    /// The column of the block that is being written; -1 before the first.
    indent: i32,
    /// The last thing written was a blank or an indicator that needs none after it.
    whitespace: bool,
    /// Only indentation and block indicators stand on this line so far.
    indention: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            out: String::new(),
            column: 0,
            indent: -1,
            whitespace: true,
            indention: true,
        }
    }
}

impl Writer {
    fn node(&mut self, value: &Value, place: Place) {
        match value {
            Value::Null => self.word("null", place),
            Value::Bool(value) => self.word(if *value { "true" } else { "false" }, place),
            Value::Int(number) => self.word(&number.to_string(), place),
            Value::UInt(number) => self.word(&number.to_string(), place),
            Value::Float(number) => self.word(&float_text(*number), place),
            Value::Str(text) => self.string(text, place),
            Value::List(list) if list.is_empty() => self.indicator("[]", Indicator::Flow),
            Value::Map(map) if map.is_empty() => self.indicator("{}", Indicator::Flow),
            Value::List(list) => self.list(list, place),
            Value::Map(map) => self.map(map),
        }
    }

    /// Writes what is no string.
    fn word(&mut self, text: &str, place: Place) {
        self.plain((text, Bytes::of(text)), place);
    }

    fn list(&mut self, list: &[Value], place: Place) {
        let outer = self.indent;
        let same_column = place == Place::Value && !self.indention;
        self.indent = match outer {
            -1 => 0,
            _ if same_column => outer,
            _ => outer + 2,
        };
        for item in list {
            self.start_line();
            self.indicator("-", Indicator::Block);
            self.node(item, Place::Item);
        }
        self.indent = outer;
    }

    fn map(&mut self, map: &Map) {
        let outer = self.indent;
        self.indent = if outer < 0 { 0 } else { outer + 2 };
        for (key, value) in order::natural(map) {
            self.start_line();
            if is_simple_key(key) {
                self.string(key, Place::Key);
                self.indicator(":", Indicator::AfterKey);
            } else {
                self.indicator("?", Indicator::Block);
                self.string(key, Place::Value);
                self.start_line();
                self.indicator(":", Indicator::Block);
            }
            self.node(value, Place::Value);
        }
        self.indent = outer;
    }

    /// Goes to the column of the current block, on a new line unless this one holds only indentation.
    fn start_line(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        let is_past = self.column > indent || (self.column == indent && !self.whitespace);
        if !self.indention || is_past {
            self.line_break();
        }
        while self.column < indent {
            self.out.push(' ');
            self.column += 1;
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn indicator(&mut self, text: &str, kind: Indicator) {
        if kind != Indicator::AfterKey && !self.whitespace {
            self.out.push(' ');
            self.column += 1;
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = false;
        self.indention &= kind == Indicator::Block;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Indicator {
    /// Stands among the indentation: `-`, `?`, and `:` after `?`.
    Block,
    /// Follows something on the line after a blank.
    Flow,
    /// Follows the key at once.
    AfterKey,
}

fn is_simple_key(key: &str) -> bool {
    let has_break = || !Bytes::of(key).are_plain_ascii() && scalar::has_break(key);
    key.len() <= SIMPLE_KEY_BYTES_MAX && !has_break()
}

/// A float as it comes out after the way through JSON: `1e+06` is printed by `encoding/json` as
/// `1000000`, which YAML reads as an integer; what does not fit one stays a float.
fn float_text(number: f64) -> String {
    if !number.is_finite() {
        // JSON has no text for these, upstream refuses; this is what go-yaml alone prints.
        return match float_to_shortest(number).as_str() {
            "+Inf" => ".inf".to_owned(),
            "-Inf" => "-.inf".to_owned(),
            _ => ".nan".to_owned(),
        };
    }
    let json = float_to_json(number);
    match resolve_plain(&json, Resolver::Kubectl) {
        Plain::Int(integer) => integer.to_string(),
        Plain::UInt(integer) => integer.to_string(),
        _ => float_to_shortest(number),
    }
}
