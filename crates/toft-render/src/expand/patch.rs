//! `templatePatch`: a strategic merge patch of a rendered Application.
//!
//! Source: Argo CD 3.2.0 `controllers/template/patch.go`; k8s.io/apimachinery v0.34.0
//! `pkg/util/strategicpatch/patch.go`. Of an Application's lists only the finalizers are merged.

use toft_argo::{APPLICATION, Shape, TEMPLATE};
use toft_source::{Severity, Source};
use toft_value::{Map, Value};
use toft_yaml::Resolver;

/// Applies a patch, written as YAML or JSON; the project stays what it is.
pub(super) fn apply(application: &Value, text: &str) -> Result<Value, String> {
    let patch = read(text)?;
    let json = patch.to_json();
    let invalid = |reason: &str| format!("invalid templatePatch {json:?}: {reason}");
    let Value::Map(map) = &patch else {
        if patch.is_null() {
            return Ok(application.clone());
        }
        let found = patch.kind().go_name();
        return Err(invalid(&format!(
            "json: cannot unmarshal {found} into Go value of type v1alpha1.Application"
        )));
    };
    let complaints = APPLICATION.check(&patch, "");
    let wrong = complaints
        .iter()
        .find(|one| one.severity == Severity::Error);
    if let Some(wrong) = wrong {
        return Err(invalid(&wrong.message));
    }
    let merged = merge(&APPLICATION, application, map).map_err(|reason| {
        format!("error while applying templatePatch template to json {json:?}: {reason}")
    })?;
    let operation = merged
        .get("operation")
        .filter(|operation| !operation.is_null())
        .cloned();
    let mut patched = TEMPLATE.canonical(&merged);
    if let Some(operation) = operation {
        patched.set_at(&["operation"], operation);
    }
    let project = application.str_at(&["spec", "project"]).unwrap_or_default();
    patched.set_at(&["spec", "project"], project);
    Ok(patched)
}

fn read(text: &str) -> Result<Value, String> {
    let source = Source::new("templatePatch", text.as_bytes().into());
    let parsed = toft_yaml::values(&source, Resolver::Kubectl);
    if let Some(problem) = parsed.diagnostics.first().filter(|_| parsed.has_errors()) {
        return Err(format!(
            "error while converting template to json {text:?}: {}",
            problem.message
        ));
    }
    let first = parsed.value.into_iter().next();
    Ok(first.map(|located| located.value).unwrap_or_default())
}

fn merge(shape: &Shape, target: &Value, patch: &Map) -> Result<Value, String> {
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            let mut replacement = patch.clone();
            replacement.remove("$patch");
            return Ok(Value::Map(replacement));
        }
        Some("delete") => return Ok(Value::Map(Map::new())),
        _ => {}
    }
    let mut merged = target.as_map().cloned().unwrap_or_default();
    for (key, value) in patch {
        if key.starts_with('$') {
            continue;
        }
        if value.is_null() {
            merged.remove(key);
            continue;
        }
        let known = merged.get(key).cloned();
        let value = match (known, value) {
            (Some(known @ Value::Map(_)), Value::Map(inner)) => {
                merge(&inner_shape(shape, key)?, &known, inner)?
            }
            (Some(Value::List(known)), Value::List(added)) if key == "finalizers" => {
                Value::from(merge_texts(&known, added))
            }
            _ => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    Ok(Value::Map(merged))
}

/// The patch's entries in their order, and before each of them those of the target that stand before it
/// there.
///
/// Source: k8s.io/apimachinery v0.34.0 `patch.go`, `normalizeElementOrder`, `mergeSortedSlice`.
fn merge_texts(target: &[Value], patch: &[Value]) -> Vec<Value> {
    let place = |wanted: &Value| target.iter().position(|known| known == wanted);
    let mut kept = target
        .iter()
        .filter(|known| !patch.contains(known))
        .peekable();
    let mut merged: Vec<Value> = Vec::new();
    for added in patch {
        if let Some(limit) = place(added) {
            while let Some(before) = kept.next_if(|known| place(known).is_some_and(|at| at < limit))
            {
                merged.push(before.clone());
            }
        }
        if !merged.contains(added) {
            merged.push(added.clone());
        }
    }
    merged.extend(kept.cloned());
    merged
}

/// The shape of a field that is a map on both sides.
fn inner_shape(shape: &Shape, key: &str) -> Result<Shape, String> {
    match shape {
        Shape::Struct(fields) => {
            let field = fields.iter().find(|field| field.name == key);
            Ok(field.map_or(Shape::Any, |field| field.shape))
        }
        Shape::Map(item) => Ok(**item),
        // Metadata is no struct of ours, but one of upstream's.
        Shape::Any if key == "labels" || key == "annotations" => Ok(Shape::Any),
        _ => Err(format!(
            "unable to find api field in struct RawExtension for the json field {key:?}"
        )),
    }
}
