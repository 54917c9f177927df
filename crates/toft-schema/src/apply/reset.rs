//! Fields that a request cannot set, hence does not own.
//!
//! Source: kubernetes 1.36.3 `pkg/registry/**/strategy.go`, `GetResetFields`: the object itself resets
//! `status`, its status resets `spec`; the exceptions are listed here.

use super::ApplyContext;
use super::path::PathElement;
use super::set::FieldSet;

/// Status requests that reset the metadata too, by group and kind; no kind is every kind of the group.
const STATUS_RESETS_METADATA: &[(&str, &str)] = &[
    ("admissionregistration.k8s.io", ""),
    ("apiregistration.k8s.io", ""),
    ("flowcontrol.apiserver.k8s.io", ""),
    ("internal.apiserver.k8s.io", ""),
    ("networking.k8s.io", "ServiceCIDR"),
    ("resource.k8s.io", ""),
    ("scheduling.k8s.io", ""),
    ("storage.k8s.io", ""),
    ("storagemigration.k8s.io", ""),
];

/// Other paths that a request to a subresource resets: group, kind, subresource, paths.
type Exception = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static [&'static str]],
);

const EXCEPTIONS: &[Exception] = &[
    (
        "",
        "Pod",
        "status",
        &[
            &["spec"],
            &["metadata", "deletionTimestamp"],
            &["metadata", "ownerReferences"],
        ],
    ),
    ("", "Namespace", "finalize", &[&["status"]]),
    (
        "apps",
        "Deployment",
        "status",
        &[&["spec"], &["metadata", "labels"]],
    ),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "",
        &[&["spec"], &["status"]],
    ),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "status",
        &[&["spec"], &["status", "conditions"]],
    ),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "approval",
        &[&["spec"], &["status", "certificate"]],
    ),
];

/// What a request to these subresources may own; `None` is any list item.
type Included = &'static [&'static [Option<&'static str>]];

const EPHEMERAL_CONTAINERS: Included = &[&[Some("spec"), Some("ephemeralContainers")]];

const RESIZE: Included = &[
    &[Some("spec"), Some("containers"), None, Some("resources")],
    &[Some("spec"), Some("containers"), None, Some("resizePolicy")],
    &[
        Some("spec"),
        Some("initContainers"),
        None,
        Some("resources"),
    ],
    &[
        Some("spec"),
        Some("initContainers"),
        None,
        Some("resizePolicy"),
    ],
];

/// The set without what the request resets.
pub(super) fn filter(context: &ApplyContext<'_>, set: FieldSet) -> FieldSet {
    let gvk = context.gvk;
    if gvk.group.is_empty() && gvk.kind == "Pod" {
        match context.subresource {
            "ephemeralcontainers" => return set.included(EPHEMERAL_CONTAINERS),
            "resize" => return set.included(RESIZE),
            _ => {}
        }
    }
    let exception = EXCEPTIONS.iter().find(|(group, kind, subresource, _)| {
        gvk.group == *group && gvk.kind == *kind && context.subresource == *subresource
    });
    if let Some((.., paths)) = exception {
        return without(&set, paths);
    }
    let is_custom = context.schemas.builtin_schema(gvk).is_none();
    let has_status = context
        .schemas
        .kind(gvk)
        .is_some_and(|resource| resource.subresource("status").is_some());
    let resets_metadata = is_custom
        || STATUS_RESETS_METADATA
            .iter()
            .any(|(group, kind)| gvk.group == *group && (kind.is_empty() || gvk.kind == *kind));
    match context.subresource {
        "" if has_status => without(&set, &[&["status"]]),
        "status" if resets_metadata => without(&set, &[&["spec"], &["metadata"]]),
        "status" => without(&set, &[&["spec"]]),
        _ => set,
    }
}

fn without(set: &FieldSet, paths: &[&[&str]]) -> FieldSet {
    let mut reset = FieldSet::default();
    for path in paths {
        let path: Vec<PathElement> = path
            .iter()
            .map(|name| PathElement::Field((*name).into()))
            .collect();
        reset.insert(&path);
    }
    set.recursive_difference(&reset)
}
