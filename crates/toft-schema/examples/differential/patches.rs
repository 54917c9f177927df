//! Patches of the three kinds.

use toft_object::Gvk;
use toft_schema::{Schema, Schemas, Shape};
use toft_value::{Map, Value, value};

use crate::kinds;
use crate::random::Random;

fn request(object: &Value, patch: &Value) -> Value {
    value!({"object": (object.to_json()), "patch": (patch.to_json())})
}

pub(crate) fn ask_merge(random: &mut Random) -> Value {
    let mut map = || loop {
        let value = kinds::any(random, 4);
        if value.as_map().is_some() {
            return value;
        }
    };
    request(&map(), &map())
}

/// Pointers that often lead somewhere.
fn pointer(random: &mut Random, value: &Value) -> String {
    let mut text = String::new();
    let mut at = value;
    for _ in 0..=random.below(4) {
        match at {
            Value::Map(map) if !map.is_empty() && !random.percent(12) => {
                let keys: Vec<&str> = map.keys().map(smol_str::SmolStr::as_str).collect();
                let key = random.pick(&keys);
                text.push('/');
                text.push_str(key);
                at = map.get(key).unwrap();
            }
            Value::List(items) if !items.as_slice().is_empty() && !random.percent(25) => {
                let index = random.below(items.as_slice().len());
                text.push('/');
                text.push_str(&index.to_string());
                at = &items.as_slice()[index];
            }
            _ => {
                text.push('/');
                text.push_str(random.pick(&["-", "0", "1", "-1", "x", "new", "", "~1", "01", "7"]));
                return text;
            }
        }
    }
    text
}

pub(crate) fn ask_json(random: &mut Random) -> Value {
    let object = loop {
        let value = kinds::any(random, 4);
        if value.as_map().is_some() {
            break value;
        }
    };
    let mut operations = Vec::new();
    for _ in 0..=random.below(4) {
        let mut operation = Map::new();
        let name = random.pick(&[
            "add", "remove", "replace", "move", "copy", "test", "test", "bad",
        ]);
        operation.insert("op", name);
        if !random.percent(2) {
            operation.insert("path", pointer(random, &object));
        }
        if matches!(name, "move" | "copy") && !random.percent(3) {
            operation.insert("from", pointer(random, &object));
        }
        if matches!(name, "add" | "replace" | "test") && !random.percent(5) {
            operation.insert("value", kinds::any(random, 2));
        }
        operations.push(Value::Map(operation));
    }
    request(&object, &operations.into())
}

/// Kinds whose lists merge in different ways.
const KINDS: &[(&str, &str)] = &[
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "Node"),
    ("v1", "PersistentVolumeClaim"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("v1", "Secret"),
    ("batch/v1", "CronJob"),
];

pub(crate) fn ask_strategic(random: &mut Random) -> Value {
    let schemas = Schemas::builtin();
    let (version, kind) = KINDS[random.below(KINDS.len())];
    let schema = schemas.schema(&Gvk::of(version, kind)).unwrap();
    let mut object = object_of(random, schema, 8);
    object.set_at(&["apiVersion"], version);
    object.set_at(&["kind"], kind);
    let base = object_of(random, schema, 8);
    let mut patch = changed(random, schema, &object, &base);
    patch.remove_at(&["apiVersion"]);
    patch.remove_at(&["kind"]);
    request(&object, &patch)
}

/// Fields whose lists and maps merge in a special way, and some others; two in three values lead there.
const LIKED: &[&str] = &[
    "spec",
    "template",
    "metadata",
    "containers",
    "initContainers",
    "volumes",
    "ports",
    "env",
    "volumeMounts",
    "finalizers",
    "ownerReferences",
    "imagePullSecrets",
    "secrets",
    "tolerations",
    "strategy",
    "labels",
    "annotations",
    "hostAliases",
    "topologySpreadConstraints",
    "conditions",
    "addresses",
    "taints",
    "podCIDRs",
    "jobTemplate",
    "ephemeralContainers",
    "status",
    "data",
    "name",
    "args",
    "rules",
    "resources",
    "limits",
];

fn object_of(random: &mut Random, schema: Schema<'_>, depth: usize) -> Value {
    if depth == 0 {
        return value!({});
    }
    match schema.shape() {
        Shape::Object => {
            let mut map = Map::new();
            for field in schema.fields() {
                let is_liked = LIKED.contains(&field.name().as_str());
                let chance = if is_liked {
                    60
                } else {
                    60 / schema.fields().len().max(12)
                };
                if random.percent(chance) {
                    map.insert(
                        field.name().clone(),
                        object_of(random, field.schema(), depth - 1),
                    );
                }
            }
            Value::Map(map)
        }
        Shape::Map => {
            let mut map = Map::new();
            for _ in 0..random.below(3) {
                let name = random.pick(&["x", "y", "z"]);
                map.insert(name, object_of(random, schema.values().unwrap(), depth - 1));
            }
            Value::Map(map)
        }
        Shape::List => {
            let items = (0..random.below(4)).map(|_| {
                let mut item = object_of(random, schema.items().unwrap(), depth - 1);
                if let Some(key) = schema.merge_key()
                    && item.as_map().is_some()
                    && !random.percent(3)
                    && let Some(field) = schema.items().unwrap().field(key)
                {
                    item.set_at(&[key], scalar(random, field.schema()));
                }
                item
            });
            items.collect::<Vec<_>>().into()
        }
        _ => scalar(random, schema),
    }
}

fn scalar(random: &mut Random, schema: Schema<'_>) -> Value {
    match schema.shape() {
        Shape::Int32 | Shape::Int64 => random.value(&[80.into(), 81.into(), 82.into()]),
        Shape::Number => 1.into(),
        Shape::Boolean => random.percent(50).into(),
        Shape::IntOrString => random.value(&[80.into(), "http".into()]),
        Shape::Raw | Shape::Any => value!({"x": 1}),
        _ => random.pick(&["a", "b", "c", "d"]).into(),
    }
}

/// A patch for an object: some of it, some of another one, and directives.
fn changed(random: &mut Random, schema: Schema<'_>, object: &Value, other: &Value) -> Value {
    let mut patch = Map::new();
    let (old, new) = (object.as_map(), other.as_map());
    let keys = old.into_iter().chain(new).flat_map(Map::keys);
    for key in keys {
        let below = schema
            .field(key)
            .map(toft_schema::Field::schema)
            .or(schema.values());
        let (Some(below), false) = (below, random.percent(30)) else {
            continue;
        };
        let old = old.and_then(|map| map.get(key));
        let new = new.and_then(|map| map.get(key));
        if random.percent(6) {
            patch.insert(key.clone(), Value::Null);
            continue;
        }
        match (old, new) {
            (Some(Value::Map(_)), Some(Value::Map(_))) => {
                let value = changed(random, below, old.unwrap(), new.unwrap());
                patch.insert(key.clone(), value);
            }
            (Some(Value::List(olds)), Some(Value::List(news))) => {
                let value = items(random, below, (olds.as_slice(), news.as_slice()));
                patch.insert(key.clone(), value);
                beside(random, (&mut patch, key), below, olds.as_slice());
            }
            (_, Some(new)) => {
                patch.insert(key.clone(), new.clone());
            }
            _ => {}
        }
    }
    if random.percent(4) {
        patch.insert(
            "$patch",
            random.pick(&["replace", "delete", "merge", "bad"]),
        );
    }
    if random.percent(4) {
        let keep = ["a", "x", "name", "image", "type", "emptyDir"].map(Value::from);
        patch.insert("$retainKeys", keep.to_vec());
    }
    Value::Map(patch)
}

/// The list beside which directives stand.
fn beside(random: &mut Random, (patch, key): (&mut Map, &str), schema: Schema<'_>, olds: &[Value]) {
    let is_primitive = olds.iter().any(|one| one.as_map().is_none());
    if random.percent(12) && (is_primitive || random.percent(10)) {
        let gone: Vec<Value> = olds
            .iter()
            .filter(|_| random.percent(40))
            .cloned()
            .collect();
        patch.insert(format!("$deleteFromPrimitiveList/{key}"), gone);
    }
    if random.percent(25) {
        let mut order: Vec<Value> = Vec::new();
        let listed = patch.get(key).map(|list| list.items().to_vec());
        for item in olds.iter().cloned().chain(listed.unwrap_or_default()) {
            let entry = match (schema.merge_key(), &item) {
                (Some(key), Value::Map(map)) => {
                    let mut entry = Map::new();
                    if let Some(value) = map.get(key) {
                        entry.insert(key, value);
                    }
                    Value::Map(entry)
                }
                _ => item,
            };
            if !order.contains(&entry) && random.percent(90) {
                let place = random.below(order.len() + 1);
                order.insert(place, entry);
            }
        }
        patch.insert(format!("$setElementOrder/{key}"), order);
    }
}

fn items(random: &mut Random, schema: Schema<'_>, (olds, news): (&[Value], &[Value])) -> Value {
    let mut items: Vec<Value> = Vec::new();
    let below = schema.items().unwrap();
    for (at, new) in news.iter().enumerate() {
        let mut item = match (olds.get(at), schema.merge_key()) {
            (Some(old), Some(key)) if old.as_map().is_some() => {
                let mut item = changed(random, below, old, new);
                if let Some(value) = old.get(key) {
                    item.set_at(&[key], value);
                }
                item
            }
            _ => new.clone(),
        };
        if item.as_map().is_some() && random.percent(8) {
            item.set_at(
                &["$patch"],
                random.pick(&["delete", "replace", "delete", "merge"]),
            );
        }
        items.push(item);
    }
    if random.percent(4) && items.iter().all(|one| one.as_map().is_some()) {
        items.push(value!({"$patch": "replace"}));
    }
    items.into()
}
