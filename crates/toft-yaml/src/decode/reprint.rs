//! What a document goes through when kyaml prints it and go-yaml v3 reads that: kustomize does so with
//! every resource before it makes JSON of it.
//!
//! Source: kyaml 0.21.2 `yaml/rnode.go`, `MarshalJSON`; go.yaml.in/yaml v3.0.5 `emitterc.go`.

use std::borrow::Cow;

use toft_source::Span;

use super::Decoder;
use crate::scan::Style;
use crate::tree::{Layout, Node, NodeKind};
use crate::write::may_be_literal;

impl<'a> Decoder<'a> {
    /// The line of a node in what kyaml prints of the document and v3 reads again.
    ///
    /// That has no `---`, no empty lines but those in block scalars and the one below a comment on top,
    /// and each other scalar and each flow collection on one line.
    pub(super) fn printed_line(&self, node: Node<'a>) -> usize {
        let tree = self.document.tree;
        let start = self.document.span().start;
        let end = node.span().start;
        let before = tree.bytes(Span { start, end });
        let mut offset = start;
        let mut lines = 1 + usize::from(has_comment_on_top(tree.bytes(self.document.span())));
        for line in before.split_inclusive(|byte| *byte == b'\n') {
            let rest = line.strip_prefix(b"---").filter(|_| offset == start);
            let is_empty = rest.unwrap_or(line).trim_ascii().is_empty();
            let counts = match self.printing_at(offset) {
                Printing::Verbatim => true,
                Printing::Joined => false,
                Printing::Lines => !is_empty,
            };
            if counts && line.ends_with(b"\n") {
                lines += 1;
            }
            offset += u32::try_from(line.len()).unwrap_or(0);
        }
        lines
    }

    fn printing_at(&self, offset: u32) -> Printing {
        let rows = self.document.tree.rows.iter().zip(0_u32..);
        let mut around = rows.filter(|(row, _)| row.start < offset && offset < row.end);
        let kind = around.find_map(|(row, index)| match row.kind {
            NodeKind::Scalar(Style::Literal | Style::Folded) => {
                let text = self.document.tree.node(index)?.text();
                let is_literal = may_be_block(&text);
                Some(if is_literal {
                    Printing::Verbatim
                } else {
                    Printing::Joined
                })
            }
            NodeKind::Scalar(_) | NodeKind::List(Layout::Flow) | NodeKind::Map(Layout::Flow) => {
                Some(Printing::Joined)
            }
            NodeKind::List(Layout::Block) | NodeKind::Map(Layout::Block) | NodeKind::Alias => None,
        });
        kind.unwrap_or(Printing::Lines)
    }
}

/// Whether a document begins with comments and an empty line below them: that one is printed.
fn has_comment_on_top(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut has_comment = false;
    lines.by_ref().any(|line| match line.first() {
        Some(b'#') => {
            has_comment = true;
            false
        }
        Some(b'-') if line == b"---" => false,
        None => has_comment,
        Some(_) => {
            has_comment = false;
            true
        }
    }) && has_comment
}

/// What becomes of line breaks at a place when kyaml prints it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Printing {
    /// Lines stay, empty ones go.
    Lines,
    /// All lines stay.
    Verbatim,
    /// Everything comes on one line.
    Joined,
}

/// Whether v3 prints a text of several lines as a block: unlike v2 it does not mind tabs.
fn may_be_block(text: &str) -> bool {
    may_be_literal(&text.replace('\t', "x"))
}

/// A folded scalar after it was printed folded and read again.
///
/// The printer doubles the break before a line that begins with a blank, and the last of several breaks at
/// the end: it looks at the start of the text where it means the place that it is at.
/// Source: go.yaml.in/yaml v3.0.5 `emitterc.go`, `yaml_emitter_write_folded_scalar`.
///
/// # Example
/// ```
/// assert_eq!(toft_yaml::refold("any(\n  one\n)".into()), "any(\n\n  one\n)");
/// ```
pub fn refold(text: Cow<'_, str>) -> Cow<'_, str> {
    let begins_blank = text.trim_start_matches('\n').starts_with([' ', '\t']);
    if begins_blank
        || !may_be_block(&text)
        || !text.trim_matches('\n').contains('\n') && !text.ends_with("\n\n")
    {
        return text;
    }
    let mut folded = String::with_capacity(text.len() + 8);
    let mut rest: &str = &text;
    while let Some(at) = rest.find('\n') {
        let (line, breaks) = rest.split_at(at);
        let after = breaks.trim_start_matches('\n');
        let count = breaks.len() - after.len();
        folded.push_str(line);
        folded.push_str(breaks.get(..count).unwrap_or_default());
        // After another kind of line break the printer takes this one for a further one.
        let is_plain_line = !line.is_empty()
            && !line.starts_with([' ', '\t'])
            && !line.ends_with(['\u{85}', '\u{2028}', '\u{2029}']);
        let doubles = after.starts_with([' ', '\t']) || (after.is_empty() && count > 1);
        if is_plain_line && doubles {
            folded.push('\n');
        }
        rest = after;
    }
    folded.push_str(rest);
    Cow::Owned(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_a_folded_scalar_adds_breaks() {
        let cases = [
            ("a b\n", "a b\n"),
            ("x\n\n\n", "x\n\n\n\n"),
            ("\nx\n\n  y\n\nz\n", "\nx\n\n\n  y\n\nz\n"),
            (" x\ny\n z\n", " x\ny\n z\n"),
            ("x\n y\n  z\nw v", "x\n\n y\n  z\nw v"),
            ("x \n y\n", "x \n y\n"),
            ("x\u{2028}\n y\n", "x\u{2028}\n y\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(refold(Cow::Borrowed(text)), expected, "{text:?}");
        }
    }
}
