//! What is wrong with a text, in upstream's words.

use std::borrow::Cow;

use toft_source::Span;

use crate::resolve::Resolver;

/// Which part of libyaml found it; the parts count lines differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The bytes are no text; no line is told.
    Reader,
    Scanner,
    Parser,
    /// Found while nodes are put together; no line is told.
    Composer,
}

/// A text that cannot be read further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) stage: Stage,
    pub(crate) message: Cow<'static, str>,
    /// The line of what was being read, from 0 at the start of the chunk.
    pub(crate) context_line: u32,
    /// The line where it went wrong, from 0 at the start of the chunk.
    pub(crate) line: u32,
    pub(crate) span: Span,
    /// Where what was being read began.
    pub(crate) context: u32,
}

impl Problem {
    /// The line as upstream tells it; `skipped` lines at the start of the chunk are not in upstream's.
    ///
    /// Source: go.yaml.in/yaml v3.0.5 and v2.4.4 `decode.go`, `parser.fail`: v3 prefers the line of
    /// the context, v2 that of the problem; the scanner's lines are made to count from 1, the
    /// parser's are not; line 0 is no line.
    fn told_line(&self, resolver: Resolver, skipped: u32) -> Option<u32> {
        let line = self.line.saturating_sub(skipped);
        let context = self.context_line.saturating_sub(skipped);
        let (first, second) = match (self.stage, resolver) {
            (Stage::Reader | Stage::Composer, _) => return None,
            (_, Resolver::Kustomize) => (context, line),
            (_, Resolver::Kubectl) => (line, context),
        };
        let told = if first == 0 { second } else { first };
        let counts_from_one = self.stage == Stage::Scanner;
        (told != 0).then_some(if counts_from_one { told + 1 } else { told })
    }

    /// The message as upstream prints it.
    pub(crate) fn text(&self, resolver: Resolver, skipped: u32) -> String {
        match self.told_line(resolver, skipped) {
            Some(line) => format!("yaml: line {line}: {}", self.message),
            None => format!("yaml: {}", self.message),
        }
    }
}
