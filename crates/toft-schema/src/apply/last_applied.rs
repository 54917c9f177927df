//! The way from client-side to server-side apply: conflicts over fields that client-side apply set.
//!
//! Source: apimachinery 0.36.3 `pkg/util/managedfields/internal/{lastapplied,lastappliedmanager,lastappliedupdater}.go`.

use toft_value::Value;

use super::error::{ApplyError, Conflict};
use super::typed::{Type, check, compare, field_set};
use super::{ApplyContext, without_managed_fields};

/// The only manager for which the annotation counts.
pub(super) const MANAGER: &str = "kubectl";

const ANNOTATION: &[&str] = &[
    "metadata",
    "annotations",
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// How many bytes the annotations of an object may have.
const ANNOTATIONS_BYTES_MAX: usize = 256 * 1024;

/// The conflicts that are not over fields which client-side apply set and nobody changed since.
///
/// # Errors
/// The annotation is missing or of no use: then all conflicts count.
pub(super) fn unsettled(
    context: &ApplyContext<'_>,
    live: &Value,
    conflicts: Vec<Conflict>,
) -> Result<Vec<Conflict>, ApplyError> {
    let version = context.gvk.api_version();
    let type_ = context.type_in(&version).unwrap_or(Type::Deduced);
    let applied = live
        .str_at(ANNOTATION)
        .and_then(|text| Value::from_json(text.as_bytes()).ok())
        .filter(|applied| applied.str_at(&["apiVersion"]) == Some(version.as_str()))
        .filter(|applied| check(type_, applied).is_ok());
    let Some(applied) = applied else {
        return Err(ApplyError::Conflicts(conflicts));
    };
    let difference = compare(type_, &applied, live);
    let allowed = field_set(type_, &applied)
        .difference(&difference.modified)
        .difference(&difference.added)
        .difference(&difference.removed);
    let conflicts = conflicts.into_iter();
    Ok(conflicts
        .filter(|conflict| !allowed.has(&conflict.path))
        .collect())
}

/// Writes the applied object into the annotation, where the object has one.
pub(super) fn renew(object: &mut Value, config: &Value) {
    if object.str_at(ANNOTATION).is_none_or(str::is_empty) {
        return;
    }
    let mut config = without_managed_fields(config);
    config.remove_at(ANNOTATION);
    let mut text = config.to_json();
    text.push('\n');
    let fits = text.len() <= ANNOTATIONS_BYTES_MAX;
    object.set_at(ANNOTATION, if fits { text.as_str() } else { "" });
}
