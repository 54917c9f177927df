//! The grammar: which tokens may follow which, and the nodes that they make.
//!
//! Source: go.yaml.in/yaml v3.0.5 `parserc.go` (v2.4.4 is equal but for comments) and the composer in
//! `decode.go`. Upstream's states are functions here; the order in which tokens are asked for is the same,
//! so that what goes wrong first does so here too.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};
use toft_source::Span;

use crate::scan::{DEPTH_MAX, Problem, Scanner, Stage, TOO_DEEP, Token, TokenKind};
use crate::tree::{Layout, NodeKind, Properties, Row, Tree};

use super::{empty_row, ends_document};

type Parse<T> = Result<T, Box<Problem>>;

/// How many tokens v3 has in hand when it looks at one.
const LOOKAHEAD: usize = 3;

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// In a block map, where a list may stand at the map's own column.
    BlockEntry,
    Flow,
}

pub(super) struct Grammar<'a, 't> {
    scanner: Scanner<'a>,
    tree: &'t mut Tree,
    anchors: BTreeMap<&'a [u8], u32>,
    tag_directives: Vec<(SmolStr, SmolStr)>,
    bytes: &'a [u8],
    depth: usize,
    /// The end of the last thing that was written.
    last_end: u32,
    has_failed: bool,
}

/// What became of a document.
pub(super) struct Read {
    pub(super) root: Option<u32>,
    /// What stops v3, and what stops v2.
    pub(super) problems: [Option<Problem>; 2],
}

impl<'a, 't> Grammar<'a, 't> {
    pub(super) fn new(scanner: Scanner<'a>, tree: &'t mut Tree) -> Self {
        Self {
            bytes: scanner.bytes(),
            scanner,
            tree,
            anchors: BTreeMap::new(),
            tag_directives: Vec::new(),
            depth: 0,
            last_end: 0,
            has_failed: false,
        }
    }

    /// Reads the first document of the chunk.
    pub(super) fn document(&mut self) -> Read {
        let first_row = self.next_row();
        let read = self.whole_document();
        // v3 has looked further ahead than v2 when it comes to a problem or to the end.
        let lookahead = match &read {
            Ok(lookahead) => *lookahead,
            Err(problem) => match problem.stage {
                Stage::Composer => LOOKAHEAD - 1,
                Stage::Parser => LOOKAHEAD,
                Stage::Reader | Stage::Scanner => 0,
            },
        };
        let ahead = match lookahead {
            0 => None,
            count => self.scanner.fetch_at_least(count).err(),
        };
        let has_root = self.next_row() > first_row;
        let strict = self.scanner.strict_problem.take();
        let problem = read.err().map(|problem| *problem);
        let v3 = ahead.map(|problem| *problem).or_else(|| problem.clone());
        let v2 = match (strict, problem) {
            (Some(strict), Some(problem)) if problem.span.start < strict.span.start => {
                Some(problem)
            }
            (Some(strict), _) => Some(strict),
            (None, problem) => problem,
        };
        self.has_failed = v3.is_some() || v2.is_some();
        Read {
            root: has_root.then_some(first_row),
            problems: [v3, v2],
        }
    }

    /// Reads a document; gives how many tokens v3 has fetched beyond what is taken.
    fn whole_document(&mut self) -> Parse<usize> {
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::StreamEnd {
            return Ok(0);
        }
        let is_explicit = matches!(
            token.kind,
            TokenKind::VersionDirective | TokenKind::TagDirective | TokenKind::DocumentStart
        );
        if is_explicit {
            self.directives()?;
            let token = self.scanner.peek()?;
            if token.kind != TokenKind::DocumentStart {
                return Err(parser_problem("did not find expected <document start>", token).into());
            }
            self.scanner.skip();
            self.last_end = token.end;
            if ends_document(self.scanner.peek()?.kind) {
                self.empty();
            } else {
                self.node(Place::Block)?;
            }
        } else {
            self.node(Place::Block)?;
        }
        if self.scanner.peek()?.kind == TokenKind::DocumentEnd {
            self.scanner.skip();
            return Ok(LOOKAHEAD - 1);
        }
        Ok(LOOKAHEAD)
    }

    /// What follows the document in its chunk, comments apart.
    pub(super) fn unread(&mut self, chunk_end: usize) -> Option<Span> {
        if self.has_failed {
            return None;
        }
        let start = loop {
            match self.scanner.peek() {
                Ok(token) if token.kind == TokenKind::StreamEnd => return None,
                Ok(token) if token.kind == TokenKind::DocumentEnd => self.scanner.skip(),
                Ok(token) => break token.start,
                // What cannot even be scanned was told if upstream sees it.
                Err(problem) if problem.stage == Stage::Reader => return None,
                Err(problem) => break problem.span.start,
            }
        };
        let text = self
            .bytes
            .get(start as usize..chunk_end)
            .unwrap_or_default();
        let line = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = start as usize + line.unwrap_or(text.len());
        Some(Span::new(start as usize, end))
    }

    /// Hands the comments over.
    pub(super) fn finish(self) {
        self.tree.comments.extend(self.scanner.comments);
    }

    fn directives(&mut self) -> Parse<()> {
        let mut has_version = false;
        loop {
            let token = self.scanner.peek()?;
            match token.kind {
                TokenKind::VersionDirective => {
                    if has_version {
                        return Err(parser_problem("found duplicate %YAML directive", token).into());
                    }
                    if !is_version_1_1(self.token_bytes(token)) {
                        return Err(
                            parser_problem("found incompatible YAML document", token).into()
                        );
                    }
                    has_version = true;
                }
                TokenKind::TagDirective => {
                    let mut parts = self
                        .token_bytes(token)
                        .split(|byte| matches!(byte, b' ' | b'\t'));
                    let mut part = || parts.by_ref().find(|part| !part.is_empty());
                    let _name = part();
                    let handle = lossy(part().unwrap_or_default());
                    let prefix = unescaped(part().unwrap_or_default());
                    if self
                        .tag_directives
                        .iter()
                        .any(|(known, _)| *known == handle)
                    {
                        return Err(parser_problem("found duplicate %TAG directive", token).into());
                    }
                    self.tag_directives.push((handle, prefix));
                }
                _ => return Ok(()),
            }
            self.scanner.skip();
        }
    }

    fn token_bytes(&self, token: Token) -> &'a [u8] {
        let range = token.start as usize..token.end as usize;
        self.bytes.get(range).unwrap_or_default()
    }

    fn next_row(&self) -> u32 {
        u32::try_from(self.tree.rows.len()).unwrap_or(u32::MAX)
    }

    fn push(&mut self, row: Row) -> u32 {
        let index = self.next_row();
        self.tree.rows.push(Row {
            next: index + 1,
            ..row
        });
        index
    }

    fn empty(&mut self) {
        self.push(empty_row(self.last_end));
    }

    fn take(&mut self, token: Token) {
        self.scanner.skip();
        self.last_end = token.end;
    }

    fn node(&mut self, place: Place) -> Parse<()> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Alias => self.alias(token),
            TokenKind::Anchor | TokenKind::Tag => {
                let (properties, token) = self.properties(token)?;
                self.content(place, token, Some(properties))
            }
            _ => self.content(place, token, None),
        }
    }

    fn alias(&mut self, token: Token) -> Parse<()> {
        self.take(token);
        let name = self.token_bytes(token).get(1..).unwrap_or_default();
        let Some(target) = self.anchors.get(name).copied() else {
            let message = format!("unknown anchor '{}' referenced", lossy(name));
            return Err(Box::new(Problem {
                stage: Stage::Composer,
                message: message.into(),
                ..parser_problem("", token)
            }));
        };
        let row = Row {
            kind: NodeKind::Alias,
            has_properties: true,
            end: token.end,
            ..empty_row(token.start)
        };
        let node = self.push(row);
        self.tree.properties.push(Properties {
            node,
            target,
            ..Properties::default()
        });
        Ok(())
    }

    /// Anchor and tag in either order, and the token after them.
    fn properties(&mut self, first: Token) -> Parse<(Properties, Token)> {
        let mut properties = Properties::default();
        let mut token = first;
        let mut tag = None;
        for _ in 0..2 {
            match token.kind {
                TokenKind::Anchor if properties.anchor.is_none() => {
                    properties.anchor = Some(token.span());
                }
                TokenKind::Tag if tag.is_none() => tag = Some(token),
                _ => break,
            }
            self.take(token);
            token = self.scanner.peek()?;
        }
        if let Some(tag) = tag {
            properties.tag = Some(self.resolve_tag(tag, first)?);
            properties.tag_span = Some(tag.span());
        }
        Ok((properties, token))
    }

    /// The tag in short form, handles replaced by their prefixes.
    fn resolve_tag(&self, tag: Token, node: Token) -> Parse<SmolStr> {
        let text = self.token_bytes(tag);
        if let Some(verbatim) = text.strip_prefix(b"!<") {
            let uri = verbatim.strip_suffix(b">").unwrap_or(verbatim);
            return Ok(short_tag(&unescaped(uri)));
        }
        if text == b"!" {
            return Ok("!".into());
        }
        let handle_end = text.iter().skip(1).position(|byte| !is_word(*byte));
        let handle_len = match handle_end.map(|end| (end, text.get(end + 1))) {
            Some((end, Some(b'!'))) => end + 2,
            _ => 1,
        };
        let (handle, suffix) = text.split_at(handle_len.min(text.len()));
        let (handle, suffix) = (lossy(handle), unescaped(suffix));
        let declared = self
            .tag_directives
            .iter()
            .find(|(known, _)| *known == handle);
        let prefix = match (declared, handle.as_str()) {
            (Some((_, prefix)), _) => prefix.as_str(),
            (None, "!") => "!",
            (None, "!!") => LONG_PREFIX,
            (None, _) => {
                let mut problem = parser_problem("found undefined tag handle", tag);
                problem.context_line = node.line;
                problem.context = node.start;
                return Err(problem.into());
            }
        };
        Ok(short_tag(&format_smolstr!("{prefix}{suffix}")))
    }

    fn content(&mut self, place: Place, token: Token, properties: Option<Properties>) -> Parse<()> {
        let has_properties = properties.is_some();
        let node = self.next_row();
        let (kind, token_ends) = match token.kind {
            TokenKind::BlockEntry if place == Place::BlockEntry => {
                (NodeKind::List(Layout::Block), false)
            }
            TokenKind::Scalar(style) => (NodeKind::Scalar(style), true),
            TokenKind::FlowSequenceStart => (NodeKind::List(Layout::Flow), false),
            TokenKind::FlowMappingStart => (NodeKind::Map(Layout::Flow), false),
            TokenKind::BlockSequenceStart if place != Place::Flow => {
                (NodeKind::List(Layout::Block), false)
            }
            TokenKind::BlockMappingStart if place != Place::Flow => {
                (NodeKind::Map(Layout::Block), false)
            }
            _ if has_properties => {
                self.remember(node, properties);
                let at = self.last_end;
                self.push(Row {
                    has_properties,
                    ..empty_row(at)
                });
                return Ok(());
            }
            _ => return Err(parser_problem("did not find expected node content", token).into()),
        };
        self.remember(node, properties);
        self.push(Row {
            kind,
            is_raw: token.is_raw,
            has_properties,
            indent: token.indent,
            start: token.start,
            end: token.end,
            next: 0,
        });
        if token_ends {
            self.take(token);
            return Ok(());
        }
        self.depth += 1;
        let read = if self.depth > DEPTH_MAX {
            Err(parser_problem(TOO_DEEP, token).into())
        } else {
            self.collection(token)
        };
        self.depth -= 1;
        self.close(node);
        read
    }

    fn remember(&mut self, node: u32, properties: Option<Properties>) {
        let Some(properties) = properties else {
            return;
        };
        if let Some(anchor) = properties.anchor {
            let name = self
                .bytes
                .get(anchor.start as usize + 1..anchor.end as usize);
            self.anchors.insert(name.unwrap_or_default(), node);
        }
        self.tree.properties.push(Properties { node, ..properties });
    }

    /// Ends a list or map; after a problem a key may have no value yet.
    fn close(&mut self, node: u32) {
        let is_map = |row: &Row| matches!(row.kind, NodeKind::Map(_));
        if self.tree.rows.get(node as usize).is_some_and(is_map) {
            let end = self.next_row();
            let mut at = node + 1;
            let mut count = 0_usize;
            while at < end {
                let next = self.tree.rows.get(at as usize).map_or(end, |row| row.next);
                at = next.max(at + 1);
                count += 1;
            }
            if count % 2 == 1 {
                self.empty();
            }
        }
        let (next, end) = (self.next_row(), self.last_end);
        if let Some(row) = self.tree.rows.get_mut(node as usize) {
            row.next = next;
            row.end = end.max(row.start);
        }
    }

    fn collection(&mut self, token: Token) -> Parse<()> {
        match token.kind {
            TokenKind::BlockEntry => self.indentless_list(),
            TokenKind::BlockSequenceStart => self.block_list(token),
            TokenKind::BlockMappingStart => self.block_map(token),
            TokenKind::FlowSequenceStart => self.flow_list(token),
            _ => self.flow_map(token),
        }
    }

    fn block_list(&mut self, start: Token) -> Parse<()> {
        self.scanner.skip();
        loop {
            let token = self.scanner.peek()?;
            match token.kind {
                TokenKind::BlockEntry => self.block_item(token, Place::Block)?,
                TokenKind::BlockEnd => {
                    self.scanner.skip();
                    return Ok(());
                }
                _ => {
                    return Err(
                        in_context("did not find expected '-' indicator", token, start).into(),
                    );
                }
            }
        }
    }

    fn indentless_list(&mut self) -> Parse<()> {
        loop {
            let token = self.scanner.peek()?;
            if token.kind != TokenKind::BlockEntry {
                return Ok(());
            }
            self.block_item(token, Place::BlockEntry)?;
        }
    }

    /// `-` and what follows it; `list` says what kind of list it stands in.
    fn block_item(&mut self, dash: Token, list: Place) -> Parse<()> {
        self.take(dash);
        let token = self.scanner.peek()?;
        let is_empty = match token.kind {
            TokenKind::BlockEntry | TokenKind::BlockEnd => true,
            TokenKind::Key | TokenKind::Value => list == Place::BlockEntry,
            _ => false,
        };
        if is_empty {
            self.empty();
            return Ok(());
        }
        self.node(Place::Block)
    }

    fn block_map(&mut self, start: Token) -> Parse<()> {
        self.scanner.skip();
        loop {
            let token = self.scanner.peek()?;
            match token.kind {
                TokenKind::Key => self.block_map_part(token)?,
                // Upstream's states accept a value without a key only after a key.
                TokenKind::BlockEnd => {
                    self.scanner.skip();
                    return Ok(());
                }
                _ => return Err(in_context("did not find expected key", token, start).into()),
            }
            let token = self.scanner.peek()?;
            if token.kind == TokenKind::Value {
                self.block_map_part(token)?;
            } else {
                self.empty();
            }
        }
    }

    /// What follows `?` or `:` in a block map.
    fn block_map_part(&mut self, indicator: Token) -> Parse<()> {
        self.take(indicator);
        let token = self.scanner.peek()?;
        if matches!(
            token.kind,
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
        ) {
            self.empty();
            return Ok(());
        }
        self.node(Place::BlockEntry)
    }

    fn flow_list(&mut self, start: Token) -> Parse<()> {
        self.take(start);
        let mut is_first = true;
        loop {
            let mut token = self.scanner.peek()?;
            if token.kind != TokenKind::FlowSequenceEnd && !is_first {
                if token.kind != TokenKind::FlowEntry {
                    return Err(in_context("did not find expected ',' or ']'", token, start).into());
                }
                self.take(token);
                token = self.scanner.peek()?;
            }
            is_first = false;
            match token.kind {
                TokenKind::FlowSequenceEnd => {
                    self.take(token);
                    return Ok(());
                }
                TokenKind::Key => self.flow_pair(token)?,
                _ => self.node(Place::Flow)?,
            }
        }
    }

    /// `[a: b]`: a map of one entry without braces.
    fn flow_pair(&mut self, key: Token) -> Parse<()> {
        let node = self.push(Row {
            kind: NodeKind::Map(Layout::Flow),
            ..empty_row(key.start)
        });
        self.depth += 1;
        let read = self.flow_pair_parts(key);
        self.depth -= 1;
        self.close(node);
        read
    }

    fn flow_pair_parts(&mut self, key: Token) -> Parse<()> {
        self.take(key);
        let token = self.scanner.peek()?;
        match token.kind {
            // Upstream drops the token here, whatever it is.
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                self.take(token);
                self.empty();
            }
            _ => self.node(Place::Flow)?,
        }
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::Value {
            self.take(token);
            let token = self.scanner.peek()?;
            if !matches!(
                token.kind,
                TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
            ) {
                self.node(Place::Flow)?;
                return self.scanner.peek().map(drop);
            }
        }
        self.empty();
        self.scanner.peek().map(drop)
    }

    fn flow_map(&mut self, start: Token) -> Parse<()> {
        self.take(start);
        let mut is_first = true;
        loop {
            let mut token = self.scanner.peek()?;
            if token.kind != TokenKind::FlowMappingEnd && !is_first {
                if token.kind != TokenKind::FlowEntry {
                    return Err(in_context("did not find expected ',' or '}'", token, start).into());
                }
                self.take(token);
                token = self.scanner.peek()?;
            }
            is_first = false;
            match token.kind {
                TokenKind::FlowMappingEnd => {
                    self.take(token);
                    return Ok(());
                }
                TokenKind::Key => self.flow_map_entry(token)?,
                _ => {
                    self.node(Place::Flow)?;
                    self.scanner.peek()?;
                    self.empty();
                }
            }
        }
    }

    fn flow_map_entry(&mut self, key: Token) -> Parse<()> {
        self.take(key);
        self.flow_map_part()?;
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::Value {
            self.take(token);
            let token = self.scanner.peek()?;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.node(Place::Flow);
            }
        }
        self.empty();
        Ok(())
    }

    fn flow_map_part(&mut self) -> Parse<()> {
        let token = self.scanner.peek()?;
        if matches!(
            token.kind,
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd
        ) {
            self.empty();
            return Ok(());
        }
        self.node(Place::Flow)
    }
}

const LONG_PREFIX: &str = "tag:yaml.org,2002:";

fn short_tag(tag: &str) -> SmolStr {
    match tag.strip_prefix(LONG_PREFIX) {
        Some(name) => format_smolstr!("!!{name}"),
        None => tag.into(),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn lossy(bytes: &[u8]) -> SmolStr {
    String::from_utf8_lossy(bytes).into()
}

/// A URI with its `%XX` octets resolved.
fn unescaped(uri: &[u8]) -> SmolStr {
    let mut text = Vec::with_capacity(uri.len());
    let mut rest = uri;
    while let Some((byte, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let octet = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let octet = octet.filter(|_| *byte == b'%');
        text.push(octet.unwrap_or(*byte));
        let skipped = if octet.is_some() { 2 } else { 0 };
        rest = after.get(skipped..).unwrap_or_default();
    }
    lossy(&text)
}

fn is_version_1_1(directive: &[u8]) -> bool {
    let number = |part: &str| part.trim_start_matches('0') == "1";
    let text = String::from_utf8_lossy(directive);
    let version = text.trim_start_matches("%YAML").trim();
    version
        .split_once('.')
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

fn parser_problem(message: &'static str, token: Token) -> Problem {
    Problem {
        stage: Stage::Parser,
        message: message.into(),
        context_line: 0,
        line: token.line,
        span: token.span(),
        context: token.start,
    }
}

fn in_context(message: &'static str, token: Token, context: Token) -> Problem {
    Problem {
        context_line: context.line,
        context: context.start,
        ..parser_problem(message, token)
    }
}
