//! Jobs choose their pods by labels that the server makes.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/batch/job/strategy.go`, `generateSelector`.

use toft_api::ApiError;
use toft_value::Value;

use crate::call::Call;
use crate::store::Store;

const NAME_LABELS: &[&str] = &["job-name", "batch.kubernetes.io/job-name"];
const UID_LABELS: &[&str] = &["controller-uid", "batch.kubernetes.io/controller-uid"];
const SELECTED: &str = "batch.kubernetes.io/controller-uid";

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn created(
    _call: &Call<'_>,
    _store: &Store,
    object: &mut Value,
) -> Result<(), ApiError> {
    if object.bool_at(&["spec", "manualSelector"]) == Some(true) {
        return Ok(());
    }
    let text = |key: &str| {
        object
            .str_at(&["metadata", key])
            .unwrap_or_default()
            .to_owned()
    };
    let (name, uid) = (text("name"), text("uid"));
    for (labels, value) in [(NAME_LABELS, &name), (UID_LABELS, &uid)] {
        for label in labels {
            set_if_missing(
                object,
                &["spec", "template", "metadata", "labels", label],
                value,
            );
        }
    }
    set_if_missing(object, &["spec", "selector", "matchLabels", SELECTED], &uid);
    // Upstream reads what it keeps with defaults once more, and a job without labels takes its template's.
    let labels = object
        .at(&["spec", "template", "metadata", "labels"])
        .cloned();
    if object.at(&["metadata", "labels"]).is_none()
        && let Some(labels) = labels
    {
        object.set_at(&["metadata", "labels"], labels);
    }
    Ok(())
}

fn set_if_missing(object: &mut Value, path: &[&str], value: &str) {
    if object.at(path).is_none() {
        object.set_at(path, value);
    }
}
