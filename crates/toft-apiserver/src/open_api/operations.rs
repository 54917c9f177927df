//! What can be done with a resource: paths, methods, parameters, bodies, answers.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/installer.go`; kube-openapi `pkg/builder3`; apiextensions-apiserver
//! 0.36.3 `pkg/controller/openapi/builder/builder.go`.

use toft_object::Gvk;
use toft_schema::Resource;
use toft_value::{Map, Value, value};

use super::types::{DELETE_OPTIONS, PATCH, REFERENCE, STATUS, Types};

/// Patches of all kinds; the last one is for built-in kinds alone.
const PATCHES: &[&str] = &[
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];

type Parameter = (&'static str, &'static str);

const LIST: &[Parameter] = &[
    ("allowWatchBookmarks", "boolean"),
    ("continue", "string"),
    ("fieldSelector", "string"),
    ("labelSelector", "string"),
    ("limit", "integer"),
    ("resourceVersion", "string"),
    ("resourceVersionMatch", "string"),
    ("sendInitialEvents", "boolean"),
    ("timeoutSeconds", "integer"),
    ("watch", "boolean"),
];
const SELECT: &[Parameter] = &[
    ("continue", "string"),
    ("fieldSelector", "string"),
    ("labelSelector", "string"),
    ("limit", "integer"),
    ("resourceVersion", "string"),
    ("resourceVersionMatch", "string"),
    ("sendInitialEvents", "boolean"),
    ("timeoutSeconds", "integer"),
];
const WRITE: &[Parameter] = &[
    ("dryRun", "string"),
    ("fieldManager", "string"),
    ("fieldValidation", "string"),
];
const PATCH_ONLY: &[Parameter] = &[("force", "boolean")];
const DELETE: &[Parameter] = &[
    ("dryRun", "string"),
    ("gracePeriodSeconds", "integer"),
    ("orphanDependents", "boolean"),
    ("propagationPolicy", "string"),
];

/// What an operation does, by verb: its method, the name of its action, how its name begins, its place.
const OPERATIONS: &[Operation] = &[
    operation("list", "get", "list", Place::Collection),
    operation("create", "post", "create", Place::Collection),
    operation("deletecollection", "delete", "delete", Place::Collection),
    operation("get", "get", "read", Place::Object),
    operation("update", "put", "replace", Place::Object),
    operation("patch", "patch", "patch", Place::Object),
    operation("delete", "delete", "delete", Place::Object),
];

#[derive(Clone, Copy)]
struct Operation {
    verb: &'static str,
    method: &'static str,
    prefix: &'static str,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Collection,
    Object,
}

const fn operation(
    verb: &'static str,
    method: &'static str,
    prefix: &'static str,
    place: Place,
) -> Operation {
    Operation {
        verb,
        method,
        prefix,
        place,
    }
}

/// What the operations of one path are about.
struct Subject<'a> {
    resource: &'a Resource,
    gvk: &'a Gvk,
    /// The type of the objects.
    object: String,
    /// How the names of the operations end.
    suffix: String,
}

/// Adds the paths of a resource.
pub(super) fn add(paths: &mut Map, resource: &Resource, types: &Types<'_>) {
    let root = if resource.group.is_empty() {
        format!("/api/{}", resource.version)
    } else {
        format!("/apis/{}/{}", resource.group, resource.version)
    };
    let (scope, namespaced) = if resource.namespaced {
        ("/namespaces/{namespace}", "Namespaced")
    } else {
        ("", "")
    };
    let collection = format!("{root}{scope}/{}", resource.plural);
    let object = format!("{collection}/{{name}}");
    let kind = &resource.gvk.kind;
    let mut subject = Subject {
        resource,
        gvk: &resource.gvk,
        object: types.name(&resource.gvk),
        suffix: format!("{kind}ForAllNamespaces"),
    };
    if resource.namespaced && resource.allows("list") {
        let list = OPERATIONS.iter().filter(|one| one.verb == "list");
        let item = item(&subject, list, &[]);
        paths.insert(format!("{root}/{}", resource.plural), item);
    }
    subject.suffix = format!("{namespaced}{kind}");
    let in_path: &[&str] = if resource.namespaced {
        &["namespace"]
    } else {
        &[]
    };
    let named: Vec<&str> = ["name"].iter().chain(in_path).copied().collect();
    for (place, path, in_path) in [
        (Place::Collection, &collection, in_path),
        (Place::Object, &object, &named),
    ] {
        let of_place = |one: &&Operation| one.place == place && resource.allows(one.verb);
        let mut operations = OPERATIONS.iter().filter(of_place).peekable();
        if operations.peek().is_some() {
            paths.insert(path.clone(), item(&subject, operations, in_path));
        }
    }
    for subresource in &resource.subresources {
        let subject = Subject {
            resource,
            gvk: &subresource.gvk,
            object: types.name(&subresource.gvk),
            suffix: format!("{namespaced}{kind}{}", capital(&subresource.name)),
        };
        let has = |one: &&Operation| subresource.verbs.iter().any(|verb| verb == one.verb);
        let operations = OPERATIONS.iter().filter(has);
        paths.insert(
            format!("{object}/{}", subresource.name),
            item(&subject, operations, &named),
        );
    }
}

fn item<'o>(
    subject: &Subject<'_>,
    operations: impl Iterator<Item = &'o Operation>,
    in_path: &[&str],
) -> Value {
    let mut item = Map::new();
    for operation in operations {
        item.insert(operation.method, described(subject, *operation));
    }
    let mut parameters: Vec<Value> = in_path
        .iter()
        .map(|name| value!({"name": *name, "in": "path", "required": true, "schema": {"type": "string", "uniqueItems": true}}))
        .collect();
    parameters.push(in_query(&("pretty", "string")));
    item.insert("parameters", Value::from(parameters));
    Value::Map(item)
}

fn in_query((name, kind): &Parameter) -> Value {
    value!({"name": *name, "in": "query", "schema": {"type": *kind, "uniqueItems": true}})
}

fn described(subject: &Subject<'_>, operation: Operation) -> Value {
    let gvk = subject.gvk;
    let action = match operation.verb {
        "create" => "post",
        "update" => "put",
        other => other,
    };
    let (tag, version) = names(subject.resource);
    let collection = if operation.verb == "deletecollection" {
        "Collection"
    } else {
        ""
    };
    let name = format!(
        "{}{version}{collection}{}",
        operation.prefix, subject.suffix
    );
    let mut described = value!({
        "tags": [tag],
        "operationId": name,
        "responses": responses(subject, operation),
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": gvk.group.clone(), "kind": gvk.kind.clone(), "version": gvk.version.clone()},
    });
    let mut parameters: Vec<Value> = parameters(operation.verb).map(in_query).collect();
    // Reading one custom object can name a version.
    if operation.verb == "get" && !is_built_in(&subject.resource.gvk) {
        parameters.push(in_query(&("resourceVersion", "string")));
    }
    parameters.sort_by(|one, other| one.str_at(&["name"]).cmp(&other.str_at(&["name"])));
    if !parameters.is_empty() {
        described.set_at(&["parameters"], Value::from(parameters));
    }
    if let Some(body) = body(subject, operation.verb) {
        described.set_at(&["requestBody"], body);
    }
    described
}

fn parameters(verb: &str) -> impl Iterator<Item = &'static Parameter> {
    let (first, second): (&[Parameter], &[Parameter]) = match verb {
        "list" => (LIST, &[]),
        "create" | "update" => (WRITE, &[]),
        "patch" => (WRITE, PATCH_ONLY),
        "delete" => (DELETE, &[]),
        "deletecollection" => (DELETE, SELECT),
        _ => (&[], &[]),
    };
    first.iter().chain(second)
}

fn reference(name: &str) -> Value {
    value!({"schema": {"$ref": format!("{REFERENCE}{name}")}})
}

fn body(subject: &Subject<'_>, verb: &str) -> Option<Value> {
    let content: Map = match verb {
        "create" | "update" => [("*/*".into(), reference(&subject.object))]
            .into_iter()
            .collect(),
        "delete" | "deletecollection" => {
            let content: Map = [("*/*".into(), reference(DELETE_OPTIONS))]
                .into_iter()
                .collect();
            return Some(value!({"content": content}));
        }
        "patch" => {
            let built_in = is_built_in(&subject.resource.gvk);
            let kinds = PATCHES
                .iter()
                .filter(|kind| built_in || !kind.contains("strategic"));
            kinds
                .map(|kind| ((*kind).into(), reference(PATCH)))
                .collect()
        }
        _ => return None,
    };
    Some(value!({"content": content, "required": true}))
}

fn responses(subject: &Subject<'_>, operation: Operation) -> Value {
    let list = format!("{}List", subject.object);
    let (object, codes): (&str, &[&str]) = match operation.verb {
        "list" => (&list, &["200"]),
        "create" => (&subject.object, &["200", "201", "202"]),
        "update" | "patch" => (&subject.object, &["200", "201"]),
        "delete" => (STATUS, &["200", "202"]),
        "deletecollection" => (STATUS, &["200"]),
        _ => (&subject.object, &["200"]),
    };
    let mut responses = Map::new();
    for code in codes {
        let text = match *code {
            "201" => "Created",
            "202" => "Accepted",
            _ => "OK",
        };
        let media = media(operation.verb, &subject.resource.gvk);
        let content: Map = media
            .map(|media| (media.into(), reference(object)))
            .collect();
        responses.insert(*code, value!({"description": text, "content": content}));
    }
    responses.insert("401", value!({"description": "Unauthorized"}));
    Value::Map(responses)
}

fn media(verb: &str, gvk: &Gvk) -> impl Iterator<Item = &'static str> {
    const MEDIA: &[&str] = &[
        "application/json",
        "application/json;stream=watch",
        "application/vnd.kubernetes.protobuf",
        "application/vnd.kubernetes.protobuf;stream=watch",
        "application/yaml",
    ];
    let built_in = is_built_in(gvk);
    let streams = verb == "list" && built_in;
    MEDIA
        .iter()
        .copied()
        .filter(move |media| built_in || !media.contains("protobuf"))
        .filter(move |media| streams || !media.contains("stream"))
}

/// The tag of a version, and how the names of its operations go on: `apps_v1`, `AppsV1`.
fn names(resource: &Resource) -> (String, String) {
    let group = resource.group.trim_end_matches(".k8s.io");
    let parts: Vec<&str> = match group {
        "" => vec!["core"],
        group => group.split(['.', '-']).collect(),
    };
    let capitals: String = parts.iter().map(|part| capital(part)).collect();
    let rest: String = parts.iter().skip(1).map(|part| capital(part)).collect();
    let first = parts.first().copied().unwrap_or_default();
    let tag = format!("{first}{rest}_{}", resource.version);
    (tag, format!("{capitals}{}", capital(&resource.version)))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Built-in kinds take strategic merge patches; their groups have no dot, or end in `.k8s.io`.
pub(super) fn is_built_in(gvk: &Gvk) -> bool {
    !gvk.group.contains('.') || gvk.group.ends_with(".k8s.io")
}
