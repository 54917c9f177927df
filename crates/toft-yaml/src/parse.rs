//! The parser: tokens to the tree.
//!
//! A stream is cut into chunks where upstream's readers cut it, at lines that begin with `---`; a
//! chunk that goes wrong costs nothing but itself. In each chunk the first document is read and
//! anything after it is told, because upstream does not look there.

mod cut;
mod grammar;
mod input;

use toft_source::{Checked, Diagnostic, Source, Span};

use crate::resolve::Resolver;
use crate::scan::{Scanner, TokenKind};
use crate::tree::{DocumentRow, Marker, Row, Tree};

use cut::{ByLibrary, Chunk};
use grammar::Grammar;
use input::Decoded;

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
    let decoded = input::decode(source, &mut diagnostics);
    let chunks = ByLibrary::new(decoded.source.bytes());
    Checked {
        value: read_chunks(&decoded, chunks),
        diagnostics,
    }
}

/// The documents of a file of manifests, cut as the reader of kustomize or kubectl cuts it; what stops that
/// reader is the last of the diagnostics.
pub(crate) fn read_manifests(source: &Source, resolver: Resolver) -> Checked<Tree> {
    let mut diagnostics = Vec::new();
    let decoded = input::decode(source, &mut diagnostics);
    let (chunks, problem) = if decoded.is_recoded {
        // The readers look for bytes, which stand apart in UTF-16.
        (cut::not_at_all(&decoded.source), None)
    } else {
        cut::by_reader(&decoded.source, resolver)
    };
    let value = read_chunks(&decoded, chunks);
    diagnostics.extend(problem);
    Checked { value, diagnostics }
}

fn read_chunks(decoded: &Decoded, chunks: impl IntoIterator<Item = Chunk>) -> Tree {
    let bytes = decoded.source.bytes();
    let mut tree = Tree {
        // A node per 13 bytes is what manifests have.
        rows: Vec::with_capacity(bytes.len() / 12 + 4),
        properties: Vec::new(),
        comments: Vec::new(),
        documents: Vec::new(),
        source: decoded.source.clone(),
    };
    let mut check = input::TextCheck::new(decoded);
    for chunk in chunks {
        read_chunk(&mut tree, &mut check, chunk);
    }
    tree
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

impl crate::tree::Document<'_> {
    /// What stops upstream in this document.
    pub(crate) fn problem(self, resolver: Resolver) -> Option<Diagnostic> {
        let problem = self.row.problem(resolver)?;
        let message = problem.text(resolver, self.row.skipped_lines());
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
