//! The tree that kustomize works on.
//!
//! Upstream changes YAML nodes and decides what a scalar means when everything is printed, so the text
//! of a scalar, its tag and whether it was quoted all have a say in the result: a number that a patch
//! puts where a quoted string stood stays a string. A [`Node`] keeps exactly that much, and
//! [`Node::to_value`] decides at the end as upstream's encoder and decoder do together.
//!
//! Source: kustomize 5.8.2, `kyaml/yaml/{rnode,fns}.go`; `go.yaml.in/yaml/v3` 3.0.5, `encode.go`.

mod fields;
mod path;
mod scalar;
mod value;

use smol_str::SmolStr;

use crate::fault::Fault;

pub(crate) use fields::Fields;
pub(crate) use path::{Found, PathPart, find_or_create, get_or_create, lookup, split_path};
pub(crate) use scalar::{Scalar, Style, Tag, can_be_plain, is_quoted_when_printed, resolve};
pub(crate) use value::NodeFault;

/// A YAML node without comments and anchors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Scalar(Scalar),
    List(Vec<Self>),
    Map(Fields),
}

/// How a key was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyForm {
    String,
    Other,
    /// The key is there already. Only the first counts where the map is merged into another one; where
    /// it is taken over, it has no value.
    Again,
}

/// What a created node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Scalar,
    List,
    Map,
}

impl Node {
    /// A string, whatever its text looks like.
    pub(crate) fn string(text: impl Into<SmolStr>) -> Self {
        Self::Scalar(Scalar::tagged(text, Tag::Str))
    }

    /// A scalar whose meaning is read from its text.
    pub(crate) fn implicit(text: impl Into<SmolStr>) -> Self {
        Self::Scalar(Scalar::tagged(text, Tag::None))
    }

    /// A null that was written as nothing.
    pub(crate) fn null() -> Self {
        Self::Scalar(Scalar::tagged("", Tag::Null))
    }

    /// An empty node of a kind.
    pub(crate) fn empty(kind: NodeKind) -> Self {
        match kind {
            NodeKind::Scalar => Self::implicit(""),
            NodeKind::List => Self::List(Vec::new()),
            NodeKind::Map => Self::Map(Fields::default()),
        }
    }

    /// What this node is.
    pub(crate) fn kind(&self) -> NodeKind {
        match self {
            Self::Scalar(_) => NodeKind::Scalar,
            Self::List(_) => NodeKind::List,
            Self::Map(_) => NodeKind::Map,
        }
    }

    /// Whether this is an explicit null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(scalar) if scalar.tag == Tag::Null)
    }

    /// Whether this is null or has nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Scalar(_) => self.is_null(),
            Self::List(items) => items.is_empty(),
            Self::Map(fields) => fields.is_empty(),
        }
    }

    /// The text of a scalar; empty for a list or a map.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Scalar(scalar) => &scalar.text,
            Self::List(_) | Self::Map(_) => "",
        }
    }

    /// The fields, if this is a map.
    pub(crate) fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Map(fields) => Some(fields),
            Self::Scalar(_) | Self::List(_) => None,
        }
    }

    /// The fields to change, if this is a map.
    pub(crate) fn fields_mut(&mut self) -> Option<&mut Fields> {
        match self {
            Self::Map(fields) => Some(fields),
            Self::Scalar(_) | Self::List(_) => None,
        }
    }

    /// A field of a map.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.fields()?.get(name)
    }

    /// A field of a map, to change.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.fields_mut()?.get_mut(name)
    }

    /// The node at a path of map keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The items, if this is a list.
    pub(crate) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            Self::Scalar(_) | Self::Map(_) => None,
        }
    }

    /// Puts a scalar's text and tag in place of this scalar or null; its style stays.
    ///
    /// Source: `FieldSetter` without a name, `kyaml/yaml/fns.go`.
    pub(crate) fn set_scalar(&mut self, text: impl Into<SmolStr>, tag: Tag) -> Result<(), Fault> {
        let Self::Scalar(scalar) = self else {
            return Err(Fault::wrong_kind(NodeKind::Scalar, self.kind()));
        };
        scalar.text = text.into();
        scalar.tag = tag;
        Ok(())
    }

    /// Puts `value` under `name` of this map; a null takes the field out.
    pub(crate) fn set_field(&mut self, name: &str, value: Self) -> Result<(), Fault> {
        match self {
            Self::Map(fields) => {
                fields.set(name, value);
                Ok(())
            }
            // Upstream appends to a null node, which still prints as null.
            Self::Scalar(_) if self.is_null() => Ok(()),
            Self::Scalar(_) | Self::List(_) => Err(Fault::wrong_kind(NodeKind::Map, self.kind())),
        }
    }

    /// Puts a text that reads as a string under a path of map keys; maps on the way are made.
    pub(crate) fn set_text(&mut self, path: &[&str], text: &str) {
        let Some((name, parents)) = path.split_last() else {
            return;
        };
        let mut node = self;
        for parent in parents {
            let Some(fields) = node.fields_mut() else {
                return;
            };
            node = fields.get_or_insert(parent, NodeKind::Map);
        }
        if let Some(fields) = node.fields_mut() {
            fields.set(name, Self::implicit(text));
        }
    }
}
