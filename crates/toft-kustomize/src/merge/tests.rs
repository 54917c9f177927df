use toft_source::Source;

use super::merge;
use crate::node::Node;
use crate::schema::Schemas;
use crate::text::documents;

fn node(text: &str) -> Node {
    let source = Source::new("", text.as_bytes().into());
    documents(&source).unwrap().remove(0).node
}

fn merged(object: &str, patch: &str) -> String {
    match merge(node(object), node(patch), &Schemas::default()) {
        Ok(Some(node)) => toft_yaml::write(&node.to_value().unwrap()),
        Ok(None) => "deleted".to_owned(),
        Err(fault) => format!("error: {fault}"),
    }
}

#[test]
fn a_null_written_as_nothing_goes_and_a_written_null_stays() {
    assert_eq!(
        merged("a: 1\nb:\nc: null\n", "d: 2\n"),
        "a: 1\nc: null\nd: 2\n"
    );
}

#[test]
fn a_quoted_number_stays_a_string() {
    assert_eq!(merged("port: \"80\"\n", "port: 8080\n"), "port: \"8080\"\n");
}

#[test]
fn lists_without_a_schema_are_replaced() {
    assert_eq!(merged("a: [1, 2]\n", "a: [3]\n"), "a:\n- 3\n");
}

#[test]
fn a_map_cannot_become_a_list() {
    assert_eq!(
        merged("a: {b: 1}\n", "a: [1]\n"),
        "error: wrong node kind: expected MappingNode but got SequenceNode"
    );
}

const POD: &str = "apiVersion: v1
kind: Pod
spec:
  containers:
  - {name: app, image: app:1, ports: [{containerPort: 80}]}
  - {name: vpn, image: vpn:1}
";

#[test]
fn containers_of_a_patch_come_first() {
    let patch = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: log, image: log:1}\n  - {name: vpn, image: vpn:2}\n";
    let result = merged(POD, patch);
    let names: Vec<&str> = result
        .lines()
        .filter(|line| line.contains("image:"))
        .map(str::trim)
        .collect();
    assert_eq!(
        names,
        ["- image: log:1", "- image: vpn:2", "- image: app:1"]
    );
}

#[test]
fn a_directive_deletes_an_item() {
    let patch =
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: vpn, $patch: delete}\n";
    let result = merged(POD, patch);
    assert!(result.contains("name: app") && !result.contains("name: vpn"));
}
