//! What is to be said about a kustomization file as a whole.

use toft_source::{Diagnostic, Source, Span};
use toft_value::Value;

/// Old fields, and what stands for them now.
///
/// Source: kustomize 5.8.2, `CheckDeprecatedFields`, `api/types/kustomization.go`.
const DEPRECATED: &[(&str, &str)] = &[
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

/// Warnings about old fields, as upstream prints them.
pub(crate) fn deprecated(source: &Source, value: &Value) -> Vec<Diagnostic> {
    let used = DEPRECATED
        .iter()
        .filter(|(old, _)| value.get(old).is_some());
    let told = used.map(|(old, new)| {
        let message = format!("'{old}' is deprecated. Please use '{new}' instead");
        Diagnostic::warning("KUS016", message).at(source, key_span(source, old), "")
    });
    told.collect()
}

/// Whether a file says nothing. An empty list of today's fields is something, one of the old ones is not.
///
/// Source: kustomize 5.8.2, `CheckEmpty`, `api/types/kustomization.go`.
pub(crate) fn is_empty_kustomization(value: &Value) -> bool {
    const MOVED: &[&str] = &["bases", "imageTags", "helmChartInflationGenerator"];
    let Some(map) = value.as_map() else {
        return true;
    };
    map.iter().all(|(name, value)| match value {
        _ if name == "apiVersion" || name == "kind" => true,
        Value::Str(text) => text.is_empty(),
        Value::List(items) => items.is_empty() && MOVED.contains(&name.as_str()),
        _ => false,
    })
}

fn key_span(source: &Source, name: &str) -> Span {
    let tree = toft_yaml::parse(source).value;
    let root = tree.documents().find_map(|document| document.root());
    let mut entries = root.into_iter().flat_map(toft_yaml::Node::entries);
    let key = entries.find(|(key, _)| key.text().eq_ignore_ascii_case(name));
    key.map_or_else(Span::default, |(key, _)| key.span())
}
