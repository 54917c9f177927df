//! Maps: keys that are no strings, keys that come twice, and merge keys.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use smol_str::{SmolStr, ToSmolStr};
use toft_source::{Diagnostic, Span};
use toft_value::{Map, Value, float_to_shortest};

use super::golang::{go_quote, go_syntax};
use super::scalar::Scalar;
use super::{Decode, Decoder};
use crate::resolve::Resolver;
use crate::scan::{Style, break_len};
use crate::tree::{Node, NodeKind};

/// How many keys that come twice are told for one document.
const DUPLICATES_MAX: usize = 100;

/// A key that stands in a map for the second time.
pub(super) struct Duplicate<'a> {
    key: SmolStr,
    first: Node<'a>,
    second: Node<'a>,
}

/// What becomes of a map with these keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Taken,
    Refused,
}

type Entries = Vec<(SmolStr, Value)>;

impl<'a> Decoder<'a> {
    pub(super) fn map(&mut self, node: Node<'a>) -> Decode<Value> {
        if self.look_for_duplicates(node) == Keys::Refused {
            return Ok(Value::Null);
        }
        let entries = match self.resolver {
            Resolver::Kubectl => self.kubectl_entries(node)?,
            Resolver::Kustomize => self.kustomize_entries(node)?,
        };
        Ok(Value::Map(Map::from_entries(entries)))
    }

    /// v2: everything in the order of the text, merges included, and the last one wins.
    fn kubectl_entries(&mut self, node: Node<'a>) -> Decode<Entries> {
        let mut entries = Vec::new();
        for (key, value) in node.entries() {
            if is_merge(key, self.resolver) {
                self.kubectl_merge(value, &mut entries)?;
                continue;
            }
            let name = self.key(key)?;
            let decoded = self.node(value)?;
            entries.push((self.kubectl_key(key, name, &decoded)?, decoded));
        }
        Ok(entries)
    }

    /// Source: v2 `decode.go`, `decoder.merge`: of several maps the earlier ones win.
    fn kubectl_merge(&mut self, value: Node<'a>, entries: &mut Entries) -> Decode<()> {
        if !matches!(value.kind(), NodeKind::List(_)) {
            return self.kubectl_merge_map(value, entries);
        }
        let items: Vec<Node<'a>> = value.items().collect();
        for item in items.into_iter().rev() {
            self.kubectl_merge_map(item, entries)?;
        }
        Ok(())
    }

    fn kubectl_merge_map(&mut self, value: Node<'a>, entries: &mut Entries) -> Decode<()> {
        if !matches!(value.resolved().kind(), NodeKind::Map(_)) {
            let message = "yaml: map merge requires map or sequence of maps as the value";
            return Err(Box::new(self.refuse(value, message)));
        }
        // Reading the node counts what it holds, and notices a map that is merged into itself.
        if let Value::Map(map) = self.node(value)? {
            entries.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        Ok(())
    }

    /// A key as `sigs.k8s.io/yaml` makes it a string.
    ///
    /// Source: sigs.k8s.io/yaml v1.6.0 `yaml.go`, `convertToJSONableObject`.
    fn kubectl_key(&self, key: Node<'a>, name: Scalar, value: &Value) -> Decode<SmolStr> {
        let (go_type, shown) = match name {
            Scalar::Str(text) | Scalar::Timestamp(text) | Scalar::Binary(text) => return Ok(text),
            Scalar::Bool(value) => return Ok(value.to_smolstr()),
            Scalar::Int(number) => return Ok(number.to_smolstr()),
            Scalar::Float(number) => return Ok(float_key(number)),
            Scalar::UInt(number) => ("uint64", format!("{number:#x}")),
            Scalar::Null => ("%!s(<nil>)", "<nil>".to_owned()),
        };
        let value = match value {
            Value::Null => "<nil>".to_owned(),
            value => go_syntax(value, self.resolver),
        };
        let message =
            format!("unsupported map key of type: {go_type}, key: {shown}, value: {value}");
        Err(Box::new(self.refuse(key, message).help("quote the key")))
    }

    /// A key that is a scalar, an alias of one, or refused.
    fn key(&mut self, key: Node<'a>) -> Decode<Scalar> {
        let scalar = key.resolved();
        if matches!(scalar.kind(), NodeKind::Scalar(_)) {
            self.spend(key, super::Cost::ONE)?;
            return self.resolve(scalar);
        }
        let value = self.node(key)?;
        let shown = go_syntax(&value, self.resolver);
        let message = format!("yaml: invalid map key: {shown}");
        let mut refused = self.refuse(key, message);
        let text = self.document.tree.bytes(key.span());
        let before = key.span().start.checked_sub(1);
        let byte_before =
            before.and_then(|at| self.document.tree.source().bytes().get(at as usize));
        if text.starts_with(b"{") && byte_before == Some(&b'{') {
            refused = refused
                .because(
                    "`{{` begins a map inside a map; a template that is not quoted reads like this",
                )
                .help("quote the template: \"{{ … }}\"");
        }
        Err(Box::new(refused))
    }

    /// kyaml merges first, own entries win; v3 decodes what is left, below the root only string keys.
    fn kustomize_entries(&mut self, node: Node<'a>) -> Decode<Entries> {
        let mut merged = BTreeMap::new();
        self.kustomize_merges(node, &mut merged)?;
        let is_root = self.depth == 1;
        for (key, value) in node.entries() {
            if is_merge(key, self.resolver) {
                continue;
            }
            let scalar = self.key(key)?;
            let name = match scalar {
                Scalar::Str(text) => text,
                Scalar::Null => {
                    self.null_key(key);
                    continue;
                }
                // At the root upstream decodes into a map with string keys and takes the text.
                _ if is_root => key.resolved().text().into(),
                _ => {
                    let message = "json: unsupported type: map[interface {}]interface {}";
                    let refused = self
                        .refuse(key, message)
                        .because("a key here must be a string");
                    return Err(Box::new(refused.help("quote the key")));
                }
            };
            let value = self.node(value)?;
            merged.insert(name, value);
        }
        Ok(merged.into_iter().collect())
    }

    /// A null key is never found again when kyaml sets it a second time.
    fn null_key(&mut self, key: Node<'a>) {
        self.push_duplicate(Duplicate {
            key: key.resolved().text().into(),
            first: key,
            second: key,
        });
    }

    fn kustomize_merges(
        &mut self,
        node: Node<'a>,
        merged: &mut BTreeMap<SmolStr, Value>,
    ) -> Decode<()> {
        let mut merges = node
            .entries()
            .filter(|(key, _)| is_merge(*key, Resolver::Kustomize));
        let Some((_, value)) = merges.next() else {
            return Ok(());
        };
        if let Some((second, _)) = merges.next() {
            return Err(Box::new(self.refuse(second, "duplicate merge key")));
        }
        for source in self.merge_sources(value)? {
            if let Value::Map(map) = self.node(source)? {
                merged.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
        }
        Ok(())
    }

    /// The maps to merge, those that win last.
    ///
    /// Source: kyaml 0.21.2 `yaml/rnode.go`, `findMergeValues`.
    fn merge_sources(&self, value: Node<'a>) -> Decode<Vec<Node<'a>>> {
        let refuse = |node, message: &str| Err(Box::new(self.refuse(node, message)));
        match value.kind() {
            NodeKind::Map(_) => Ok(vec![value]),
            NodeKind::Alias if matches!(value.resolved().kind(), NodeKind::Map(_)) => {
                Ok(vec![value])
            }
            NodeKind::Alias => refuse(
                value,
                "invalid map merge: received alias for a non-map value",
            ),
            NodeKind::Scalar(_) => refuse(
                value,
                "map merge requires map or sequence of maps as the value",
            ),
            NodeKind::List(_) => {
                let mut sources = Vec::new();
                for item in value.items() {
                    if matches!(item.kind(), NodeKind::List(_)) {
                        return refuse(item, "invalid map merge: received a nested sequence");
                    }
                    sources.extend(self.merge_sources(item)?);
                }
                sources.reverse();
                Ok(sources)
            }
        }
    }

    /// kustomize refuses a key that comes twice; kubectl takes the last, which is told.
    fn look_for_duplicates(&mut self, node: Node<'a>) -> Keys {
        let mut seen: BTreeMap<(SmolStr, bool), Vec<(usize, Node<'a>)>> = BTreeMap::new();
        let mut pairs = Vec::new();
        for (index, (key, _)) in node.entries().enumerate() {
            let scalar = key.resolved();
            if is_merge(key, self.resolver) {
                continue;
            }
            let is_scalar = matches!(scalar.kind(), NodeKind::Scalar(_));
            let name: SmolStr = scalar.text().into();
            let before = seen.entry((name.clone(), is_scalar)).or_default();
            // Upstream tells every pair; the first and the last of many are enough for kubectl.
            for (first_index, first) in before.iter().take(DUPLICATES_MAX) {
                let (second, first) = (key, *first);
                let duplicate = Duplicate {
                    key: name.clone(),
                    first,
                    second,
                };
                pairs.push(((*first_index, index), duplicate));
            }
            before.push((index, key));
            if pairs.len() > DUPLICATES_MAX {
                break;
            }
        }
        pairs.sort_by_key(|(order, _)| *order);
        let taken = self.resolver == Resolver::Kubectl || pairs.is_empty();
        for (_, duplicate) in pairs {
            match self.resolver {
                Resolver::Kustomize => self.push_duplicate(duplicate),
                Resolver::Kubectl => self.tell_duplicate(&duplicate),
            }
        }
        if taken { Keys::Taken } else { Keys::Refused }
    }

    fn push_duplicate(&mut self, duplicate: Duplicate<'a>) {
        if self.duplicates.len() < DUPLICATES_MAX {
            self.duplicates.push(duplicate);
        }
    }

    fn tell_duplicate(&mut self, duplicate: &Duplicate<'a>) {
        let Duplicate { key, first, second } = duplicate;
        let source = self.document.tree.source();
        let message = format!("the key `{key}` stands here for the second time; the last one wins");
        let diagnostic = Diagnostic::warning("YML006", message)
            .at(source, second.span(), "")
            .at(source, first.span(), "first here")
            .because("kubectl and kustomize refuse it where they are strict");
        if self.diagnostics.len() < DUPLICATES_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    /// All keys that come twice, in the one message that v3 gives.
    pub(super) fn duplicate_keys(&self) -> Diagnostic {
        let mut message = "yaml: unmarshal errors:".to_owned();
        let source = self.document.tree.source();
        let mut labels = Vec::new();
        for duplicate in &self.duplicates {
            let (mut line, first) = (
                self.printed_line(duplicate.second),
                self.printed_line(duplicate.first),
            );
            if line == first {
                line += 1;
            }
            let key = go_quote(&duplicate.key);
            let _ = write!(
                message,
                "\n  line {line}: mapping key {key} already defined at line {first}"
            );
            labels.push((duplicate.second.span(), ""));
            labels.push((duplicate.first.span(), "first here"));
        }
        let diagnostic = Diagnostic::error("YML007", message).because(
            "kustomize counts the lines of the object as it prints it, without empty lines",
        );
        labels
            .into_iter()
            .fold(diagnostic, |diagnostic, (span, text): (Span, _)| {
                diagnostic.at(source, span, text)
            })
    }

    /// The line of a node in what kyaml prints of the document and v3 reads again: no empty lines but
    /// those in scalars, no `---`.
    fn printed_line(&self, node: Node<'a>) -> usize {
        let tree = self.document.tree;
        let start = self.document.span().start;
        let before = tree.bytes(Span {
            start,
            end: node.span().start,
        });
        let mut offset = start;
        let mut lines = 0;
        for line in before.split_inclusive(|byte| *byte == b'\n') {
            let is_empty = line.trim_ascii().is_empty() && line.ends_with(b"\n");
            let is_marker = offset == start
                && line.starts_with(b"---")
                && break_len(line.get(3..).unwrap_or_default()) > 0;
            if !(is_marker || is_empty && !self.is_inside_scalar(offset)) {
                lines += 1;
            }
            offset += u32::try_from(line.len()).unwrap_or(0);
        }
        // The line of the node itself counts even where nothing stands before it.
        lines + usize::from(before.is_empty() || before.ends_with(b"\n"))
    }

    fn is_inside_scalar(&self, offset: u32) -> bool {
        let rows = &self.document.tree.rows;
        rows.iter().any(|row| {
            let is_block = matches!(row.kind, NodeKind::Scalar(Style::Literal | Style::Folded));
            is_block && row.start < offset && offset < row.end
        })
    }
}

/// Whether a key is `<<` and means it.
fn is_merge(key: Node<'_>, resolver: Resolver) -> bool {
    let NodeKind::Scalar(style) = key.kind() else {
        return false;
    };
    let is_meant = match (key.tag(), resolver) {
        (None, _) => style == Style::Plain,
        (Some("!"), Resolver::Kubectl) => true,
        (Some(tag), _) => tag == "!!merge",
    };
    is_meant && key.text() == "<<"
}

/// Source: sigs.k8s.io/yaml v1.6.0 `yaml.go`, `convertToJSONableObject`: as a float of 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "upstream prints the key with 32 bits"
)]
fn float_key(number: f64) -> SmolStr {
    if number.is_nan() {
        return ".nan".into();
    }
    let narrow = number as f32;
    if narrow.is_infinite() {
        return if narrow > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    // The shortest digits that give the same 32 bits, then printed as Go prints them.
    let shortest: f64 = narrow.to_string().parse().unwrap_or(number);
    float_to_shortest(shortest).into()
}
