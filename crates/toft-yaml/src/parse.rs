//! The parser: tokens to the tree.
//!
//! A stream is cut into chunks where upstream's readers cut it, at lines that begin with `---`; a
//! chunk that goes wrong costs nothing but itself. In each chunk the first document is read and
//! anything after it is told, because upstream does not look there.

mod grammar;
mod input;

use memchr::memmem;
use toft_source::{Checked, Diagnostic, Source, Span};

use crate::resolve::Resolver;
use crate::scan::{Scanner, TokenKind, break_len, is_blank, is_doc_marker};
use crate::tree::{DocumentRow, Marker, Row, Tree};

use grammar::Grammar;

/// Reads YAML: all documents, as far as each of them can be read.
///
/// The diagnostics are those of syntax, in kustomize's words. A text in UTF-16 is read and told.
///
/// # Example
/// ```
/// use toft_source::Source;
/// let source = Source::new("a.yaml", b"a: [1, 2] # two\n---\nb: *x\n".as_slice().into());
/// let tree = toft_yaml::parse(&source);
/// assert_eq!(tree.value.documents().count(), 2);
/// assert_eq!(tree.value.comments().count(), 1);
/// assert_eq!(tree.diagnostics[0].message, "yaml: unknown anchor 'x' referenced");
/// ```
pub fn parse(source: &Source) -> Checked<Tree> {
    let mut checked = parse_quietly(source);
    let mut diagnostics = Vec::new();
    for document in checked.value.documents() {
        diagnostics.extend(document.problem(Resolver::Kustomize));
        diagnostics.extend(document.unread());
    }
    checked.diagnostics.append(&mut diagnostics);
    checked
}

/// As [`parse`], with what is to be said about documents left to the caller.
pub(crate) fn parse_quietly(source: &Source) -> Checked<Tree> {
    let mut diagnostics = Vec::new();
    let source = input::decode(source, &mut diagnostics);
    let bytes = source.bytes();
    let mut tree = Tree {
        // A node per 13 bytes is what manifests have.
        rows: Vec::with_capacity(bytes.len() / 12 + 4),
        properties: Vec::new(),
        comments: Vec::new(),
        documents: Vec::new(),
        source: source.clone(),
    };
    let mut check = input::TextCheck::new(bytes);
    for chunk in Chunks::new(bytes) {
        read_chunk(&mut tree, &mut check, chunk);
    }
    Checked {
        value: tree,
        diagnostics,
    }
}

fn read_chunk(tree: &mut Tree, check: &mut input::TextCheck<'_>, chunk: Chunk) {
    let (limit, unreadable) = check.limit(chunk.start, chunk.end);
    let source = tree.source.clone();
    let bytes = source.bytes().get(..limit).unwrap_or_default();
    let scanner = Scanner::new(bytes, chunk.start, unreadable);
    let mut grammar = Grammar::new(scanner, tree);
    let read = grammar.document();
    let unread = grammar.unread(chunk.end);
    grammar.finish();
    let span = Span::new(chunk.start, chunk.end);
    let has_something = read.root.is_some() || read.problems.iter().any(Option::is_some);
    if has_something || chunk.marker != Marker::None {
        tree.documents.push(DocumentRow {
            span,
            root: read.root,
            marker: chunk.marker,
            problems: read.problems,
            unread,
        });
    }
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    start: usize,
    end: usize,
    marker: Marker,
}

/// Cuts a stream before each line that is `---` or begins with `---` and a blank.
///
/// Directives stand before their `---`: a chunk that holds nothing else goes with the next.
struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Chunks<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The start of the next line from `from` on that is a document marker.
    fn next_marker(&self, from: usize) -> Option<usize> {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let mut found = memmem::find_iter(rest, b"\n---").map(|at| from + at + 1);
        found.find(|at| is_doc_marker(self.bytes.get(*at..).unwrap_or_default()))
    }

    fn is_only_directives(&self, start: usize, end: usize) -> bool {
        let text = self.bytes.get(start..end).unwrap_or_default();
        let mut lines = text.split(|byte| *byte == b'\n');
        let is_quiet = |line: &[u8]| {
            let first = line
                .iter()
                .find(|byte| !is_blank(**byte) && **byte != b'\r');
            matches!(first, None | Some(b'#')) || line.starts_with(b"%")
        };
        text.starts_with(b"%") && lines.all(is_quiet)
    }
}

impl Iterator for Chunks<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let start = self.at;
        if start >= self.bytes.len() {
            return None;
        }
        let mut end = self.next_marker(start).unwrap_or(self.bytes.len());
        if end < self.bytes.len() && self.is_only_directives(start, end) {
            end = self.next_marker(end).unwrap_or(self.bytes.len());
        }
        self.at = end;
        let text = self.bytes.get(start..end).unwrap_or_default();
        let marker = match text {
            _ if !is_doc_marker(text) || text.starts_with(b".") => Marker::None,
            _ if start == 0 => Marker::First,
            _ => Marker::Cut,
        };
        Some(Chunk { start, end, marker })
    }
}

impl crate::tree::Document<'_> {
    /// What stops upstream in this document.
    pub(crate) fn problem(self, resolver: Resolver) -> Option<Diagnostic> {
        let problem = self.row.problem(resolver)?;
        let message = problem.text(resolver, self.row.skipped_lines(resolver));
        let mut diagnostic = Diagnostic::error("YML001", message);
        let source = self.tree.source();
        diagnostic = diagnostic.at(source, problem.span, "");
        let context = problem.context as usize;
        if source
            .bytes()
            .get(context..problem.span.start as usize)
            .is_some_and(|text| text.contains(&b'\n'))
        {
            let width = usize::from(context < source.bytes().len());
            diagnostic = diagnostic.at(source, Span::new(context, context + width), "begins here");
        }
        Some(diagnostic)
    }

    /// What stands behind the document where nobody reads it.
    pub(crate) fn unread(self) -> Option<Diagnostic> {
        let span = self.row.unread?;
        let message = "what follows the end of the document is not read";
        let diagnostic = Diagnostic::warning("YML002", message)
            .at(self.tree.source(), span, "")
            .because("kubectl and kustomize read one document between two `---` lines")
            .help(
                "begin another document with a line `---`, or indent the text as part of this one",
            );
        Some(diagnostic)
    }

    /// Content on the `---` line itself, which upstream's readers refuse.
    ///
    /// Source: kyaml 0.21.2 `kio/byteio_reader.go`, `splitDocuments`; apimachinery 0.36.3
    /// `pkg/util/yaml/decoder.go`, `YAMLReader.Read`.
    pub(crate) fn separator_problem(self, resolver: Resolver) -> Option<Diagnostic> {
        let is_cut = match resolver {
            Resolver::Kustomize => self.row.marker == Marker::Cut,
            Resolver::Kubectl => self.row.marker != Marker::None,
        };
        let text = self.tree.bytes(self.row.span);
        let end = (0..text.len()).find(|at| break_len(text.get(*at..).unwrap_or_default()) > 0);
        let line = String::from_utf8_lossy(text.get(..end.unwrap_or(text.len()))?);
        let content = line.get(3..)?.trim();
        if !is_cut || content.is_empty() || content.starts_with('#') {
            return None;
        }
        let message = match resolver {
            Resolver::Kustomize => format!("invalid document separator: {}", line.trim()),
            Resolver::Kubectl => format!("invalid Yaml document separator: {content}"),
        };
        let start = self.row.span.start as usize;
        let span = Span::new(start, start + line.trim_end().len());
        let help = "put what follows `---` on the next line";
        Some(
            Diagnostic::error("YML003", message)
                .at(self.tree.source(), span, "")
                .help(help),
        )
    }
}

/// An empty plain scalar, where a value is not written.
fn empty_row(at: u32) -> Row {
    Row {
        kind: crate::tree::NodeKind::Scalar(crate::scan::Style::Plain),
        is_raw: true,
        has_properties: false,
        indent: 0,
        start: at,
        end: at,
        next: 0,
    }
}

/// Whether a token ends the content of a document.
fn ends_document(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::VersionDirective
            | TokenKind::TagDirective
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd
    )
}
