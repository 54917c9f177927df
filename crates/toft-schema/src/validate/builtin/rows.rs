//! Rules about one field each, as rows of tables: a path and what must hold there.

mod access;
mod cluster;
mod network;
mod pods;
mod storage;

pub(super) use cluster::SCALING;
pub(super) use pods::{CONTAINER, POD, VOLUME};
pub(super) use storage::SOURCES;

use super::super::at::{At, Errors};
use super::super::{meta, selector};

/// What must hold of a field; what is below a missing field is not looked at.
#[derive(Clone, Copy)]
pub(super) enum Check {
    /// It must not be empty.
    Required,
    /// It must not be empty, which upstream says in words.
    RequiredTo(&'static str),
    /// One of these, where it is set.
    OneOf(&'static [&'static str]),
    /// One of these, where it is set; empty is told as missing.
    OneOfSet(&'static [&'static str]),
    /// It must not be empty, and be one of these.
    OneOfRequired(&'static [&'static str]),
    /// A name of a kind, where it is not empty.
    Named(fn(&str) -> Vec<String>),
    /// A name of a kind, where it is set.
    NamedSet(fn(&str) -> Vec<String>),
    /// It must not be empty, and be a name of a kind.
    NamedRequired(fn(&str) -> Vec<String>),
    /// Between two numbers, where it is set.
    Range(i64, i64),
    /// Between two numbers, where it is set; otherwise upstream has its own words.
    Within(i64, i64, &'static str),
    /// Above zero, where it is set.
    Positive,
    /// Not below zero.
    NotNegative,
    /// Labels.
    Labels,
    /// A label selector.
    Selector,
    /// Each text once.
    Unique,
}

/// A path such as `spec.tls[].secretName`, and what must hold there.
pub(super) type Row = (&'static str, Check);

/// The rows of a kind.
const KINDS: &[(&str, &str, &[Row])] = &[
    ("", "Endpoints", network::ENDPOINTS),
    ("", "Service", network::SERVICE),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        access::MUTATING_WEBHOOKS,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        access::ADMISSION_POLICY,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        access::ADMISSION_POLICY_BINDING,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        access::WEBHOOKS,
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        cluster::DEFINITION,
    ),
    ("apiregistration.k8s.io", "APIService", access::API_SERVICE),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        cluster::AUTOSCALER,
    ),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        access::SIGNING_REQUEST,
    ),
    ("discovery.k8s.io", "EndpointSlice", network::ENDPOINT_SLICE),
    (
        "flowcontrol.apiserver.k8s.io",
        "FlowSchema",
        access::FLOW_SCHEMA,
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration",
        access::PRIORITY_LEVEL,
    ),
    ("networking.k8s.io", "IPAddress", network::IP_ADDRESS),
    ("networking.k8s.io", "IngressClass", network::INGRESS_CLASS),
    ("node.k8s.io", "RuntimeClass", cluster::RUNTIME_CLASS),
    ("policy", "PodDisruptionBudget", cluster::BUDGET),
    ("storage.k8s.io", "CSIDriver", storage::DRIVER),
    ("storage.k8s.io", "CSINode", storage::NODE),
    ("storage.k8s.io", "CSIStorageCapacity", storage::CAPACITY),
    ("storage.k8s.io", "VolumeAttachment", storage::ATTACHMENT),
    (
        "storage.k8s.io",
        "VolumeAttributesClass",
        storage::ATTRIBUTES_CLASS,
    ),
];

/// Checks the rows of a kind.
pub(super) fn of_kind((group, kind): (&str, &str), root: &At<'_>, errors: &mut Errors) {
    let rows = KINDS
        .iter()
        .find(|(one_group, one_kind, _)| group == *one_group && kind == *one_kind);
    if let Some((.., rows)) = rows {
        all(root, rows, errors);
    }
}

/// Checks the rows about one field of a place and what is below it.
pub(super) fn below(at: &At<'_>, field: &str, (rows, errors): (&[Row], &mut Errors)) {
    let is_below = |path: &str| path.split('.').next() == Some(field);
    for (path, check) in rows.iter().filter(|(path, _)| is_below(path)) {
        walk(at, path, (*check, errors));
    }
}

/// Checks rows from a place on.
pub(super) fn all(at: &At<'_>, rows: &[Row], errors: &mut Errors) {
    for (path, check) in rows {
        walk(at, path, (*check, errors));
    }
}

fn walk(at: &At<'_>, path: &str, (check, errors): (Check, &mut Errors)) {
    if !at.is_set() {
        return;
    }
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let places = match step.strip_suffix("[]") {
        Some(list) => at.child(list).items(),
        None => vec![at.child(step)],
    };
    for place in places {
        match rest {
            Some(rest) => walk(&place, rest, (check, errors)),
            None => field(&place, check, errors),
        }
    }
}

fn field(at: &At<'_>, check: Check, errors: &mut Errors) {
    match check {
        Check::Required | Check::RequiredTo(_) if !at.is_empty() => {}
        Check::Required => errors.required(at, ""),
        Check::RequiredTo(words) => errors.required(at, words),
        Check::OneOf(supported) => errors.one_of_if_set(at, supported),
        Check::OneOfRequired(_) | Check::NamedRequired(_) if at.is_empty() => {
            errors.required(at, "");
        }
        Check::OneOfSet(_) if !at.is_set() => {}
        Check::OneOfSet(_) if at.is_empty() => errors.required(at, ""),
        Check::OneOfRequired(supported) | Check::OneOfSet(supported) => {
            errors.one_of(at, supported);
        }
        Check::Named(rule) => errors.named_if_set(at, rule),
        Check::NamedSet(rule) if at.is_set() => errors.named(at, rule),
        Check::NamedRequired(rule) => errors.named(at, rule),
        Check::Range(low, high) if at.is_set() => errors.in_range(at, (low, high)),
        Check::Within(low, high, words) => {
            if at
                .int()
                .is_some_and(|number| !(low..=high).contains(&number))
            {
                errors.invalid(at, words);
            }
        }
        Check::Positive if at.int().is_some_and(|number| number <= 0) => {
            errors.invalid(at, "must be greater than zero");
        }
        Check::NotNegative => errors.not_negative(at),
        Check::Labels => meta::labels(at, errors),
        Check::Selector => selector::validate(at, errors),
        Check::Unique => errors.unique(&at.items()),
        Check::NamedSet(_) | Check::Range(..) | Check::Positive => {}
    }
}
