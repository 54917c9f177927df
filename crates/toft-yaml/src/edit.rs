//! Edits: bytes to replace, found through the tree, so that comments and layout stay.

use toft_source::Span;
use toft_value::{Map, Value};

use crate::tree::{Layout, Node, NodeKind};
use crate::write::write;

/// A change of a text: the bytes of `span` become `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go.
    pub span: Span,
    /// What comes in their place.
    pub text: String,
}

impl Edit {
    /// Replaces a scalar by another value; lists and maps are written in flow style on one line.
    ///
    /// `None` where the node is no scalar. The quotes are those that the writer chooses.
    pub fn replace(node: Node<'_>, value: &Value) -> Option<Self> {
        let NodeKind::Scalar(_) = node.kind() else {
            return None;
        };
        let span = node.span();
        let old = node.tree.bytes(span);
        let mut text = inline(value);
        // The bytes of a block scalar end where the next line begins.
        if old.ends_with(b"\n") {
            text.push('\n');
        }
        let before = span.start.checked_sub(1);
        let before = before.and_then(|at| node.tree.source().bytes().get(at as usize));
        let is_glued = matches!(before, Some(b':' | b'-' | b'?'));
        if old.is_empty() && is_glued {
            text.insert(0, ' ');
        }
        Some(Self { span, text })
    }

    /// Adds an entry at the end of a map; `None` where the node is no map.
    ///
    /// In a block map the entry gets lines of its own, at the column of the others.
    pub fn insert(map: Node<'_>, key: &str, value: &Value) -> Option<Self> {
        let bytes = map.tree.source().bytes();
        let span = map.span();
        match map.kind() {
            NodeKind::Map(Layout::Flow) => {
                // A pair in brackets has no braces of its own.
                let close = span.end.checked_sub(1)?;
                bytes.get(close as usize).filter(|byte| **byte == b'}')?;
                let comma = if map.entries().next().is_some() {
                    ", "
                } else {
                    ""
                };
                Some(Self {
                    span: Span {
                        start: close,
                        end: close,
                    },
                    text: format!("{comma}{}: {}", inline(&key.into()), inline(value)),
                })
            }
            NodeKind::Map(Layout::Block) => {
                let entry: Map = [(key.into(), value.clone())].into_iter().collect();
                let indent = " ".repeat(column(bytes, span.start));
                let written = write(&Value::Map(entry));
                let lines = written.lines().map(|line| match line {
                    "" => "\n".to_owned(),
                    line => format!("{indent}{line}\n"),
                });
                let mut text: String = lines.collect();
                let at = line_end(bytes, span.end);
                if bytes
                    .get(..at as usize)
                    .is_some_and(|before| !before.ends_with(b"\n"))
                {
                    text.insert(0, '\n');
                    text.pop();
                }
                Some(Self {
                    span: Span { start: at, end: at },
                    text,
                })
            }
            NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Alias => None,
        }
    }

    /// Takes an entry out of a map; `None` where there is none, or where it is the only one of a block map.
    ///
    /// The comment on the entry's line goes with it; comments above it stay.
    pub fn remove(map: Node<'_>, key: &str) -> Option<Self> {
        let bytes = map.tree.source().bytes();
        let entries: Vec<(Node<'_>, Node<'_>)> = map.entries().collect();
        let is_wanted = |(name, _): &(Node<'_>, Node<'_>)| {
            matches!(name.kind(), NodeKind::Scalar(_)) && name.text() == key
        };
        let index = entries.iter().position(is_wanted)?;
        let (name, value) = *entries.get(index)?;
        let next = entries.get(index + 1).map(|(name, _)| start_of(*name));
        let previous = index.checked_sub(1).and_then(|index| entries.get(index));
        let (start, last) = (start_of(name), end_of(name, value));
        let line = start - u32::try_from(column(bytes, start)).unwrap_or(0);
        let lead = map.tree.bytes(Span {
            start: line,
            end: start,
        });
        let has_lines = map.kind() == NodeKind::Map(Layout::Block) && lead.trim_ascii().is_empty();
        let span = match (map.kind(), next, previous) {
            (NodeKind::Map(Layout::Block), None, None) => return None,
            _ if has_lines => Span {
                start: line,
                end: line_end(bytes, last),
            },
            // `- a: 1`: the next entry takes the place after the dash.
            (_, Some(next), _) => Span { start, end: next },
            (_, None, Some((before, value))) => Span {
                start: end_of(*before, *value),
                end: last,
            },
            (_, None, None) => Span { start, end: last },
        };
        Some(Self {
            span,
            text: String::new(),
        })
    }

    /// Applies edits that do not overlap; of two at one place the first stays first.
    pub fn apply(bytes: &[u8], edits: &[Self]) -> Vec<u8> {
        let mut edits: Vec<&Self> = edits.iter().collect();
        edits.sort_by_key(|edit| edit.span.start);
        let mut result = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for edit in edits {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            result.extend_from_slice(bytes.get(at..start.max(at)).unwrap_or_default());
            result.extend_from_slice(edit.text.as_bytes());
            at = end.max(at);
        }
        result.extend_from_slice(bytes.get(at..).unwrap_or_default());
        result
    }
}

/// A value on one line, safe in block and in flow style.
fn inline(value: &Value) -> String {
    let written = write(value);
    let written = written.strip_suffix('\n').unwrap_or(&written);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@+ ".contains(&byte);
    let is_quoted = written.starts_with('"') && !written.contains('\n');
    let is_scalar = !matches!(value, Value::List(_) | Value::Map(_));
    if is_scalar && (is_quoted || written.bytes().all(is_word)) {
        written.to_owned()
    } else {
        // JSON is YAML on one line.
        value.to_json()
    }
}

/// Where a node begins, its anchor and tag included.
fn start_of(node: Node<'_>) -> u32 {
    let properties = node.properties();
    let anchor = properties.and_then(|properties| properties.anchor);
    let tag = properties.and_then(|properties| properties.tag_span);
    let starts = [anchor, tag].into_iter().flatten().map(|span| span.start);
    starts.fold(node.span().start, u32::min)
}

fn end_of(key: Node<'_>, value: Node<'_>) -> u32 {
    value.span().end.max(key.span().end)
}

/// How many bytes stand before a place on its line.
fn column(bytes: &[u8], at: u32) -> usize {
    let before = bytes.get(..at as usize).unwrap_or_default();
    let line = before.iter().rposition(|byte| *byte == b'\n');
    before.len() - line.map_or(0, |line| line + 1)
}

/// The start of the next line, unless a line begins here.
fn line_end(bytes: &[u8], at: u32) -> u32 {
    let before = bytes.get(..at as usize).unwrap_or_default();
    if before.ends_with(b"\n") {
        return at;
    }
    let rest = bytes.get(at as usize..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |found| found + 1);
    at + u32::try_from(end).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use toft_source::Source;
    use toft_value::value;

    use super::*;
    use crate::tree::Tree;

    fn edited(text: &str, edit: impl Fn(Node<'_>) -> Option<Edit>) -> String {
        let source = Source::new("test", text.as_bytes().into());
        let tree: Tree = crate::parse(&source).value;
        let root = tree.documents().next().unwrap().root().unwrap();
        let edit = edit(root).unwrap();
        String::from_utf8(Edit::apply(text.as_bytes(), &[edit])).unwrap()
    }

    fn replaced(text: &str, path: &[&str], value: &Value) -> String {
        edited(text, |root| Edit::replace(root.at(path)?, value))
    }

    #[test]
    fn a_scalar_is_replaced_and_its_comment_stays() {
        let text = "a: 'x'   # why\nb: {c: d, e: f}\nl: |\n  one\n  two\nn:\n";
        let replaced = |path: &[&str], value: &Value| replaced(text, path, value);
        assert!(replaced(&["a"], &value!("yes")).starts_with("a: \"yes\"   # why\n"));
        assert!(replaced(&["b", "c"], &value!("x, y")).contains("b: {c: \"x, y\", e: f}\n"));
        assert!(replaced(&["l"], &value!("z")).contains("l: z\nn:\n"));
        assert!(replaced(&["n"], &value!([1, "b"])).ends_with("n: [1,\"b\"]\n"));
        assert!(replaced(&["a"], &value!("1\n2")).starts_with("a: \"1\\n2\"   # why\n"));
    }

    #[test]
    fn an_entry_is_added_at_the_column_of_the_others() {
        let text = "a:\n  - b: 1 # one\n    c: |\n      x\nd: {}\n";
        let in_item = |root: Node<'_>| {
            let item = root.get("a")?.items().next()?;
            Edit::insert(item, "e", &value!({"f": ["g"]}))
        };
        let expected =
            "a:\n  - b: 1 # one\n    c: |\n      x\n    e:\n      f:\n      - g\nd: {}\n";
        assert_eq!(edited(text, in_item), expected);
        let in_flow = |root: Node<'_>| Edit::insert(root.get("d")?, "e f", &value!("x: y"));
        assert!(edited(text, in_flow).ends_with("d: {e f: \"x: y\"}\n"));
        let at_end = |root: Node<'_>| Edit::insert(root, "z", &value!(1));
        assert_eq!(edited("a: 1 # c", at_end), "a: 1 # c\nz: 1");
    }

    #[test]
    fn an_entry_is_removed_with_its_line() {
        let text = "# top\na: 1 # one\nb:\n  c: 2\n  d: 3\n# above\ne: {f: 1, g: 2, h: 3}\nl:\n- m: 1\n  n: 2\n";
        let remove =
            |path: &[&str], key: &str| edited(text, |root| Edit::remove(root.at(path)?, key));
        assert!(remove(&[], "b").starts_with("# top\na: 1 # one\n# above\ne:"));
        assert!(remove(&[], "a").starts_with("# top\nb:\n"));
        assert!(remove(&["b"], "d").contains("b:\n  c: 2\n# above\n"));
        assert!(remove(&["e"], "f").contains("e: {g: 2, h: 3}\n"));
        assert!(remove(&["e"], "h").contains("e: {f: 1, g: 2}\n"));
        let in_item = |root: Node<'_>| Edit::remove(root.get("l")?.items().next()?, "m");
        assert!(edited(text, in_item).ends_with("l:\n- n: 2\n"));
    }
}
