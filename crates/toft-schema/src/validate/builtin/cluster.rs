//! Nodes, namespaces, endpoints and webhooks: what a row cannot say.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/{admissionregistration,core,discovery,networking,storage}/validation/validation.go`,
//! apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/validation/validation.go`.

use super::super::at::{At, Errors};
use super::super::name;
use super::{resources, scheduling};
use crate::field_error::FieldError;

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

pub(super) fn node(root: &At<'_>, errors: &mut Errors) {
    for network in root.child("spec").child("podCIDRs").items() {
        errors.named(&network, name::cidr);
    }
    let taints = root.child("spec").child("taints");
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (index, taint) in taints.value().items().iter().enumerate() {
        // Upstream places them into the metadata.
        let place = root
            .child("metadata")
            .child("taints")
            .at_index(index)
            .with(taint);
        let (key, effect) = (place.child("key"), place.child("effect"));
        for message in name::qualified_name(key.text()) {
            errors.push(FieldError::invalid(key.path(), key.text(), message));
        }
        errors.named_if_set(&place.child("value"), name::label_value);
        if effect.is_empty() {
            errors.required(&effect, "");
        } else {
            errors.one_of(&effect, EFFECTS);
        }
        let pair = (key.text(), effect.text());
        if !effect.is_empty() && seen.contains(&pair) {
            let text = |field: &str| place.child(field).text();
            let shown = format!(
                "{{\"Key\":\"{}\",\"Value\":\"{}\",\"Effect\":\"{}\",\"TimeAdded\":null}}",
                text("key"),
                text("value"),
                text("effect")
            );
            errors.push(FieldError {
                detail: "taints must be unique by key and effect pair".to_owned(),
                ..FieldError::duplicate(place.path(), "").showing(shown)
            });
        }
        seen.push(pair);
    }
}

pub(super) fn namespace(root: &At<'_>, errors: &mut Errors) {
    let finalizers = root.child("spec").child("finalizers");
    for finalizer in finalizers.value().items() {
        // Upstream leaves the index out of the path.
        let at = finalizers.with(finalizer);
        errors.named(&at, name::qualified_name);
        if !at.text().contains('/') && at.text() != "kubernetes" {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(&at, detail);
        }
    }
}

pub(super) fn endpoints(root: &At<'_>, errors: &mut Errors) {
    for subset in root.child("subsets").items() {
        let lists = ["addresses", "notReadyAddresses"].map(|list| subset.child(list));
        if lists.iter().all(At::is_empty) {
            let detail = "must specify `addresses` or `notReadyAddresses`";
            errors.required(&subset, detail);
        }
        for address in lists.iter().flat_map(At::items) {
            let ip = address.child("ip");
            // Upstream looks twice.
            if !name::ip(ip.text()).is_empty() {
                let detail = "must be a valid IP address";
                errors.push(FieldError::invalid(ip.path(), ip.text(), detail));
            }
        }
        let ports = subset.child("ports").items();
        for port in ports.iter().filter(|_| ports.len() > 1) {
            if port.child("name").is_empty() {
                errors.required(&port.child("name"), "");
            }
        }
    }
}

pub(super) fn endpoint_slice(root: &At<'_>, errors: &mut Errors) {
    let family = root.child("addressType").text();
    for endpoint in root.child("endpoints").items() {
        for address in endpoint.child("addresses").items() {
            if matches!(family, "IPv4" | "IPv6") {
                errors.named(&address, name::ip);
            } else if family == "FQDN" {
                errors.named(&address, name::dns_subdomain);
            }
        }
        let zones = endpoint.child("hints").child("forZones").items();
        let names: Vec<At<'_>> = zones.iter().map(|zone| zone.child("name")).collect();
        errors.unique(&names);
    }
    let ports = root.child("ports").items();
    let names: Vec<At<'_>> = ports.iter().map(|port| port.child("name")).collect();
    errors.unique(&names);
}

pub(super) fn runtime_class(root: &At<'_>, errors: &mut Errors) {
    resources::overhead(&root.child("overhead").child("podFixed"), errors);
    for toleration in root.child("scheduling").child("tolerations").items() {
        scheduling::toleration(&toleration, errors);
    }
}

pub(super) fn driver(root: &At<'_>, errors: &mut Errors) {
    let modes = root.child("spec").child("volumeLifecycleModes");
    for mode in modes.value().items() {
        errors.one_of(&modes.with(mode), &["Persistent", "Ephemeral"]);
    }
    let requests = root.child("spec").child("tokenRequests").items();
    let audiences: Vec<At<'_>> = requests.iter().map(|one| one.child("audience")).collect();
    errors.unique(&audiences);
}

pub(super) fn service_cidr(root: &At<'_>, errors: &mut Errors) {
    for cidr in root.child("spec").child("cidrs").items() {
        errors.named(&cidr, name::cidr);
    }
}

pub(super) fn definition(root: &At<'_>, errors: &mut Errors) {
    let (name, spec) = (root.child("metadata").child("name"), root.child("spec"));
    let (plural, group) = (spec.child("names").child("plural"), spec.child("group"));
    if name.text() != format!("{}.{}", plural.text(), group.text()) {
        errors.invalid(&name, "must be spec.names.plural+\".\"+spec.group");
    }
    let stored = spec.child("versions").items();
    let stored = stored.iter().filter(|one| one.child("storage").is_true());
    if stored.count() != 1 {
        let versions = spec.child("versions");
        let detail = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid(versions.path(), "", detail).showing("null".to_owned()));
    }
}

/// Versions of reviews that a server can send.
const REVIEWS: &[&str] = &["v1", "v1beta1"];

pub(super) fn webhooks(root: &At<'_>, errors: &mut Errors) {
    let webhooks = root.child("webhooks").items();
    for webhook in &webhooks {
        qualified(&webhook.child("name"), errors);
        let client = webhook.child("clientConfig");
        if client.child("url").is_set() == client.child("service").is_set() {
            errors.required(&client, "exactly one of url or service is required");
        }
        let path = client.child("service").child("path");
        if path.is_set() && !path.text().starts_with('/') {
            errors.invalid(&path, "must start with a '/'");
        }
        reviews(&webhook.child("admissionReviewVersions"), errors);
        let effects = webhook.child("sideEffects");
        if effects.is_set() {
            errors.one_of(&effects, &["None", "NoneOnDryRun"]);
        } else {
            errors.required(&effects, "must specify one of None, NoneOnDryRun");
        }
    }
    let names: Vec<At<'_>> = webhooks.iter().map(|one| one.child("name")).collect();
    errors.unique(&names);
}

/// A name with three parts at least: `check.example.org`.
fn qualified(at: &At<'_>, errors: &mut Errors) {
    let messages = name::dns_subdomain(at.text());
    if at.is_empty() {
        errors.required(at, "");
    } else if !messages.is_empty() {
        errors.invalid(at, messages.join(","));
    } else if at.text().split('.').count() < 3 {
        let detail = "should be a domain with at least three segments separated by dots";
        errors.invalid(at, detail);
    }
}

fn reviews(at: &At<'_>, errors: &mut Errors) {
    let versions = at.items();
    if versions.is_empty() {
        errors.required(at, "must specify one of v1, v1beta1");
        return;
    }
    for (index, version) in versions.iter().enumerate() {
        let mut before = versions.iter().take(index);
        if before.any(|one| one.text() == version.text()) {
            errors.invalid(version, "duplicate version");
            continue;
        }
        errors.named(version, name::dns_1035_label);
    }
    if !versions.iter().any(|one| REVIEWS.contains(&one.text())) {
        errors.invalid(at, "must include at least one of v1, v1beta1");
    }
}

/// A versioned group: its name is made of both.
pub(super) fn api_service(root: &At<'_>, errors: &mut Errors) {
    let (name, spec) = (root.child("metadata").child("name"), root.child("spec"));
    let wanted = format!(
        "{}.{}",
        spec.child("version").text(),
        spec.child("group").text()
    );
    if name.text() != wanted && name::path_segment(name.text()).is_empty() {
        let detail = format!("must be `spec.version+\".\"+spec.group`: \"{wanted}\"");
        errors.invalid(&name, detail);
    }
    let is_insecure = spec.child("insecureSkipTLSVerify").is_true();
    if is_insecure && !spec.child("caBundle").is_empty() {
        let detail = "may not be true if caBundle is present";
        errors.invalid(&spec.child("insecureSkipTLSVerify"), detail);
    }
}
