//! Mutated documents against another parser, and against nothing: no bytes make this crate panic or hang.
//!
//! `granit-parser` follows YAML 1.2, go-yaml follows libyaml: where they differ a rule names the reason, and
//! documents to which a rule applies are not compared.

use std::fmt::Write as _;
use std::path::Path;

use granit_parser::{Event, Parser};
use toft_source::{Severity, Source};
use toft_yaml::{Node, NodeKind, Resolver, Style, Tree};

use toft_testkit::Mutator;

/// How many documents are made of each stored one.
const MUTATIONS: usize = 60;

#[expect(
    clippy::disallowed_methods,
    reason = "tests read their cases from disk"
)]
fn documents() -> Vec<Vec<u8>> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut folders: Vec<_> = std::fs::read_dir(cases)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    let documents = folders
        .iter()
        .filter_map(|folder| std::fs::read(folder.join("input/document.yaml")).ok());
    documents.filter(|document| document.len() < 4000).collect()
}

/// The first document as granit reads it; `None` where it refuses.
fn granit(text: &str) -> Option<String> {
    let mut shape = String::new();
    for event in Parser::new_from_str(text) {
        match event.ok()?.0 {
            Event::Scalar(value, ..) => drop(write!(shape, "={value:?}")),
            Event::SequenceStart(..) => shape.push('['),
            Event::SequenceEnd => shape.push(']'),
            Event::MappingStart(..) => shape.push('{'),
            Event::MappingEnd => shape.push('}'),
            Event::Alias(_) => shape.push('*'),
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    Some(shape)
}

fn shape(node: Node<'_>, text: &mut String) {
    match node.kind() {
        NodeKind::Scalar(_) => drop(write!(text, "={:?}", node.text())),
        NodeKind::Alias => text.push('*'),
        NodeKind::List(_) => {
            text.push('[');
            node.items().for_each(|item| shape(item, text));
            text.push(']');
        }
        NodeKind::Map(_) => {
            text.push('{');
            for (key, value) in node.entries() {
                shape(key, text);
                shape(value, text);
            }
            text.push('}');
        }
    }
}

/// The first document as this crate reads it; `None` where go-yaml refuses.
fn ours(tree: &Tree) -> Option<String> {
    let mut text = String::new();
    let Some(document) = tree.documents().next() else {
        return Some(text);
    };
    if let Some(root) = document.root() {
        shape(root, &mut text);
    }
    document.is_whole().then_some(text)
}

fn any_node(node: Node<'_>, test: &dyn Fn(Node<'_>) -> bool) -> bool {
    let in_items = || node.items().any(|item| any_node(item, test));
    let in_entries = || {
        node.entries()
            .any(|(key, value)| any_node(key, test) || any_node(value, test))
    };
    test(node) || in_items() || in_entries()
}

/// Why the two may differ on a text, by the letter of libyaml.
fn named_difference(text: &str, tree: &Tree) -> Option<&'static str> {
    let has = |test: &dyn Fn(Node<'_>) -> bool| {
        let mut roots = tree.documents().filter_map(|document| document.root());
        roots.any(|root| any_node(root, test))
    };
    let spans_lines = |node: Node<'_>| {
        let span = node.span();
        text.get(span.start as usize..span.end as usize)
            .is_some_and(|text| text.contains('\n'))
    };
    let rules: [(&'static str, bool); 10] = [
        (
            "a document does not begin with its end",
            text.starts_with("...") || text.contains("\n..."),
        ),
        (
            "quoted scalars may go on further left",
            text.contains(['"', '\'']),
        ),
        (
            "a literal at the end without a newline keeps none",
            !text.ends_with('\n')
                && has(&|node| {
                    matches!(
                        node.kind(),
                        NodeKind::Scalar(Style::Literal | Style::Folded)
                    )
                }),
        ),
        ("directives are read differently", text.contains('%')),
        (
            "tabs are indentation for one and not for the other",
            text.contains('\t'),
        ),
        (
            "more characters are line breaks",
            text.contains(['\r', '\u{85}', '\u{2028}', '\u{feff}']),
        ),
        (
            "flow collections have looser rules",
            text.contains(['[', ']', '{', '}']),
        ),
        (
            "an anchor's name is made of fewer characters",
            text.contains(['&', '*']),
        ),
        (
            "a tag's name is made of fewer characters",
            text.contains('!'),
        ),
        (
            "a comment may end a scalar of several lines",
            text.contains('#')
                && has(&|node| node.kind() == NodeKind::Scalar(Style::Plain) && spans_lines(node)),
        ),
    ];
    rules
        .into_iter()
        .find(|(_, applies)| *applies)
        .map(|(name, _)| name)
}

#[test]
fn another_parser_reads_the_same() {
    let mut mutator = Mutator::new(11);
    let (mut compared, mut accepted) = (0, 0);
    let mut trouble = String::new();
    for document in documents() {
        for _ in 0..MUTATIONS {
            let bytes = mutator.mutate(&document);
            let text = String::from_utf8(bytes).unwrap();
            let tree = toft_yaml::parse(&Source::new("test", text.as_bytes().into())).value;
            if named_difference(&text, &tree).is_some() || text.contains("\n---") {
                continue;
            }
            let (theirs, ours) = (granit(&text), ours(&tree));
            compared += 1;
            accepted += usize::from(ours.is_some());
            if theirs != ours {
                let _ = writeln!(
                    trouble,
                    "{text:?}\n  granit: {theirs:?}\n  ours:   {ours:?}"
                );
            }
        }
    }
    assert!(
        compared > 300 && accepted > 100,
        "{compared} compared, {accepted} accepted"
    );
}

#[test]
fn no_bytes_make_it_panic() {
    let mut mutator = Mutator::new(13);
    for document in documents() {
        for round in 0..MUTATIONS {
            let mut bytes = mutator.mutate(&document);
            if round % 3 == 0 {
                mutator.damage(&mut bytes);
            }
            let source = Source::new("test", bytes.as_slice().into());
            for resolver in [Resolver::Kubectl, Resolver::Kustomize] {
                let checked = toft_yaml::values(&source, resolver);
                for located in checked.value {
                    toft_yaml::write(&located.value);
                }
                toft_source::render_text(&checked.diagnostics, toft_source::Style::Plain);
            }
        }
    }
}

#[test]
fn what_is_written_is_read_again() {
    let mut mutator = Mutator::new(17);
    for document in documents() {
        for _ in 0..MUTATIONS {
            let source = Source::new("test", mutator.mutate(&document).into());
            for located in toft_yaml::values(&source, Resolver::Kubectl).value {
                let text = toft_yaml::write(&located.value);
                // Upstream writes the key without quotes, and reads it as a merge.
                if text.contains("<<:") {
                    continue;
                }
                let source = Source::new("written", text.as_bytes().into());
                let again = toft_yaml::values(&source, Resolver::Kubectl);
                let is_refused = again
                    .diagnostics
                    .iter()
                    .any(|told| told.severity == Severity::Error);
                assert!(!is_refused, "{text}");
                let value = again.value.into_iter().next().map(|located| located.value);
                assert_eq!(value.unwrap_or_default(), located.value, "{text}");
            }
        }
    }
}
