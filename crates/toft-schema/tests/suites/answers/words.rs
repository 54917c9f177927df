//! Quantities, selectors and names.

use toft_object::{FieldSelector, Gvk, LabelSelector, Quantity};
use toft_schema::{Schemas, validate};
use toft_value::{Map, Value, value};

pub(crate) fn quantity(request: &Value) -> Value {
    let read = |at: usize| Quantity::parse(request.items()[at].as_str().unwrap());
    let left = match read(0) {
        Ok(left) => left,
        Err(error) => return value!({"error": (error.to_string())}),
    };
    let right = match read(1) {
        Ok(right) => right,
        Err(error) => return value!({"error": (format!("right: {error}"))}),
    };
    let mut answer = value!({"value": {
        "text": (left.to_string()),
        "order": (left.cmp(&right) as i64),
        "sum": ((left.clone() + &right).to_string()),
        "difference": ((left.clone() - &right).to_string()),
    }});
    let most = Quantity::parse("9P").unwrap();
    if left < most && !left.is_negative() {
        answer.set_at(&["value", "milli"], left.as_milli());
        answer.set_at(&["value", "whole"], left.units());
    }
    answer
}

pub(crate) fn selector(request: &Value) -> Value {
    let sets = request.items_at(&["sets"]);
    if let Some(text) = request.str_at(&["fields"]) {
        return match FieldSelector::parse(text) {
            Err(error) => value!({"error": (error.to_string())}),
            Ok(selector) => {
                let matches = |set: &Value| {
                    let mut all = selector.requirements.iter();
                    all.all(|one| {
                        (set.str_at(&[&one.field]).unwrap_or_default() == one.value) == one.equal
                    })
                };
                let selected: Vec<Value> = sets.iter().map(|set| matches(set).into()).collect();
                value!({"value": {"text": (selector.to_string()), "selected": selected}})
            }
        };
    }
    let selector = match request.str_at(&["labels"]) {
        Some(text) => LabelSelector::parse(text),
        None => LabelSelector::from_value(request.at(&["selector"]).unwrap()),
    };
    match selector {
        Err(error) => value!({"error": (error.to_string())}),
        Ok(selector) => {
            let selected = sets
                .iter()
                .map(|set| Value::from(selector.matches(set.as_map())));
            let selected: Vec<Value> = selected.collect();
            value!({"value": {"text": (selector.to_string()), "selected": selected}})
        }
    }
}

pub(crate) fn name(request: &Value) -> Value {
    let schemas = Schemas::builtin();
    let name = request.as_str().unwrap();
    let messages = |(version, kind): (&str, &str), object: &Value, field: &str| -> Value {
        let errors = validate(&schemas, &Gvk::of(version, kind), object);
        let found = errors.into_iter().filter(|error| error.field == field);
        found
            .map(|error| Value::from(error.detail))
            .collect::<Vec<_>>()
            .into()
    };
    let named = value!({"metadata": {"name": name}});
    let label = |key: &str, value: &str| {
        let mut labels = Map::new();
        labels.insert(key, value);
        value!({"metadata": {"name": "a", "labels": labels}})
    };
    let map = ("v1", "ConfigMap");
    let meta = "metadata.name";
    let checks = [
        (
            "dns-1123-label",
            messages(("v1", "Namespace"), &named, meta),
        ),
        ("dns-1123-subdomain", messages(map, &named, meta)),
        (
            "label-value",
            messages(map, &label("a", name), "metadata.labels"),
        ),
        (
            "path-segment",
            messages(("rbac.authorization.k8s.io/v1", "Role"), &named, meta),
        ),
        (
            "qualified",
            messages(map, &label(name, ""), "metadata.labels"),
        ),
    ];
    let mut said = Map::new();
    for (check, messages) in checks {
        said.insert(check, messages);
    }
    value!({"value": said})
}
