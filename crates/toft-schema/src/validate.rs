//! What is wrong with an object.

mod at;
mod builtin;
mod custom;
mod meta;
mod name;
mod selector;

use toft_object::Gvk;
use toft_value::Value;

use crate::field_error::FieldError;
use crate::schemas::Schemas;
use at::Errors;

/// What is wrong with a new object; it is decoded, has its defaults, and its name and namespace.
///
/// Of the built-in kinds, those that homelabs write are checked field by field, and most others too. The
/// expressions of policies and webhooks are not compiled (ADR 0003). Custom resources are checked against
/// the schema of their CRD, without its CEL rules.
///
/// # Example
/// ```
/// use toft_object::Gvk;
/// use toft_schema::{Schemas, validate};
/// use toft_value::value;
/// let pod = value!({
///     "metadata": {"name": "photos"},
///     "spec": {"containers": [{"name": "main"}], "terminationGracePeriodSeconds": 30},
/// });
/// let errors = validate(&Schemas::builtin(), &Gvk::of("v1", "Pod"), &pod);
/// assert!(errors.iter().any(|error| error.to_string() == "spec.containers[0].image: Required value"));
/// ```
pub fn validate(schemas: &Schemas, gvk: &Gvk, object: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    meta::validate(gvk, object, &mut errors);
    if schemas.builtin_schema(gvk).is_some() {
        meta::standard_finalizers(object, &mut errors);
        builtin::validate(gvk, object, &mut errors);
    } else if let Some(schema) = schemas.schema(gvk) {
        for error in custom::validate(schema, object) {
            errors.push(error);
        }
    }
    errors.into_vec()
}

/// What is wrong with a changed object: what is wrong with it, and what may not change.
///
/// What upstream looks at several times it tells as often.
pub fn validate_update(schemas: &Schemas, gvk: &Gvk, old: &Value, new: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    if schemas.builtin_schema(gvk).is_some() {
        let times = builtin::looks_at_metadata(gvk);
        meta::validate_update(gvk, (old, new), times, &mut errors);
        builtin::validate_update(gvk, (old, new), &mut errors);
        return errors.into_vec();
    }
    meta::validate_update(gvk, (old, new), meta::Times::OnceMore, &mut errors);
    if let Some(schema) = schemas.schema(gvk) {
        for error in custom::validate(schema, new) {
            errors.push(error);
        }
    }
    errors.into_vec()
}

/// What is wrong with a text that should be a DNS subdomain, in upstream's words; nothing where it is one.
///
/// # Example
/// ```
/// assert_eq!(toft_schema::subdomain_problem("apps.example.org"), None);
/// assert!(toft_schema::subdomain_problem("Apps").is_some());
/// ```
pub fn subdomain_problem(text: &str) -> Option<String> {
    let messages = name::dns_subdomain(text);
    (!messages.is_empty()).then(|| messages.join(","))
}
