//! What a document means: the tree to a value, as kustomize or kubectl decode it.

mod budget;
mod golang;
mod map;
mod reprint;
mod scalar;

use std::collections::BTreeMap;

use toft_source::{Checked, Diagnostic, Severity, Source, Span};
use toft_value::{List, Value};

use crate::parse::{parse_quietly, read_manifests};
use crate::resolve::Resolver;
use crate::scan::DEPTH_MAX;
use crate::tree::{Document, Layout, Node, NodeKind, Tree};

use budget::{Budget, Cost};

pub use reprint::refold;

/// The code of the warning about a key that stands twice in a map; its first place is the second key.
pub const REPEATED_KEY: &str = "YML006";

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// What the document means.
    pub value: Value,
    /// The line of the document's first node, from 1.
    pub line: usize,
    /// The bytes of the document's node.
    pub span: Span,
}

/// Reads the values of all documents of a file; empty documents are skipped.
///
/// A document that upstream refuses gives a diagnostic in upstream's words and no value; the others
/// are read.
///
/// # Example
/// ```
/// use toft_source::Source;
/// use toft_yaml::Resolver;
/// let source = Source::new("a.yaml", b"a: yes\n---\n# nothing\n---\nb: [\n".as_slice().into());
/// let checked = toft_yaml::values(&source, Resolver::Kubectl);
/// assert_eq!(checked.value.len(), 1);
/// assert_eq!(checked.value[0].value, toft_value::value!({"a": true}));
/// assert!(checked.diagnostics[0].message.starts_with("yaml: line 1: "));
/// ```
pub fn values(source: &Source, resolver: Resolver) -> Checked<Vec<Located>> {
    let source = match resolver {
        Resolver::Kubectl => &ending_in_a_line_break(source),
        Resolver::Kustomize => source,
    };
    decoded(read_manifests(source, resolver), resolver)
}

/// As [`values`], of a text that a program hands to the library as it is: nothing cuts it before, and its last line
/// may lack a line break.
///
/// # Example
/// ```
/// use toft_source::Source;
/// use toft_yaml::Resolver;
/// let source = Source::new("patch", b"- value: |\n    a".as_slice().into());
/// let checked = toft_yaml::unmarshal(&source, Resolver::Kubectl);
/// assert_eq!(checked.value[0].value, toft_value::value!([{"value": "a"}]));
/// ```
pub fn unmarshal(source: &Source, resolver: Resolver) -> Checked<Vec<Located>> {
    decoded(parse_quietly(source), resolver)
}

fn decoded(read: Checked<Tree>, resolver: Resolver) -> Checked<Vec<Located>> {
    let mut diagnostics = Vec::new();
    let mut told = Vec::new();
    let tree = read.take(&mut told);
    // What stops the reader comes after what the documents before it give.
    let at_the_end = told
        .iter()
        .rposition(|told| told.severity == Severity::Error);
    let at_the_end = at_the_end.map(|at| told.remove(at));
    diagnostics.append(&mut told);
    let mut values = Vec::new();
    let mut lines = Lines {
        bytes: tree.source().bytes(),
        offset: 0,
        line: 1,
    };
    for document in tree.documents() {
        if let Some(refused) = document.problem(resolver) {
            diagnostics.push(refused);
            continue;
        }
        diagnostics.extend(document.unread());
        let Some(root) = document.root().filter(|root| !root.is_null()) else {
            continue;
        };
        let checked = document.to_value(resolver);
        let is_refused = checked.has_errors();
        let value = checked.take(&mut diagnostics);
        if !is_refused && !value.is_null() {
            values.push(Located {
                value,
                line: lines.at(root.span().start),
                span: root.span(),
            });
        }
    }
    diagnostics.extend(at_the_end);
    Checked {
        value: values,
        diagnostics,
    }
}

/// kubectl's reader gives the library whole lines: the last one gets its line break.
///
/// Source: apimachinery 0.36.3 `pkg/util/yaml/decoder.go`, `LineReader.Read`.
fn ending_in_a_line_break(source: &Source) -> Source {
    let bytes = source.bytes();
    if bytes.is_empty() || bytes.ends_with(b"\n") {
        return source.clone();
    }
    let whole = [bytes, b"\n"].concat();
    Source::new(source.name(), whole.into())
}

/// Counts lines on the way through a text, which [`Source::position`] does from the start each time.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, offset: u32) -> usize {
        let end = self.offset.max(offset as usize);
        let passed = self.bytes.get(self.offset..end).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.offset = end;
        self.line
    }
}

impl Document<'_> {
    /// What the document means to kustomize or kubectl; `Null` where upstream refuses it.
    ///
    /// Aliases are expanded within go-yaml's budget, merge keys merged, tags obeyed. Problems of
    /// syntax are not repeated here: [`crate::parse`] has told them.
    ///
    /// Source: go.yaml.in/yaml v2.4.4 and v3.0.5 `decode.go`, sigs.k8s.io/yaml v1.6.0 `yaml.go`
    /// `YAMLToJSON`, kyaml 0.21.2 `yaml/rnode.go` `DeAnchor` and `MarshalJSON`.
    pub fn to_value(&self, resolver: Resolver) -> Checked<Value> {
        let Some(root) = self.root() else {
            return Checked::clean(Value::Null);
        };
        let mut decoder = Decoder {
            document: *self,
            resolver,
            budget: Budget::default(),
            aliases: Vec::new(),
            expanded: BTreeMap::new(),
            depth: 0,
            flow_depth: 0,
            deepest: 0,
            faults: Vec::new(),
            diagnostics: Vec::new(),
        };
        let decoded = decoder.node(root);
        let mut diagnostics = std::mem::take(&mut decoder.diagnostics);
        let value = match decoded {
            Ok(value) if decoder.faults.is_empty() => value,
            Ok(_) => {
                let faults = decoder.check_merges().map(|()| decoder.key_faults());
                diagnostics.push(faults.unwrap_or_else(|refused| *refused));
                Value::Null
            }
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                Value::Null
            }
        };
        Checked { value, diagnostics }
    }
}

/// What an anchor's node has given.
#[derive(Clone)]
struct Expanded {
    value: Value,
    cost: Cost,
    height: usize,
}

type Decode<T> = Result<T, Box<Diagnostic>>;

struct Decoder<'a> {
    document: Document<'a>,
    resolver: Resolver,
    budget: Budget,
    /// The aliases that are being expanded, by row.
    aliases: Vec<u32>,
    /// What anchors' nodes have given, by row, and what it cost: a value is shared, not made again.
    expanded: BTreeMap<u32, Expanded>,
    depth: usize,
    /// How many of the nodes around are written in flow style.
    flow_depth: usize,
    /// The greatest depth so far.
    deepest: usize,
    faults: Vec<map::Fault<'a>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Decoder<'a> {
    fn node(&mut self, node: Node<'a>) -> Decode<Value> {
        self.spend(node, Cost::ONE)?;
        match node.kind() {
            NodeKind::Scalar(_) => self.scalar(node),
            NodeKind::Alias => self.alias(node),
            NodeKind::List(_) => self.nested(node, |decoder| {
                let items = node.items().map(|item| decoder.node(item));
                items.collect::<Decode<List>>().map(Value::List)
            }),
            NodeKind::Map(_) => self.nested(node, |decoder| decoder.map(node)),
        }
    }

    fn spend(&mut self, node: Node<'a>, cost: Cost) -> Decode<()> {
        if self.budget.spend(cost) {
            return Ok(());
        }
        let message = "yaml: document contains excessive aliasing";
        let refused = self.refuse(node, message);
        Err(Box::new(refused.because(
            "aliases of aliases multiply: upstream refuses what grows out of proportion to its text",
        )))
    }

    fn nested<T>(
        &mut self,
        node: Node<'a>,
        read: impl FnOnce(&mut Self) -> Decode<T>,
    ) -> Decode<T> {
        self.check_depth(node, 1)?;
        let is_flow = matches!(
            node.kind(),
            NodeKind::List(Layout::Flow) | NodeKind::Map(Layout::Flow)
        );
        self.depth += 1;
        self.flow_depth += usize::from(is_flow);
        let result = read(self);
        self.depth -= 1;
        self.flow_depth -= usize::from(is_flow);
        result
    }

    /// Only aliases inside aliases get too deep here: the parser has looked at the rest.
    fn check_depth(&mut self, node: Node<'a>, more: usize) -> Decode<()> {
        self.deepest = self.deepest.max(self.depth + more);
        if self.depth + more <= DEPTH_MAX {
            return Ok(());
        }
        let message = format!("yaml: exceeded max depth of {DEPTH_MAX}");
        Err(Box::new(self.refuse(node, message)))
    }

    fn alias(&mut self, node: Node<'a>) -> Decode<Value> {
        let target = node.resolved();
        if let Some(expanded) = self.expanded.get(&target.index).cloned() {
            self.check_depth(node, expanded.height)?;
            self.budget.enter_alias();
            let spent = self.spend(node, expanded.cost);
            self.budget.leave_alias();
            return spent.map(|()| expanded.value);
        }
        let before = self.budget.cost();
        let deepest = std::mem::replace(&mut self.deepest, self.depth);
        let value = self.inside_alias(node, |decoder| decoder.node(target))?;
        let expanded = Expanded {
            value: value.clone(),
            cost: self.budget.cost().since(before),
            height: self.deepest - self.depth,
        };
        self.deepest = self.deepest.max(deepest);
        self.expanded.insert(target.index, expanded);
        Ok(value)
    }

    /// Reads what an alias stands for, unless that is where the alias stands.
    fn inside_alias<T>(
        &mut self,
        alias: Node<'a>,
        read: impl FnOnce(&mut Self) -> Decode<T>,
    ) -> Decode<T> {
        if self.aliases.contains(&alias.index) {
            let message = format!("yaml: anchor '{}' value contains itself", alias.text());
            return Err(Box::new(self.refuse(alias, message)));
        }
        self.aliases.push(alias.index);
        self.budget.enter_alias();
        let result = read(self);
        self.budget.leave_alias();
        self.aliases.pop();
        result
    }

    fn refuse(&self, node: Node<'a>, message: impl Into<String>) -> Diagnostic {
        let source = self.document.tree.source();
        Diagnostic::error("YML005", message).at(source, node.span(), "")
    }
}
