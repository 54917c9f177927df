//! Fields of the kinds of storage.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/storage/validation/validation.go`.

use super::super::super::name;
use super::{Check, Row};
use Check::{NamedRequired, OneOf, Required};

pub(super) const DRIVER: &[Row] = &[
    (
        "spec.fsGroupPolicy",
        OneOf(&["File", "None", "ReadWriteOnceWithFSType"]),
    ),
    (
        "spec.nodeAllocatableUpdatePeriodSeconds",
        Check::Within(10, i64::MAX, "must be greater than or equal to 10 seconds"),
    ),
    (
        "spec.tokenRequests[].expirationSeconds",
        Check::Within(
            600,
            i64::MAX,
            "may not specify a duration less than 10 minutes",
        ),
    ),
];

pub(super) const NODE: &[Row] = &[
    ("spec.drivers[].name", NamedRequired(name::dns_subdomain)),
    ("spec.drivers[].nodeID", Required),
    ("spec.drivers[].allocatable.count", Check::NotNegative),
];

pub(super) const CAPACITY: &[Row] = &[
    ("storageClassName", NamedRequired(name::dns_subdomain)),
    ("nodeTopology", Check::Selector),
];

pub(super) const ATTACHMENT: &[Row] = &[
    ("spec.attacher", NamedRequired(name::dns_subdomain)),
    ("spec.nodeName", NamedRequired(name::dns_subdomain)),
];

pub(super) const ATTRIBUTES_CLASS: &[Row] = &[
    ("driverName", NamedRequired(name::lower_qualified)),
    (
        "parameters",
        Check::RequiredTo("must contain at least one key/value pair"),
    ),
];

/// Below the source of a persistent volume, by its field, where it differs from a pod's volume.
pub(in super::super) const SOURCES: &[Row] = &[
    (
        "csi.controllerPublishSecretRef.name",
        NamedRequired(name::dns_subdomain),
    ),
    (
        "csi.controllerPublishSecretRef.namespace",
        NamedRequired(name::dns_label),
    ),
    (
        "csi.controllerExpandSecretRef.name",
        NamedRequired(name::dns_subdomain),
    ),
    (
        "csi.controllerExpandSecretRef.namespace",
        NamedRequired(name::dns_label),
    ),
    (
        "csi.nodePublishSecretRef.name",
        NamedRequired(name::dns_subdomain),
    ),
    (
        "csi.nodePublishSecretRef.namespace",
        NamedRequired(name::dns_label),
    ),
    (
        "csi.nodeExpandSecretRef.name",
        NamedRequired(name::dns_subdomain),
    ),
    (
        "csi.nodeExpandSecretRef.namespace",
        NamedRequired(name::dns_label),
    ),
    (
        "glusterfs.endpointsNamespace",
        Check::NamedSet(name::dns_label),
    ),
    ("iscsi.secretRef.name", Required),
    ("storageos.secretRef.namespace", Required),
];
