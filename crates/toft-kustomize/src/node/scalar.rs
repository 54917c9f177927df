//! Scalars: a text, a tag, and whether it was quoted.

use std::borrow::Cow;

use smol_str::SmolStr;
use toft_value::Value;
use toft_yaml::{Plain, Resolver, refold, resolve_plain};

/// What a scalar is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Nothing is said: the text decides when it is printed.
    None,
    Null,
    Bool,
    Int,
    Float,
    Str,
    Timestamp,
    Binary,
    /// A tag of somebody's own; the text counts as a string.
    Custom,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    /// Between quotes, or as a literal block.
    Quoted,
    /// As a folded block.
    Folded,
}

/// A scalar as YAML nodes have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: SmolStr,
    pub(crate) tag: Tag,
    pub(crate) style: Style,
}

impl Scalar {
    /// A plain scalar with a tag.
    pub(crate) fn tagged(text: impl Into<SmolStr>, tag: Tag) -> Self {
        let text = text.into();
        Self {
            text,
            tag,
            style: Style::Plain,
        }
    }

    /// Quotes a string that YAML 1.1 would read as something else.
    ///
    /// Source: `FieldSetter.Filter`, `kyaml/yaml/fns.go`; `IsValueNonString`, `kyaml/yaml/compatibility.go`.
    pub(crate) fn quote_for_old_readers(&mut self) {
        let string = matches!(self.tag, Tag::None | Tag::Str);
        if string && self.style == Style::Plain && is_no_string_in_yaml_1_1(&self.text) {
            self.style = Style::Quoted;
        }
    }

    /// What the scalar means once it is printed and read back.
    ///
    /// Source: `encoder.node`, `go.yaml.in/yaml/v3` 3.0.5 `encode.go`: a tag that the text has anyway is
    /// not printed, and quotes around the text then make it a string.
    pub(crate) fn resolved(&self) -> Result<Value, String> {
        if self.style != Style::Plain && self.tag == Tag::None {
            return Ok(self.string());
        }
        match self.tag {
            Tag::Str | Tag::Custom => Ok(self.string()),
            Tag::Binary => Err("binary data is not supported in manifests".to_owned()),
            Tag::None => Ok(resolve(&self.text).1),
            Tag::Null | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp => self.as_tagged(),
        }
    }

    /// What the scalar means where its tag alone decides.
    pub(super) fn decoded(&self) -> Result<Value, String> {
        let quoted = self.style != Style::Plain && self.tag == Tag::None;
        if quoted || matches!(self.tag, Tag::Str | Tag::Custom) {
            return Ok(Value::Str(self.text.clone()));
        }
        let plain = Self {
            style: Style::Plain,
            ..self.clone()
        };
        plain.resolved()
    }

    fn string(&self) -> Value {
        match self.style {
            Style::Plain | Style::Quoted => Value::Str(self.text.clone()),
            Style::Folded => refold(Cow::Borrowed(&self.text)).as_ref().into(),
        }
    }

    fn as_tagged(&self) -> Result<Value, String> {
        let (tag, value) = resolve(&self.text);
        if tag == self.tag {
            return Ok(match self.style {
                Style::Quoted | Style::Folded => self.string(),
                Style::Plain => value,
            });
        }
        if let (Tag::Float, Some(number)) = (self.tag, value.as_f64()) {
            return Ok(Value::Float(number));
        }
        Err(format!(
            "cannot decode {} `{}` as a {}",
            name(tag),
            self.text,
            name(self.tag)
        ))
    }
}

/// What a plain text means.
pub(crate) fn resolve(text: &str) -> (Tag, Value) {
    match resolve_plain(text, Resolver::Kustomize) {
        Plain::Null => (Tag::Null, Value::Null),
        Plain::Bool(flag) => (Tag::Bool, Value::Bool(flag)),
        Plain::Int(number) => (Tag::Int, Value::Int(number)),
        Plain::UInt(number) => (Tag::Int, Value::UInt(number)),
        Plain::Float(number) => (Tag::Float, Value::Float(number)),
        Plain::Timestamp(time) => (Tag::Timestamp, time.into()),
        Plain::Str => (Tag::Str, text.into()),
    }
}

fn name(tag: Tag) -> &'static str {
    match tag {
        Tag::None | Tag::Str | Tag::Custom => "!!str",
        Tag::Null => "!!null",
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Timestamp => "!!timestamp",
        Tag::Binary => "!!binary",
    }
}

/// Whether go-yaml v2 reads this text as anything but a string.
fn is_no_string_in_yaml_1_1(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    text.starts_with(['{', '[']) || resolve_plain(text, Resolver::Kubectl) != Plain::Str
}

/// Whether go-yaml v3 quotes a string when it prints it, or prints it as a block.
///
/// Source: `encoder.stringv`, `go.yaml.in/yaml/v3` 3.0.5 `encode.go`; `yaml_emitter_analyze_scalar`,
/// `emitterc.go`.
pub(crate) fn is_quoted_when_printed(text: &str) -> bool {
    text.is_empty() || is_no_string_in_yaml_1_1(text) || !can_be_plain(text)
}

/// Whether a text can stand without quotes as a value in a block.
pub(crate) fn can_be_plain(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") || text.trim_matches(' ') != text {
        return false;
    }
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let ends = characters.peek().is_none_or(|next| *next == ' ');
        let fits = match character {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
            | '@' | '`'
                if before.is_none() =>
            {
                false
            }
            '?' | '-' if before.is_none() => !ends,
            ':' => !ends,
            '#' => before != Some(' '),
            character => !character.is_control() && character != '\u{feff}',
        };
        if !fits {
            return false;
        }
        before = Some(character);
    }
    true
}
