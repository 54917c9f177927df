//! What can be changed about an object: every field left out, of another type, empty, too long, there twice,
//! and every field that is not there yet.

use toft_schema::{Field, Schema, Shape};
use toft_value::{Map, Value};

/// A step from a value to one below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// One change of an object.
#[derive(Clone, Debug)]
pub(super) struct Change {
    path: Vec<Step>,
    /// What stands there then; nothing where it is left out.
    value: Option<Value>,
}

/// What texts are replaced by: malformed, too long, or good somewhere else.
const TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "Bad_Name!",
    "-x",
    "UPPER",
    "a.b",
    "a/b",
    "a/b/c",
    "/abs",
    "../up",
    "a:b",
    "0",
    "-1",
    "1",
    "1500m",
    "0.5",
    "1Gi",
    "101%",
    "None",
    "Always",
    "Never",
    "Localhost",
    "Exists",
    "1.2.3.4",
    "fe80::1",
    "10.0.0.0/8",
    "http",
    "$(X)",
];

/// How long texts are that are too long somewhere.
const LENGTHS: &[usize] = &[64, 254, 2000];

const NUMBERS: &[i64] = &[-1, 0, 1, 2, 101, 65_536, 3_000_000_000];

/// How deep what is put in goes.
const SAMPLE_DEPTH_MAX: usize = 4;

impl Change {
    /// Where and what, in one line.
    pub(super) fn title(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
                Step::Index(index) => path.extend(["[", &index.to_string(), "]"]),
            }
        }
        match &self.value {
            Some(value) => format!("{path} = {}", shortened(&value.to_json())),
            None => format!("{path} left out"),
        }
    }

    /// The object with the change.
    pub(super) fn apply(&self, object: &Value) -> Value {
        changed(object, &self.path, self.value.as_ref()).unwrap_or_default()
    }
}

fn shortened(text: &str) -> String {
    if text.len() <= 80 {
        return text.to_owned();
    }
    let start: String = text.chars().take(60).collect();
    format!("{start}… ({} bytes)", text.len())
}

fn changed(value: &Value, path: &[Step], new: Option<&Value>) -> Option<Value> {
    let Some((first, rest)) = path.split_first() else {
        return new.cloned();
    };
    match (first, value) {
        (Step::Index(index), Value::List(list)) => {
            let items = list.iter().enumerate().filter_map(|(at, item)| {
                if at == *index {
                    changed(item, rest, new)
                } else {
                    Some(item.clone())
                }
            });
            Some(Value::from(items.collect::<Vec<_>>()))
        }
        (Step::Key(key), Value::Map(map)) => {
            let mut map = map.clone();
            let below = map.get(key.as_str()).cloned().unwrap_or_default();
            match changed(&below, rest, new) {
                Some(value) => {
                    map.insert(key.as_str(), value);
                }
                None => {
                    map.remove(key.as_str());
                }
            }
            Some(Value::Map(map))
        }
        _ => Some(value.clone()),
    }
}

/// Every change of an object of a kind that is looked at.
pub(super) fn all(object: &Value, schema: Option<Schema<'_>>) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(&mut Vec::new(), (object, schema), &mut changes);
    changes
}

/// What names an object and what only the server writes.
const LEFT_ALONE: &[&str] = &[
    "apiVersion",
    "kind",
    "managedFields",
    "creationTimestamp",
    "resourceVersion",
    "uid",
    "generation",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "namespace",
    "status",
];

fn is_left_alone(path: &[Step], key: &str) -> bool {
    let is_top = match path {
        [] => matches!(key, "apiVersion" | "kind" | "metadata" | "status"),
        [Step::Key(first)] if first == "metadata" => LEFT_ALONE.contains(&key),
        _ => false,
    };
    is_top && !(path.is_empty() && key == "metadata")
}

fn walk(
    path: &mut Vec<Step>,
    (value, schema): (&Value, Option<Schema<'_>>),
    out: &mut Vec<Change>,
) {
    let put = |value: Option<Value>, out: &mut Vec<Change>| {
        out.push(Change {
            path: path.clone(),
            value,
        });
    };
    if !path.is_empty() {
        put(None, out);
        put(Some(another_type(value)), out);
        for value in others(value) {
            put(Some(value), out);
        }
    }
    match value {
        Value::Map(map) => below_map(path, (map, schema), out),
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                path.push(Step::Index(index));
                walk(path, (item, schema.and_then(Schema::items)), out);
                path.pop();
            }
        }
        _ => {}
    }
}

fn below_map(
    path: &mut Vec<Step>,
    (map, schema): (&Map, Option<Schema<'_>>),
    out: &mut Vec<Change>,
) {
    for (key, item) in map {
        if is_left_alone(path, key) {
            continue;
        }
        let below = schema.and_then(|schema| {
            let field = schema.field(key).map(Field::schema);
            field.or_else(|| schema.values())
        });
        path.push(Step::Key(key.to_string()));
        walk(path, (item, below), out);
        path.pop();
    }
    for field in schema.iter().flat_map(|schema| schema.fields()) {
        let name = field.name().as_str();
        if map.get(name).is_some() || is_left_alone(path, name) {
            continue;
        }
        path.push(Step::Key(name.to_owned()));
        for value in samples(field.schema(), SAMPLE_DEPTH_MAX) {
            out.push(Change {
                path: path.clone(),
                value: Some(value),
            });
        }
        path.pop();
    }
}

fn another_type(value: &Value) -> Value {
    match value {
        Value::Str(_) => Value::Int(7),
        Value::Map(_) => "x".into(),
        Value::List(_) => Value::Map(Map::new()),
        _ => "abc".into(),
    }
}

/// Other values of the same type.
fn others(value: &Value) -> Vec<Value> {
    let mut values: Vec<Value> = match value {
        Value::Str(text) => {
            let texts = TEXTS.iter().map(|text| Value::from(*text));
            let long = LENGTHS.iter().map(|length| "a".repeat(*length).into());
            let grown = [format!("{text}x"), format!("{text} ")].map(Value::from);
            texts.chain(long).chain(grown).collect()
        }
        Value::Bool(is) => vec![(!is).into()],
        Value::Int(_) | Value::UInt(_) => {
            NUMBERS.iter().map(|number| Value::Int(*number)).collect()
        }
        Value::Float(_) => vec![Value::Float(-1.5)],
        Value::List(list) => {
            let empty = Value::from(Vec::<Value>::new());
            let twice = list.iter().chain(list.iter().take(1)).cloned();
            let back = list.iter().rev().cloned();
            let twice = Value::from(twice.collect::<Vec<_>>());
            vec![empty, twice, Value::from(back.collect::<Vec<_>>())]
        }
        Value::Map(map) => {
            let mut more = map.clone();
            more.insert("Bad Key!", Value::from("x"));
            vec![Value::Map(Map::new()), Value::Map(more)]
        }
        Value::Null => Vec::new(),
    };
    values.retain(|other| other != value);
    values
}

/// What may stand in a field that is not there: the least, and the least with what is required.
fn samples(schema: Schema<'_>, depth: usize) -> Vec<Value> {
    match schema.shape() {
        Shape::Object => {
            let mut least = vec![Value::Map(Map::new())];
            let filled = sample(schema, depth);
            if !least.contains(&filled) {
                least.push(filled);
            }
            least
        }
        Shape::Boolean => vec![true.into(), false.into()],
        Shape::Int32 | Shape::Int64 => vec![Value::Int(1), Value::Int(-1)],
        _ => vec![sample(schema, depth)],
    }
}

fn sample(schema: Schema<'_>, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    match schema.shape() {
        Shape::Object => {
            let mut map = Map::new();
            for field in schema.fields().filter(|field| field.is_required()) {
                map.insert(field.name().as_str(), sample(field.schema(), depth - 1));
            }
            Value::Map(map)
        }
        Shape::Map => {
            let mut map = Map::new();
            let below = schema.values().map(|below| sample(below, depth - 1));
            map.insert("a", below.unwrap_or_default());
            Value::Map(map)
        }
        Shape::List => {
            let below = schema.items().map(|below| sample(below, depth - 1));
            Value::from(vec![below.unwrap_or_default()])
        }
        Shape::String => "x".into(),
        Shape::Number | Shape::Int32 | Shape::Int64 | Shape::IntOrString => Value::Int(1),
        Shape::Boolean => true.into(),
        Shape::Quantity => "1".into(),
        Shape::Time | Shape::MicroTime => "2020-01-01T00:00:00Z".into(),
        Shape::Duration => "1s".into(),
        Shape::Bytes => "AA==".into(),
        Shape::Raw | Shape::Any => Value::Map(Map::new()),
    }
}
