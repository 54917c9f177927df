//! Sets of fields, as `managedFields` holds them.

use std::collections::BTreeMap;

use toft_value::{Map, Value};

use super::path::PathElement;
use super::typed::{Atom, Type};

/// A set of paths to fields.
///
/// Source: structured-merge-diff v6.3.3 `fieldpath/set.go`; members and children are one map here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(BTreeMap<PathElement, Node>);

/// What is known below one element; never both no member and without children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    member: bool,
    children: FieldSet,
}

impl Node {
    fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }
}

impl FieldSet {
    /// Reads `fieldsV1`; `None` where it is malformed.
    pub fn from_value(value: &Value) -> Option<Self> {
        let mut set = Self::default();
        for (key, below) in value.as_map()? {
            if key == "." {
                continue;
            }
            let element = PathElement::parse(key)?;
            let map = below.as_map()?;
            let node = Node {
                member: map.is_empty() || map.contains_key("."),
                children: Self::from_value(below)?,
            };
            set.0.insert(element, node);
        }
        Some(set)
    }

    /// As `fieldsV1` holds it.
    pub fn to_value(&self) -> Value {
        Value::Map(self.to_map())
    }

    fn to_map(&self) -> Map {
        let entries = self.0.iter().map(|(element, node)| {
            let mut below = node.children.to_map();
            if node.member && !below.is_empty() {
                below.insert(".", Map::new());
            }
            (element.key_text(), Value::Map(below))
        });
        entries.collect()
    }

    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a path; the empty path is never owned.
    pub(crate) fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let node = self.0.entry(first.clone()).or_default();
        if rest.is_empty() {
            node.member = true;
        } else {
            node.children.insert(rest);
        }
    }

    /// Whether a path is a member.
    pub fn has(&self, path: &[PathElement]) -> bool {
        match path.split_first() {
            None => false,
            Some((first, [])) => self.has_member(first),
            Some((first, rest)) => self.below(first).is_some_and(|set| set.has(rest)),
        }
    }

    pub(crate) fn has_member(&self, element: &PathElement) -> bool {
        self.0.get(element).is_some_and(|node| node.member)
    }

    /// The paths below an element; `None` where there are none.
    pub(crate) fn below(&self, element: &PathElement) -> Option<&Self> {
        let children = &self.0.get(element)?.children;
        (!children.is_empty()).then_some(children)
    }

    /// The elements at this level, with whether they are members, and what is below them.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&PathElement, bool, &Self)> {
        let nodes = self.0.iter();
        nodes.map(|(element, node)| (element, node.member, &node.children))
    }

    /// All paths: the members of a level first, then what is below them.
    pub fn paths(&self) -> Vec<Vec<PathElement>> {
        let mut paths = Vec::new();
        self.collect_paths(&mut Vec::new(), &mut paths);
        paths
    }

    fn collect_paths(&self, prefix: &mut Vec<PathElement>, paths: &mut Vec<Vec<PathElement>>) {
        for (element, node) in &self.0 {
            if node.member {
                let mut path = prefix.clone();
                path.push(element.clone());
                paths.push(path);
            }
        }
        for (element, node) in &self.0 {
            prefix.push(element.clone());
            node.children.collect_paths(prefix, paths);
            prefix.pop();
        }
    }

    pub(crate) fn union(mut self, other: &Self) -> Self {
        for (element, node) in &other.0 {
            let mine = self.0.entry(element.clone()).or_default();
            mine.member |= node.member;
            mine.children = std::mem::take(&mut mine.children).union(&node.children);
        }
        self
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |node, other| {
            let other = other?;
            Some(Node {
                member: node.member && other.member,
                children: node.children.intersection(&other.children),
            })
        })
    }

    /// Without the paths that the other has.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.combine(other, |node, other| {
            let Some(other) = other else {
                return Some(node.clone());
            };
            Some(Node {
                member: node.member && !other.member,
                children: node.children.difference(&other.children),
            })
        })
    }

    /// Without the paths that the other has, and without all that is below them.
    pub(crate) fn recursive_difference(&self, other: &Self) -> Self {
        self.combine(other, |node, other| {
            let Some(other) = other else {
                return Some(node.clone());
            };
            if other.member {
                return None;
            }
            Some(Node {
                member: node.member,
                children: node.children.recursive_difference(&other.children),
            })
        })
    }

    fn combine(
        &self,
        other: &Self,
        combine: impl Fn(&Node, Option<&Node>) -> Option<Node>,
    ) -> Self {
        let nodes = self.0.iter().filter_map(|(element, node)| {
            let node = combine(node, other.0.get(element))?;
            (!node.is_empty()).then(|| (element.clone(), node))
        });
        Self(nodes.collect())
    }

    /// The paths that a pattern includes; what is below a match is included too.
    pub(crate) fn included(&self, patterns: &[&[Option<&str>]]) -> Self {
        let nodes = self.0.iter().filter_map(|(element, node)| {
            let fits = |wanted: Option<&str>| match (wanted, element) {
                (None, _) => true,
                (Some(wanted), PathElement::Field(name)) => name == wanted,
                _ => false,
            };
            let rests: Vec<&[Option<&str>]> = patterns
                .iter()
                .filter_map(|pattern| {
                    let (first, rest) = pattern.split_first()?;
                    fits(*first).then_some(rest)
                })
                .collect();
            let node = match rests.as_slice() {
                [] => return None,
                rests if rests.iter().any(|rest| rest.is_empty()) => node.clone(),
                rests => Node {
                    member: node.member,
                    children: node.children.included(rests),
                },
            };
            (!node.is_empty()).then(|| (element.clone(), node))
        });
        Self(nodes.collect())
    }

    /// With the fields of structs on the way to a path as members.
    pub(super) fn with_named_fields(&self, type_: Type<'_>) -> Self {
        let atom = type_.atom(None);
        let nodes = self.0.iter().map(|(element, node)| {
            let mut member = node.member;
            let below = match (&atom, element) {
                (Atom::Map(map), PathElement::Field(name)) => {
                    member |= !node.children.is_empty() && map.is_named(name);
                    map.entry(name)
                }
                (Atom::List(list), _) => list.items,
                _ => Type::Unknown,
            };
            let node = Node {
                member,
                children: node.children.with_named_fields(below),
            };
            (element.clone(), node)
        });
        Self(nodes.collect())
    }
}
