//! Lists whose items are told apart by keys, or by themselves.
//!
//! Source: kustomize 5.8.2, `kyaml/yaml/walk/associative_sequence.go`; `ElementSetter` and
//! `ElementMatcher` in `kyaml/yaml/fns.go`.

use smol_str::SmolStr;

use super::{At, Directive, Sources, Walked, of_list, of_map, walk};
use crate::fault::Fault;
use crate::node::{Node, NodeKind};

/// Which item is meant: keys and their values. The empty key means the item itself.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) keys: &'a [&'a str],
    pub(super) values: &'a [SmolStr],
}

/// The two lists while they are merged.
struct Lists {
    dest: Vec<Node>,
    /// The patch's items; `None` where there is no patch.
    origin: Option<Vec<Node>>,
    /// Whether `dest` is the patch's own list, which then stands for both.
    same: bool,
}

pub(super) fn walk_list(sources: Sources, at: At<'_>, keys: &[&str]) -> Result<Walked, Fault> {
    let Some(lists) = visit(sources)? else {
        return Ok(Walked::Nothing);
    };
    let keys = if keys.is_empty() { &[""] } else { keys };
    let values = lists.values(keys);
    Ok(Walked::Dest(Node::List(lists.merge(
        values,
        keys,
        at.items(),
    )?)))
}

fn visit(sources: Sources) -> Result<Option<Lists>, Fault> {
    let (dest, origin) = match sources {
        Sources::Same(Node::List(mut items)) => {
            let directive = of_list(&mut items)?;
            let lists = Lists::own(items);
            return Ok((directive != Directive::Delete).then_some(lists));
        }
        Sources::Same(_) => return Ok(None),
        Sources::Two(dest, origin) => (dest, origin),
    };
    match (dest, origin) {
        (Some(Node::List(dest)), None) => Ok(Some(Lists {
            dest,
            origin: None,
            same: false,
        })),
        (Some(Node::List(dest)), Some(Node::List(mut origin))) => Ok(match of_list(&mut origin)? {
            Directive::Delete => None,
            Directive::Replace => Some(Lists::own(origin)),
            Directive::Merge => Some(Lists {
                dest,
                origin: Some(origin),
                same: false,
            }),
        }),
        (_, Some(Node::List(origin))) => Ok(Some(Lists::own(origin))),
        _ => Ok(None),
    }
}

impl Lists {
    fn own(items: Vec<Node>) -> Self {
        Self {
            dest: items,
            origin: None,
            same: true,
        }
    }

    /// The key values of every item, the patch's first, each combination once.
    fn values(&self, keys: &[&str]) -> Vec<Vec<SmolStr>> {
        let mut values: Vec<Vec<SmolStr>> = Vec::new();
        for item in self.origin.iter().flatten().chain(&self.dest) {
            let of_item: Vec<SmolStr> = keys.iter().map(|key| key_value(item, key)).collect();
            if !values.contains(&of_item) {
                values.push(of_item);
            }
        }
        values
    }

    fn merge(
        mut self,
        mut values: Vec<Vec<SmolStr>>,
        keys: &[&str],
        at: At<'_>,
    ) -> Result<Vec<Node>, Fault> {
        if keys.len() > 1 {
            merge_values(&mut values);
        }
        let mut added = Vec::new();
        let mut last_keys: Vec<&str> = Vec::new();
        for one in &values {
            let (valid_keys, valid_values) = valid(&values, one, keys);
            let element = Element {
                keys: &valid_keys,
                values: &valid_values,
            };
            if let Some(node) = self.element(&element, at)? {
                set_element(&mut added, &element, Some(node))?;
            }
            last_keys = valid_keys;
        }
        if values.is_empty() {
            return Ok(self.dest);
        }
        append(&mut added, self.dest, &last_keys)?;
        Ok(added)
    }

    /// Merges one item; where it goes away it is taken out of the list.
    fn element(&mut self, element: &Element<'_>, at: At<'_>) -> Result<Option<Node>, Fault> {
        // Looking an item up drops keys that no value was given for once more.
        let (keys, values) = valid(&[element.values.to_vec()], element.values, element.keys);
        let looked_up = Element {
            keys: &keys,
            values: &values,
        };
        let index = find(&self.dest, &looked_up);
        let dest = index.and_then(|index| self.dest.get(index).cloned());
        let walked = if self.same {
            match dest {
                Some(node) => walk(Sources::Same(node), at)?,
                None => Walked::Nothing,
            }
        } else {
            let theirs = self.take_origin(&looked_up);
            walk(Sources::Two(dest, theirs), at)?
        };
        if let Some(place) = index.and_then(|index| self.dest.get_mut(index)) {
            match &walked {
                Walked::Dest(node) => *place = node.clone(),
                Walked::Origin(node) if self.same => *place = node.clone(),
                // What says that it goes has lost its directive, even where it then stays.
                Walked::Nothing if self.same => drop(of_map(place)),
                Walked::Origin(_) | Walked::Null(_) | Walked::Nothing => {}
            }
        }
        let kept = walked.into_node().filter(|node| !is_gone(node));
        let Some(mut node) = kept else {
            set_element(&mut self.dest, element, None)?;
            return Ok(None);
        };
        for (key, value) in element.keys.iter().zip(element.values) {
            if !key.is_empty() && !value.is_empty() && node.get(key).is_none() {
                node.set_field(key, Node::implicit(value.clone()))?;
            }
        }
        Ok(Some(node))
    }

    /// A copy of the patch's item; what stays behind has lost its directive, as upstream's has.
    fn take_origin(&mut self, element: &Element<'_>) -> Option<Node> {
        let origin = self.origin.as_mut()?;
        let at = find(origin, element)?;
        let item = origin.get_mut(at)?;
        let copy = item.clone();
        // An unknown directive is told where the copy is merged.
        drop(of_map(item));
        Some(copy)
    }
}

fn is_gone(node: &Node) -> bool {
    node.is_null() || matches!(node, Node::Map(fields) if fields.is_empty())
}

fn key_value(item: &Node, key: &str) -> SmolStr {
    if key.is_empty() {
        return item.text().into();
    }
    let field = item.get(key).filter(|field| !field.is_empty());
    field.map_or("", Node::text).into()
}

/// Lets two combinations that differ only where one has nothing count as one.
fn merge_values(values: &mut [Vec<SmolStr>]) {
    for one in 0..values.len() {
        let Some(first) = values.get(one).cloned() else {
            continue;
        };
        for other in 0..values.len() {
            let Some(merged) = values.get(other).and_then(|second| union(&first, second)) else {
                continue;
            };
            for at in [one, other] {
                if let Some(place) = values.get_mut(at) {
                    place.clone_from(&merged);
                }
            }
        }
    }
}

fn union(first: &[SmolStr], second: &[SmolStr]) -> Option<Vec<SmolStr>> {
    if first.len() != second.len() {
        return None;
    }
    let mut common = false;
    let mut merged = Vec::with_capacity(first.len());
    for (left, right) in first.iter().zip(second) {
        if left == right {
            common = true;
        } else if !left.is_empty() && !right.is_empty() {
            return None;
        }
        merged.push(if left.is_empty() { right } else { left }.clone());
    }
    common.then_some(merged)
}

/// The keys that any item has a value for, and this item's values for them.
fn valid<'a>(
    all: &[Vec<SmolStr>],
    one: &[SmolStr],
    keys: &[&'a str],
) -> (Vec<&'a str>, Vec<SmolStr>) {
    let used = |at: usize| {
        all.iter()
            .any(|values| values.get(at).is_some_and(|value| !value.is_empty()))
    };
    if !(0..keys.len()).any(used) {
        return (keys.to_vec(), one.to_vec());
    }
    let pairs = keys.iter().zip(one).enumerate();
    let pairs = pairs.filter(|(at, _)| used(*at));
    pairs.map(|(_, (key, value))| (*key, value.clone())).unzip()
}

fn find(items: &[Node], element: &Element<'_>) -> Option<usize> {
    let first_key = element.keys.first().copied().unwrap_or_default();
    if first_key.is_empty() {
        let value = element.values.first().map_or("", SmolStr::as_str);
        return items.iter().position(|item| item.text() == value);
    }
    items.iter().position(|item| {
        let mut pairs = element.keys.iter().zip(element.values);
        pairs.all(|(key, value)| item.get(key).is_some_and(|field| field.text() == value))
    })
}

/// Puts an item in place of every one that matches, or at the end; without an item, takes them out.
/// Items that are null or empty always go.
pub(super) fn set_element(
    items: &mut Vec<Node>,
    element: &Element<'_>,
    node: Option<Node>,
) -> Result<(), Fault> {
    let first_key = element.keys.first().copied().unwrap_or_default();
    let first_value = element.values.first().map_or("", SmolStr::as_str);
    let wants_maps = !first_key.is_empty() && !first_value.is_empty();
    let mut kept = Vec::with_capacity(items.len() + 1);
    let mut matched = false;
    for item in std::mem::take(items) {
        if is_gone(&item) {
            continue;
        }
        if wants_maps && item.kind() != NodeKind::Map {
            kept.push(item);
        } else if !matches(&item, element)? {
            // Without a value to look for upstream drops what does not match.
            if !element.values.is_empty() {
                kept.push(item);
            }
        } else {
            matched = true;
            kept.extend(node.clone());
        }
    }
    if !matched {
        kept.extend(node);
    }
    *items = kept;
    Ok(())
}

fn matches(item: &Node, element: &Element<'_>) -> Result<bool, Fault> {
    for (at, key) in element.keys.iter().enumerate() {
        let Some(value) = element.values.get(at) else {
            // Upstream looks at the field that it found before.
            return Ok(at > 0);
        };
        let found = if key.is_empty() {
            if item.kind() != NodeKind::Scalar {
                return Err(Fault::wrong_kind(NodeKind::Scalar, item.kind()));
            }
            item.text() == value
        } else {
            let fields = item
                .fields()
                .ok_or_else(|| Fault::wrong_kind(NodeKind::Map, item.kind()))?;
            let field = fields.get(key);
            field.is_some_and(|field| value.is_empty() || field.text() == value)
        };
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts the items of one list behind those of another; an item that is there is replaced.
fn append(items: &mut Vec<Node>, more: Vec<Node>, keys: &[&str]) -> Result<(), Fault> {
    for item in more {
        if keys.first().is_none_or(|key| key.is_empty()) {
            let values = [SmolStr::from(item.text())];
            let element = Element {
                keys: &[""],
                values: &values,
            };
            set_element(items, &element, Some(item))?;
            continue;
        }
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            if item.kind() != NodeKind::Map && !item.is_null() {
                return Err(Fault::wrong_kind(NodeKind::Map, item.kind()));
            }
            match item.get(key) {
                Some(field) => values.push(SmolStr::from(field.text())),
                None => items.push(item.clone()),
            }
        }
        let element = Element {
            keys,
            values: &values,
        };
        if keys.len() > 1 {
            set_element(items, &element, None)?;
        }
        set_element(items, &element, Some(item))?;
    }
    Ok(())
}
