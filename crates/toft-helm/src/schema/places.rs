//! Where references of a schema lead.

use std::collections::BTreeMap;

use toft_value::Value;

/// How deep a schema may nest.
const NESTING_MAX: usize = 200;

/// The parts of a schema that have a name: `$id`, `$anchor`.
pub(super) struct Places<'s> {
    named: BTreeMap<String, &'s Value>,
}

impl<'s> Places<'s> {
    /// Finds the names in a schema.
    pub(super) fn of(schema: &'s Value) -> Self {
        let mut named = BTreeMap::new();
        collect(&mut named, schema, "", NESTING_MAX);
        Self { named }
    }

    /// The schema that a reference means; `None` where it leads out of the document.
    pub(super) fn find(&self, root: &'s Value, reference: &str) -> Option<&'s Value> {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = if document.is_empty() {
            root
        } else {
            let last = document.rsplit('/').next().unwrap_or(document);
            let found = self.named.get(document);
            found.or_else(|| self.named.get(last)).copied()?
        };
        if fragment.is_empty() {
            return Some(base);
        }
        if let Some(pointer) = fragment.strip_prefix('/') {
            return pointed(base, pointer);
        }
        self.named.get(&format!("#{fragment}")).copied()
    }
}

fn collect<'s>(
    named: &mut BTreeMap<String, &'s Value>,
    schema: &'s Value,
    key: &str,
    depth: usize,
) {
    let Some(deeper) = depth.checked_sub(1) else {
        return;
    };
    match schema {
        Value::Map(map) => {
            // What is compared with, and not a schema, names nothing.
            if matches!(key, "const" | "enum" | "default" | "examples") {
                return;
            }
            for name in ["$id", "id"] {
                if let Some(id) = map.get(name).and_then(Value::as_str) {
                    named
                        .entry(id.trim_end_matches('#').to_owned())
                        .or_insert(schema);
                }
            }
            for name in ["$anchor", "$dynamicAnchor"] {
                if let Some(anchor) = map.get(name).and_then(Value::as_str) {
                    named.entry(format!("#{anchor}")).or_insert(schema);
                }
            }
            for (key, value) in map {
                collect(named, value, key, deeper);
            }
        }
        Value::List(list) => {
            for item in list {
                collect(named, item, key, deeper);
            }
        }
        _ => {}
    }
}

/// RFC 6901, below a first slash.
fn pointed<'s>(schema: &'s Value, pointer: &str) -> Option<&'s Value> {
    let mut current = schema;
    for part in pointer.split('/') {
        let part = decoded(part).replace("~1", "/").replace("~0", "~");
        current = match current {
            Value::Map(map) => map.get(&part)?,
            Value::List(list) => list.as_slice().get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(current)
}

/// `%25` is `%`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let escaped = escaped.filter(|_| *first == b'%');
        let passed = if escaped.is_some() { 2 } else { 0 };
        bytes.push(escaped.unwrap_or(*first));
        rest = tail.get(passed..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
