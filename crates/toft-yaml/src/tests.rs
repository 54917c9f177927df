//! Whole ways: text to value, value to text.

use toft_source::Source;
use toft_value::{Value, value};

use crate::{Resolver, parse, values, write};

fn source(text: impl AsRef<[u8]>) -> Source {
    Source::new("test.yaml", text.as_ref().into())
}

fn read(text: &str, resolver: Resolver) -> Value {
    let checked = values(&source(text), resolver);
    assert_eq!(checked.diagnostics, [], "{text}");
    checked
        .value
        .into_iter()
        .next()
        .map_or(Value::Null, |located| located.value)
}

fn refusal(text: impl AsRef<[u8]>, resolver: Resolver) -> String {
    let checked = values(&source(text), resolver);
    let errors = checked.diagnostics.iter();
    let mut errors =
        errors.filter(|diagnostic| diagnostic.severity == toft_source::Severity::Error);
    errors
        .next()
        .map(|diagnostic| diagnostic.message.clone())
        .unwrap_or_default()
}

#[test]
fn a_manifest_is_read() {
    let text = "apiVersion: v1\nkind: ConfigMap # here\nmetadata:\n  name: x\n  labels: {a: b, \"c\": 'd'}\ndata:\n  f: |\n    one\n      two\n\n  g: >-\n    three\n    four\nlist:\n- 1\n-   - 2\n    - x: 3\n      z:\n";
    let expected = value!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "x", "labels": {"a": "b", "c": "d"}},
        "data": {"f": "one\n  two\n", "g": "three four"},
        "list": [1, [2, {"x": 3, "z": null}]],
    });
    assert_eq!(read(text, Resolver::Kubectl), expected);
    assert_eq!(read(text, Resolver::Kustomize), expected);
}

#[test]
fn merge_keys_differ_between_the_resolvers() {
    let text = "x: &x {w: 2, v: 1}\nz: {w: 3, <<: *x}\n";
    let with = |w: i64| value!({"x": {"w": 2, "v": 1}, "z": {"w": w, "v": 1}});
    assert_eq!(read(text, Resolver::Kubectl), with(2));
    assert_eq!(read(text, Resolver::Kustomize), with(3));
}

#[test]
fn a_literal_at_the_end_without_a_newline_keeps_none_where_the_library_reads_it() {
    let none = value!({"a": "b"});
    assert_eq!(read("a: |\n  b", Resolver::Kustomize), none);
    let text = source("a: |\n  b");
    let tree = parse(&text).value;
    let document = tree.documents().next().unwrap();
    assert_eq!(document.to_value(Resolver::Kubectl).value, none);
    // kubectl's reader of files ends every line.
    assert_eq!(read("a: |\n  b", Resolver::Kubectl), value!({"a": "b\n"}));
    assert_eq!(read("a: |\n  b\n", Resolver::Kubectl), value!({"a": "b\n"}));
    assert_eq!(
        read("a: |+\n  b\n\n", Resolver::Kubectl),
        value!({"a": "b\n\n"})
    );
}

#[test]
fn a_broken_document_costs_only_itself() {
    let checked = values(&source("a: 1\n---\nb: [\n---\nc: 3\n"), Resolver::Kubectl);
    let found: Vec<_> = checked.value.iter().map(|located| located.line).collect();
    assert_eq!(found, [1, 5]);
    assert_eq!(checked.diagnostics.len(), 1);
}

#[test]
fn hostile_documents_are_refused_and_quickly() {
    let laughs: String = (1..10).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, level| {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            text + &format!("a{level}: &a{level} [{aliases}]\n")
        },
    );
    let megabyte = "x".repeat(1 << 20);
    let quadratic = format!("a: &a {megabyte}\nb: [{}]\n", vec!["*a"; 1000].join(", "));
    let deep = "[".repeat(100_000);
    let deep_blocks = (0..1000).fold(String::new(), |text, level| {
        text + &" ".repeat(level) + "a:\n"
    });
    let padding = format!("- [{}]\n- &a0 [x]\n", vec!["x"; 4000].join(","));
    let nested: String = (1..300).fold(padding, |text, level| {
        text + &format!("- &a{level} [*a{}]\n", level - 1)
    });
    for resolver in [Resolver::Kubectl, Resolver::Kustomize] {
        let aliasing = "yaml: document contains excessive aliasing";
        assert_eq!(refusal(&laughs, resolver), aliasing);
        assert_eq!(refusal(&quadratic, resolver), aliasing);
        assert!(refusal(&deep, resolver).ends_with("exceeded max depth of 255"));
        assert!(refusal(&deep_blocks, resolver).ends_with("exceeded max depth of 255"));
        assert!(refusal(&nested, resolver).ends_with("exceeded max depth of 255"));
        assert_eq!(
            refusal("a: &a [*a]", resolver),
            "yaml: anchor 'a' value contains itself"
        );
        assert_eq!(
            refusal(b"a: \0", resolver),
            "yaml: control characters are not allowed"
        );
    }
}

#[test]
fn duplicate_keys_are_kustomizes_error_and_kubectls_warning() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n\n# c\ndata:\n  a: b\ndata:\n  c: d\n";
    let message =
        "yaml: unmarshal errors:\n  line 8: mapping key \"data\" already defined at line 6";
    assert_eq!(refusal(text, Resolver::Kustomize), message);
    let checked = values(&source(text), Resolver::Kubectl);
    assert_eq!(
        checked.value[0].value.at(&["data"]),
        Some(&value!({"c": "d"}))
    );
    assert_eq!(checked.diagnostics.len(), 1);
}

#[test]
fn utf_16_is_read_and_told() {
    let units: Vec<u8> = "\u{feff}a: é\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let checked = values(&source(&units), Resolver::Kustomize);
    assert_eq!(checked.value[0].value, value!({"a": "é"}));
    assert_eq!(checked.diagnostics[0].code, "YML004");
    // kubectl's reader ends the last line with a byte, which is half a character here.
    let message = "yaml: incomplete UTF-16 character";
    assert_eq!(refusal(units, Resolver::Kubectl), message);
}

#[test]
fn nodes_have_their_bytes() {
    let text = "# top\na: &x !t 'b'\nc:\n  - d: *x\n  - e\n";
    let source = source(text);
    let tree = parse(&source).value;
    let root = tree.documents().next().unwrap().root().unwrap();
    let slice = |span: toft_source::Span| &text[span.start as usize..span.end as usize];
    let scalar = root.get("a").unwrap();
    assert_eq!(
        (slice(scalar.span()), scalar.anchor(), scalar.tag()),
        ("'b'", Some("x"), Some("!t"))
    );
    let list = root.get("c").unwrap();
    assert_eq!(slice(list.span()), "- d: *x\n  - e");
    let alias = list.items().next().unwrap().get("d").unwrap();
    assert_eq!(
        (slice(alias.span()), alias.resolved().text().as_ref()),
        ("*x", "b")
    );
    assert_eq!(tree.comments().map(slice).collect::<Vec<_>>(), ["# top"]);
}

#[test]
fn the_writer_prints_as_upstream() {
    let long = "word ".repeat(30);
    let value = value!({
        "b": {"z10": 1, "z9": [[1, {"x": []}], {}, {"a": {"b": 1}}]},
        "text": "a\nb\n", "strip": "a\nb", "keep": "a\n\n", "hint": " a\nb\n", "blank": "a \nb",
        "yes": "yes", "date": "2020-01-01", "sixty": "1:30", "n": "1", "empty": "", "null": null,
        "colon": "a: b", "hash": "#a", "dash": "- a", "tab": "a\tb", "smile": "😀", "quote": "it's",
        "long": long.trim(), "f": 1e6, "g": 1.5e-9, "h": 1e21,
    });
    let expected = "b:\n  z9:\n  - - 1\n    - x: []\n  - {}\n  - a:\n      b: 1\n  z10: 1\nblank: \"a \\nb\"\ncolon: 'a: b'\ndash: '- a'\ndate: \"2020-01-01\"\nempty: \"\"\nf: 1000000\ng: 1.5e-09\nh: 1e+21\nhash: '#a'\nhint: |2\n   a\n  b\nkeep: |+\n  a\n\nlong: word word word word word word word word word word word word word word word word\n  word word word word word word word word word word word word word word\n\"n\": \"1\"\n\"null\": null\nquote: it's\nsixty: \"1:30\"\nsmile: \"\\U0001F600\"\nstrip: |-\n  a\n  b\ntab: \"a\\tb\"\ntext: |\n  a\n  b\n\"yes\": \"yes\"\n";
    assert_eq!(write(&value), expected);
}

#[test]
fn maps_that_are_merged_from_a_list_bring_one_merge_key_of_their_own() {
    let text = "x: &x {e: 5}\nb: &b {<<: *x, i: 1}\na: &a {d: 1}\nc: &c {<<: *a, i: 2}\no: {<<: [*b, *c], f: 6}\n";
    let merged = |resolver| read(text, resolver).at(&["o"]).cloned();
    assert_eq!(
        merged(Resolver::Kustomize),
        Some(value!({"e": 5, "f": 6, "i": 1}))
    );
    assert_eq!(
        merged(Resolver::Kubectl),
        Some(value!({"d": 1, "e": 5, "f": 6, "i": 1}))
    );
}

#[test]
fn a_document_that_is_nothing_with_a_tag_is_nothing() {
    assert_eq!(values(&source("!\n"), Resolver::Kustomize).value, []);
    assert_eq!(read("!\n", Resolver::Kubectl), value!(""));
}
