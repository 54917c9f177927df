//! Maps: keys that are no strings, keys that come twice, and merge keys.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use smol_str::{SmolStr, ToSmolStr};
use toft_source::{Diagnostic, Span};
use toft_value::{Map, Value, float_to_shortest};

use super::golang::{go_quote, go_syntax};
use super::scalar::Scalar;
use super::{Decode, Decoder, REPEATED_KEY};
use crate::resolve::Resolver;
use crate::scan::Style;
use crate::tree::{Node, NodeKind};

/// How many faults in keys are told for one document.
const FAULTS_MAX: usize = 100;

/// A key that stands in a map for the second time.
pub(super) struct Duplicate<'a> {
    key: SmolStr,
    first: Node<'a>,
    second: Node<'a>,
}

/// What is wrong with a key and does not stop v3 from looking at the others.
pub(super) enum Fault<'a> {
    Duplicate(Duplicate<'a>),
    /// A list or map as a key of the root, by its tag.
    Collection(Node<'a>, &'static str),
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
        let mut entries = Vec::new();
        let mut left = None;
        for source in self.all_merge_sources(node)? {
            let map = source.resolved();
            let left_here = self.left_to_merge(map);
            // What is merged is printed where it is merged: within this map, in its style.
            let read = |decoder: &mut Self| match left_here {
                Some(_) => decoder.own_entries(map),
                None => decoder.kustomize_entries(map),
            };
            entries.extend(match source.kind() {
                NodeKind::Alias => self.inside_alias(source, read)?,
                NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Map(_) => read(self)?,
            });
            left = left_here.or(left);
        }
        entries.extend(self.own_entries(node)?);
        // v3 merges what kyaml has left: everything else wins.
        let mut merged = Vec::new();
        match left {
            Some(value) if matches!(value.kind(), NodeKind::List(_)) => {
                let items: Vec<Node<'a>> = value.items().collect();
                for item in items.into_iter().rev() {
                    merged.extend(entries_of(self.node(item)?));
                }
            }
            Some(value) => merged.extend(entries_of(self.node(value)?)),
            None => {}
        }
        merged.extend(entries);
        Ok(merged)
    }

    /// What a map that is merged wants merged itself, where kyaml copies it as it is written: its entry `<<`
    /// comes along, in place of that of the map merged before. Only a map that an alias has stood for before
    /// has nothing left.
    ///
    /// Source: kyaml 0.21.2 `yaml/rnode.go`, `mergeAll`, `deAnchor`: aliases point to what was parsed, the tree
    /// holds copies.
    fn left_to_merge(&self, map: Node<'a>) -> Option<Node<'a>> {
        if self.expanded.contains_key(&map.index) {
            return None;
        }
        let mut merges = map
            .entries()
            .filter(|(key, _)| is_merge(*key, Resolver::Kustomize));
        merges.next().map(|(_, value)| value)
    }

    /// The entries of a map without those that it merges.
    fn own_entries(&mut self, node: Node<'a>) -> Decode<Entries> {
        let mut entries = Vec::new();
        let mut is_cleared = false;
        for (key, value) in node.entries() {
            if is_merge(key, self.resolver) {
                is_cleared = true;
                continue;
            }
            // kyaml takes the first key `<<` away when it has merged, quoted or not.
            if !is_cleared && is_scalar_text(key, "<<") {
                is_cleared = true;
                continue;
            }
            if let Some(name) = self.kustomize_key(key)? {
                entries.push((name, self.node(value)?));
            }
        }
        Ok(entries)
    }

    /// A key as v3 decodes it; `None` for one that is told later.
    fn kustomize_key(&mut self, key: Node<'a>) -> Decode<Option<SmolStr>> {
        let is_root = self.depth == 1;
        let tag = match key.resolved().kind() {
            NodeKind::List(_) => Some("!!seq"),
            NodeKind::Map(_) => Some("!!map"),
            NodeKind::Scalar(_) | NodeKind::Alias => None,
        };
        if let Some(tag) = tag.filter(|_| is_root) {
            self.push_fault(Fault::Collection(key, tag));
            return Ok(None);
        }
        let scalar = self.key(key)?;
        let is_string = matches!(key.resolved().tag(), None | Some("!" | "!!str"));
        match scalar {
            Scalar::Str(text) if is_string || is_root => Ok(Some(text)),
            Scalar::Binary(text) if is_root => Ok(Some(text)),
            // kyaml prints a key that is not there as `''`; one that is tagged keeps its tag.
            Scalar::Null if is_root || key.resolved().tag().is_none() => {
                Ok(Some(SmolStr::default()))
            }
            // At the root upstream decodes into a map with string keys and takes the text.
            _ if is_root => Ok(Some(key.resolved().text().into())),
            _ => {
                let message = "json: unsupported type: map[interface {}]interface {}";
                let refused = self.refuse(key, message);
                let refused = refused.because("a key here must be a string");
                Err(Box::new(refused.help("quote the key")))
            }
        }
    }

    /// Whether kyaml can merge what the document wants merged: it does that before anything is decoded.
    pub(super) fn check_merges(&self) -> Decode<()> {
        let tree = self.document.tree;
        let end = self.document.root().map_or(0, |root| root.row.next);
        let start = self.document.row.root.unwrap_or(end);
        let mut maps = (start..end).filter_map(|index| tree.node(index));
        maps.try_for_each(|node| self.all_merge_sources(node).map(drop))
    }

    fn all_merge_sources(&self, node: Node<'a>) -> Decode<Vec<Node<'a>>> {
        let mut merges = node
            .entries()
            .filter(|(key, _)| is_merge(*key, Resolver::Kustomize));
        let Some((_, value)) = merges.next() else {
            return Ok(Vec::new());
        };
        if let Some((second, _)) = merges.next() {
            return Err(Box::new(self.refuse(second, "duplicate merge key")));
        }
        self.merge_sources(value)
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
        if !self.may_have_faults(node) {
            return Keys::Taken;
        }
        let mut seen: BTreeMap<(SmolStr, bool), Vec<(usize, Node<'a>)>> = BTreeMap::new();
        let mut pairs = Vec::new();
        let mut is_cleared = false;
        for (index, (key, _)) in node.entries().enumerate() {
            let scalar = key.resolved();
            if is_merge(key, self.resolver) {
                continue;
            }
            if self.resolver == Resolver::Kustomize && !is_cleared && is_scalar_text(key, "<<") {
                is_cleared = true;
                continue;
            }
            let is_scalar = matches!(scalar.kind(), NodeKind::Scalar(_));
            let name: SmolStr = scalar.text().into();
            let before = seen.entry((name.clone(), is_scalar)).or_default();
            // Upstream tells every pair; the first and the last of many are enough for kubectl.
            for (first_index, first) in before.iter().take(FAULTS_MAX) {
                let (second, first) = (key, *first);
                let duplicate = Duplicate {
                    key: name.clone(),
                    first,
                    second,
                };
                pairs.push(((*first_index, index), duplicate));
            }
            before.push((index, key));
            // kyaml does not find a null again that it has set, and sets it twice.
            let is_null = self.resolver == Resolver::Kustomize && scalar.is_null();
            if let Some(second) = Some(key).filter(|_| is_null && !name.is_empty()) {
                let duplicate = Duplicate {
                    key: name,
                    first: key,
                    second,
                };
                pairs.push(((index, index), duplicate));
            }
            if pairs.len() > FAULTS_MAX {
                break;
            }
        }
        pairs.sort_by_key(|(order, _)| *order);
        let taken = self.resolver == Resolver::Kubectl || pairs.is_empty();
        for (_, duplicate) in pairs {
            match self.resolver {
                Resolver::Kustomize => self.push_fault(Fault::Duplicate(duplicate)),
                Resolver::Kubectl => self.tell_duplicate(&duplicate),
            }
        }
        if taken { Keys::Taken } else { Keys::Refused }
    }

    /// The quick look: most maps have keys that differ.
    fn may_have_faults(&self, node: Node<'a>) -> bool {
        let mut names = Vec::with_capacity(8);
        for (key, _) in node.entries() {
            let key = key.resolved();
            if self.resolver == Resolver::Kustomize && key.is_null() {
                return true;
            }
            names.push(key.text());
        }
        names.sort_unstable();
        names
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a == b))
    }

    fn push_fault(&mut self, fault: Fault<'a>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }

    fn tell_duplicate(&mut self, duplicate: &Duplicate<'a>) {
        let Duplicate { key, first, second } = duplicate;
        let source = self.document.tree.source();
        let message = format!("the key `{key}` stands here for the second time; the last one wins");
        let diagnostic = Diagnostic::warning(REPEATED_KEY, message)
            .at(source, second.span(), "")
            .at(source, first.span(), "first here")
            .because("kubectl and kustomize refuse it where they are strict");
        if self.diagnostics.len() < FAULTS_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    /// All faults of keys, in the one message that v3 gives.
    pub(super) fn key_faults(&self) -> Diagnostic {
        let mut message = "yaml: unmarshal errors:".to_owned();
        let mut labels: Vec<(Span, &str)> = Vec::new();
        for fault in &self.faults {
            match fault {
                Fault::Duplicate(duplicate) => {
                    let first = self.printed_line(duplicate.first);
                    let second = self.printed_line(duplicate.second);
                    // A null key is told against itself, one line further down.
                    let is_same = duplicate.first.index == duplicate.second.index;
                    let line = second + usize::from(is_same);
                    let key = go_quote(&duplicate.key);
                    let _ = write!(
                        message,
                        "\n  line {line}: mapping key {key} already defined at line {first}"
                    );
                    labels.push((duplicate.second.span(), ""));
                    labels.push((duplicate.first.span(), "first here"));
                }
                Fault::Collection(key, tag) => {
                    let line = self.printed_line(*key);
                    let _ = write!(
                        message,
                        "\n  line {line}: cannot unmarshal {tag} into string"
                    );
                    labels.push((key.span(), ""));
                }
            }
        }
        let note = "kustomize counts the lines of the object as it prints it, without empty lines";
        let diagnostic = Diagnostic::error("YML007", message).because(note);
        let source = self.document.tree.source();
        let add = |diagnostic: Diagnostic, (span, text)| diagnostic.at(source, span, text);
        labels.into_iter().fold(diagnostic, add)
    }
}

fn entries_of(value: Value) -> Entries {
    match value {
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        _ => Vec::new(),
    }
}

fn is_scalar_text(key: Node<'_>, text: &str) -> bool {
    matches!(key.kind(), NodeKind::Scalar(_)) && key.text() == text
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
    // Merge keys are rare: most keys are told apart by their length.
    let span = key.span();
    let is_short = span.end - span.start == 2 || style != Style::Plain;
    is_meant && is_short && key.text() == "<<"
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
