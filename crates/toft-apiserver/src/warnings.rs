//! What a client is told although its request is granted.

use toft_value::Value;

use crate::call::Call;

/// Versions of kinds that upstream calls deprecated: since when, and what to use.
///
/// Source: Kubernetes 1.36.3 `k8s.io/api` `zz_generated.prerelease-lifecycle.go`; apiserver 0.36.3
/// `pkg/endpoints/deprecation/deprecation.go`.
const DEPRECATED: &[(&str, &str, &str)] = &[
    (
        "v1",
        "Endpoints",
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    (
        "v1",
        "ComponentStatus",
        "v1 ComponentStatus is deprecated in v1.19+",
    ),
];

/// The warning that every request about a kind gets, whatever its outcome.
pub(crate) fn deprecation(call: &Call<'_>) -> Option<String> {
    if let Some(version) = &call.custom {
        return custom_deprecation(call, version);
    }
    let (version, kind) = (call.gvk().api_version(), &call.gvk().kind);
    let found = DEPRECATED
        .iter()
        .find(|entry| entry.0 == version && entry.1 == kind);
    found.map(|entry| entry.2.to_owned())
}

/// Source: apiextensions-apiserver 0.36.3 `pkg/apiserver/customresource_handler.go`, `getOrCreateServingInfoFor`.
fn custom_deprecation(call: &Call<'_>, version: &Value) -> Option<String> {
    if version.bool_at(&["deprecated"]) != Some(true) {
        return None;
    }
    let said = version.str_at(&["deprecationWarning"]);
    let gvk = call.gvk();
    Some(said.map_or_else(
        || format!("{} {} is deprecated", gvk.api_version(), gvk.kind),
        str::to_owned,
    ))
}

type Warn = fn(&Call<'_>, Option<&Value>, &Value);

/// What kinds warn of when an object is made or changed.
///
/// Source: Kubernetes 1.36.3 `pkg/registry/*/*/strategy.go`, `WarningsOnCreate` and `WarningsOnUpdate`.
const KINDS: &[(&str, &str, Warn)] = &[("storage.k8s.io", "csidrivers", csi_driver)];

/// Warns of a new object, or of a changed one.
pub(crate) fn written(call: &Call<'_>, live: Option<&Value>, object: &Value) {
    let kind = KINDS
        .iter()
        .find(|kind| kind.0 == call.stored.group && kind.1 == call.stored.resource);
    if let Some(kind) = kind {
        (kind.2)(call, live, object);
    }
}

fn csi_driver(call: &Call<'_>, live: Option<&Value>, object: &Value) {
    const REQUESTS: &[&str] = &["spec", "tokenRequests"];
    let unset = object
        .at(&["spec", "serviceAccountTokenInSecrets"])
        .is_none();
    let changed = live.is_none_or(|live| live.at(REQUESTS) != object.at(REQUESTS));
    if unset && changed && !object.items_at(REQUESTS).is_empty() {
        call.warn("spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes");
    }
}
