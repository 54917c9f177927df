//! How kinds differ from each other when they are written: closed lists, one per concern.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/*/*/strategy.go` and `storage/storage.go`; custom resources:
//! apiextensions-apiserver 0.36.3 `pkg/registry/customresource/strategy.go`.

use toft_object::GroupResource;
use toft_schema::Resource;
use toft_value::Value;

use crate::call::Call;

type Named = (&'static str, &'static str);

/// The fields whose change makes a new `generation`; kinds that are not here have none.
const GENERATION: &[(&str, &str, &[&[&str]])] = &[
    (
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicies",
        SPEC,
    ),
    (
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings",
        SPEC,
    ),
    (
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        &[&["webhooks"]],
    ),
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicies",
        SPEC,
    ),
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicybindings",
        SPEC,
    ),
    (
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        &[&["webhooks"]],
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions", SPEC),
    ("apps", "daemonsets", SPEC),
    (
        "apps",
        "deployments",
        &[&["spec"], &["metadata", "annotations"]],
    ),
    ("apps", "replicasets", SPEC),
    ("apps", "statefulsets", SPEC),
    ("batch", "cronjobs", SPEC),
    ("batch", "jobs", SPEC),
    ("", "pods", SPEC),
    ("", "podtemplates", &[&["template"]]),
    ("", "replicationcontrollers", SPEC),
    (
        "discovery.k8s.io",
        "endpointslices",
        &[
            &["addressType"],
            &["endpoints"],
            &["ports"],
            &["metadata", "labels"],
        ],
    ),
    ("flowcontrol.apiserver.k8s.io", "flowschemas", SPEC),
    (
        "flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations",
        SPEC,
    ),
    ("networking.k8s.io", "ingressclasses", SPEC),
    ("networking.k8s.io", "ingresses", SPEC),
    ("networking.k8s.io", "networkpolicies", SPEC),
    ("policy", "poddisruptionbudgets", SPEC),
    ("resource.k8s.io", "deviceclasses", SPEC),
    ("resource.k8s.io", "resourceslices", SPEC),
    ("scheduling.k8s.io", "priorityclasses", &[]),
    ("storage.k8s.io", "csidrivers", SPEC),
];

/// Kinds without a first generation, which count changes all the same.
const COUNTED_LATE: &[Named] = &[("storage.k8s.io", "csidrivers")];

const SPEC: &[&[&str]] = &[&["spec"]];

/// A `PUT` to a name that does not exist makes the object.
const MADE_BY_UPDATE: &[Named] = &[
    ("coordination.k8s.io", "leases"),
    ("", "endpoints"),
    ("", "events"),
    ("", "limitranges"),
    ("", "services"),
    ("node.k8s.io", "runtimeclasses"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
];

/// An update must say which version it changes; so must one of a custom resource.
const REVISION_REQUIRED: &[Named] = &[
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"),
    (
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings",
    ),
    (
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
    ),
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicies",
    ),
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicybindings",
    ),
    (
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apiregistration.k8s.io", "apiservices"),
    ("coordination.k8s.io", "leases"),
    ("node.k8s.io", "runtimeclasses"),
    ("policy", "poddisruptionbudgets"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "csistoragecapacities"),
    ("storage.k8s.io", "volumeattachments"),
];

/// A deletion answers with the object, not with a `Status`.
const DELETED_IS_RETURNED: &[Named] = &[
    ("", "namespaces"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("", "pods"),
    ("", "podtemplates"),
    ("", "resourcequotas"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("resource.k8s.io", "deviceclasses"),
    ("resource.k8s.io", "resourceclaims"),
    ("resource.k8s.io", "resourceclaimtemplates"),
    ("resource.k8s.io", "resourceslices"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "storageclasses"),
    ("storage.k8s.io", "volumeattachments"),
    ("storage.k8s.io", "volumeattributesclasses"),
];

/// A deletion without a policy leaves the dependents alone.
const ORPHANS_BY_DEFAULT: &[Named] = &[("batch", "jobs"), ("", "replicationcontrollers")];

/// A status that comes with a new object is kept.
const STATUS_KEPT: &[Named] = &[("", "nodes"), ("apiregistration.k8s.io", "apiservices")];

/// A status update leaves the labels as they are; other built-in kinds take all metadata that is not the
/// system's.
const STATUS_LEAVES_LABELS: &[Named] = &[("apps", "deployments")];

/// A status update changes the status and nothing else.
const STATUS_LEAVES_METADATA: &[Named] = &[
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicies",
    ),
    ("flowcontrol.apiserver.k8s.io", "flowschemas"),
    (
        "flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations",
    ),
    ("networking.k8s.io", "servicecidrs"),
    ("resource.k8s.io", "resourceclaims"),
    ("storage.k8s.io", "volumeattachments"),
];

/// Built-in kinds of servers that keep JSON.
const KEPT_AS_TEXT: &[Named] = &[
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apiregistration.k8s.io", "apiservices"),
];

fn listed(list: &[Named], resource: &GroupResource) -> bool {
    list.contains(&(resource.group.as_str(), resource.resource.as_str()))
}

/// The fields whose change makes a new generation; `None` for kinds without one.
pub(crate) fn generation_fields(
    resource: &GroupResource,
) -> Option<&'static [&'static [&'static str]]> {
    let found = GENERATION
        .iter()
        .find(|(group, name, _)| *group == resource.group && *name == resource.resource);
    found.map(|(_, _, fields)| *fields)
}

/// Whether new objects of a kind begin with generation 1.
pub(crate) fn has_first_generation(resource: &GroupResource) -> bool {
    generation_fields(resource).is_some() && !listed(COUNTED_LATE, resource)
}

/// Whether what stands for the intent of a custom resource differs: everything but metadata and, where it
/// is a subresource, status.
pub(crate) fn custom_intent_differs(resource: &Resource, old: &Value, new: &Value) -> bool {
    let intent = |value: &Value| {
        let mut value = value.clone();
        value.remove_at(&["metadata"]);
        if has_status(resource) {
            value.remove_at(&["status"]);
        }
        value
    };
    intent(old) != intent(new)
}

/// Whether the status is written through a subresource of its own.
pub(crate) fn has_status(resource: &Resource) -> bool {
    resource
        .subresources
        .iter()
        .any(|subresource| subresource.name == "status")
}

/// Whether a status that comes with a new object is dropped.
pub(crate) fn drops_status(resource: &Resource, name: &GroupResource) -> bool {
    has_status(resource) && !listed(STATUS_KEPT, name)
}

/// Whether an update of the status leaves all metadata as it is.
pub(crate) fn status_leaves_metadata(resource: &GroupResource) -> bool {
    listed(STATUS_LEAVES_METADATA, resource)
}

/// Whether an update of the status leaves the labels as they are.
pub(crate) fn status_leaves_labels(resource: &GroupResource) -> bool {
    listed(STATUS_LEAVES_LABELS, resource)
}

/// Whether an update makes a missing object.
pub(crate) fn made_by_update(resource: &GroupResource) -> bool {
    listed(MADE_BY_UPDATE, resource)
}

/// Whether an update must carry a `resourceVersion`.
pub(crate) fn revision_required(resource: &GroupResource) -> bool {
    listed(REVISION_REQUIRED, resource)
}

/// Whether objects are kept as JSON; the others are kept in a binary form.
pub(crate) fn kept_as_text(call: &Call<'_>) -> bool {
    call.custom.is_some() || listed(KEPT_AS_TEXT, &call.stored)
}

/// Whether a deletion answers with the object.
pub(crate) fn deleted_is_returned(resource: &GroupResource) -> bool {
    listed(DELETED_IS_RETURNED, resource)
}

/// Whether a deletion without a policy orphans the dependents.
pub(crate) fn orphans_by_default(resource: &GroupResource) -> bool {
    listed(ORPHANS_BY_DEFAULT, resource)
}
