//! The type graph behind [`crate::Schema`]: flat arrays that refer to each other by index.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use regex::Regex;
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
    /// Fields that are not named are kept.
    pub(crate) preserving: bool,
    /// A whole object, with kind and metadata.
    pub(crate) embedded: bool,
    /// `null` is a value.
    pub(crate) nullable: bool,
    /// What values must satisfy; only schemas of CRDs say it.
    pub(crate) rules: Option<Arc<Rules>>,
}

/// What a CRD's schema demands of a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Names of types, separated by commas; empty where any will do.
    pub(crate) type_: SmolStr,
    pub(crate) format: SmolStr,
    pub(crate) required: Vec<SmolStr>,
    /// The values that are allowed; empty where any is.
    pub(crate) values: Vec<Value>,
    pub(crate) pattern: Option<SmolStr>,
    /// The compiled pattern, made when it is first needed; `None` where it is no expression.
    pub(crate) regex: OnceLock<Option<Regex>>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_minimum: bool,
    pub(crate) exclusive_maximum: bool,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) min_length: Option<usize>,
    pub(crate) max_length: Option<usize>,
    pub(crate) min_items: Option<usize>,
    pub(crate) max_items: Option<usize>,
    pub(crate) min_properties: Option<usize>,
    pub(crate) max_properties: Option<usize>,
    pub(crate) unique_items: bool,
    pub(crate) all_of: Vec<Index>,
    pub(crate) any_of: Vec<Index>,
    pub(crate) one_of: Vec<Index>,
    pub(crate) not: Option<Index>,
}

impl Rules {
    /// Whether a text matches the pattern; a pattern that is no expression matches nothing.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let pattern = self.pattern.as_deref().unwrap_or_default();
        let regex = self.regex.get_or_init(|| Regex::new(pattern).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

impl Node {
    /// A node that says nothing but its shape.
    pub(crate) fn plain(shape: Shape) -> Self {
        Self {
            shape,
            type_index: None,
            element: None,
            merging: 0,
            keys: Vec::new(),
            merge_key: SmolStr::default(),
            preserving: false,
            embedded: false,
            nullable: false,
            rules: None,
        }
    }
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

    /// The type with this name in OpenAPI.
    pub(crate) fn named(&self, name: &str) -> Option<Index> {
        let at = self.types.iter().position(|one| one.name == name)?;
        Index::try_from(at).ok()
    }
}
