//! The fields of a map.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{KeyForm, Node, NodeKind, Style, Tag, resolve};

/// The fields of a map, in the order they were written; keys are unique.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    entries: Vec<(Key, Node)>,
    /// Where keys are; there where the map is large.
    index: Option<Box<Index>>,
}

type Index = BTreeMap<SmolStr, usize>;

/// Larger maps have an index: data with a hundred thousand keys is made key by key.
const SEARCHED_MAX: usize = 64;

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

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

impl Fields {
    /// Fields in the order given; the caller has made sure that keys are unique, and strings.
    pub(crate) fn new(entries: Vec<(SmolStr, Node)>) -> Self {
        let entries = entries.into_iter();
        let entries = entries.map(|(name, node)| (Key::written(name), node));
        Self::of(entries.collect())
    }

    fn of(entries: Vec<(Key, Node)>) -> Self {
        let mut fields = Self {
            entries,
            index: None,
        };
        fields.index_anew();
        fields
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
        Self::of(entries.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.entries.iter().position(|entry| entry.0.text == name),
        }
    }

    fn index_anew(&mut self) {
        self.index = None;
        if self.entries.len() > SEARCHED_MAX {
            let mut index = Index::default();
            for (at, (key, _)) in self.entries.iter().enumerate() {
                index.entry(key.text.clone()).or_insert(at);
            }
            self.index = Some(Box::new(index));
        }
    }

    fn push(&mut self, key: Key, node: Node) {
        let (text, at) = (key.text.clone(), self.entries.len());
        self.entries.push((key, node));
        match &mut self.index {
            Some(index) => {
                index.entry(text).or_insert(at);
            }
            None => self.index_anew(),
        }
    }

    fn entry(&self, name: &str) -> Option<&(Key, Node)> {
        self.entries.get(self.position(name)?)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|entry| &entry.1)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        let at = self.position(name)?;
        self.entries.get_mut(at).map(|entry| &mut entry.1)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// The field, made as an empty node of a kind where it is missing.
    pub(crate) fn get_or_insert(&mut self, name: &str, kind: NodeKind) -> &mut Node {
        let at = self.position(name).unwrap_or_else(|| {
            self.push(Key::made(name), Node::empty(kind));
            self.entries.len() - 1
        });
        let entry = self.entries.get_mut(at);
        &mut entry.expect("the index was found or pushed just now").1
    }

    /// Takes a field out.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Node> {
        let at = self.position(name)?;
        let (_, node) = self.entries.remove(at);
        self.index_anew();
        Some(node)
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
        let known = theirs.and_then(|fields| fields.entry(name));
        let key = known.map_or_else(|| Key::written(name.into()), |(key, _)| key.clone());
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
            None => self.push(Key::written(name.into()), value),
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
            self.push(key, value);
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
        self.entries.iter().map(|entry| (&entry.0.text, &entry.1))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&SmolStr, &mut Node)> {
        self.entries
            .iter_mut()
            .map(|entry| (&entry.0.text, &mut entry.1))
    }

    /// The first key that reads as something else than a string once it is printed.
    pub(crate) fn key_that_is_no_string(&self) -> Option<&SmolStr> {
        let keys = self.entries.iter().map(|entry| &entry.0);
        let mut made = keys.filter(|key| matches!(key.maker, Maker::Transformer | Maker::Other));
        let found = made.find(|key| resolve(&key.text).0 != Tag::Str)?;
        Some(&found.text)
    }

    /// The first key that is there twice.
    pub(crate) fn key_that_is_there_twice(&self) -> Option<&SmolStr> {
        let found = self
            .entries
            .iter()
            .find(|entry| entry.0.maker == Maker::Again)?;
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
