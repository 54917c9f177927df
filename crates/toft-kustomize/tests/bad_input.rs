//! Hostile trees: each ends with the words that are expected, and within the bounds that are named.
//!
//! They are made here and not kept as cases, because they are large or deep.

use std::fmt::Write as _;

use toft_kustomize::{BuildOptions, build, print};
use toft_source::{MemoryFiles, RepoPath};

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: urls}\ndata: {a: b}\n";

/// What a build prints, or the first thing that it has to say.
fn built(files: &[(&str, &str)]) -> Result<String, String> {
    let files = MemoryFiles::new(files.iter().copied());
    let built = build(&files, &RepoPath::root(), &BuildOptions::default());
    let built = built.map_err(|error| error.to_string())?;
    if built.has_errors() {
        let first = built.diagnostics.first();
        return Err(first.map(|one| one.message.clone()).unwrap_or_default());
    }
    Ok(print(&built.value))
}

/// The same of one object with more in it.
fn with(more: &str) -> Result<String, String> {
    let object = format!("{OBJECT}{more}");
    built(&[
        ("kustomization.yaml", "resources: [object.yaml]\n"),
        ("object.yaml", &object),
    ])
}

/// The same with a JSON patch.
fn patched(patch: &str) -> Result<String, String> {
    let kustomization =
        "resources: [object.yaml]\npatches: [{path: patch.json, target: {kind: ConfigMap}}]\n";
    built(&[
        ("kustomization.yaml", kustomization),
        ("object.yaml", OBJECT),
        ("patch.json", patch),
    ])
}

#[test]
fn aliases_of_aliases_end_at_a_number_of_nodes() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    let told = with(&bomb).unwrap_err();
    assert_eq!(told, "aliases add more than 200000 nodes to this document");
}

#[test]
fn a_long_text_with_many_aliases_ends_at_a_number_of_bytes() {
    let text = "x".repeat(1_000_000);
    let bomb = format!("b: &b {text}\nc:\n{}", "- *b\n".repeat(1000));
    let told = with(&bomb).unwrap_err();
    assert_eq!(
        told,
        "aliases add more than 67108864 bytes to this document"
    );
}

#[test]
fn a_long_list_with_many_aliases_ends_at_a_number_of_nodes() {
    let list = "x, ".repeat(10_000);
    let bomb = format!("b: &b [{list}]\nc:\n{}", "- *b\n".repeat(1000));
    let told = with(&bomb).unwrap_err();
    assert_eq!(told, "aliases add more than 2000000 nodes to this document");
}

#[test]
fn a_chain_of_merges_ends_at_a_number_of_nodes() {
    let mut chain = "m0: &m0 {a0: 1}\n".to_owned();
    for at in 1..1000 {
        writeln!(chain, "m{at}: &m{at} {{<<: *m{}, a{at}: 1}}", at - 1).unwrap();
    }
    let told = with(&chain).unwrap_err();
    assert!(told.starts_with("aliases add more than "), "{told}");
}

#[test]
fn an_anchor_in_itself_is_told() {
    let told = with("b: &b [*b]\n").unwrap_err();
    assert_eq!(told, "anchor 'b' value contains itself");
}

#[test]
fn deep_values_end_at_the_depth_of_the_parser() {
    let open = "[".repeat(100_000);
    let closed = format!("{open}{}", "]".repeat(100_000));
    let block = format!("\n  {}x", "- ".repeat(10_000));
    for value in [open, closed, block] {
        let told = with(&format!("b: {value}\n")).unwrap_err();
        assert!(told.ends_with("exceeded max depth of 255"), "{told}");
    }
}

#[test]
fn copies_that_double_end_at_a_number_of_bytes() {
    let copies: Vec<String> = (0..64)
        .map(|at| format!(r#"{{"op": "copy", "from": "/data", "path": "/data/k{at}"}}"#))
        .collect();
    let told = patched(&format!("[{}]", copies.join(", "))).unwrap_err();
    assert!(told.contains("exceeding the limit 3145728"), "{told}");
}

#[test]
fn a_value_that_moves_into_itself_is_told() {
    let told = patched(r#"[{"op": "move", "from": "/data", "path": "/data/b"}]"#).unwrap_err();
    assert!(told.contains("doc is missing path: /data/b"), "{told}");
}

#[test]
fn a_hundred_thousand_operations_are_applied() {
    let operations: Vec<String> = (0..100_000)
        .map(|at| format!(r#"{{"op": "add", "path": "/data/k{at}", "value": "x"}}"#))
        .collect();
    let text = patched(&format!("[{}]", operations.join(", "))).unwrap();
    assert_eq!(text.lines().count(), 100_006);
}

#[test]
fn a_hundred_thousand_literals_make_one_map() {
    let mut kustomization = "configMapGenerator:\n- name: x\n  literals:\n".to_owned();
    for at in 0..100_000 {
        writeln!(kustomization, "  - k{at}=v").unwrap();
    }
    let text = built(&[("kustomization.yaml", &kustomization)]).unwrap();
    assert_eq!(text.lines().count(), 100_005);
}

#[test]
fn a_hundred_thousand_labels_are_kept() {
    let mut labels = String::new();
    for at in 0..100_000 {
        writeln!(labels, "    l{at}: x").unwrap();
    }
    let object =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: urls\n  labels:\n{labels}");
    let kustomization = "resources: [object.yaml]\nlabels: [{pairs: {team: home}}]\n";
    let text = built(&[
        ("kustomization.yaml", kustomization),
        ("object.yaml", &object),
    ])
    .unwrap();
    assert_eq!(text.lines().count(), 100_006);
}

#[test]
fn a_million_empty_documents_are_nothing() {
    assert_eq!(with(&"---\n".repeat(1_000_000)), with(""));
}

#[test]
fn a_name_of_a_megabyte_is_a_name() {
    let object = OBJECT.replace("urls", &"n".repeat(1_000_000));
    let kustomization = "namePrefix: a-\nresources: [object.yaml]\n";
    let text = built(&[
        ("kustomization.yaml", kustomization),
        ("object.yaml", &object),
    ])
    .unwrap();
    assert_eq!(text.lines().count(), 6);
}

#[test]
fn an_expression_that_explodes_elsewhere_takes_one_walk() {
    let object = OBJECT.replace("urls", &format!("{}b", "a".repeat(50_000)));
    let kustomization = "resources: [object.yaml]\npatches:\n- patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'\n  target: {name: (a+)+$}\n";
    let text = built(&[
        ("kustomization.yaml", kustomization),
        ("object.yaml", &object),
    ])
    .unwrap();
    assert_eq!(text.lines().count(), 6);
}
