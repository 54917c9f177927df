//! Replacements inside texts that hold JSON or YAML, such as a file in a ConfigMap.
//!
//! The text is printed again as upstream prints it. Where YAML has comments, only the bytes of the value
//! change, so that they stay where they were; upstream prints these anew too, in its own layout.
//!
//! Source: kustomize 5.8.2, `setValueInStructuredData`, `api/filters/replacement/replacement.go`.

use toft_source::Source;

use super::{Copying, layout, set_field};
use crate::fault::Fault;
use crate::go_json;
use crate::node::{Found, Node, NodeKind, Scalar, Style, Tag, find_or_create, lookup};
use crate::text::documents;

/// Sets a value below a text that the path leads through.
pub(super) fn set(
    object: &mut Node,
    path: &[String],
    (value, options, create): Copying<'_>,
) -> Result<(), Fault> {
    let (at, inner) = scalar_on_the_way(object, path)
        .ok_or_else(|| Fault::new("no structured data found in path"))?;
    let Some(Node::Scalar(scalar)) = object.follow_mut(&at) else {
        return Err(Fault::new("no structured data found in path"));
    };
    let source = Source::new("", scalar.text.as_bytes().into());
    let documents = documents(&source).map_err(|_| Fault::new("the text is no YAML"))?;
    let Some(document) = documents.into_iter().next() else {
        return Err(Fault::new("the text is empty"));
    };
    let before = document.node;
    let mut after = before.clone();
    let found = find_or_create(&mut after, inner, create)?;
    if found.is_empty() {
        return Err(Fault::new("unable to find field in structured data"));
    }
    for at in &found {
        if let Some(field) = after.follow_mut(at) {
            set_field(field, value, options)?;
        }
    }
    scalar.text = printed(&scalar.text, (&before, &after), &found)?.into();
    Ok(())
}

/// The first text on a path, and what of the path lies below it.
fn scalar_on_the_way<'p>(object: &Node, path: &'p [String]) -> Option<(Vec<Found>, &'p [String])> {
    for count in 1..path.len() {
        let (outer, inner) = path.split_at_checked(count)?;
        let Ok(Some(at)) = lookup(object, outer) else {
            continue;
        };
        let node = object.follow(&at)?;
        if node.kind() == NodeKind::Scalar && !node.is_null() {
            return Some((at, inner));
        }
    }
    None
}

fn printed(
    text: &str,
    (before, after): (&Node, &Node),
    found: &[Vec<Found>],
) -> Result<String, Fault> {
    if !text.trim_start().starts_with(['{', '[']) {
        return match laid_out(text, after) {
            Some(text) => Ok(text),
            None => spliced(text, (before, after), found),
        };
    }
    let value = after
        .to_value()
        .map_err(|fault| Fault::new(fault.to_string()))?;
    let is_pretty = text.contains('\n') && text.contains("  ");
    Ok(if is_pretty {
        go_json::pretty(&value)
    } else {
        go_json::compact(&value)
    })
}

/// The YAML as upstream prints it, where nothing in it is lost by that.
fn laid_out(text: &str, after: &Node) -> Option<String> {
    let source = Source::new("", text.as_bytes().into());
    let tree = toft_yaml::parse(&source).value;
    let root = tree.documents().find_map(|document| document.root())?;
    if tree.comments().next().is_some() || text.contains(['&', '*']) {
        return None;
    }
    let text = layout::print(after, Some(root))?;
    Some(text.trim().to_owned())
}

/// The YAML text with the bytes of the changed scalars replaced.
fn spliced(
    text: &str,
    (before, after): (&Node, &Node),
    found: &[Vec<Found>],
) -> Result<String, Fault> {
    let unsupported = || Fault::new("only existing scalars in YAML texts can be replaced");
    let source = Source::new("", text.as_bytes().into());
    let tree = toft_yaml::parse(&source).value;
    let root = tree.documents().find_map(|document| document.root());
    let root = root.ok_or_else(unsupported)?;
    let mut edits = Vec::new();
    for at in found {
        let (Some(Node::Scalar(_)), Some(Node::Scalar(new))) =
            (before.follow(at), after.follow(at))
        else {
            return Err(unsupported());
        };
        let node = at.iter().try_fold(root, |node, step| match step {
            Found::Key(name) => node.resolved().get(name),
            Found::Item(index) => node.resolved().items().nth(*index),
        });
        let node = node.ok_or_else(unsupported)?;
        edits.push((node.span(), written(new)));
    }
    edits.sort_unstable_by_key(|(span, _)| span.start);
    let mut result = text.to_owned();
    for (span, new) in edits.into_iter().rev() {
        let range = span.start as usize..span.end as usize;
        if result.get(range.clone()).is_none() {
            return Err(unsupported());
        }
        result.replace_range(range, &new);
    }
    Ok(result.trim().to_owned())
}

/// A scalar between single quotes, unless it can stand without.
fn written(scalar: &Scalar) -> String {
    let special = scalar.text.contains([
        ':', '#', '\'', '"', '\n', '{', '[', '&', '*', '!', '|', '>', '%', '@', '`',
    ]);
    let is_string =
        matches!(scalar.tag, Tag::Str) && crate::node::resolve(&scalar.text).0 != Tag::Str;
    if scalar.style == Style::Plain && !special && !is_string && scalar.text.trim() == scalar.text {
        return scalar.text.to_string();
    }
    toft_value::Value::Str(scalar.text.clone()).to_json()
}
