//! The metadata of every object.
//!
//! Source: apimachinery 0.36.3 `pkg/api/validation/objectmeta.go`; the rules of names are in each kind's
//! `validation.go`.

use toft_object::Gvk;
use toft_value::Value;

use super::at::{At, Errors};
use super::name;
use crate::field_error::FieldError;

/// How many bytes the annotations of an object may have.
const ANNOTATIONS_BYTES_MAX: usize = 256 * 1024;

type NameRule = fn(&str) -> Vec<String>;

/// Kinds whose names are not subdomains, by group and kind.
const NAME_RULES: &[(&str, &str, NameRule)] = &[
    ("", "Namespace", name::dns_label),
    ("", "Service", name::dns_label),
    ("", "Event", name::path_segment),
    ("apps", "StatefulSet", name::dns_label),
    ("batch", "CronJob", cron_job_name),
    ("apiregistration.k8s.io", "APIService", name::path_segment),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        name::path_segment,
    ),
    ("networking.k8s.io", "IPAddress", address),
    ("policy", "PodDisruptionBudget", name::path_segment),
    (
        "rbac.authorization.k8s.io",
        "ClusterRole",
        name::path_segment,
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        name::path_segment,
    ),
    ("rbac.authorization.k8s.io", "Role", name::path_segment),
    (
        "rbac.authorization.k8s.io",
        "RoleBinding",
        name::path_segment,
    ),
];

fn address(text: &str) -> Vec<String> {
    match text.parse::<std::net::IpAddr>() {
        Ok(_) => Vec::new(),
        Err(_) => {
            vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()]
        }
    }
}

/// The jobs of a CronJob add eleven characters to its name.
fn cron_job_name(text: &str) -> Vec<String> {
    let mut errors = name::dns_subdomain(text);
    if text.len() > 52 {
        errors.push("must be no more than 52 characters".to_owned());
    }
    errors
}

fn name_rule(gvk: &Gvk) -> NameRule {
    let mut rules = NAME_RULES.iter();
    let rule = rules.find(|(group, kind, _)| gvk.group == *group && gvk.kind == *kind);
    rule.map_or(name::dns_subdomain, |(.., rule)| *rule)
}

pub(super) fn validate(gvk: &Gvk, object: &Value, errors: &mut Errors) {
    let meta = At::root(object).child("metadata");
    let name = meta.child("name");
    let rule = name_rule(gvk);
    generated_names(&meta.child("generateName"), rule, errors);
    if name.is_empty() {
        errors.required(&name, "name or generateName is required");
    } else {
        errors.named(&name, rule);
    }
    parts(&meta, errors);
    finalizers(&meta.child("finalizers"), errors);
}

/// What is looked at again with every change.
fn parts(meta: &At<'_>, errors: &mut Errors) {
    labels(&meta.child("labels"), errors);
    annotations(&meta.child("annotations"), errors);
    owner_references(&meta.child("ownerReferences"), errors);
}

/// A prefix of names may end in a dash.
///
/// Source: apimachinery 0.36.3 `pkg/api/validation/generic.go`, `maskTrailingDash`.
fn generated_names(prefix: &At<'_>, rule: NameRule, errors: &mut Errors) {
    let text = prefix.text();
    if text.is_empty() {
        return;
    }
    let masked = match text.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            format!("{}a", rest.get(..rest.len() - 1).unwrap_or(rest))
        }
        Some(_) | None => text.to_owned(),
    };
    for message in rule(&masked) {
        errors.invalid(prefix, message);
    }
}

/// Keys and values of labels; also of selectors.
pub(super) fn labels(at: &At<'_>, errors: &mut Errors) {
    for (key, value) in at.entries() {
        for message in name::qualified_name(key) {
            errors.push(FieldError::invalid(at.path(), key, message));
        }
        for message in name::label_value(value.text()) {
            errors.push(FieldError::invalid(at.path(), value.value(), message));
        }
    }
}

pub(super) fn annotations(at: &At<'_>, errors: &mut Errors) {
    let mut bytes = 0;
    for (key, value) in at.entries() {
        bytes += key.len() + value.text().len();
        for message in name::qualified_name(&key.to_lowercase()) {
            errors.push(FieldError::invalid(at.path(), key, message));
        }
    }
    if bytes > ANNOTATIONS_BYTES_MAX {
        errors.push(FieldError::too_long(at.path(), ANNOTATIONS_BYTES_MAX));
    }
}

fn owner_references(at: &At<'_>, errors: &mut Errors) {
    let mut controller: Option<String> = None;
    for owner in at.value().items() {
        // Upstream leaves the index out of the path.
        let owner = at.with(owner);
        let text = |field: &str| owner.child(field).text();
        let version = text("apiVersion").rsplit('/').next().unwrap_or_default();
        if version.is_empty() {
            errors.invalid_empty(&owner.child("apiVersion"), "version must not be empty");
        }
        for field in ["kind", "name", "uid"] {
            if text(field).is_empty() {
                errors.invalid_empty(&owner.child(field), "must not be empty");
            }
        }
        if !owner.child("controller").is_true() {
            continue;
        }
        let name = format!("{}/{}", text("kind"), text("name"));
        match &controller {
            None => controller = Some(name),
            Some(first) => {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                );
                let error = FieldError::invalid(at.path(), "", detail);
                errors.push(error.showing(print_owners(at.value())));
            }
        }
    }
}

/// References in the order of Go's fields.
fn print_owners(owners: &Value) -> String {
    const FIELDS: &[&str] = &[
        "apiVersion",
        "kind",
        "name",
        "uid",
        "controller",
        "blockOwnerDeletion",
    ];
    let owners = owners.items().iter().map(|owner| {
        let fields = FIELDS.iter().filter_map(|field| {
            let value = owner.get(field)?;
            Some(format!("\"{field}\":{}", value.to_json()))
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    });
    format!("[{}]", owners.collect::<Vec<_>>().join(","))
}

fn finalizers(at: &At<'_>, errors: &mut Errors) {
    for item in at.items() {
        for message in name::qualified_name(item.text()) {
            errors.push(FieldError::invalid(at.path(), item.value(), message));
        }
    }
}

/// What built-in kinds want of their finalizers besides; custom kinds do not.
///
/// Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`, `validateKubeFinalizerName`.
pub(super) fn standard_finalizers(object: &Value, errors: &mut Errors) {
    const STANDARD: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];
    for item in At::root(object)
        .child("metadata")
        .child("finalizers")
        .items()
    {
        if !item.text().contains('/') && !STANDARD.contains(&item.text()) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(&item, detail);
        }
    }
}

/// What is wrong with changed metadata: upstream tells it for every kind, and most kinds tell it again.
///
/// Source: apiserver 0.36.3 `pkg/registry/rest/update.go`, `validateCommonFields`; the `ValidateUpdate` of
/// each kind's strategy.
pub(super) fn validate_update(
    gvk: &Gvk,
    (old, new): (&Value, &Value),
    times: Times,
    errors: &mut Errors,
) {
    let (before, after) = (
        At::root(old).child("metadata"),
        At::root(new).child("metadata"),
    );
    parts(&after, errors);
    finalizers(&after.child("finalizers"), errors);
    fixed(&before, &after, errors);
    parts(&after, errors);
    if times == Times::Once {
        return;
    }
    fixed(&before, &after, errors);
    parts(&after, errors);
    if times == Times::OnceMore {
        return;
    }
    standard_finalizers(new, errors);
    if times == Times::AsNew {
        generated_names(&after.child("generateName"), name_rule(gvk), errors);
        parts(&after, errors);
        finalizers(&after.child("finalizers"), errors);
        standard_finalizers(new, errors);
    }
}

/// How a kind looks at the metadata of a changed object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    /// Not at all, so that only the store does.
    Once,
    /// As custom resources do: what may not change.
    OnceMore,
    /// As a change of a built-in kind.
    AsChanged,
    /// As a change, and as something new.
    AsNew,
}

fn fixed(before: &At<'_>, after: &At<'_>, errors: &mut Errors) {
    for field in ["name", "namespace", "uid", "creationTimestamp"] {
        immutable(&before.child(field), &after.child(field), errors);
    }
}

/// The field must not change.
pub(super) fn immutable(old: &At<'_>, new: &At<'_>, errors: &mut Errors) {
    if old.value() != new.value() {
        errors.invalid(new, "field is immutable");
    }
}
