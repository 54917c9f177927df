//! Where a transformer writes: a kind of object and a path in it.
//!
//! Source: kustomize 5.8.2, `api/filters/fieldspec/fieldspec.go`, `api/types/fieldspec.go`.

use std::borrow::Cow;

use smol_str::SmolStr;
use toft_object::Gvk;

use crate::fault::Fault;
use crate::id::selects;
use crate::node::{Node, NodeKind, PathPart, Tag};

/// A path in the objects of a kind; an empty part of the kind matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    pub(crate) gvk: Gvk,
    pub(crate) path: SmolStr,
    /// Whether the path is made where it is missing.
    pub(crate) create: bool,
}

/// What is made where a path is missing and may be created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Creation {
    pub(crate) kind: NodeKind,
    pub(crate) tag: Tag,
}

impl FieldSpec {
    /// Whether both write to the same place of an object that this one selects.
    fn covers(&self, other: &Self) -> bool {
        selects(&other.gvk, &self.gvk) && self.path == other.path
    }

    /// Calls `change` with every node that the path leads to in an object of the kind. A list on the
    /// way means each of its items.
    pub(crate) fn apply(
        &self,
        object: &mut Node,
        creation: Option<Creation>,
        change: &mut dyn FnMut(&mut Node) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if !self.is_for(object) {
            return Ok(());
        }
        self.visit(object, creation.filter(|_| self.create), change)
    }

    /// Whether the object is of the kind.
    fn is_for(&self, object: &Node) -> bool {
        let text = |name| object.get(name).map_or("", Node::text);
        let Gvk {
            group,
            version,
            kind,
        } = &self.gvk;
        if !kind.is_empty() && kind != text("kind") {
            return false;
        }
        if group.is_empty() && version.is_empty() {
            return true;
        }
        let api_version = text("apiVersion");
        let (own_group, own_version) = api_version.split_once('/').unwrap_or(("", api_version));
        (group.is_empty() || group == own_group) && (version.is_empty() || version == own_version)
    }

    /// As [`FieldSpec::apply`], whatever kind the object is of.
    pub(crate) fn visit(
        &self,
        object: &mut Node,
        creation: Option<Creation>,
        change: &mut dyn FnMut(&mut Node) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        // A path may begin with a slash.
        let path = match self.path.strip_prefix('/') {
            Some(path) if !path.is_empty() => path,
            _ => self.path.as_str(),
        };
        walk(object, Some(path), creation, change)
            .map_err(|fault| fault.within(format_args!("considering field '{}'", self.path)))
    }
}

/// The first part of a path and the rest; a backslash keeps the slash behind it.
fn split_first(path: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut name = String::new();
    let mut rest = path;
    while let Some((part, more)) = rest.split_once('/') {
        let Some(escaped) = part.strip_suffix('\\') else {
            if name.is_empty() {
                return (Cow::Borrowed(part), Some(more));
            }
            name.push_str(part);
            return (Cow::Owned(name), Some(more));
        };
        name.push_str(escaped);
        name.push('/');
        rest = more;
    }
    if name.is_empty() {
        return (Cow::Borrowed(rest), None);
    }
    name.push_str(rest);
    (Cow::Owned(name), None)
}

fn walk(
    node: &mut Node,
    path: Option<&str>,
    creation: Option<Creation>,
    change: &mut dyn FnMut(&mut Node) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let Some(path) = path else {
        return change(node);
    };
    if node.is_null() {
        return Ok(());
    }
    match node {
        Node::Scalar(_) => Err(Fault::new("expected sequence or mapping node")),
        Node::List(items) => items
            .iter_mut()
            .try_for_each(|item| walk(item, Some(path), creation, change)),
        Node::Map(fields) => {
            let (name, rest) = split_first(path);
            let list_name = name.strip_suffix("[]");
            let name = list_name.unwrap_or(&name);
            if name.is_empty() {
                return Err(Fault::new("cannot set or create an empty field name"));
            }
            if !matches!(PathPart::parse(name)?, PathPart::Field(_)) || name == "-" {
                return Err(Fault::wrong_kind(NodeKind::List, NodeKind::Map));
            }
            let made = match (creation, list_name) {
                (_, Some(_)) | (None, None) => None,
                (Some(creation), None) if rest.is_none() => Some(creation),
                (Some(creation), None) => Some(Creation {
                    kind: NodeKind::Map,
                    ..creation
                }),
            };
            if made.is_none() && !fields.contains(name) {
                return Ok(());
            }
            let kind = made.map(|made| made.kind);
            let field = fields.get_or_insert(name, kind.unwrap_or(NodeKind::Map));
            let kind = kind.or(list_name.map(|_| NodeKind::List));
            if let (true, Some(kind)) = (field.is_null(), kind) {
                *field = Node::empty(kind);
                if let (NodeKind::Scalar, Some(made)) = (kind, made) {
                    field.set_scalar("", made.tag)?;
                }
            }
            walk(field, rest, creation, change)
        }
    }
}

/// Adds specs that are not there yet.
///
/// # Errors
/// One is there with another `create`.
pub(crate) fn merge_specs(specs: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<(), Fault> {
    for spec in more {
        match specs.iter().find(|known| known.covers(spec)) {
            None => specs.push(spec.clone()),
            Some(known) if known.create == spec.create => {}
            Some(_) => return Err(Fault::new("conflicting fieldspecs")),
        }
    }
    Ok(())
}
