//! Strategic merge as kyaml does it: its own walk, with the merge keys of the embedded schema.
//!
//! What looks odd here is upstream's: a field that is null and was written as nothing disappears from
//! an object that is merely patched elsewhere, and a list that a patch adds is merged with itself.
//!
//! Source: kustomize 5.8.2, `kyaml/yaml/merge2/`, `kyaml/yaml/walk/`.

mod directive;
mod elements;

use crate::fault::Fault;
use crate::node::{Fields, Node, NodeKind, Scalar, Style, Tag};
use crate::schema::{Schema, Schemas};
use directive::{Directive, of_list, of_map};

/// Merges `patch` into `object`; `None` where the patch deletes it.
///
/// # Errors
/// A field of the patch is of another kind than in the object, or a directive is unknown.
pub(crate) fn merge(object: Node, patch: Node, schemas: &Schemas) -> Result<Option<Node>, Fault> {
    let sources = Sources::Two(Some(object), Some(patch));
    let nowhere = At {
        schemas,
        schema: None,
    };
    Ok(walk(sources, nowhere)?.into_node())
}

/// What the schemas say about a place.
#[derive(Clone, Copy)]
struct At<'s> {
    schemas: &'s Schemas,
    schema: Option<Schema<'s>>,
}

impl At<'_> {
    fn field(self, name: &str) -> Self {
        let schema = self.schema.and_then(|schema| schema.field(name));
        Self { schema, ..self }
    }

    fn items(self) -> Self {
        let schema = self.schema.and_then(Schema::items);
        Self { schema, ..self }
    }
}

/// What a place is merged from.
enum Sources {
    /// What is there, and what the patch has.
    Two(Option<Node>, Option<Node>),
    /// The patch's own node, which stands for both because nothing was there.
    Same(Node),
}

/// What a place becomes.
enum Walked {
    /// The field goes away.
    Nothing,
    /// What was there, changed.
    Dest(Node),
    /// What the patch has.
    Origin(Node),
    /// A null that was there and stays.
    Null(Node),
}

impl Walked {
    fn into_node(self) -> Option<Node> {
        match self {
            Self::Nothing => None,
            Self::Dest(node) | Self::Origin(node) | Self::Null(node) => Some(node),
        }
    }
}

fn present(node: Option<&Node>) -> Option<&Node> {
    node.filter(|node| !node.is_null())
}

impl Sources {
    /// The kind of the first source that is no null.
    fn kind(&self) -> Result<Option<NodeKind>, Fault> {
        let (dest, origin) = match self {
            Self::Two(dest, origin) => (present(dest.as_ref()), present(origin.as_ref())),
            Self::Same(node) => (present(Some(node)), None),
        };
        let kind = dest.or(origin).map(Node::kind);
        match (kind, origin) {
            (Some(kind), Some(origin)) if origin.kind() != kind => {
                Err(Fault::wrong_kind(kind, origin.kind()))
            }
            _ => Ok(kind),
        }
    }

    fn schema<'s>(&self, schemas: &'s Schemas) -> Option<Schema<'s>> {
        let of = |node: &Node| {
            let text = |name| node.get(name).map_or("", Node::text);
            schemas.of_kind(text("apiVersion"), text("kind"))
        };
        match self {
            Self::Same(node) => of(node),
            Self::Two(dest, origin) => {
                let (dest, origin) = (present(dest.as_ref()), present(origin.as_ref()));
                dest.and_then(of).or_else(|| origin.and_then(of))
            }
        }
    }
}

fn walk(sources: Sources, at: At<'_>) -> Result<Walked, Fault> {
    let schema = at.schema.or_else(|| sources.schema(at.schemas));
    let at = At { schema, ..at };
    match sources.kind()? {
        Some(NodeKind::Map) | None => walk_map(sources, at),
        Some(NodeKind::List) => match at.schema.and_then(Schema::merge_keys) {
            Some(keys) => elements::walk_list(sources, at, &keys),
            None => Ok(take_over(sources)),
        },
        Some(NodeKind::Scalar) => Ok(take_over(sources)),
    }
}

/// The patch wins whole where it has the field at all.
fn take_over(sources: Sources) -> Walked {
    match sources {
        Sources::Same(node) | Sources::Two(_, Some(node)) => Walked::Origin(node),
        Sources::Two(Some(node), None) => Walked::Dest(node),
        Sources::Two(None, None) => Walked::Nothing,
    }
}

fn walk_map(sources: Sources, at: At<'_>) -> Result<Walked, Fault> {
    match sources {
        Sources::Same(mut node) => match of_map(&mut node)? {
            Directive::Delete if !node.is_null() => Ok(Walked::Nothing),
            _ => Ok(Walked::Origin(walk_own(node, at)?)),
        },
        Sources::Two(Some(dest), origin) if !dest.is_null() => {
            let Some(mut origin) = origin else {
                return Ok(Walked::Dest(walk_fields(dest, None, at)?));
            };
            if origin.is_null() {
                return Ok(Walked::Nothing);
            }
            match of_map(&mut origin)? {
                Directive::Delete => Ok(Walked::Nothing),
                Directive::Replace => Ok(Walked::Origin(walk_own(origin, at)?)),
                Directive::Merge => Ok(Walked::Dest(walk_fields(dest, Some(origin), at)?)),
            }
        }
        Sources::Two(_, Some(mut origin)) => match of_map(&mut origin) {
            Ok(Directive::Delete) => Ok(Walked::Nothing),
            // An unknown directive counts only where there is something to merge with.
            _ => Ok(Walked::Origin(walk_own(origin, at)?)),
        },
        Sources::Two(Some(dest), None) if !dest.text().is_empty() => Ok(Walked::Null(dest)),
        Sources::Two(_, None) => Ok(Walked::Nothing),
    }
}

/// Walks the fields of a node that the patch brings along.
fn walk_own(mut node: Node, at: At<'_>) -> Result<Node, Fault> {
    let Some(fields) = node.fields_mut() else {
        return Ok(node);
    };
    for name in sorted_names(fields, None) {
        let Some(child) = take(fields, &name) else {
            continue;
        };
        match walk(Sources::Same(child), at.field(&name))?.into_node() {
            Some(node) => fields.put_back(&name, node),
            None => drop(fields.remove(&name)),
        }
    }
    Ok(node)
}

fn walk_fields(mut dest: Node, mut origin: Option<Node>, at: At<'_>) -> Result<Node, Fault> {
    let Some(fields) = dest.fields_mut() else {
        return Ok(dest);
    };
    let names = sorted_names(fields, origin.as_ref().and_then(Node::fields));
    for name in names {
        let theirs = origin
            .as_mut()
            .and_then(Node::fields_mut)
            .and_then(|fields| take(fields, &name));
        let ours = take(fields, &name);
        let walked = walk(Sources::Two(ours, theirs), at.field(&name))?;
        put(
            fields,
            &name,
            (walked, origin.as_ref().and_then(Node::fields)),
        );
    }
    Ok(dest)
}

fn sorted_names(fields: &Fields, more: Option<&Fields>) -> Vec<smol_str::SmolStr> {
    let names = fields.iter().chain(more.into_iter().flat_map(Fields::iter));
    let mut names: Vec<_> = names.map(|(name, _)| name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Takes a field's node and leaves its style behind, which whatever comes next takes over.
fn take(fields: &mut Fields, name: &str) -> Option<Node> {
    let node = fields.get_mut(name)?;
    let style = match node {
        Node::Scalar(scalar) => scalar.style,
        Node::List(_) | Node::Map(_) => Style::Plain,
    };
    let place = Scalar {
        style,
        ..Scalar::tagged("", Tag::Null)
    };
    Some(std::mem::replace(node, Node::Scalar(place)))
}

fn put(fields: &mut Fields, name: &str, (walked, theirs): (Walked, Option<&Fields>)) {
    match walked {
        Walked::Nothing => {
            fields.remove(name);
        }
        Walked::Dest(node) => fields.put_back(name, node),
        Walked::Origin(node) => fields.adopt(name, node, theirs),
        Walked::Null(node) => fields.keep(name, node),
    }
}

#[cfg(test)]
mod tests;
