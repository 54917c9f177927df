//! Objects that are hooks of a sync, and objects that are never applied.
//!
//! Source: gitops-engine b89b0871b414 `pkg/sync/hook/*.go`, `pkg/sync/ignore/ignore.go`.

use toft_object::Object;

/// The annotation that makes an object a hook.
const ANNOTATION_HOOK: &str = "argocd.argoproj.io/hook";
/// Helm's annotation, which counts where there is no valid one of Argo CD's.
const ANNOTATION_HELM_HOOK: &str = "helm.sh/hook";

/// What an object is in a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Applied in its wave.
    Resource,
    /// Run at a point of the sync.
    Hook,
    /// Named a hook of a kind that nobody knows: never applied, never counted.
    Ignored,
    /// Never applied, never counted, by wish.
    Skipped,
}

/// The kinds of hooks that Argo CD knows, and Helm's that it takes for them.
const HOOKS: &[&str] = &["PreSync", "Sync", "PostSync", "SyncFail", "Skip"];
const HELM_HOOKS: &[&str] = &["pre-install", "pre-upgrade", "post-install", "post-upgrade"];
/// Hooks that run when the application is deleted; the sync knows them as hooks.
const DELETION_HOOKS: &[&str] = &["PreDelete", "PostDelete", "pre-delete", "post-delete"];

fn values(text: Option<&str>) -> Option<Vec<&str>> {
    let parts = text?.split(',').map(str::trim);
    Some(parts.filter(|part| !part.is_empty()).collect())
}

/// Whether annotations make an object a hook.
pub(crate) fn is_hook<'a>(annotation: impl Fn(&'static str) -> Option<&'a str>) -> bool {
    role_of(annotation) == Role::Hook
}

/// What an object is in a sync.
///
/// `Skip` beside another kind of hook leaves it a hook. A CRD that Helm calls a hook is none.
pub fn role(object: &Object) -> Role {
    role_of(|name| object.annotation(name))
}

fn role_of<'a>(annotation: impl Fn(&'static str) -> Option<&'a str>) -> Role {
    let own = values(annotation(ANNOTATION_HOOK));
    let helm_text = annotation(ANNOTATION_HELM_HOOK);
    let helm = values(helm_text);
    let known = |values: &Option<Vec<&str>>, names: &[&str]| {
        let values = values.iter().flatten();
        values.filter(|value| names.contains(value)).count()
    };
    let valid = known(&own, HOOKS);
    if valid > 0 {
        let mut types = own.iter().flatten().filter(|value| HOOKS.contains(value));
        return if types.all(|value| *value == "Skip") {
            Role::Skipped
        } else {
            Role::Hook
        };
    }
    let marked = own.is_some() || helm_text.is_some_and(|value| value != "crd-install");
    let runs =
        known(&helm, HELM_HOOKS) + known(&helm, DELETION_HOOKS) + known(&own, DELETION_HOOKS);
    match (marked, runs) {
        (false, _) => Role::Resource,
        (true, 0) => Role::Ignored,
        (true, _) => Role::Hook,
    }
}

#[cfg(test)]
mod tests {
    use toft_value::{Map, Value, value};

    use super::*;

    fn annotated(annotations: &[(&str, &str)]) -> Object {
        let annotations: Map = annotations
            .iter()
            .map(|(key, value)| ((*key).into(), Value::from(*value)))
            .collect();
        Object::new(
            value!({"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": annotations}}),
        )
        .unwrap()
    }

    #[test]
    fn roles_are_upstreams() {
        let cases: &[(&[(&str, &str)], Role)] = &[
            (&[], Role::Resource),
            (&[(ANNOTATION_HOOK, "PreSync")], Role::Hook),
            (&[(ANNOTATION_HOOK, "PreSync, PostSync")], Role::Hook),
            (&[(ANNOTATION_HOOK, "Skip")], Role::Skipped),
            (&[(ANNOTATION_HOOK, "Skip,Sync")], Role::Hook),
            (&[(ANNOTATION_HOOK, "garbage")], Role::Ignored),
            (&[(ANNOTATION_HOOK, "")], Role::Ignored),
            (&[(ANNOTATION_HOOK, "PostDelete")], Role::Hook),
            (&[(ANNOTATION_HELM_HOOK, "pre-install")], Role::Hook),
            (&[(ANNOTATION_HELM_HOOK, "garbage")], Role::Ignored),
            (&[(ANNOTATION_HELM_HOOK, "test")], Role::Ignored),
            (&[(ANNOTATION_HELM_HOOK, "crd-install")], Role::Resource),
            (
                &[
                    (ANNOTATION_HOOK, "Skip"),
                    (ANNOTATION_HELM_HOOK, "pre-install"),
                ],
                Role::Skipped,
            ),
        ];
        for (annotations, role_wanted) in cases {
            assert_eq!(
                role(&annotated(annotations)),
                *role_wanted,
                "{annotations:?}"
            );
        }
    }
}
