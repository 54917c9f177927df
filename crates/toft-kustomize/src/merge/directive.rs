//! `$patch` in a patch: what it says about the map or list that holds it.
//!
//! Source: kustomize 5.8.2, `kyaml/yaml/merge2/smpdirective.go`.

use super::elements::{Element, set_element};
use crate::fault::Fault;
use crate::node::Node;

const KEY: &str = "$patch";

/// How a patch's map or list meets the one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

fn parse(text: &str) -> Result<Directive, Fault> {
    match text {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        _ => Err(Fault::new(format!("unknown patch strategy '{text}'"))),
    }
}

/// Takes the directive out of a map.
pub(super) fn of_map(node: &mut Node) -> Result<Directive, Fault> {
    let Some(fields) = node.fields_mut() else {
        return Ok(Directive::Merge);
    };
    let Some(value) = fields.get(KEY) else {
        return Ok(Directive::Merge);
    };
    let directive = parse(value.text())?;
    fields.remove(KEY);
    Ok(directive)
}

/// Takes the directive out of a list: an item that holds nothing else.
pub(super) fn of_list(items: &mut Vec<Node>) -> Result<Directive, Fault> {
    let Some(item) = items.iter().find(|item| item.get(KEY).is_some()) else {
        return Ok(Directive::Merge);
    };
    let alone = item.fields().is_some_and(|fields| fields.len() == 1);
    let Some(value) = item.get(KEY).filter(|_| alone) else {
        return Ok(Directive::Merge);
    };
    let text = value.text().to_owned();
    let directive = parse(&text)?;
    let directive_item = Element {
        keys: &[KEY],
        values: &[text.into()],
    };
    set_element(items, &directive_item, None)?;
    Ok(directive)
}
