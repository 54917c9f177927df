//! The order of kinds that upstream calls legacy, and the order of objects by it.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/SortOrderTransformer.go`, `kyaml/resid/gvk.go`.

use std::cmp::Ordering;

use toft_object::Gvk;

use crate::id::GvkText;
use crate::id::ResId;

/// Kinds that come first.
pub(crate) const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that come last.
pub(crate) const LAST: &[&str] = &[
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Which kinds come first and last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KindOrder<'a, T> {
    pub(crate) first: &'a [T],
    pub(crate) last: &'a [T],
}

impl<T: AsRef<str>> KindOrder<'_, T> {
    /// Negative for the first kinds, 0 for those nobody named, positive for the last.
    fn rank(&self, kind: &str) -> i64 {
        let position = |kinds: &[T]| {
            let at = kinds.iter().rposition(|one| one.as_ref() == kind)?;
            i64::try_from(at).ok()
        };
        let count = i64::try_from(self.first.len()).unwrap_or(i64::MAX);
        match (position(self.last), position(self.first)) {
            (Some(at), _) => at + 1,
            (None, Some(at)) => at - count,
            (None, None) => 0,
        }
    }

    /// The order of two objects.
    pub(crate) fn compare(&self, left: &ResId, right: &ResId) -> Ordering {
        if left.gvk == right.gvk {
            return id_text(left).cmp(&id_text(right));
        }
        let (one, other) = (&left.gvk, &right.gvk);
        let by_rank = self.rank(&one.kind).cmp(&self.rank(&other.kind));
        by_rank.then_with(|| {
            let by_text = gvk_text(one).cmp(&gvk_text(other));
            let namespaces = one.kind == "Namespace" && other.kind == "Namespace";
            if namespaces && (one.group.is_empty() || other.group.is_empty()) {
                by_text.reverse()
            } else {
                by_text
            }
        })
    }
}

/// The order of kinds in configurations.
pub(crate) fn gvk_order(left: &Gvk, right: &Gvk) -> Ordering {
    let order = KindOrder {
        first: FIRST,
        last: LAST,
    };
    let by_rank = order.rank(&left.kind).cmp(&order.rank(&right.kind));
    by_rank.then_with(|| gvk_text(left).cmp(&gvk_text(right)))
}

fn gvk_text(gvk: &Gvk) -> String {
    let or = |text: &str, fallback: &str| if text.is_empty() { fallback } else { text }.to_owned();
    let (group, version) = (or(&gvk.group, "~G"), or(&gvk.version, "~V"));
    format!("{group}_{version}_{}", or(&gvk.kind, "~K"))
}

fn id_text(id: &ResId) -> String {
    let or = |text: &str, fallback: &str| if text.is_empty() { fallback } else { text }.to_owned();
    let (namespace, name) = (or(&id.namespace, "~X"), or(&id.name, "~N"));
    format!("{}|{namespace}|{name}", GvkText(&id.gvk))
}
