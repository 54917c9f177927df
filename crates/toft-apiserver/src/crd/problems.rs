//! What is wrong with a definition, beyond the types of its fields.
//!
//! Source: apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/validation/validation.go`,
//! `pkg/apiserver/schema/validation.go`.

mod schema;
mod structural;

use toft_value::Value;

use crate::invalid::FieldError;

type Problems = Vec<FieldError>;

/// How deep schemas may nest; the same bound as of objects.
const DEPTH_MAX: usize = toft_value::JSON_DEPTH_MAX;

/// Groups that only Kubernetes itself fills.
const PROTECTED: &[&str] = &[".k8s.io", ".kubernetes.io"];

const APPROVAL: &str = "api-approved.kubernetes.io";

const SIMPLE_PATH: &str = "must be a simple json path starting with .";

/// What is wrong with a definition, new or changed.
pub(crate) fn of(definition: &Value) -> Problems {
    let mut problems = Problems::new();
    let versions = definition.items_at(&["spec", "versions"]);
    group(definition, &mut problems);
    choices(definition, &mut problems);
    names(definition, &mut problems);
    conversion(definition, &mut problems);
    if let Some(version) = versions.first() {
        label(text(version, &["name"]), "spec.version", &mut problems);
    }
    for (index, version) in versions.iter().enumerate() {
        version_problems(versions, (version, index), &mut problems);
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
    } else if let Some(why) = toft_schema::subdomain_problem(group) {
        problems.push(FieldError::invalid("spec.group", &group.into(), &why));
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
        let why = label_problem(&name.to_lowercase());
        if name.is_empty() {
            required(problems, &format!("spec.names.{key}"));
        } else if let Some(why) = why {
            let why = format!("may have mixed case, but should otherwise match: {why}");
            let field = format!("spec.names.{key}");
            problems.push(FieldError::invalid(&field, &name.into(), &why));
        }
    }
    let (kind, list) = (text(names, &["kind"]), text(names, &["listKind"]));
    if kind == list {
        let why = "kind and listKind may not be the same";
        problems.push(FieldError::invalid(
            "spec.names.listKind",
            &list.into(),
            why,
        ));
    }
    for list in ["shortNames", "categories"] {
        for (index, name) in names.items_at(&[list]).iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            label(name, &format!("spec.names.{list}[{index}]"), problems);
        }
    }
}

/// What is wrong with a label of the older kind.
fn label_problem(name: &str) -> Option<String> {
    const LENGTH_MAX: usize = 63;
    const WHY: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    let inner = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-';
    let is_label = name.starts_with(|one: char| one.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(inner);
    match (name.len() > LENGTH_MAX, is_label) {
        (false, true) => None,
        (true, true) => Some(format!("must be no more than {LENGTH_MAX} bytes")),
        (false, false) => Some(WHY.to_owned()),
        (true, false) => Some(format!("must be no more than {LENGTH_MAX} bytes,{WHY}")),
    }
}

fn label(name: &str, field: &str, problems: &mut Problems) {
    if name.is_empty() && field.starts_with("spec.names") {
        required(problems, field);
    } else if let Some(why) = label_problem(name) {
        problems.push(FieldError::invalid(field, &name.into(), &why));
    }
}

fn conversion(definition: &Value, problems: &mut Problems) {
    const AT: &[&str] = &["spec", "conversion"];
    const FIELD: &str = "spec.conversion.webhookClientConfig";
    const VERSIONS: &str = "spec.conversion.conversionReviewVersions";
    let Some(conversion) = definition.at(AT) else {
        return;
    };
    let client = conversion.at(&["webhook", "clientConfig"]);
    let versions = conversion.items_at(&["webhook", "conversionReviewVersions"]);
    let strategy = text(conversion, &["strategy"]);
    match strategy {
        "None" | "Webhook" => {}
        "" => required(problems, "spec.conversion.strategy"),
        other => problems.push(FieldError::not_supported(
            "spec.conversion.strategy",
            &other.into(),
            &["None", "Webhook"],
        )),
    }
    if strategy != "Webhook" {
        let why = "should not be set when strategy is not set to Webhook";
        if client.is_some() {
            problems.push(FieldError::forbidden(FIELD, why));
        }
        if !versions.is_empty() {
            problems.push(FieldError::forbidden(VERSIONS, why));
        }
        return;
    }
    match client {
        None => problems.push(FieldError::required(
            FIELD,
            "required when strategy is set to Webhook",
        )),
        Some(client) => webhook(client, FIELD, problems),
    }
    review_versions(versions, VERSIONS, problems);
}

fn webhook(client: &Value, field: &str, problems: &mut Problems) {
    const PORTS: std::ops::RangeInclusive<i64> = 1..=65_535;
    let service = client.get("service");
    if service.is_some() == client.get("url").is_some() {
        let why = "exactly one of url or service is required";
        problems.push(FieldError::required(field, why));
        return;
    }
    let Some(service) = service else { return };
    let field = format!("{field}.service");
    for (key, why) in [
        ("name", "service name is required"),
        ("namespace", "service namespace is required"),
    ] {
        if text(service, &[key]).is_empty() {
            problems.push(FieldError::required(&format!("{field}.{key}"), why));
        }
    }
    if let Some(port) = service
        .i64_at(&["port"])
        .filter(|port| !PORTS.contains(port))
    {
        let why = "port is not valid: must be between 1 and 65535, inclusive";
        let field = format!("{field}.port");
        problems.push(FieldError::invalid(&field, &Value::Int(port), why));
    }
}

/// The versions of reviews that a webhook understands.
fn review_versions(versions: &[Value], field: &str, problems: &mut Problems) {
    if versions.is_empty() {
        required(problems, field);
        return;
    }
    for (index, version) in versions.iter().enumerate() {
        let at = format!("{field}[{index}]");
        if versions.iter().take(index).any(|one| one == version) {
            problems.push(FieldError::invalid(&at, version, "duplicate version"));
        } else if let Some(why) = label_problem(version.as_str().unwrap_or_default()) {
            problems.push(FieldError::invalid(&at, version, &why));
        }
    }
    let is_known = |one: &Value| matches!(one.as_str(), Some("v1" | "v1beta1"));
    if !versions.iter().any(is_known) {
        let why = "must include at least one of v1, v1beta1";
        problems.push(FieldError::invalid(field, &versions.to_vec().into(), why));
    }
}

/// What a change may not touch.
pub(crate) fn of_change(live: &Value, new: &Value) -> Problems {
    let mut problems = of(new);
    for path in [
        &["spec", "scope"][..],
        &["spec", "names", "kind"],
        &["spec", "group"],
        &["spec", "names", "plural"],
    ] {
        if live.at(path) != new.at(path) {
            let shown = new.at(path).cloned().unwrap_or_else(|| "".into());
            problems.push(FieldError::invalid(
                &path.join("."),
                &shown,
                "field is immutable",
            ));
        }
    }
    problems
}

/// Where upstream tells a part of a version: what all versions have in common stands in the definition itself.
fn place(versions: &[Value], index: usize, part: &str) -> Option<String> {
    let first = versions.first().and_then(|version| version.get(part));
    let is_common = versions.iter().all(|version| version.get(part) == first);
    match (is_common, index) {
        (true, 0) => Some("spec".to_owned()),
        (true, _) => None,
        (false, _) => Some(format!("spec.versions[{index}]")),
    }
}

fn version_problems(
    versions: &[Value],
    (version, index): (&Value, usize),
    problems: &mut Problems,
) {
    let name = text(version, &["name"]);
    label(name, &format!("spec.versions[{index}].name"), problems);
    if let Some(at) = place(versions, index, "additionalPrinterColumns") {
        columns(version, &at, problems);
    }
    if let Some(at) = place(versions, index, "subresources") {
        scale(version, &at, problems);
    }
    let Some(schema) = version.at(&["schema", "openAPIV3Schema"]) else {
        let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
        required(problems, &field);
        return;
    };
    if let Some(at) = place(versions, index, "schema") {
        let field = if at == "spec" {
            "spec.validation.openAPIV3Schema".to_owned()
        } else {
            format!("{at}.schema.openAPIV3Schema")
        };
        let mut with_status = versions
            .iter()
            .enumerate()
            .filter(|(other, _)| at == "spec" || *other == index);
        let has_status =
            with_status.any(|(_, version)| version.at(&["subresources", "status"]).is_some());
        if has_status {
            status_root(schema, &field, problems);
        }
        root(schema, &field, problems);
    }
    if let Some(at) = place(versions, index, "selectableFields") {
        selectable(version, (schema, &at), problems);
    }
}

/// Where the status is written apart, the whole must be an object.
fn status_root(schema: &Value, field: &str, problems: &mut Problems) {
    let kind = text(schema, &["type"]);
    if !kind.is_empty() && kind != "object" {
        let why = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        let field = format!("{field}.type");
        problems.push(FieldError::invalid(&field, &kind.into(), why));
    }
}

fn root(schema: &Value, field: &str, problems: &mut Problems) {
    if schema.bool_at(&["nullable"]) == Some(true) {
        let why = "nullable cannot be true at the root";
        problems.push(FieldError::forbidden(&format!("{field}.nullable"), why));
    }
    problems.extend(structural::problems(schema, field));
    schema::problems(schema, field, (problems, 0));
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
        let format = text(column, &["format"]);
        if !format.is_empty() && !FORMATS.contains(&format) {
            let why = format!("must be one of {}", FORMATS.join(","));
            let at = field("format");
            problems.push(FieldError::invalid(&at, &format.into(), &why));
        }
        simple_path(path, &field("JSONPath"), problems);
    }
}

/// What columns may be formatted as.
const FORMATS: &[&str] = &[
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
];

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
    label_selector(scale, at, problems);
}

/// A path below the spec or the status.
fn label_selector(scale: &Value, at: &str, problems: &mut Problems) {
    let path = text(scale, &["labelSelectorPath"]);
    let field = format!("{at}.subresources.scale.labelSelectorPath");
    if path.is_empty() || !simple_path(path, &field, problems) {
        return;
    }
    if !path.starts_with(".spec.") && !path.starts_with(".status.") {
        let why = "should be a json path under either .spec or .status";
        problems.push(FieldError::invalid(&field, &path.into(), why));
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
