//! The tree: nodes in one flat table, in the order of the text.

use std::borrow::Cow;

use smol_str::SmolStr;
use toft_source::{Source, Span};

use crate::resolve::Resolver;
use crate::scan::{Problem, Style};
use crate::text;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A single value.
    Scalar(Style),
    /// A list, in block or flow style.
    List(Layout),
    /// A map, in block or flow style.
    Map(Layout),
    /// `*name`: what the anchor stands at.
    Alias,
}

/// How a list or map is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// By indentation.
    Block,
    /// Between brackets.
    Flow,
}

/// One row of the table; children follow their parent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) kind: NodeKind,
    /// The text between the delimiters is the value as it stands.
    pub(crate) is_raw: bool,
    /// There is a row in the table of properties.
    pub(crate) has_properties: bool,
    /// For block scalars, the column of the content.
    pub(crate) indent: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The row after the last descendant.
    pub(crate) next: u32,
}

/// Anchor and tag of a node, or the target of an alias.
#[derive(Clone, Debug, Default)]
pub(crate) struct Properties {
    pub(crate) node: u32,
    /// With the `&`.
    pub(crate) anchor: Option<Span>,
    /// In short form: `!!int`, `!secret`, `!`.
    pub(crate) tag: Option<SmolStr>,
    pub(crate) tag_span: Option<Span>,
    /// For an alias, the row of the node that it stands for.
    pub(crate) target: u32,
}

/// What is known about one document.
#[derive(Clone, Debug)]
pub(crate) struct DocumentRow {
    pub(crate) span: Span,
    pub(crate) root: Option<u32>,
    /// Where a leading `---` line ends, if there is one and its rest is empty.
    pub(crate) marker: Marker,
    /// What stops v3, and what stops v2.
    pub(crate) problems: [Option<Problem>; 2],
    /// What follows the document and is read by nobody.
    pub(crate) unread: Option<Span>,
}

/// How a chunk begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// Without `---`.
    None,
    /// With `---` on the first line of the file.
    First,
    /// With `---` further down, where upstream's readers cut.
    Cut,
}

impl DocumentRow {
    pub(crate) fn problem(&self, resolver: Resolver) -> Option<&Problem> {
        let [kustomize, kubectl] = &self.problems;
        match resolver {
            Resolver::Kustomize => kustomize.as_ref(),
            Resolver::Kubectl => kubectl.as_ref(),
        }
    }

    /// How many lines of the chunk upstream does not see: its reader has taken `---` away.
    pub(crate) fn skipped_lines(&self) -> u32 {
        match self.marker {
            Marker::None | Marker::First => 0,
            Marker::Cut => 1,
        }
    }
}

/// A YAML text that has been understood as far as it can be: all documents, with spans and comments.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(crate) source: Source,
    pub(crate) rows: Vec<Row>,
    pub(crate) properties: Vec<Properties>,
    pub(crate) comments: Vec<Span>,
    pub(crate) documents: Vec<DocumentRow>,
}

impl Tree {
    /// The text that all spans point into: the source, or its UTF-8 form where it was UTF-16.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The documents in order, empty ones included.
    pub fn documents(&self) -> impl Iterator<Item = Document<'_>> {
        let rows = self.documents.iter();
        rows.map(|row| Document { tree: self, row })
    }

    /// The comments in order, each from `#` to the end of its line.
    pub fn comments(&self) -> impl Iterator<Item = Span> {
        self.comments.iter().copied()
    }

    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        let range = span.start as usize..span.end as usize;
        self.source.bytes().get(range).unwrap_or_default()
    }

    pub(crate) fn node(&self, index: u32) -> Option<Node<'_>> {
        let row = self.rows.get(index as usize)?;
        Some(Node {
            tree: self,
            row,
            index,
        })
    }
}

/// One document of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) row: &'a DocumentRow,
}

impl<'a> Document<'a> {
    /// The node that everything hangs on; `None` where the document has none.
    pub fn root(&self) -> Option<Node<'a>> {
        self.tree.node(self.row.root?)
    }

    /// From the first byte, `---` included, to the next document.
    pub fn span(&self) -> Span {
        self.row.span
    }

    /// Whether there is nothing in it, or `null`: readers of manifests skip such documents.
    pub fn is_empty(&self) -> bool {
        self.root().is_none_or(Node::is_null)
    }

    /// Whether it was read to its end.
    pub fn is_whole(&self) -> bool {
        self.row.problems.iter().all(Option::is_none)
    }
}

/// A node of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) row: &'a Row,
    pub(crate) index: u32,
}

impl<'a> Node<'a> {
    /// What it is.
    pub fn kind(self) -> NodeKind {
        self.row.kind
    }

    /// Its bytes, quotes and brackets included, anchor and tag not.
    ///
    /// A block list or map begins at its first item and ends with its last; a value that is not
    /// written has an empty span.
    pub fn span(self) -> Span {
        Span {
            start: self.row.start,
            end: self.row.end,
        }
    }

    /// The value of a scalar without quotes, escapes resolved, lines folded; the name of an alias.
    pub fn text(self) -> Cow<'a, str> {
        text::cook(self)
    }

    /// The name of its anchor, without `&`.
    pub fn anchor(self) -> Option<&'a str> {
        let span = self.properties()?.anchor?;
        let bytes = self.tree.bytes(span).get(1..)?;
        std::str::from_utf8(bytes).ok()
    }

    /// Its tag in short form: `!!int`, `!secret`, `!`.
    pub fn tag(self) -> Option<&'a str> {
        self.properties()?.tag.as_deref()
    }

    /// The bytes of its tag.
    pub fn tag_span(self) -> Option<Span> {
        self.properties()?.tag_span
    }

    /// The node that an alias stands for; any other node itself.
    ///
    /// An alias can stand inside the node that it stands for.
    #[must_use]
    pub fn resolved(self) -> Self {
        if self.row.kind != NodeKind::Alias {
            return self;
        }
        let target = self.properties().map(|properties| properties.target);
        target
            .and_then(|target| self.tree.node(target))
            .unwrap_or(self)
    }

    /// The items of a list; none where this is no list.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> {
        let children = self.children();
        children.filter(move |_| matches!(self.row.kind, NodeKind::List(_)))
    }

    /// The entries of a map in the order of the text; none where this is no map.
    pub fn entries(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
        let mut children = self.children();
        let is_map = matches!(self.row.kind, NodeKind::Map(_));
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
            .filter(move |_| is_map)
    }

    /// The value under a key that is a scalar with this text; the last one where there are several.
    pub fn get(self, key: &str) -> Option<Self> {
        let is_key = |node: &Node<'_>| matches!(node.kind(), NodeKind::Scalar(_));
        let found = self
            .entries()
            .filter(|(name, _)| is_key(name) && name.text() == key);
        found.last().map(|(_, value)| value)
    }

    /// The value at a path of keys.
    pub fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Whether this is a plain scalar that means nothing: empty, `~` or `null`.
    pub fn is_null(self) -> bool {
        let is_plain = self.row.kind == NodeKind::Scalar(Style::Plain);
        let is_null = || matches!(self.text().as_ref(), "" | "~" | "null" | "Null" | "NULL");
        is_plain && self.tag().is_none_or(|tag| tag == "!!null") && is_null()
    }

    pub(crate) fn properties(self) -> Option<&'a Properties> {
        if !self.row.has_properties {
            return None;
        }
        let table = &self.tree.properties;
        let found = table.binary_search_by_key(&self.index, |properties| properties.node);
        table.get(found.ok()?)
    }

    fn children(self) -> impl Iterator<Item = Node<'a>> {
        let tree = self.tree;
        let end = self.row.next;
        let mut at = self.index + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let node = tree.node(at)?;
            at = node.row.next;
            Some(node)
        })
    }
}
