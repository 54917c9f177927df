//! The generation of a daemon set's template, which an annotation still carries.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/apps/daemonset/strategy.go`, `pkg/apis/apps/v1/conversion.go`.

use toft_api::ApiError;
use toft_value::Value;

use crate::call::Call;
use crate::store::Store;

const GENERATION: [&str; 3] = [
    "metadata",
    "annotations",
    "deprecated.daemonset.template.generation",
];

/// Makes sure that the annotation is there, so that whoever writes the object owns it.
pub(super) fn numbered(object: &mut Value) {
    if object.at(&GENERATION).is_none() {
        object.set_at(&GENERATION, "0");
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn created(
    _call: &Call<'_>,
    _store: &Store,
    object: &mut Value,
) -> Result<(), ApiError> {
    object.set_at(&GENERATION, "1");
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn updated(
    _call: &Call<'_>,
    _store: &Store,
    (live, new): (&Value, &mut Value),
) -> Result<(), ApiError> {
    const TEMPLATE: &[&str] = &["spec", "template"];
    let old = live
        .str_at(&GENERATION)
        .and_then(|text| text.parse::<u64>().ok());
    let generation = old.unwrap_or(0) + u64::from(live.at(TEMPLATE) != new.at(TEMPLATE));
    new.set_at(&GENERATION, generation.to_string());
    Ok(())
}
