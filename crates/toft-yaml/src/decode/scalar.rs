//! Scalars with their tags.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, PAD};
use smol_str::SmolStr;
use toft_value::{Value, float_to_shortest};

use super::budget::Cost;
use super::reprint::refold;
use super::{Decode, Decoder};
use crate::resolve::{Plain, Resolver, resolve_plain};
use crate::scan::Style;
use crate::tree::{Node, NodeKind};

/// Go's decoder does not look at the bits that padding leaves over.
const GO_STANDARD: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// What a scalar means before it becomes a value: keys need to know.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Timestamp(SmolStr),
    Str(SmolStr),
    /// `!!binary`, decoded.
    Binary(SmolStr),
}

impl<'a> Decoder<'a> {
    pub(super) fn scalar(&mut self, node: Node<'a>) -> Decode<Value> {
        let value = match self.resolve(node)? {
            // kyaml prints a value that is not there as `''` inside brackets.
            Scalar::Null if self.is_unwritten_in_flow(node) => Value::Str(SmolStr::default()),
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Int(number) => Value::Int(number),
            Scalar::UInt(number) => Value::from_u64(number),
            Scalar::Float(number) => return self.float(node, number),
            Scalar::Timestamp(text) | Scalar::Str(text) | Scalar::Binary(text) => Value::Str(text),
        };
        if let Value::Str(text) = &value {
            self.spend(node, Cost::text(text))?;
        }
        Ok(value)
    }

    fn is_unwritten_in_flow(&self, node: Node<'a>) -> bool {
        self.resolver == Resolver::Kustomize && self.flow_depth > 0 && node.text().is_empty()
    }

    /// A float on its way through JSON: whole numbers come back as integers.
    fn float(&mut self, node: Node<'a>, number: f64) -> Decode<Value> {
        if !number.is_finite() {
            let message = format!("json: unsupported value: {}", float_to_shortest(number));
            return Err(Box::new(self.refuse(node, message)));
        }
        Ok(through_json(number))
    }

    pub(super) fn resolve(&mut self, node: Node<'a>) -> Decode<Scalar> {
        let text = match (node.kind(), self.resolver) {
            (NodeKind::Scalar(Style::Folded), Resolver::Kustomize) => refold(node.text()),
            _ => node.text(),
        };
        let is_plain = node.kind() == NodeKind::Scalar(Style::Plain);
        let tag = match (node.tag(), self.resolver) {
            (Some("!"), Resolver::Kustomize) | (None, _) if is_plain => {
                return Ok(self.plain(&text));
            }
            (None | Some("!" | "!!str"), _) => return Ok(Scalar::Str(text.into())),
            (Some(tag), _) => tag,
        };
        if tag == "!!binary" {
            return self.binary(node, &text);
        }
        if !matches!(
            tag,
            "!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp"
        ) {
            return Ok(Scalar::Str(text.into()));
        }
        let resolved = match resolve_plain(&text, self.resolver) {
            Plain::Timestamp(_) if tag != "!!timestamp" => Plain::Str,
            resolved => resolved,
        };
        match (tag, &resolved) {
            #[expect(clippy::cast_precision_loss, reason = "the tag asks for a float")]
            ("!!float", Plain::Int(number)) => Ok(Scalar::Float(*number as f64)),
            _ if resolved.tag() == tag => Ok(self.scalar_of(resolved, &text)),
            _ => {
                let found = resolved.tag();
                let message = format!("yaml: cannot decode {found} `{text}` as a {tag}");
                Err(Box::new(self.refuse(node, message)))
            }
        }
    }

    fn plain(&self, text: &str) -> Scalar {
        self.scalar_of(resolve_plain(text, self.resolver), text)
    }

    fn scalar_of(&self, resolved: Plain, text: &str) -> Scalar {
        match resolved {
            Plain::Null => Scalar::Null,
            Plain::Bool(value) => Scalar::Bool(value),
            Plain::Int(number) => Scalar::Int(number),
            Plain::UInt(number) => Scalar::UInt(number),
            Plain::Float(number) => Scalar::Float(number),
            // v2 knows a timestamp when it sees one, and gives the text nevertheless.
            Plain::Timestamp(time) => match self.resolver {
                Resolver::Kustomize => Scalar::Timestamp(time.into()),
                Resolver::Kubectl => Scalar::Str(text.into()),
            },
            Plain::Str => Scalar::Str(text.into()),
        }
    }

    fn binary(&mut self, node: Node<'a>, text: &str) -> Decode<Scalar> {
        let characters: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        let Ok(bytes) = GO_STANDARD.decode(characters) else {
            let message = "yaml: !!binary value contains invalid base64 data";
            return Err(Box::new(self.refuse(node, message)));
        };
        Ok(Scalar::Binary(json_text(&bytes)))
    }
}

/// Source: Go 1.26 `encoding/json`: a byte that is no UTF-8 becomes one replacement character.
fn json_text(bytes: &[u8]) -> SmolStr {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| text.push('\u{fffd}'));
    }
    text.into()
}

/// A float as it is after `encoding/json` has printed it and a reader has taken an integer for an integer.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "whole numbers within the bounds of the type that is asked for"
)]
fn through_json(number: f64) -> Value {
    if number.fract() != 0.0 {
        return Value::Float(number);
    }
    if number >= i64::MIN as f64 && number < i64::MAX as f64 {
        Value::Int(number as i64)
    } else if number > 0.0 && number < u64::MAX as f64 {
        Value::from_u64(number as u64)
    } else {
        Value::Float(number)
    }
}
