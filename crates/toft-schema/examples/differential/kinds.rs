//! Random kinds, and values that nearly fit them.

use toft_value::{Map, Value, value};

use crate::random::Random;

const NAMES: &[&str] = &["a", "b", "c", "d"];

/// A CRD with a random schema.
pub(crate) fn crd(random: &mut Random) -> Value {
    let mut root = object(random, 3);
    root.remove_at(&["x-kubernetes-map-type"]);
    root.remove_at(&["nullable"]);
    value!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": {
            "group": "example.org",
            "names": {"kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing"},
            "scope": "Namespaced",
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": root},
            }],
        },
    })
}

fn schema(random: &mut Random, depth: usize) -> Value {
    let mut schema = if depth == 0 {
        scalar(random)
    } else {
        match random.below(12) {
            0..=2 => object(random, depth),
            3 | 4 => {
                let values = self::schema(random, depth - 1);
                value!({"type": "object", "additionalProperties": values})
            }
            5..=7 => keyed(random, depth),
            8 => {
                let items = scalar(random);
                value!({"type": "array", "items": items, "x-kubernetes-list-type": "set"})
            }
            9 => {
                let items = self::schema(random, depth - 1);
                value!({"type": "array", "items": items, "x-kubernetes-list-type": "atomic"})
            }
            10 => open(random, depth),
            _ => scalar(random),
        }
    };
    if random.percent(15) {
        schema.set_at(&["nullable"], true);
    }
    schema
}

fn scalar(random: &mut Random) -> Value {
    match random.below(6) {
        0 => value!({"type": "integer"}),
        1 => value!({"type": "number"}),
        2 => value!({"type": "boolean"}),
        3 => value!({"x-kubernetes-int-or-string": true}),
        _ => value!({"type": "string"}),
    }
}

fn object(random: &mut Random, depth: usize) -> Value {
    let mut fields = Map::new();
    for name in NAMES.iter().take(1 + random.below(NAMES.len())) {
        fields.insert(*name, schema(random, depth - 1));
    }
    let mut object = value!({"type": "object", "properties": fields});
    match random.below(10) {
        0 => object.set_at(&["x-kubernetes-map-type"], "atomic"),
        1 => object.set_at(&["x-kubernetes-map-type"], "granular"),
        2 => object.set_at(&["x-kubernetes-preserve-unknown-fields"], true),
        _ => {}
    }
    object
}

fn open(random: &mut Random, _: usize) -> Value {
    match random.below(3) {
        0 => value!({"x-kubernetes-preserve-unknown-fields": true}),
        1 => value!({"type": "object"}),
        _ => value!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
    }
}

fn keyed(random: &mut Random, depth: usize) -> Value {
    let mut items = object(random, depth);
    items.set_at(&["properties", "name"], value!({"type": "string"}));
    let mut keys = vec![Value::from("name")];
    if random.percent(40) {
        let mut port = value!({"type": "integer"});
        if random.percent(60) {
            port.set_at(&["default"], 1);
        }
        items.set_at(&["properties", "port"], port);
        keys.push("port".into());
    }
    if random.percent(30) {
        items.set_at(
            &["properties", "b"],
            value!({"type": "string", "default": "x"}),
        );
    }
    items.remove_at(&["x-kubernetes-map-type"]);
    value!({
        "type": "array",
        "items": items,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": keys,
    })
}

/// A value that fits a schema, nearly always.
pub(crate) fn fitting(random: &mut Random, schema: &Value) -> Value {
    if random.percent(if schema.bool_at(&["nullable"]) == Some(true) {
        12
    } else {
        2
    }) {
        return Value::Null;
    }
    if random.percent(1) {
        return any(random, 2);
    }
    match schema.str_at(&["type"]) {
        Some("object") => fields(random, schema),
        Some("array") => list(random, schema),
        Some("string") => random.pick(&["a", "b", "c", ""]).into(),
        Some("integer") => random.value(&[0.into(), 1.into(), 2.into()]),
        Some("number") => random.value(&[0.into(), 1.into(), Value::Float(0.5), Value::Float(1.0)]),
        Some("boolean") => random.percent(50).into(),
        _ if schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true) => {
            random.value(&["a".into(), 1.into(), 2.into()])
        }
        _ => any(random, 3),
    }
}

fn fields(random: &mut Random, schema: &Value) -> Value {
    let mut object = Map::new();
    let fields = schema.at(&["properties"]).and_then(Value::as_map);
    for (name, field) in fields.into_iter().flatten() {
        let chance = if name == "name" { 97 } else { 55 };
        if random.percent(chance) {
            object.insert(name.clone(), fitting(random, field));
        }
    }
    if let Some(values) = schema.at(&["additionalProperties"]) {
        for _ in 0..random.below(4) {
            let key = random.pick(&["x", "y", "z"]);
            object.insert(key, fitting(random, values));
        }
    }
    let is_open = schema
        .at(&["x-kubernetes-preserve-unknown-fields"])
        .is_some()
        || fields.is_none();
    if is_open || random.percent(1) {
        for _ in 0..random.below(3) {
            object.insert(random.pick(&["p", "q"]), any(random, 2));
        }
    }
    Value::Map(object)
}

fn list(random: &mut Random, schema: &Value) -> Value {
    let items = schema.at(&["items"]).cloned().unwrap_or_default();
    let is_atomic = schema.str_at(&["x-kubernetes-list-type"]) == Some("atomic");
    let mut list: Vec<Value> = Vec::new();
    for _ in 0..random.below(5) {
        let item = fitting(random, &items);
        let key = |item: &Value| match item {
            Value::Map(_) => (item.get("name").cloned(), item.get("port").cloned()),
            other => (Some(other.clone()), None),
        };
        let is_twice = list.iter().any(|one| key(one) == key(&item));
        if is_atomic || !is_twice || random.percent(8) {
            list.push(item);
        }
    }
    list.into()
}

/// Any value.
pub(crate) fn any(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 4 } else { 7 }) {
        0 => Value::Null,
        1 => random.pick(&["a", "b", ""]).into(),
        2 => random.value(&[0.into(), 1.into(), Value::Float(1.5)]),
        3 => random.percent(50).into(),
        4 => {
            let items = (0..random.below(3)).map(|_| any(random, depth - 1));
            items.collect::<Vec<_>>().into()
        }
        _ => {
            let mut map = Map::new();
            for _ in 0..random.below(3) {
                map.insert(random.pick(&["x", "y", "z"]), any(random, depth - 1));
            }
            Value::Map(map)
        }
    }
}
