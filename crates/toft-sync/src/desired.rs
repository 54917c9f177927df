//! What an Application wants to be there: its rendering, made ready for the cluster.

use std::collections::BTreeMap;

use toft_argo::{ANNOTATION_TRACKING_ID, TrackingId};
use toft_object::{GroupKind, Object, ObjectId, Rendering};

use crate::condition::{Condition, ConditionKind};
use crate::hook::{Role, role};
use crate::kinds::{Kinds, Scope};
use crate::plan::order::is_crd;

/// Kinds that are never synced, by API group; `*` stands for every kind.
///
/// Source: Argo CD 3.2.0 `util/settings/resources_filter.go`, `manifests/base/config/argocd-cm.yaml`.
const EXCLUDED: &[(&str, &[&str])] = &[
    ("", &["Endpoints", "Event"]),
    (
        "authentication.k8s.io",
        &["SelfSubjectReview", "TokenReview"],
    ),
    (
        "authorization.k8s.io",
        &[
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
    ),
    ("cert-manager.io", &["CertificateRequest"]),
    ("certificates.k8s.io", &["CertificateSigningRequest"]),
    (
        "cilium.io",
        &["CiliumEndpoint", "CiliumEndpointSlice", "CiliumIdentity"],
    ),
    ("coordination.k8s.io", &["Lease"]),
    ("discovery.k8s.io", &["EndpointSlice"]),
    ("events.k8s.io", &["*"]),
    ("kyverno.io", KYVERNO),
    ("metrics.k8s.io", &["*"]),
    ("reports.kyverno.io", KYVERNO),
    ("wgpolicyk8s.io", KYVERNO),
];

const KYVERNO: &[&str] = &[
    "AdmissionReport",
    "BackgroundScanReport",
    "ClusterAdmissionReport",
    "ClusterBackgroundScanReport",
    "ClusterEphemeralReport",
    "ClusterPolicyReport",
    "EphemeralReport",
    "PolicyReport",
    "UpdateRequest",
];

/// Whether objects of a kind are never synced.
pub fn is_excluded(kind: &GroupKind) -> bool {
    let of_group = EXCLUDED.iter().filter(|(group, _)| *group == kind.group);
    let kinds = of_group.flat_map(|(_, kinds)| kinds.iter());
    kinds
        .into_iter()
        .any(|one| *one == "*" || *one == kind.kind)
}

/// Whose objects they are and where they go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The name under which objects are tracked.
    pub instance: String,
    /// The namespace of objects that name none.
    pub namespace: String,
}

/// What an Application wants to be there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// The objects, in the order of the rendering, with their namespaces and tracking ids.
    pub objects: Vec<Object>,
    /// What is to be said about them.
    pub conditions: Vec<Condition>,
}

impl Desired {
    /// Makes the objects of a rendering ready for a cluster.
    ///
    /// Cluster-scoped objects lose their namespace, others get that of the destination where they name
    /// none; every object but a CRD gets its tracking id; of several for one object the last wins.
    ///
    /// Source: Argo CD 3.2.0 `controller/state.go`, `DeduplicateTargetObjects`, `CompareAppState`.
    pub fn new(rendering: &Rendering, owner: &Owner, kinds: &Kinds) -> Self {
        let rendered = rendering.objects.iter().map(|rendered| &rendered.object);
        let defined = scopes_defined(rendered.clone());
        let mut desired = Self::default();
        let mut places: BTreeMap<ObjectId, (usize, usize)> = BTreeMap::new();
        for object in rendered {
            let mut object = object.clone();
            let kind = object.gvk().group_kind();
            let scope = kinds.scope(&kind).or_else(|| defined.get(&kind).copied());
            set_namespace(&mut object, scope, &owner.namespace);
            desired.complain_about_namespace(&object, scope);
            let mut id = object.id();
            if id.name.is_empty() {
                id.name = format!("#{}", places.len()).into();
            }
            track(&mut object, owner);
            if let Some((at, times)) = places.get_mut(&id) {
                *times += 1;
                if let Some(earlier) = desired.objects.get_mut(*at) {
                    *earlier = object;
                }
                continue;
            }
            if is_excluded(&kind) {
                desired.complain_about_exclusion(&object);
                continue;
            }
            places.insert(id, (desired.objects.len(), 1));
            desired.objects.push(object);
        }
        desired.complain_about_repetition(&places);
        desired.complain_about_hooks();
        desired
    }

    fn complain(&mut self, kind: ConditionKind, message: String) {
        self.conditions.push(Condition::new(kind, message));
    }

    fn complain_about_namespace(&mut self, object: &Object, scope: Option<Scope>) {
        if scope == Some(Scope::Namespaced) && object.namespace().is_empty() {
            let (name, gvk) = (object.name(), object.api_version());
            let message = format!(
                "Namespace for {name} {gvk}, Kind={} is missing.",
                object.kind()
            );
            self.complain(ConditionKind::InvalidSpecError, message);
        }
    }

    fn complain_about_exclusion(&mut self, object: &Object) {
        let (group, kind, name) = (object.gvk().group, object.kind(), object.name());
        let message = format!("Resource {group}/{kind} {name} is excluded in the settings");
        self.complain(ConditionKind::ExcludedResourceWarning, message);
    }

    fn complain_about_repetition(&mut self, places: &BTreeMap<ObjectId, (usize, usize)>) {
        for (id, (_, times)) in places.iter().filter(|(_, (_, times))| *times > 1) {
            let ObjectId {
                group,
                kind,
                namespace,
                name,
            } = id;
            let message = format!(
                "Resource {group}/{kind}/{namespace}/{name} appeared {times} times among application resources."
            );
            self.complain(ConditionKind::RepeatedResourceWarning, message);
        }
    }

    fn complain_about_hooks(&mut self) {
        let hooks = self
            .objects
            .iter()
            .filter(|object| role(object) == Role::Hook);
        let names: Vec<String> = hooks
            .map(|hook| format!("{}/{}", hook.kind(), hook.name()))
            .collect();
        if !names.is_empty() {
            let message = format!("hooks are not run yet: {}", names.join(", "));
            self.complain(ConditionKind::UnsupportedWarning, message);
        }
    }
}

/// The scopes of kinds that the objects themselves define.
fn scopes_defined<'a>(objects: impl Iterator<Item = &'a Object>) -> BTreeMap<GroupKind, Scope> {
    let crds = objects.filter(|object| is_crd(object));
    let defined = crds.filter_map(|crd| {
        let spec = crd.value().get("spec")?;
        let kind = GroupKind::new(spec.str_at(&["group"])?, spec.str_at(&["names", "kind"])?);
        let scope = match spec.str_at(&["scope"])? {
            "Cluster" => Scope::Cluster,
            _ => Scope::Namespaced,
        };
        Some((kind, scope))
    });
    defined.collect()
}

/// A kind whose scope nobody knows counts as namespaced, as upstream has it.
fn set_namespace(object: &mut Object, scope: Option<Scope>, namespace: &str) {
    if scope == Some(Scope::Cluster) {
        object.value_mut().remove_at(&["metadata", "namespace"]);
    } else if object.namespace().is_empty() && !namespace.is_empty() {
        object.set(&["metadata", "namespace"], namespace);
    }
}

fn track(object: &mut Object, owner: &Owner) {
    if is_crd(object) {
        return;
    }
    let id = TrackingId::of(object, &owner.instance, &owner.namespace);
    let path = ["metadata", "annotations", ANNOTATION_TRACKING_ID];
    object.set(&path, id.to_string());
}

#[cfg(test)]
mod tests {
    use toft_object::{Origin, Rendered};
    use toft_value::{Value, value};

    use super::*;

    fn rendering(values: &[Value]) -> Rendering {
        let objects = values.iter().map(|value| Rendered {
            object: Object::new(value.clone()).unwrap(),
            origin: Origin::default(),
        });
        Rendering {
            objects: objects.collect(),
        }
    }

    fn owner() -> Owner {
        Owner {
            instance: "media".into(),
            namespace: "films".into(),
        }
    }

    fn kinds() -> Kinds {
        let verbs = value!(["list", "watch"]);
        let resource = |plural: &str, kind: &str, scope: &str| value!({"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": verbs.clone()});
        let core = value!([
            resource("secrets", "Secret", "Namespaced"),
            resource("nodes", "Node", "Cluster")
        ]);
        Kinds::read(&[
            &value!({"items": [{"metadata": {}, "versions": [{"version": "v1", "resources": core}]}]}),
        ])
    }

    #[test]
    fn namespaces_and_tracking_ids_are_set_by_scope() {
        let desired = Desired::new(
            &rendering(&[
                value!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}),
                value!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b", "namespace": "own"}}),
                value!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "c", "namespace": "stray"}}),
                value!({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "d"}}),
            ]),
            &owner(),
            &kinds(),
        );
        let told: Vec<_> = desired
            .objects
            .iter()
            .map(|object| {
                (
                    object.namespace(),
                    object.annotation(ANNOTATION_TRACKING_ID).unwrap(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("films", "media:/Secret:films/a"),
                ("own", "media:/Secret:own/b"),
                ("", "media:/Node:films/c"),
                ("films", "media:example.org/Thing:films/d"),
            ]
        );
        assert_eq!(desired.conditions, []);
    }

    #[test]
    fn of_several_for_one_object_the_last_wins_and_is_told() {
        let one = |data: &str| value!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": data}});
        let desired = Desired::new(&rendering(&[one("1"), one("2")]), &owner(), &kinds());
        assert_eq!(desired.objects.len(), 1);
        assert_eq!(desired.objects[0].value().str_at(&["data", "k"]), Some("2"));
        assert_eq!(
            desired.conditions[0].message,
            "Resource /Secret/films/a appeared 2 times among application resources."
        );
    }

    #[test]
    fn excluded_kinds_and_hooks_are_told() {
        let desired = Desired::new(
            &rendering(&[
                value!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"}}),
                value!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate", "annotations": {"argocd.argoproj.io/hook": "PreSync"}}}),
            ]),
            &owner(),
            &kinds(),
        );
        let told: Vec<_> = desired
            .conditions
            .iter()
            .map(|one| one.message.as_str())
            .collect();
        assert_eq!(
            told,
            [
                "Resource events.k8s.io/Event e is excluded in the settings",
                "hooks are not run yet: Job/migrate",
            ]
        );
        assert_eq!(desired.objects.len(), 1);
    }
}
