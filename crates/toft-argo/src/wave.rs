//! Sync waves.

use toft_object::Object;

/// The annotation that puts an object into a wave.
pub const ANNOTATION_SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";
/// Helm's annotation, which counts where there is no wave.
pub const ANNOTATION_HOOK_WEIGHT: &str = "helm.sh/hook-weight";

/// The wave of an object: its annotation, else Helm's hook weight, else 0; what is no integer is ignored.
///
/// Source: gitops-engine b89b0871b414 `pkg/sync/syncwaves/waves.go`, `pkg/sync/hook/helm/weight.go`.
///
/// # Example
/// ```
/// use toft_object::Object;
/// use toft_value::value;
/// let object = value!({"apiVersion": "v1", "kind": "Secret", "metadata": {"annotations": {"argocd.argoproj.io/sync-wave": "-1"}}});
/// assert_eq!(toft_argo::sync_wave(&Object::new(object).unwrap()), -1);
/// ```
pub fn sync_wave(object: &Object) -> i64 {
    [ANNOTATION_SYNC_WAVE, ANNOTATION_HOOK_WEIGHT]
        .into_iter()
        .find_map(|key| object.annotation(key)?.parse().ok())
        .unwrap_or(0)
}
