//! The type graph behind [`crate::Schema`]: flat arrays that refer to each other by index.

use std::ops::Range;

use smol_str::SmolStr;
use toft_value::Value;

use crate::schema::Shape;

/// The index of a node, a type or a field.
pub(crate) type Index = u32;

/// All types of one source: the built-in kinds, or one CRD.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) types: Vec<Type>,
    pub(crate) fields: Vec<FieldEntry>,
    pub(crate) inlines: Vec<(u32, Index)>,
}

/// A type together with what the place where it is used says about it.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) shape: Shape,
    /// The struct, where the shape is an object.
    pub(crate) type_index: Option<Index>,
    /// The node of items or values.
    pub(crate) element: Option<Index>,
    /// List type (2 bits), map type (2 bits), patch strategy (3 bits), as the table has them.
    pub(crate) merging: u8,
    /// The keys of an associative list.
    pub(crate) keys: Vec<SmolStr>,
    /// The key of a strategic merge; empty where there is none.
    pub(crate) merge_key: SmolStr,
    /// Whether `null` is a value.
    pub(crate) nullable: bool,
}

/// A struct.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) name: SmolStr,
    pub(crate) go_name: SmolStr,
    /// Sorted by name.
    pub(crate) fields: Range<usize>,
    pub(crate) inlines: Range<usize>,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub(crate) struct FieldEntry {
    pub(crate) name: SmolStr,
    pub(crate) node: Index,
    pub(crate) number: u32,
    pub(crate) flags: u8,
    pub(crate) go_type: SmolStr,
    pub(crate) default: Option<Value>,
}

/// In `merging`: fields that the schema does not name are kept.
pub(crate) const PRESERVING: u8 = 128;

/// The field must be there.
pub(crate) const REQUIRED: u8 = 1;
/// Go's `omitempty`.
pub(crate) const OMIT_EMPTY: u8 = 2;
/// Go's `omitzero`.
pub(crate) const OMIT_ZERO: u8 = 4;
/// A pointer in Go.
pub(crate) const POINTER: u8 = 8;
/// In protobuf, the field belongs to an inlined message.
pub(crate) const INLINED: u8 = 16;

impl Graph {
    pub(crate) fn node(&self, index: Index) -> Option<&Node> {
        self.nodes.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn type_(&self, index: Index) -> Option<&Type> {
        self.types.get(usize::try_from(index).ok()?)
    }
}
