//! What is wrong with a definition, beyond the types of its fields.
//!
//! Source: apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/validation/validation.go`,
//! `pkg/apiserver/schema/validation.go`.

use toft_value::Value;

use crate::invalid::FieldError;

type Problems = Vec<FieldError>;

/// How deep schemas may nest; the same bound as of objects.
const DEPTH_MAX: usize = toft_value::JSON_DEPTH_MAX;

/// Groups that only Kubernetes itself fills.
const PROTECTED: &[&str] = &[".k8s.io", ".kubernetes.io"];

const APPROVAL: &str = "api-approved.kubernetes.io";

const SIMPLE_PATH: &str = "must be a simple json path starting with .";

/// What is wrong with a new definition.
pub(crate) fn of(definition: &Value) -> Problems {
    let mut problems = Problems::new();
    let versions = definition.items_at(&["spec", "versions"]);
    group(definition, &mut problems);
    choices(definition, &mut problems);
    names(definition, &mut problems);
    conversion(definition, &mut problems);
    // Where there is one version, upstream tells of it as if it stood in the definition itself.
    for (index, version) in versions.iter().enumerate() {
        let at = if versions.len() == 1 {
            "spec".to_owned()
        } else {
            format!("spec.versions[{index}]")
        };
        version_problems(version, (&at, index), &mut problems);
    }
    if versions
        .iter()
        .filter(|one| one.bool_at(&["storage"]) == Some(true))
        .count()
        != 1
    {
        let shown = Value::from(versions.to_vec());
        let why = "must have exactly one version marked as storage version";
        problems.push(FieldError::invalid("spec.versions", &shown, why));
        let why = "must have at least one stored version";
        problems.push(FieldError::invalid(
            "status.storedVersions",
            &Value::Null,
            why,
        ));
    }
    problems
}

fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    value.str_at(path).unwrap_or_default()
}

fn required(problems: &mut Problems, field: &str) {
    problems.push(FieldError::required(field, ""));
}

fn group(definition: &Value, problems: &mut Problems) {
    let group = text(definition, &["spec", "group"]);
    if group.is_empty() {
        required(problems, "spec.group");
    } else if !group.contains('.') {
        let why = "should be a domain with at least one dot";
        problems.push(FieldError::invalid("spec.group", &group.into(), why));
    }
    let is_protected = PROTECTED.iter().any(|end| group.ends_with(end));
    if is_protected && text(definition, &["metadata", "annotations", APPROVAL]).is_empty() {
        let why = "protected groups must have approval annotation \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111";
        let field = format!("metadata.annotations[{APPROVAL}]");
        problems.push(FieldError::required(&field, why));
    }
}

fn choices(definition: &Value, problems: &mut Problems) {
    match text(definition, &["spec", "scope"]) {
        "Cluster" | "Namespaced" => {}
        "" => required(problems, "spec.scope"),
        other => problems.push(FieldError::not_supported(
            "spec.scope",
            &other.into(),
            &["Cluster", "Namespaced"],
        )),
    }
    if definition.bool_at(&["spec", "preserveUnknownFields"]) == Some(true) {
        let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        problems.push(FieldError::invalid(
            "spec.preserveUnknownFields",
            &Value::Bool(true),
            why,
        ));
    }
}

fn names(definition: &Value, problems: &mut Problems) {
    let Some(names) = definition.at(&["spec", "names"]) else {
        return;
    };
    if text(names, &["kind"]).is_empty() {
        for key in ["kind", "listKind", "singular"] {
            required(problems, &format!("spec.names.{key}"));
        }
        return;
    }
    for key in ["plural", "singular"] {
        let name = text(names, &[key]);
        label(name, &format!("spec.names.{key}"), problems);
    }
    for key in ["kind", "listKind"] {
        let name = text(names, &[key]);
        if !is_label(&name.to_lowercase()) {
            label(name, &format!("spec.names.{key}"), problems);
        }
    }
    for list in ["shortNames", "categories"] {
        for (index, name) in names.items_at(&[list]).iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            label(name, &format!("spec.names.{list}[{index}]"), problems);
        }
    }
}

fn is_label(name: &str) -> bool {
    let inner = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-';
    name.len() <= 63
        && name.starts_with(|one: char| one.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(inner)
}

fn label(name: &str, field: &str, problems: &mut Problems) {
    if name.is_empty() {
        required(problems, field);
    } else if !is_label(name) {
        let why = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
        problems.push(FieldError::invalid(field, &name.into(), why));
    }
}

fn conversion(definition: &Value, problems: &mut Problems) {
    const AT: &[&str] = &["spec", "conversion"];
    let Some(conversion) = definition.at(AT) else {
        return;
    };
    match text(conversion, &["strategy"]) {
        "None" | "" => {}
        "Webhook" => {
            if conversion
                .items_at(&["webhook", "conversionReviewVersions"])
                .is_empty()
            {
                required(problems, "spec.conversion.conversionReviewVersions");
            }
            if conversion.at(&["webhook", "clientConfig"]).is_none() {
                let why = "required when strategy is set to Webhook";
                problems.push(FieldError::required(
                    "spec.conversion.webhookClientConfig",
                    why,
                ));
            }
        }
        other => problems.push(FieldError::not_supported(
            "spec.conversion.strategy",
            &other.into(),
            &["None", "Webhook"],
        )),
    }
}

fn version_problems(version: &Value, (at, index): (&str, usize), problems: &mut Problems) {
    let name = text(version, &["name"]);
    if at == "spec" {
        label(name, "spec.version", problems);
    }
    label(name, &format!("spec.versions[{index}].name"), problems);
    columns(version, at, problems);
    scale(version, at, problems);
    let Some(schema) = version.at(&["schema", "openAPIV3Schema"]) else {
        let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
        required(problems, &field);
        return;
    };
    let field = if at == "spec" {
        "spec.validation.openAPIV3Schema".to_owned()
    } else {
        format!("{at}.schema.openAPIV3Schema")
    };
    root(schema, &field, problems);
    selectable(version, (schema, at), problems);
}

fn columns(version: &Value, at: &str, problems: &mut Problems) {
    let columns = version.items_at(&["additionalPrinterColumns"]);
    for (index, column) in columns.iter().enumerate() {
        let field = |key: &str| format!("{at}.additionalPrinterColumns[{index}].{key}");
        let (kind, path) = (text(column, &["type"]), text(column, &["jsonPath"]));
        if text(column, &["name"]).is_empty() {
            required(problems, &field("name"));
        }
        match kind {
            "boolean" | "date" | "integer" | "number" | "string" => {}
            "" => {
                let why = "must be one of boolean,date,integer,number,string";
                problems.push(FieldError::required(&field("type"), why));
            }
            other => {
                let why = "must be one of boolean,date,integer,number,string";
                problems.push(FieldError::invalid(&field("type"), &other.into(), why));
            }
        }
        simple_path(path, &field("JSONPath"), problems);
    }
}

/// Whether a path is simple; tells where it is not.
fn simple_path(path: &str, field: &str, problems: &mut Problems) -> bool {
    if path.is_empty() {
        required(problems, field);
        return false;
    }
    if !path.starts_with('.') {
        problems.push(FieldError::invalid(field, &path.into(), SIMPLE_PATH));
        return false;
    }
    true
}

fn scale(version: &Value, at: &str, problems: &mut Problems) {
    let Some(scale) = version.at(&["subresources", "scale"]) else {
        return;
    };
    for (key, below) in [
        ("specReplicasPath", ".spec"),
        ("statusReplicasPath", ".status"),
    ] {
        let (field, path) = (
            format!("{at}.subresources.scale.{key}"),
            text(scale, &[key]),
        );
        if simple_path(path, &field, problems) && !path.starts_with(&format!("{below}.")) {
            let why = format!("should be a json path under {below}");
            problems.push(FieldError::invalid(&field, &path.into(), &why));
        }
    }
}

fn selectable(version: &Value, (schema, at): (&Value, &str), problems: &mut Problems) {
    let fields = version.items_at(&["selectableFields"]);
    for (index, one) in fields.iter().enumerate() {
        let field = format!("{at}.selectableFields[{index}].jsonPath");
        let path = text(one, &["jsonPath"]);
        if !simple_path(path, &field, problems) {
            continue;
        }
        let mut keys = path.split('.').skip(1);
        let found = keys.try_fold(schema, |schema, key| schema.at(&["properties", key]));
        if found.is_none() {
            let why = "is an invalid path: does not refer to a valid field";
            problems.push(FieldError::invalid(&field, &path.into(), why));
        }
    }
}

fn root(schema: &Value, field: &str, problems: &mut Problems) {
    match text(schema, &["type"]) {
        "object" => within(schema, field, (problems, 0)),
        "" => problems.push(FieldError::required(
            &format!("{field}.type"),
            "must not be empty at the root",
        )),
        other => problems.push(FieldError::invalid(
            &format!("{field}.type"),
            &other.into(),
            "must be object at the root",
        )),
    }
    let metadata = schema.at(&["properties", "metadata", "properties"]);
    let names = metadata.and_then(Value::as_map).into_iter().flatten();
    let others = names.filter(|(key, _)| !matches!(key.as_str(), "name" | "generateName"));
    if others.count() > 0 {
        problems.push(FieldError::forbidden(
            &format!("{field}.properties[metadata]"),
            "must not specify anything other than name and generateName, but metadata is implicitly specified",
        ));
    }
}

/// A schema below the root: it says its type, and what its lists hold.
fn node(schema: &Value, (field, of): (&str, &str), (problems, depth): (&mut Problems, usize)) {
    const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
    let flag = |key: &str| schema.bool_at(&[key]) == Some(true);
    let free = flag("x-kubernetes-preserve-unknown-fields") || flag("x-kubernetes-int-or-string");
    match text(schema, &["type"]) {
        "" if free => {}
        "" => problems.push(FieldError::required(
            &format!("{field}.type"),
            &format!("must not be empty for specified {of}"),
        )),
        known if TYPES.contains(&known) => {}
        other => problems.push(FieldError::not_supported(
            &format!("{field}.type"),
            &other.into(),
            TYPES,
        )),
    }
    within(schema, field, (problems, depth));
}

fn within(schema: &Value, field: &str, (problems, depth): (&mut Problems, usize)) {
    if depth > DEPTH_MAX {
        return;
    }
    list(schema, field, problems);
    let properties = schema.get("properties").and_then(Value::as_map);
    for (name, property) in properties.into_iter().flatten() {
        let field = format!("{field}.properties[{name}]");
        node(property, (&field, "object fields"), (problems, depth + 1));
    }
    if let Some(items) = schema.get("items") {
        let field = format!("{field}.items");
        node(items, (&field, "array items"), (problems, depth + 1));
    }
    if let Some(values) = schema
        .get("additionalProperties")
        .filter(|one| one.as_map().is_some())
    {
        let field = format!("{field}.additionalProperties");
        node(values, (&field, "object fields"), (problems, depth + 1));
    }
}

fn list(schema: &Value, field: &str, problems: &mut Problems) {
    const KIND: &str = "x-kubernetes-list-type";
    if text(schema, &["type"]) == "array" && schema.get("items").is_none() {
        problems.push(FieldError::required(
            &format!("{field}.items"),
            "must be specified",
        ));
    }
    match text(schema, &[KIND]) {
        "" | "atomic" | "set" => {}
        "map" => {
            let item = text(schema, &["items", "type"]);
            if item != "object" {
                let why = "must be object if parent array's x-kubernetes-list-type is map";
                let field = format!("{field}.items.type");
                problems.push(FieldError::invalid(&field, &item.into(), why));
            }
            if schema.items_at(&["x-kubernetes-list-map-keys"]).is_empty() {
                let why = "must not be empty if x-kubernetes-list-type is map";
                let field = format!("{field}.x-kubernetes-list-map-keys");
                problems.push(FieldError::required(&field, why));
            }
        }
        other => problems.push(FieldError::not_supported(
            &format!("{field}.{KIND}"),
            &other.into(),
            &["atomic", "set", "map"],
        )),
    }
}
