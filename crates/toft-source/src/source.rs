//! Source texts and places in them.

use std::sync::Arc;

/// A range of bytes in a source, end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: clamp(start),
            end: clamp(end),
        }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// A place as people count: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

#[derive(Debug, PartialEq, Eq)]
struct SourceInner {
    name: String,
    bytes: Arc<[u8]>,
}

/// A named text that diagnostics point into; a clone is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(Arc<SourceInner>);

impl Source {
    /// A source with the name that people see (a path) and its bytes.
    pub fn new(name: impl Into<String>, bytes: Arc<[u8]>) -> Self {
        Self(Arc::new(SourceInner {
            name: name.into(),
            bytes,
        }))
    }

    /// The name that people see.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The bytes, which need not be UTF-8.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Line and column of a byte offset; an offset past the end counts as the end.
    pub fn position(&self, offset: u32) -> Position {
        let bytes = self.bytes();
        let before = bytes.get(..offset as usize).unwrap_or(bytes);
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let line = before.split(|byte| *byte == b'\n').count();
        let column = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default());
        Position {
            line,
            column: column.chars().count() + 1,
        }
    }

    /// The text of a line, counted from 1, without its line end.
    pub fn line(&self, line: usize) -> Option<String> {
        let text = self
            .bytes()
            .split(|byte| *byte == b'\n')
            .nth(line.checked_sub(1)?)?;
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("a", "é: 1\nb: 2\n".as_bytes().into());
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(2), Position { line: 1, column: 2 });
        assert_eq!(source.position(6), Position { line: 2, column: 1 });
        assert_eq!(source.line(2).as_deref(), Some("b: 2"));
    }
}
