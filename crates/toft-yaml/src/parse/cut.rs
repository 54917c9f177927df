//! Where a stream is cut into documents: as upstream's readers of manifests cut it, or as a library would.
//!
//! Source: apimachinery 0.36.3 `pkg/util/yaml/decoder.go`, `YAMLReader.Read`; kyaml 0.21.2
//! `kio/byteio_reader.go`, `splitDocuments`.

use memchr::memmem;
use toft_source::{Diagnostic, Source, Span};

use crate::resolve::Resolver;
use crate::scan::{is_blank, is_doc_marker};
use crate::tree::Marker;

/// A part of a stream of which one document is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) marker: Marker,
}

/// The chunks that the reader of kustomize or kubectl gives to its library, and what stops it.
///
/// Any line that begins with `---` cuts and goes away, but the first of a chunk stays in it. What follows
/// on the line that cuts is refused: by kubectl when it comes there, by kustomize before anything is read.
pub(super) fn by_reader(source: &Source, resolver: Resolver) -> (Vec<Chunk>, Option<Diagnostic>) {
    let bytes = source.bytes();
    let (mut chunks, mut start) = (Vec::new(), 0);
    for at in marker_lines(bytes) {
        let line = bytes.get(at..).unwrap_or_default();
        let line_end = memchr::memchr(b'\n', line).map(|end| at + end + 1);
        let is_kept = at == start;
        let (checks, cuts) = match resolver {
            Resolver::Kubectl => (true, !is_kept),
            // A line that does not end is not seen.
            Resolver::Kustomize => (
                !is_kept && line_end.is_some(),
                !is_kept && line_end.is_some(),
            ),
        };
        let line_end = line_end.unwrap_or(bytes.len());
        if checks && let Some(problem) = content(source, Span::new(at, line_end), resolver) {
            return match resolver {
                Resolver::Kubectl => {
                    // What is read so far is thrown away with the line.
                    (chunks, Some(problem))
                }
                Resolver::Kustomize => (Vec::new(), Some(problem)),
            };
        }
        if cuts {
            chunks.push(whole(start, at));
            start = line_end;
        }
    }
    chunks.push(whole(start, bytes.len()));
    (chunks, None)
}

/// The stream as one chunk.
pub(super) fn not_at_all(source: &Source) -> Vec<Chunk> {
    vec![whole(0, source.bytes().len())]
}

fn whole(start: usize, end: usize) -> Chunk {
    Chunk {
        start,
        end,
        marker: Marker::None,
    }
}

/// Where lines begin that begin with `---`.
fn marker_lines(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let first = bytes.starts_with(b"---").then_some(0);
    let others = memmem::find_iter(bytes, b"\n---").map(|at| at + 1);
    first.into_iter().chain(others)
}

/// What stands on a `---` line beside a comment.
fn content(source: &Source, line: Span, resolver: Resolver) -> Option<Diagnostic> {
    let text = source.bytes().get(line.start as usize..line.end as usize);
    let text = String::from_utf8_lossy(text?);
    let content = text.get(3..)?.trim();
    if content.is_empty() || content.starts_with('#') {
        return None;
    }
    let message = match resolver {
        Resolver::Kustomize => format!("invalid document separator: {}", text.trim()),
        Resolver::Kubectl => format!("invalid Yaml document separator: {content}"),
    };
    let start = line.start as usize;
    let span = Span::new(start, start + text.trim_end().len());
    let help = "put what follows `---` on the next line";
    let problem = Diagnostic::error("YML003", message).at(source, span, "");
    Some(problem.help(help))
}

/// Cuts before each line that is `---` or begins with `---` and a blank.
///
/// Directives stand before their `---`: a chunk that holds nothing else goes with the next.
pub(super) struct ByLibrary<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> ByLibrary<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
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

impl Iterator for ByLibrary<'_> {
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
