//! Amounts of resources.

use toft_object::Quantity;

use super::super::at::{At, Errors};
use super::super::name;
use crate::field_error::FieldError;

const OF_CONTAINERS: &[&str] = &["cpu", "memory", "ephemeral-storage"];

const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

/// Counts, which have no fraction.
const WHOLE: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// What quotas know by their names.
pub(super) fn is_quota_resource(resource: &str) -> bool {
    (STANDARD.contains(&resource) && resource != "storage")
        || is_huge_pages(resource)
        || resource.starts_with("requests.hugepages-")
}

/// The name of what a quota counts.
pub(super) fn quota_resource(resource: &str, at: &At<'_>, errors: &mut Errors) {
    any_resource(resource, at, errors);
    if !resource.contains('/') && !is_quota_resource(resource) {
        let detail = "must be a standard resource for quota";
        errors.push(FieldError::invalid(at.path(), resource, detail));
    }
}

/// The name of any resource.
pub(super) fn any_resource(resource: &str, at: &At<'_>, errors: &mut Errors) {
    resource_name(resource, at, errors);
}

fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Whether a resource belongs to somebody else than Kubernetes.
fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.")
}

pub(super) fn allows_overcommit(name: &str) -> bool {
    !is_huge_pages(name) && (!name.contains('/') || name.contains("kubernetes.io/"))
}

fn amount(at: &At<'_>) -> Quantity {
    Quantity::from_value(at.value()).unwrap_or_default()
}

/// An amount must not be negative, and whole where it counts things.
pub(super) fn value(resource: &str, at: &At<'_>, errors: &mut Errors) {
    let quantity = amount(at);
    if quantity.is_negative() {
        errors.invalid(at, "must be greater than or equal to 0");
    }
    let counts = WHOLE.contains(&resource) || is_extended(resource);
    if counts && quantity.has_fraction() {
        errors.invalid(at, "must be an integer");
    }
}

/// The name of any resource.
fn resource_name(resource: &str, at: &At<'_>, errors: &mut Errors) -> bool {
    let messages = name::qualified_name(resource);
    let is_bad = !messages.is_empty();
    for message in messages {
        errors.push(FieldError::invalid(at.path(), resource, message));
    }
    if is_bad {
        return false;
    }
    if !resource.contains('/') && !STANDARD.contains(&resource) && !is_huge_pages(resource) {
        let detail = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid(at.path(), resource, detail));
        return false;
    }
    true
}

pub(super) fn container_resource(resource: &str, at: &At<'_>, errors: &mut Errors) {
    resource_name(resource, at, errors);
    let is_known = OF_CONTAINERS.contains(&resource) || is_huge_pages(resource);
    if !resource.contains('/') && !is_known {
        let detail = "must be a standard resource for containers";
        errors.push(FieldError::invalid(at.path(), resource, detail));
    }
    let is_native = !resource.contains('/') || resource.contains("kubernetes.io/");
    let requested = format!("requests.{resource}");
    let is_bad = resource.starts_with("requests.") || !name::qualified_name(&requested).is_empty();
    if !is_native && is_bad {
        let detail = "doesn't follow extended resource name standard";
        errors.push(FieldError::invalid(at.path(), resource, detail));
    }
}

/// What pods of a class need besides; upstream tells it as limits beside `podFixed`.
pub(super) fn overhead(at: &At<'_>, errors: &mut Errors) {
    let limits = at.sibling("podFixed", "limits");
    for (resource, amount) in at.entries() {
        let place = limits.entry(resource).with(amount.value());
        container_resource(resource, &place, errors);
        value(resource, &place, errors);
    }
}

/// Requests and limits of a container.
pub(super) fn requirements(at: &At<'_>, errors: &mut Errors) {
    let (limits, requests) = (at.child("limits"), at.child("requests"));
    for claim in at.child("claims").items() {
        if claim.child("name").is_empty() {
            errors.required(&claim, "");
        }
    }
    for (resource, limit) in limits.entries() {
        container_resource(resource, &limit, errors);
        value(resource, &limit, errors);
    }
    for (resource, request) in requests.entries() {
        container_resource(resource, &request, errors);
        value(resource, &request, errors);
        let limit = limits.entry(resource);
        if !limit.is_set() {
            if !allows_overcommit(resource) {
                let detail = "Limit must be set for non overcommitable resources";
                errors.required(&limits, detail);
            }
            continue;
        }
        let (wanted, most) = (amount(&request), amount(&limit));
        let relation = if wanted != most && !allows_overcommit(resource) {
            "equal to"
        } else if wanted > most {
            "less than or equal to"
        } else {
            continue;
        };
        let detail = format!("must be {relation} {resource} limit of {most}");
        errors.push(FieldError::invalid(
            requests.path(),
            wanted.to_string(),
            detail,
        ));
    }
}
