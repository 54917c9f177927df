//! How grave a change is.

use toft_object::{Object, ObjectId};

use crate::difference::Change;

/// How grave the change of an object is; the gravest is the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// Its removal takes data or other objects with it: a claim, a namespace, a custom resource definition.
    Loss,
    /// It is removed.
    Removal,
    /// What runs is replaced or reconfigured.
    Workload,
    /// It decides who may do what, or who reaches whom.
    Access,
    /// Anything else.
    Other,
}

impl Importance {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Removal => "removal",
            Self::Workload => "workload",
            Self::Access => "access",
            Self::Other => "other",
        }
    }
}

/// Kinds whose objects hold data, or hold other objects.
const HOLDERS: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apps", "StatefulSet"),
    ("argoproj.io", "Application"),
    ("argoproj.io", "ApplicationSet"),
    ("snapshot.storage.k8s.io", "VolumeSnapshot"),
];

/// Kinds that run pods.
const WORKLOADS: &[(&str, &str)] = &[
    ("", "Pod"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
];

/// Kinds that decide about access; the group alone decides where the kind is `*`.
const ACCESS: &[(&str, &str)] = &[
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("admissionregistration.k8s.io", "*"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("rbac.authorization.k8s.io", "*"),
];

/// How grave it is that an object changes so.
pub(crate) fn of(id: &ObjectId, change: Change) -> Importance {
    let is_in = |kinds: &[(&str, &str)]| {
        kinds
            .iter()
            .any(|(group, kind)| id.group == *group && (id.kind == *kind || *kind == "*"))
    };
    match change {
        Change::Removed if is_in(HOLDERS) => Importance::Loss,
        Change::Removed => Importance::Removal,
        Change::Added | Change::Changed if is_in(WORKLOADS) => Importance::Workload,
        Change::Added | Change::Changed if is_in(ACCESS) => Importance::Access,
        Change::Added | Change::Changed => Importance::Other,
    }
}

/// Fields that the API server lets nobody change: the object must be deleted and made again.
const FIXED: &[(&str, &str, &[&[&str]])] = &[
    ("apps", "DaemonSet", &[&["spec", "selector"]]),
    ("apps", "Deployment", &[&["spec", "selector"]]),
    (
        "apps",
        "StatefulSet",
        &[
            &["spec", "podManagementPolicy"],
            &["spec", "selector"],
            &["spec", "serviceName"],
            &["spec", "volumeClaimTemplates"],
        ],
    ),
    (
        "batch",
        "Job",
        &[&["spec", "selector"], &["spec", "template"]],
    ),
    (
        "",
        "PersistentVolumeClaim",
        &[
            &["spec", "accessModes"],
            &["spec", "selector"],
            &["spec", "storageClassName"],
            &["spec", "volumeMode"],
        ],
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        &[&["roleRef"]],
    ),
    ("rbac.authorization.k8s.io", "RoleBinding", &[&["roleRef"]]),
    (
        "storage.k8s.io",
        "StorageClass",
        &[
            &["parameters"],
            &["provisioner"],
            &["reclaimPolicy"],
            &["volumeBindingMode"],
        ],
    ),
];

/// The first field of an object that changes and that nobody may change, as people write it.
///
/// Source: kubernetes 1.36.3 `pkg/apis/{apps,batch,core,rbac,storage}/validation`.
pub(crate) fn fixed_field(id: &ObjectId, before: &Object, after: &Object) -> Option<String> {
    let (_, _, fields) = FIXED
        .iter()
        .find(|(group, kind, _)| id.group == *group && id.kind == *kind)?;
    let changed = fields
        .iter()
        .find(|path| before.value().at(path) != after.value().at(path));
    changed.map(|path| path.join("."))
}
