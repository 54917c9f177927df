//! The tree that kustomize works on.
//!
//! Upstream changes YAML nodes and decides what a scalar means when everything is printed, so the text
//! of a scalar, its tag and whether it was quoted all have a say in the result: a number that a patch
//! puts where a quoted string stood stays a string. A [`Node`] keeps exactly that much, and
//! [`Node::to_value`] decides at the end as upstream's encoder and decoder do together.
//!
//! Source: kustomize 5.8.2, `kyaml/yaml/{rnode,fns}.go`; `go.yaml.in/yaml/v3` 3.0.5, `encode.go`.

mod path;
mod scalar;
mod value;

use smol_str::SmolStr;

use crate::fault::Fault;

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

/// The fields of a map, in the order they were written; keys are unique.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fields(Vec<(Key, Node)>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    text: SmolStr,
    maker: Maker,
}

/// Who put a key there. Upstream's transformers do not quote the keys that they make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Author,
    Transformer,
    /// The author, who wrote something that reads as no string.
    Other,
    /// The author, who wrote the key before.
    Again,
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

impl Fields {
    /// Fields in the order given; the caller has made sure that keys are unique, and strings.
    pub(crate) fn new(entries: Vec<(SmolStr, Node)>) -> Self {
        let entries = entries.into_iter();
        let entries = entries.map(|(name, node)| (Key::written(name), node));
        Self(entries.collect())
    }

    /// As [`Fields::new`], with keys as they were written in a patch.
    pub(crate) fn of_patch(entries: Vec<(SmolStr, KeyForm, Node)>) -> Self {
        let entries = entries.into_iter().map(|(text, form, node)| {
            let maker = match form {
                KeyForm::String => Maker::Author,
                KeyForm::Other => Maker::Other,
                KeyForm::Again => Maker::Again,
            };
            (Key { text, maker }, node)
        });
        Self(entries.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|entry| entry.0.text == name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.0.get(self.position(name)?).map(|entry| &entry.1)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        let at = self.position(name)?;
        self.0.get_mut(at).map(|entry| &mut entry.1)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// The field, made as an empty node of a kind where it is missing.
    pub(crate) fn get_or_insert(&mut self, name: &str, kind: NodeKind) -> &mut Node {
        let at = self.position(name).unwrap_or_else(|| {
            self.0.push((Key::made(name), Node::empty(kind)));
            self.0.len() - 1
        });
        let entry = self.0.get_mut(at);
        &mut entry.expect("the index was found or pushed just now").1
    }

    /// Takes a field out.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Node> {
        let at = self.position(name)?;
        Some(self.0.remove(at).1)
    }

    /// Puts a value under a name. A null takes the field out; a scalar takes over the style of the
    /// node that it replaces, and one that YAML 1.1 would not read as a string is quoted.
    ///
    /// Source: `FieldSetter` with a name, `kyaml/yaml/fns.go`.
    pub(crate) fn set(&mut self, name: &str, value: Node) {
        if value.is_null() {
            self.remove(name);
        } else {
            self.put(Key::made(name), value);
        }
    }

    /// As [`Fields::set`], with the key as it is written in `theirs`.
    pub(crate) fn adopt(&mut self, name: &str, value: Node, theirs: Option<&Self>) {
        if value.is_null() {
            self.remove(name);
            return;
        }
        let known = theirs.and_then(|fields| fields.0.iter().find(|entry| entry.0.text == name));
        let key = known.map_or_else(|| Key::written(name.into()), |entry| entry.0.clone());
        self.put(key, value);
    }

    /// Puts back what was taken out. A string that YAML 1.1 would not read as one is quoted from now on,
    /// and so is whatever takes its place later.
    pub(crate) fn put_back(&mut self, name: &str, mut value: Node) {
        if value.is_null() {
            self.remove(name);
            return;
        }
        if let Node::Scalar(scalar) = &mut value {
            scalar.quote_for_old_readers();
        }
        match self.get_mut(name) {
            Some(place) => *place = value,
            None => self.0.push((Key::written(name.into()), value)),
        }
    }

    /// As [`Fields::adopt`], but a null stays.
    pub(crate) fn keep(&mut self, name: &str, value: Node) {
        self.put(Key::written(name.into()), value);
    }

    fn put(&mut self, key: Key, mut value: Node) {
        if let Node::Scalar(scalar) = &mut value {
            scalar.quote_for_old_readers();
        }
        let Some(old) = self.get_mut(&key.text) else {
            self.0.push((key, value));
            return;
        };
        if let Node::Scalar(scalar) = &mut value {
            scalar.style = match old {
                Node::Scalar(old) => old.style,
                Node::List(_) | Node::Map(_) => Style::Plain,
            };
        }
        *old = value;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&SmolStr, &Node)> {
        self.0.iter().map(|entry| (&entry.0.text, &entry.1))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&SmolStr, &mut Node)> {
        self.0.iter_mut().map(|entry| (&entry.0.text, &mut entry.1))
    }

    /// The first key that reads as something else than a string once it is printed.
    pub(crate) fn key_that_is_no_string(&self) -> Option<&SmolStr> {
        let keys = self.0.iter().map(|entry| &entry.0);
        let mut made = keys.filter(|key| matches!(key.maker, Maker::Transformer | Maker::Other));
        let found = made.find(|key| resolve(&key.text).0 != Tag::Str)?;
        Some(&found.text)
    }

    /// The first key that is there twice.
    pub(crate) fn key_that_is_there_twice(&self) -> Option<&SmolStr> {
        let found = self.0.iter().find(|entry| entry.0.maker == Maker::Again)?;
        Some(&found.0.text)
    }
}

impl Key {
    fn written(text: SmolStr) -> Self {
        let maker = Maker::Author;
        Self { text, maker }
    }

    fn made(text: &str) -> Self {
        Self {
            text: text.into(),
            maker: Maker::Transformer,
        }
    }
}
