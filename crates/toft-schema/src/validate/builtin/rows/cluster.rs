//! Fields of kinds that are about the cluster and how it scales.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/{autoscaling,core,node,policy}/validation/validation.go`,
//! apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/validation/validation.go`.

use super::super::super::name;
use super::{Check, Row};
use Check::{Named, NamedRequired, OneOf, OneOfRequired, Required, RequiredTo};

pub(super) const BUDGET: &[Row] = &[(
    "spec.unhealthyPodEvictionPolicy",
    OneOf(&["AlwaysAllow", "IfHealthyBudget"]),
)];

pub(super) const RUNTIME_CLASS: &[Row] = &[
    ("handler", NamedRequired(name::dns_label)),
    ("scheduling.nodeSelector", Check::Labels),
];

const METRIC: &str = "must specify a metric name";
const RESOURCE: &str = "must specify a resource name";

pub(super) const AUTOSCALER: &[Row] = &[
    (
        "spec.metrics[].type",
        RequiredTo("must specify a metric source type"),
    ),
    ("spec.metrics[].resource.name", RequiredTo(RESOURCE)),
    (
        "spec.metrics[].containerResource.name",
        RequiredTo(RESOURCE),
    ),
    (
        "spec.metrics[].containerResource.container",
        RequiredTo("must specify a container"),
    ),
    (
        "spec.metrics[].containerResource.container",
        Named(name::dns_label),
    ),
    ("spec.metrics[].pods.metric.name", RequiredTo(METRIC)),
    ("spec.metrics[].pods.metric.name", Named(name::path_segment)),
    ("spec.metrics[].external.metric.name", RequiredTo(METRIC)),
    (
        "spec.metrics[].external.metric.name",
        Named(name::path_segment),
    ),
    ("spec.metrics[].object.metric.name", RequiredTo(METRIC)),
    (
        "spec.metrics[].object.metric.name",
        Named(name::path_segment),
    ),
    (
        "spec.metrics[].object.describedObject.kind",
        NamedRequired(name::path_segment),
    ),
    (
        "spec.metrics[].object.describedObject.name",
        NamedRequired(name::path_segment),
    ),
];

/// Below `spec.behavior`, for both directions.
pub(in super::super) const SCALING: &[Row] = &[
    ("selectPolicy", OneOf(&["Disabled", "Max", "Min"])),
    ("policies[].type", OneOf(&["Percent", "Pods"])),
    ("policies[].value", Check::Positive),
    ("policies[].periodSeconds", Check::Positive),
];

pub(super) const DEFINITION: &[Row] = &[
    ("spec.group", Required),
    ("spec.scope", OneOfRequired(&["Cluster", "Namespaced"])),
    ("spec.names.plural", NamedRequired(name::dns_1035_label)),
    ("spec.names.kind", Required),
    ("spec.names.singular", Named(name::dns_1035_label)),
    (
        "spec.names.shortNames[]",
        Check::NamedSet(name::dns_1035_label),
    ),
    (
        "spec.names.categories[]",
        Check::NamedSet(name::dns_1035_label),
    ),
    ("spec.names.listKind", Required),
    ("spec.versions[].name", NamedRequired(name::dns_1035_label)),
];
