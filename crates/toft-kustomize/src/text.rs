//! YAML text to nodes: documents, aliases, merge keys.
//!
//! Source: kustomize 5.8.2, `kyaml/kio/byteio_reader.go`, `DeAnchor` in `kyaml/yaml/rnode.go`.

use smol_str::SmolStr;
use toft_source::{Diagnostic, Source, Span};
use toft_yaml::{NodeKind as Kind, Plain, Resolver, Style as Quotes, resolve_plain};

use crate::node::{Fields, KeyForm, Node, Scalar, Style, Tag};

/// How many nodes one alias may add to a document. The largest public homelab repository has 4,000
/// aliases in all; upstream has no limit and runs out of memory.
pub(crate) const ALIAS_NODES_MAX: usize = 200_000;

/// How many nodes all aliases of a document may add together: the largest file that is read has some
/// hundred thousand.
const ALL_ALIAS_NODES_MAX: usize = 2_000_000;

/// How many bytes of text all aliases of a document may add together: eight times the largest file.
const ALIAS_BYTES_MAX: usize = 64 << 20;

/// A key that is there twice.
pub(crate) const KEY_TWICE: &str = "KUS005";

/// One document of a file that has something in it.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) node: Node,
    /// The line where it begins, from 1.
    pub(crate) line: usize,
    pub(crate) span: Span,
}

/// Which keys a map may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Strings, each once.
    Strings,
    /// What they are shows when they end up in an object: upstream reads patches so.
    Any,
}

/// The documents of a text, empty ones left out.
pub(crate) fn documents(source: &Source) -> Result<Vec<Document>, Vec<Diagnostic>> {
    documents_with(source, Keys::Strings)
}

/// The first document of a file of values, as far as kyaml's merge keeps it.
///
/// The walk of that merge knows no aliases: a field whose value is one is lost, merge keys too. In lists,
/// which are taken over whole, aliases stay.
///
/// Source: `Walk`, `kyaml/yaml/walk/walk.go`, whose last branch they reach.
pub(crate) fn values_document(source: &Source) -> Result<Option<Node>, Vec<Diagnostic>> {
    let documents = read(source, (Keys::Strings, Aliases::Lost))?;
    Ok(documents.into_iter().next().map(|document| document.node))
}

/// What becomes of aliases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aliases {
    Followed,
    Lost,
}

/// As [`documents`], with other rules for keys.
pub(crate) fn documents_with(
    source: &Source,
    keys: Keys,
) -> Result<Vec<Document>, Vec<Diagnostic>> {
    read(source, (keys, Aliases::Followed))
}

fn read(
    source: &Source,
    (keys, aliases): (Keys, Aliases),
) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let tree = toft_yaml::parse(source);
    if tree.has_errors() {
        return Err(tree.diagnostics);
    }
    let tree = tree.value;
    let mut documents = Vec::new();
    let mut lines = Lines::new(tree.source());
    for document in tree.documents() {
        let Some(root) = document.root().filter(|root| !root.is_null()) else {
            continue;
        };
        let mut reader = Reader {
            source: tree.source(),
            root: root.span(),
            keys,
            aliases,
            lists: 0,
            within: Within::Object,
            open: Vec::new(),
            aliased: 0,
            copied: Copied::default(),
        };
        let node = reader.node(root).map_err(|diagnostic| vec![*diagnostic])?;
        let span = root.span();
        documents.push(Document {
            node,
            line: lines.at(span.start),
            span,
        });
    }
    Ok(documents)
}

/// Counts lines forwards, so that a file of many documents is looked at once.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            bytes: source.bytes(),
            offset: 0,
            line: 1,
        }
    }

    /// The line of an offset that is not before the last one asked for.
    fn at(&mut self, offset: u32) -> usize {
        let offset = offset as usize;
        let between = self.bytes.get(self.offset..offset).unwrap_or_default();
        self.line += between.split(|byte| *byte == b'\n').count() - 1;
        self.offset = offset.max(self.offset);
        self.line
    }
}

/// Where in an object the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Object,
    Metadata,
    Annotations,
    Other,
}

impl Within {
    fn below(self, name: &str) -> Self {
        match (self, name) {
            (Self::Object, "metadata") => Self::Metadata,
            (Self::Metadata, "annotations") => Self::Annotations,
            _ => Self::Other,
        }
    }
}

struct Reader<'a> {
    source: &'a Source,
    root: Span,
    keys: Keys,
    aliases: Aliases,
    /// How many lists are open.
    lists: usize,
    within: Within,
    /// The nodes on the way that have an anchor, and those whose aliases are being followed.
    open: Vec<Span>,
    /// How many nodes came from the alias that is being followed.
    aliased: usize,
    copied: Copied,
}

/// What came from all aliases of a document.
#[derive(Clone, Copy, Debug, Default)]
struct Copied {
    nodes: usize,
    bytes: usize,
}

type Read<T> = Result<T, Box<Diagnostic>>;

impl Reader<'_> {
    fn error(&self, code: &'static str, span: Span, message: String) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(code, message).at(self.source, span, ""))
    }

    fn node(&mut self, node: toft_yaml::Node<'_>) -> Read<Node> {
        if node.kind() == Kind::Alias {
            return self.alias(node);
        }
        self.spend(node)?;
        let anchored = node.anchor().is_some();
        if anchored {
            self.open.push(node.span());
        }
        let read = match node.kind() {
            Kind::Scalar(quotes) => Ok(Node::Scalar(scalar(node, quotes))),
            Kind::List(_) => {
                self.lists += 1;
                let items = node.items().map(|item| self.node(item));
                let items = items.collect::<Read<Vec<_>>>()?;
                self.lists -= 1;
                Ok(Node::List(items))
            }
            Kind::Map(_) | Kind::Alias => self.map(node),
        };
        if anchored {
            self.open.pop();
        }
        read
    }

    fn spend(&mut self, node: toft_yaml::Node<'_>) -> Read<()> {
        if self.aliased == 0 {
            return Ok(());
        }
        let text = match node.kind() {
            Kind::Scalar(_) => node.text().len(),
            Kind::List(_) | Kind::Map(_) | Kind::Alias => 0,
        };
        self.copied(node, text)
    }

    /// Counts a node that an alias adds.
    fn copied(&mut self, node: toft_yaml::Node<'_>, bytes: usize) -> Read<()> {
        self.aliased += 1;
        self.copied.nodes += 1;
        self.copied.bytes += bytes;
        let (most, of) = if self.aliased > ALIAS_NODES_MAX {
            (ALIAS_NODES_MAX, "nodes")
        } else if self.copied.nodes > ALL_ALIAS_NODES_MAX {
            (ALL_ALIAS_NODES_MAX, "nodes")
        } else if self.copied.bytes > ALIAS_BYTES_MAX {
            (ALIAS_BYTES_MAX, "bytes")
        } else {
            return Ok(());
        };
        let message = format!("aliases add more than {most} {of} to this document");
        let told = self.error("KUS003", node.span(), message);
        Err(Box::new(told.because(
            "each alias copies what its anchor stands at; aliases of aliases multiply",
        )))
    }

    fn alias(&mut self, alias: toft_yaml::Node<'_>) -> Read<Node> {
        let target = alias.resolved();
        if self.open.contains(&target.span()) {
            let message = format!("anchor '{}' value contains itself", alias.text());
            return Err(self.error("KUS004", alias.span(), message));
        }
        let outermost = self.aliased == 0;
        self.aliased = self.aliased.max(1);
        let node = self.node(target)?;
        // Only nested aliases multiply; a document may use one anchor often.
        if outermost {
            self.aliased = 0;
        }
        Ok(node)
    }

    fn map(&mut self, node: toft_yaml::Node<'_>) -> Read<Node> {
        let mut entries: Vec<(SmolStr, KeyForm, Node)> = Vec::new();
        let mut merged: Vec<Node> = Vec::new();
        let mut seen: rustc_hash::FxHashMap<SmolStr, Span> = rustc_hash::FxHashMap::default();
        for (key, value) in node.entries() {
            let lost = self.aliases == Aliases::Lost && self.lists == 0;
            if lost && value.kind() == Kind::Alias {
                continue;
            }
            if is_merge(key) {
                self.merged(value, &mut merged)?;
                continue;
            }
            let (name, mut form) = self.key(key, node)?;
            if let Some(first) = seen.get(&name).copied() {
                // Upstream writes all annotations anew: the last one counts.
                if self.keys == Keys::Any || self.within == Within::Annotations {
                    form = KeyForm::Again;
                    entries.push((name, form, self.node(value)?));
                    continue;
                }
                let line = self.source.position(first.start).line;
                let message = format!("mapping key \"{name}\" already defined at line {line}");
                let told = self.error(KEY_TWICE, key.span(), message);
                return Err(Box::new(told.at(self.source, first, "first defined here")));
            }
            seen.insert(name.clone(), key.span());
            let within = self.within;
            self.within = within.below(&name);
            let value = self.node(value)?;
            self.within = within;
            entries.push((name, form, value));
        }
        for map in merged {
            let Node::Map(fields) = map else { continue };
            for (name, value) in fields.iter() {
                if !seen.contains_key(name) {
                    self.copied(node, 0)?;
                    seen.insert(name.clone(), node.span());
                    entries.push((name.clone(), KeyForm::String, value.clone()));
                }
            }
        }
        Ok(Node::Map(Fields::of_patch(entries)))
    }

    fn key(&self, key: toft_yaml::Node<'_>, map: toft_yaml::Node<'_>) -> Read<(SmolStr, KeyForm)> {
        let resolved = key.resolved();
        let Kind::Scalar(quotes) = resolved.kind() else {
            let message = "a key must be a string, this is a list or a map".to_owned();
            let told = self.error("KUS006", key.span(), message);
            return Err(Box::new(
                told.help("a template such as `{{ name }}` must stand in quotes"),
            ));
        };
        let scalar = scalar(resolved, quotes);
        let string = matches!(scalar.tag, Tag::Str | Tag::Custom);
        // Upstream reads the keys of the outermost map as strings, whatever they are.
        if string || map.span() == self.root {
            return Ok((scalar.text, KeyForm::String));
        }
        if self.keys == Keys::Any {
            return Ok((scalar.text, KeyForm::Other));
        }
        let message = format!("key `{}` is no string", scalar.text);
        let told = self.error("KUS006", key.span(), message);
        Err(Box::new(told.help(format!("write `\"{}\"`", scalar.text))))
    }

    fn merged(&mut self, value: toft_yaml::Node<'_>, merged: &mut Vec<Node>) -> Read<()> {
        let target = value.resolved();
        match target.kind() {
            Kind::Map(_) => merged.push(self.node(value)?),
            Kind::List(_) => {
                for item in target.items() {
                    self.merged(item, merged)?;
                }
            }
            Kind::Scalar(_) | Kind::Alias => {
                let message = "map merge requires map or sequence of maps as the value".to_owned();
                return Err(self.error("KUS007", value.span(), message));
            }
        }
        Ok(())
    }
}

fn is_merge(key: toft_yaml::Node<'_>) -> bool {
    let plain = key.kind() == Kind::Scalar(Quotes::Plain) && key.text() == "<<";
    plain && key.tag().is_none_or(|tag| tag == "!!merge")
}

fn scalar(node: toft_yaml::Node<'_>, quotes: Quotes) -> Scalar {
    let text = SmolStr::from(node.text());
    let plain = quotes == Quotes::Plain;
    let explicit = node.tag().filter(|tag| *tag != "!");
    let tag = match explicit {
        Some("!!null") => Tag::Null,
        Some("!!bool") => Tag::Bool,
        Some("!!int") => Tag::Int,
        Some("!!float") => Tag::Float,
        Some("!!timestamp") => Tag::Timestamp,
        Some("!!binary") => Tag::Binary,
        Some("!!str") => Tag::Str,
        Some(_) => Tag::Custom,
        None if plain && node.tag().is_none() => plain_tag(&text),
        None => Tag::Str,
    };
    // A tag that is written is printed too, and then quotes mean nothing.
    let style = match quotes {
        _ if plain || explicit.is_some() => Style::Plain,
        Quotes::Folded => Style::Folded,
        _ => Style::Quoted,
    };
    Scalar { text, tag, style }
}

fn plain_tag(text: &str) -> Tag {
    match resolve_plain(text, Resolver::Kustomize) {
        Plain::Null => Tag::Null,
        Plain::Bool(_) => Tag::Bool,
        Plain::Int(_) | Plain::UInt(_) => Tag::Int,
        Plain::Float(_) => Tag::Float,
        Plain::Timestamp(_) => Tag::Timestamp,
        Plain::Str => Tag::Str,
    }
}
