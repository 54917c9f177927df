//! The definitions of Argo CD's kinds.

use std::sync::LazyLock;

use toft_value::{List, Map, Value};

/// `definitions` with `{"$": n}` where part `n` stands; a part refers to earlier ones only.
const TABLE: &[u8] = include_bytes!("argo.json");

static DEFINITIONS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let table = Value::from_json(TABLE).expect("the generator writes JSON");
    let mut parts = Vec::new();
    for part in table.items_at(&["parts"]) {
        let whole = expand(part, &parts);
        parts.push(whole);
    }
    table
        .items_at(&["definitions"])
        .iter()
        .map(|definition| expand(definition, &parts))
        .collect()
});

fn expand(value: &Value, parts: &[Value]) -> Value {
    match value {
        Value::Map(map) => match map.get("$").and_then(Value::as_i64) {
            // The parts are shared, not copied.
            Some(number) => usize::try_from(number)
                .ok()
                .and_then(|at| parts.get(at))
                .cloned()
                .unwrap_or_default(),
            None => Value::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), expand(value, parts)))
                    .collect::<Map>(),
            ),
        },
        Value::List(list) => Value::List(
            list.iter()
                .map(|item| expand(item, parts))
                .collect::<List>(),
        ),
        scalar => scalar.clone(),
    }
}

/// The definitions of `Application`, `ApplicationSet` and `AppProject`, without their prose.
///
/// Source: Argo CD 3.2.0 `manifests/crds`; `cargo x generate` writes the table.
pub fn argo_crds() -> &'static [Value] {
    &DEFINITIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_whole() {
        let names: Vec<_> = argo_crds()
            .iter()
            .filter_map(|crd| crd.str_at(&["metadata", "name"]))
            .collect();
        assert_eq!(
            names,
            [
                "applications.argoproj.io",
                "applicationsets.argoproj.io",
                "appprojects.argoproj.io"
            ]
        );
        assert!(
            argo_crds()
                .iter()
                .all(|crd| !crd.to_json().contains("\"$\""))
        );
        let description = ["spec", "versions"];
        let version = argo_crds()[0].items_at(&description)[0].clone();
        let project = [
            "schema",
            "openAPIV3Schema",
            "properties",
            "spec",
            "properties",
            "project",
            "type",
        ];
        assert_eq!(version.str_at(&project), Some("string"));
    }
}
