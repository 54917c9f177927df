//! Field paths as kyaml reads them: `spec.containers.[name=app].image`, `data.[a.b]`, `items.0`, `*`.
//!
//! Source: kustomize 5.8.2, `kyaml/utils/pathsplitter.go`, `kyaml/yaml/{fns,match}.go`.

use smol_str::SmolStr;

use super::{Fields, Node, NodeKind, Scalar, Tag};
use crate::fault::Fault;
use crate::pattern::Pattern;

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathPart {
    /// A field of a map.
    Field(String),
    /// An item of a list by its number.
    Index(usize),
    /// The last item of a list.
    Last,
    /// Every item of a list.
    Every,
    /// The items whose field has the value; an empty field means the item itself.
    Matching { field: String, value: String },
}

/// A path to one node below another: keys and indexes that exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Key(SmolStr),
    Item(usize),
}

/// Splits at a delimiter; a backslash before it keeps it.
fn split_escaped(path: &str, delimiter: char) -> Vec<String> {
    let mut pieces = path.split(delimiter).peekable();
    let mut parts: Vec<String> = Vec::new();
    let first = pieces.next().unwrap_or_default();
    if !(first.is_empty() && pieces.peek().is_some()) {
        parts.push(first.to_owned());
    } else if let Some(second) = pieces.next() {
        parts.push(second.to_owned());
    }
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    parts
}

/// Splits a dotted path and keeps what is in brackets together.
pub(crate) fn split_path(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = split_escaped(path, '.').into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut bracketed = piece;
        for more in pieces.by_ref() {
            bracketed.push('.');
            bracketed.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        if bracketed.contains('=') {
            parts.push(bracketed);
        } else {
            parts.push(bracketed.trim_matches(['[', ']']).to_owned());
        }
    }
    parts
}

impl PathPart {
    /// Reads one part of a split path.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        if let Ok(index) = text.parse::<i64>() {
            let negative = Fault::new(format!("array index {index} cannot be negative"));
            return usize::try_from(index)
                .map(Self::Index)
                .map_err(|_| negative);
        }
        if text == "*" {
            return Ok(Self::Every);
        }
        let Some(inner) = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        else {
            return Ok(Self::Field(text.to_owned()));
        };
        let (field, value) = inner.split_once('=').ok_or_else(|| {
            Fault::new("list path element must contain fieldName=fieldValue for element to match")
        })?;
        Ok(Self::Matching {
            field: field.to_owned(),
            value: value.to_owned(),
        })
    }

    /// What the node before this part must be.
    fn container(&self) -> NodeKind {
        match self {
            Self::Field(_) | Self::Every | Self::Last => NodeKind::Map,
            Self::Index(_) | Self::Matching { .. } => NodeKind::List,
        }
    }
}

/// The node at a path, the first one where several match; `None` where there is none.
///
/// Source: `PathGetter`, `kyaml/yaml/fns.go`.
pub(crate) fn lookup(node: &Node, path: &[String]) -> Result<Option<Vec<Found>>, Fault> {
    let mut found = Vec::new();
    let mut at = node;
    for text in path.iter().map(|text| text.trim()) {
        if text.is_empty() {
            continue;
        }
        let part = match text {
            "-" => PathPart::Last,
            text => PathPart::parse(text)?,
        };
        let Some(step) = step_to(at, &part)? else {
            return Ok(None);
        };
        let Some(next) = at.child(&step) else {
            return Ok(None);
        };
        at = next;
        found.push(step);
    }
    Ok(Some(found))
}

fn step_to(node: &Node, part: &PathPart) -> Result<Option<Found>, Fault> {
    if node.is_null() {
        return Ok(None);
    }
    match part {
        PathPart::Field(name) => {
            let Some(fields) = node.fields() else {
                return Err(Fault::wrong_kind(NodeKind::Map, node.kind()));
            };
            Ok(fields
                .contains(name)
                .then(|| Found::Key(name.as_str().into())))
        }
        PathPart::Every => Err(Fault::new("wildcard is not supported in PathGetter")),
        PathPart::Index(index) => {
            Ok((*index < list_of(node)?.len()).then_some(Found::Item(*index)))
        }
        PathPart::Last => Ok(list_of(node)?.len().checked_sub(1).map(Found::Item)),
        PathPart::Matching { field, value } => {
            let mut items = list_of(node)?.iter();
            Ok(items
                .position(|item| has_value(item, field, value))
                .map(Found::Item))
        }
    }
}

fn list_of(node: &Node) -> Result<&[Node], Fault> {
    node.items()
        .ok_or_else(|| Fault::wrong_kind(NodeKind::List, node.kind()))
}

fn has_value(item: &Node, field: &str, value: &str) -> bool {
    if field.is_empty() {
        return item.text() == value;
    }
    item.get(field).is_some_and(|found| found.text() == value)
}

impl Node {
    fn child(&self, step: &Found) -> Option<&Self> {
        match step {
            Found::Key(name) => self.get(name),
            Found::Item(index) => self.items()?.get(*index),
        }
    }

    fn child_mut(&mut self, step: &Found) -> Option<&mut Self> {
        match (self, step) {
            (Self::Map(fields), Found::Key(name)) => fields.get_mut(name),
            (Self::List(items), Found::Item(index)) => items.get_mut(*index),
            _ => None,
        }
    }

    /// The node that [`lookup`] or [`find_or_create`] found.
    pub(crate) fn follow(&self, path: &[Found]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| node.child(step))
    }

    /// The node that [`lookup`] or [`find_or_create`] found, to change.
    pub(crate) fn follow_mut(&mut self, path: &[Found]) -> Option<&mut Self> {
        path.iter()
            .try_fold(self, |node, step| node.child_mut(step))
    }
}

/// The node at a path, the first one where several match. Fields and items that are named by a value
/// are made where they are missing; the last node is a scalar then. `None` where an item that is named
/// by its number is missing.
///
/// Source: `PathGetter` with `Create`, `kyaml/yaml/fns.go`.
pub(crate) fn get_or_create<'n>(
    node: &'n mut Node,
    path: &[String],
) -> Result<Option<&'n mut Node>, Fault> {
    let parts = path.iter().map(|text| text.trim());
    let parts = parts
        .filter(|text| !text.is_empty())
        .map(|text| match text {
            "-" => Ok(PathPart::Last),
            text => PathPart::parse(text),
        });
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let mut at = node;
    for (index, part) in parts.iter().enumerate() {
        if at.is_null() {
            return Ok(None);
        }
        let next = parts.get(index + 1);
        let kind = next.map_or(NodeKind::Scalar, PathPart::container);
        let Some(step) = step_or_create(at, part, kind)? else {
            return Ok(None);
        };
        let Some(child) = at.child_mut(&step) else {
            return Ok(None);
        };
        at = child;
    }
    Ok(Some(at))
}

fn step_or_create(
    node: &mut Node,
    part: &PathPart,
    kind: NodeKind,
) -> Result<Option<Found>, Fault> {
    let found = step_to(node, part)?;
    match (part, node) {
        (PathPart::Field(name), Node::Map(fields)) => {
            fields.get_or_insert(name, kind);
            Ok(Some(Found::Key(name.as_str().into())))
        }
        (PathPart::Matching { field, value }, Node::List(items)) if found.is_none() => {
            let wanted = Node::implicit(value.as_str());
            items.push(if field.is_empty() {
                wanted
            } else {
                let mut fields = Fields::default();
                fields.get_or_insert(field, NodeKind::Scalar);
                fields
                    .get_mut(field)
                    .into_iter()
                    .for_each(|place| *place = wanted.clone());
                Node::Map(fields)
            });
            Ok(items.len().checked_sub(1).map(Found::Item))
        }
        _ => Ok(found),
    }
}

/// Every node that a path matches; with `create`, what is missing on the way is made and the last
/// node is of that kind.
///
/// Source: `PathMatcher`, `kyaml/yaml/match.go`.
pub(crate) fn find_or_create(
    node: &mut Node,
    path: &[String],
    create: Option<NodeKind>,
) -> Result<Vec<Vec<Found>>, Fault> {
    let parts = path.iter().map(|text| PathPart::parse(text));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let mut search = Search {
        create,
        at: Vec::new(),
        found: Vec::new(),
    };
    search.visit(node, &parts)?;
    Ok(search.found)
}

struct Search {
    create: Option<NodeKind>,
    at: Vec<Found>,
    found: Vec<Vec<Found>>,
}

impl Search {
    fn visit(&mut self, node: &mut Node, parts: &[PathPart]) -> Result<(), Fault> {
        let Some((part, rest)) = parts.split_first() else {
            self.found.push(self.at.clone());
            return Ok(());
        };
        match part {
            PathPart::Field(name) => self.field(node, name, rest),
            PathPart::Index(index) => self.index(node, *index, rest),
            PathPart::Every => self.items(node, rest, |_| Ok(true)),
            PathPart::Matching { field, value } => self.matching(node, (field, value), rest),
            // `-` is a field name here: only `lookup` reads it as the last item.
            PathPart::Last => self.field(node, "-", rest),
        }
    }

    fn field(&mut self, node: &mut Node, name: &str, rest: &[PathPart]) -> Result<(), Fault> {
        if node.is_null() {
            return Ok(());
        }
        let Some(fields) = node.fields_mut() else {
            return Err(Fault::wrong_kind(NodeKind::Map, node.kind()));
        };
        if !fields.contains(name) {
            let Some(create) = self.create else {
                return Ok(());
            };
            let kind = rest.first().map_or(create, PathPart::container);
            fields.get_or_insert(name, kind);
        }
        let Some(child) = fields.get_mut(name) else {
            return Ok(());
        };
        self.below(Found::Key(name.into()), child, rest)
    }

    fn below(&mut self, step: Found, child: &mut Node, rest: &[PathPart]) -> Result<(), Fault> {
        self.at.push(step);
        let result = self.visit(child, rest);
        self.at.pop();
        result
    }

    fn index(&mut self, node: &mut Node, index: usize, rest: &[PathPart]) -> Result<(), Fault> {
        let count = match &*node {
            node if node.is_null() => 0,
            node => list_of(node)?.len(),
        };
        if let (Node::List(items), Some(create), true) = (&mut *node, self.create, count == index) {
            items.push(Node::empty(
                rest.first().map_or(create, PathPart::container),
            ));
        }
        let Node::List(items) = node else {
            return Ok(());
        };
        let count = items.len();
        let child = items.get_mut(index).ok_or_else(|| {
            Fault::new(format!(
                "index {index} specified but only {count} elements found"
            ))
        })?;
        self.below(Found::Item(index), child, rest)
    }

    fn items(
        &mut self,
        node: &mut Node,
        rest: &[PathPart],
        matches: impl Fn(&Node) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        if node.is_null() {
            return Ok(());
        }
        let Node::List(items) = node else {
            return Err(Fault::wrong_kind(NodeKind::List, node.kind()));
        };
        for (index, item) in items.iter_mut().enumerate() {
            if matches(item)? {
                self.below(Found::Item(index), item, rest)?;
            }
        }
        Ok(())
    }

    fn matching(
        &mut self,
        node: &mut Node,
        (field, value): (&str, &str),
        rest: &[PathPart],
    ) -> Result<(), Fault> {
        let before = self.found.len();
        // An item that is matched by itself ends the path; what follows is not looked at.
        let rest = if field.is_empty() { &[] } else { rest };
        self.items(node, rest, |item| item_matches(item, field, value))?;
        if self.found.len() > before || self.create.is_none() {
            return Ok(());
        }
        let Node::List(items) = &mut *node else {
            return Err(Fault::wrong_kind(NodeKind::List, node.kind()));
        };
        let wanted = Node::Scalar(Scalar::tagged(value, Tag::None));
        let created = if field.is_empty() {
            wanted
        } else {
            let mut fields = Fields::default();
            fields.set(field, wanted);
            Node::Map(fields)
        };
        if !item_matches(&created, field, value)? {
            let text = format!("the element created for `[{field}={value}]` does not match it");
            return Err(Fault::new(text));
        }
        items.push(created);
        self.items(node, rest, |item| item_matches(item, field, value))
    }
}

/// The value is a regular expression, not anchored, as upstream has it.
fn item_matches(item: &Node, field: &str, value: &str) -> Result<bool, Fault> {
    let Some(found) = (if field.is_empty() {
        Some(item)
    } else {
        item.get(field)
    }) else {
        return Ok(false);
    };
    let pattern = Pattern::unanchored(value)?;
    Ok(pattern.matches(found.text().trim()))
}
