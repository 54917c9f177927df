//! Fields of kinds that are about the network.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/{core,discovery,networking}/validation/validation.go`.

use super::super::super::name;
use super::super::container::PROTOCOLS;
use super::{Check, Row};
use Check::{Named, NamedRequired, NamedSet, OneOf, OneOfRequired, Range, Required, RequiredTo};

pub(super) const SERVICE: &[Row] = &[(
    "spec.trafficDistribution",
    OneOf(&["PreferClose", "PreferSameZone", "PreferSameNode"]),
)];

pub(super) const ENDPOINTS: &[Row] = &[
    ("subsets[].addresses[].ip", NamedSet(name::ip)),
    ("subsets[].addresses[].hostname", Named(name::dns_label)),
    (
        "subsets[].addresses[].nodeName",
        NamedSet(name::dns_subdomain),
    ),
    ("subsets[].notReadyAddresses[].ip", NamedSet(name::ip)),
    (
        "subsets[].notReadyAddresses[].hostname",
        Named(name::dns_label),
    ),
    (
        "subsets[].notReadyAddresses[].nodeName",
        NamedSet(name::dns_subdomain),
    ),
    ("subsets[].ports[].name", Named(name::dns_label)),
    ("subsets[].ports[].port", Range(1, 65535)),
    ("subsets[].ports[].protocol", OneOfRequired(PROTOCOLS)),
    (
        "subsets[].ports[].appProtocol",
        NamedSet(name::qualified_name),
    ),
];

pub(super) const ENDPOINT_SLICE: &[Row] = &[
    ("addressType", OneOfRequired(&["FQDN", "IPv4", "IPv6"])),
    (
        "endpoints[].addresses",
        RequiredTo("must contain at least 1 address"),
    ),
    ("endpoints[].hostname", NamedSet(name::dns_label)),
    ("endpoints[].nodeName", NamedSet(name::dns_subdomain)),
    (
        "endpoints[].hints.forZones[].name",
        Named(name::label_value),
    ),
    (
        "endpoints[].hints.forNodes[].name",
        NamedSet(name::dns_subdomain),
    ),
    ("ports[].name", Named(name::dns_label)),
    ("ports[].protocol", OneOfRequired(PROTOCOLS)),
    ("ports[].appProtocol", NamedSet(name::qualified_name)),
];

pub(super) const INGRESS_CLASS: &[Row] = &[
    ("spec.controller", NamedRequired(name::controller)),
    ("spec.parameters.apiGroup", NamedSet(name::dns_subdomain)),
    ("spec.parameters.kind", NamedRequired(name::path_segment)),
    ("spec.parameters.name", NamedRequired(name::path_segment)),
    ("spec.parameters.namespace", NamedSet(name::dns_label)),
    (
        "spec.parameters.scope",
        OneOfRequired(&["Cluster", "Namespace"]),
    ),
];

pub(super) const IP_ADDRESS: &[Row] = &[
    ("spec.parentRef", Required),
    ("spec.parentRef.group", Named(name::dns_subdomain)),
    ("spec.parentRef.resource", NamedRequired(name::path_segment)),
    ("spec.parentRef.name", NamedRequired(name::path_segment)),
    ("spec.parentRef.namespace", Named(name::path_segment)),
];
