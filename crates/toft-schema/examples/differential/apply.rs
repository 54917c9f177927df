//! Requests of several managers to one object of a random kind.

use toft_value::{Value, value};

use crate::kinds;
use crate::random::Random;

pub(crate) fn ask(random: &mut Random) -> Value {
    let crd = kinds::crd(random);
    let root = schema_of(&crd);
    let mut live = kinds::fitting(random, &root);
    let mut steps = Vec::new();
    for _ in 0..2 + random.below(6) {
        let is_apply = random.percent(65);
        let mut object = match random.below(3) {
            0 => kinds::fitting(random, &root),
            _ => changed(random, &root, &live),
        };
        if object.as_map().is_none() {
            object = value!({});
        }
        live = object.clone();
        object.set_at(&["apiVersion"], "example.org/v1");
        object.set_at(&["kind"], "Thing");
        object.set_at(&["metadata"], value!({"name": "thing"}));
        if random.percent(20) {
            let label = random.pick(&["a", "b"]);
            object.set_at(&["metadata", "labels"], value!({"x": label}));
        }
        steps.push(value!({
            "op": (if is_apply { "apply" } else { "update" }),
            "manager": (random.pick(&["one", "two", "three"])),
            "force": (is_apply && random.percent(40)),
            "object": object,
        }));
    }
    value!({"crd": crd, "steps": steps})
}

fn schema_of(crd: &Value) -> Value {
    let version = crd.items_at(&["spec", "versions"]).first();
    let root = version.and_then(|version| version.at(&["schema", "openAPIV3Schema"]));
    root.cloned().unwrap_or_default()
}

/// The value with some of its fields changed, added or gone.
fn changed(random: &mut Random, schema: &Value, value: &Value) -> Value {
    let fields = schema.at(&["properties"]).and_then(Value::as_map);
    let Some(map) = value.as_map().filter(|_| fields.is_some()) else {
        return kinds::fitting(random, schema);
    };
    let mut map = map.clone();
    for (name, field) in fields.into_iter().flatten() {
        match random.below(8) {
            0 => {
                map.remove(name);
            }
            1 => {
                map.insert(name.clone(), kinds::fitting(random, field));
            }
            2 | 3 => {
                if let Some(old) = map.get(name).cloned() {
                    map.insert(name.clone(), changed(random, field, &old));
                }
            }
            _ => {}
        }
    }
    Value::Map(map)
}
