//! Nodes to values and back.

use smol_str::SmolStr;
use toft_value::{List, Map, Value, float_to_shortest};

use super::scalar::{is_quoted_when_printed, resolve};
use super::{Fields, Node, Scalar, Style, Tag};

/// Why a node has no value: where, and what is wrong with the scalar there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{}`: {message}", path.join("."))]
pub(crate) struct NodeFault {
    path: Vec<String>,
    message: String,
}

impl NodeFault {
    fn new(message: String) -> Self {
        let path = Vec::new();
        Self { path, message }
    }

    fn below(mut self, name: impl Into<String>) -> Self {
        self.path.insert(0, name.into());
        self
    }
}

impl Node {
    /// What the node means once it is printed and read back.
    pub(crate) fn to_value(&self) -> Result<Value, NodeFault> {
        match self {
            Self::Map(fields) => fields.to_map(),
            Self::Scalar(_) | Self::List(_) => self.below_root(),
        }
    }

    /// What the node means where it is decoded as it is, and not printed before: what was a number stays one
    /// in quotes.
    ///
    /// Source: `decoder.scalar`, `go.yaml.in/yaml/v3` 3.0.5 `decode.go`.
    pub(crate) fn decoded(&self) -> Result<Value, NodeFault> {
        match self {
            Self::Scalar(scalar) => scalar.decoded().map_err(NodeFault::new),
            Self::List(items) => {
                let values = items.iter().enumerate().map(|(index, item)| {
                    let value = item.decoded();
                    value.map_err(|fault| fault.below(index.to_string()))
                });
                let values = values.collect::<Result<Vec<_>, _>>()?;
                Ok(Value::List(List::from(values)))
            }
            Self::Map(fields) => {
                let entries = fields.iter().map(|(name, node)| {
                    let value = node.decoded();
                    let value = value.map_err(|fault| fault.below(name.as_str()))?;
                    Ok((name.clone(), value))
                });
                let entries = entries.collect::<Result<Vec<_>, NodeFault>>()?;
                Ok(Value::Map(Map::from_entries(entries)))
            }
        }
    }

    fn below_root(&self) -> Result<Value, NodeFault> {
        match self {
            Self::Scalar(scalar) => scalar.resolved().map_err(NodeFault::new),
            Self::List(items) => {
                let values = items.iter().enumerate().map(|(index, item)| {
                    item.below_root()
                        .map_err(|fault| fault.below(index.to_string()))
                });
                let values = values.collect::<Result<Vec<_>, _>>()?;
                Ok(Value::List(List::from(values)))
            }
            // The keys of the outermost map are read as strings, whatever they look like.
            Self::Map(fields) => match fields.key_that_is_no_string() {
                Some(key) => Err(NodeFault::new(format!("key `{key}` is no string"))),
                None => fields.to_map(),
            },
        }
    }

    /// A node for a value that went through JSON: every number is a float by then.
    ///
    /// Source: `RNode.UnmarshalJSON`, `kyaml/yaml/rnode.go`.
    pub(crate) fn from_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Scalar(Scalar::tagged("null", Tag::Null)),
            Value::Bool(flag) => {
                Self::Scalar(Scalar::tagged(SmolStr::new(flag.to_string()), Tag::Bool))
            }
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => {
                let text = float_to_shortest(value.as_f64().unwrap_or_default());
                let tag = resolve(&text).0;
                Self::Scalar(Scalar::tagged(text, tag))
            }
            Value::Str(text) => {
                let mut scalar = Scalar::tagged(text.clone(), Tag::Str);
                if is_quoted_when_printed(text) {
                    scalar.style = Style::Quoted;
                }
                Self::Scalar(scalar)
            }
            Value::List(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Value::Map(map) => {
                let entries = map.iter();
                let entries = entries.map(|(name, value)| (name.clone(), Self::from_json(value)));
                Self::Map(Fields::new(entries.collect()))
            }
        }
    }
}

impl Fields {
    fn to_map(&self) -> Result<Value, NodeFault> {
        if let Some(key) = self.key_that_is_there_twice() {
            return Err(NodeFault::new(format!(
                "mapping key \"{key}\" already defined"
            )));
        }
        let entries = self.iter().map(|(name, node)| {
            let value = node.below_root();
            let value = value.map_err(|fault| fault.below(name.as_str()))?;
            Ok((name.clone(), value))
        });
        let entries = entries.collect::<Result<Vec<_>, NodeFault>>()?;
        Ok(Value::Map(Map::from_entries(entries)))
    }
}
