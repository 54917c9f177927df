//! Requests for certificates carry who asks; nobody approves them while making them.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/certificates/certificates/strategy.go`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::call::Call;
use crate::store::Store;

/// The fields that only the server says.
const ASKER: &[&str] = &["username", "uid", "groups", "extra"];

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn created(call: &Call<'_>, _store: &Store, object: &mut Value) -> Result<(), ApiError> {
    let user = call.request.user.clone();
    object.set_at(&["spec", "username"], user.clone());
    object.set_at(&["spec", "uid"], user);
    object.set_at(
        &["spec", "groups"],
        value!(["system:masters", "system:authenticated"]),
    );
    object.remove_at(&["spec", "extra"]);
    Ok(())
}

/// The spec stays as it was.
#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn updated(
    _call: &Call<'_>,
    _store: &Store,
    (live, new): (&Value, &mut Value),
) -> Result<(), ApiError> {
    for field in ASKER {
        match live.at(&["spec", field]) {
            Some(value) => new.set_at(&["spec", field], value),
            None => {
                new.remove_at(&["spec", field]);
            }
        }
    }
    Ok(())
}
