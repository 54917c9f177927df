//! Pods, and the pods of templates.

use super::super::at::{At, Errors};
use super::super::{meta, name};
use super::container::PodContext;
use super::{container, debugger, resources, rows, scheduling, volume};
use crate::field_error::FieldError;

pub(super) fn pod(root: &At<'_>, errors: &mut Errors) {
    spec(&root.child("spec"), errors);
    // Only pods are told; templates may have them.
    volume::claim_names(root, errors);
    let spec = root.child("spec");
    let is_gated = !spec.child("schedulingGates").is_empty();
    if is_gated && !spec.child("nodeName").is_empty() {
        let detail = "cannot be set until all schedulingGates have been cleared";
        errors.forbidden(&spec.child("nodeName"), detail);
    }
    for list in ["containers", "initContainers"] {
        for container in spec.child(list).items() {
            let image = container.child("image");
            if !image.is_empty() && image.text().trim() != image.text() {
                errors.invalid(&image, "must not have leading or trailing whitespace");
            }
        }
    }
}

/// A template of pods: its labels, annotations and pod.
pub(super) fn template(at: &At<'_>, errors: &mut Errors) {
    let metadata = at.child("metadata");
    // Upstream leaves `metadata` out of the paths.
    let place = |field: &str| at.child(field).with(metadata.child(field).value());
    meta::labels(&place("labels"), errors);
    meta::annotations(&place("annotations"), errors);
    spec(&at.child("spec"), errors);
    let ephemeral = at.child("spec").child("ephemeralContainers");
    if !ephemeral.is_empty() {
        errors.forbidden(
            &ephemeral,
            "ephemeral containers not allowed in pod template",
        );
    }
}

pub(super) fn spec(at: &At<'_>, errors: &mut Errors) {
    let grace = at.child("terminationGracePeriodSeconds");
    if !grace.is_set() {
        errors.required(&grace, "");
    }
    let context = PodContext {
        volumes: volume::validate_all(&at.child("volumes"), errors),
        claims: volume::claims(&at.child("volumes")),
    };
    containers(at, &context, errors);
    init_containers(at, &context, errors);
    debugger::all(at, &context, errors);
    errors.one_of(
        &at.child("restartPolicy"),
        &["Always", "OnFailure", "Never"],
    );
    dns(at, errors);
    meta::labels(&at.child("nodeSelector"), errors);
    security(&at.child("securityContext"), errors);
    scheduling::validate(at, errors);
    names(at, errors);
    rows::all(at, rows::POD, errors);
    resources::overhead(&at.child("overhead"), errors);
    gates(at, errors);
    operating_system(&at.child("os"), errors);
    let deadline = at.child("activeDeadlineSeconds");
    if deadline.is_set() {
        errors.in_range(&deadline, (1, i64::from(i32::MAX)));
    }
    for alias in at.child("hostAliases").items() {
        errors.named(&alias.child("ip"), name::ip);
        for host in alias.child("hostnames").items() {
            errors.named(&host, name::dns_subdomain);
        }
    }
}

fn containers(at: &At<'_>, context: &PodContext<'_>, errors: &mut Errors) {
    let list = at.child("containers");
    if list.is_empty() {
        errors.required(&list, "");
        return;
    }
    let containers = list.items();
    for container in &containers {
        errors.one_of_if_set(
            &container.child("restartPolicy"),
            &["Always", "Never", "OnFailure"],
        );
        container::common(container, context, errors);
        container::running(container, errors);
    }
    let names: Vec<At<'_>> = containers.iter().map(|one| one.child("name")).collect();
    errors.unique(&names);
    container::host_ports(&containers, errors);
}

fn init_containers(at: &At<'_>, context: &PodContext<'_>, errors: &mut Errors) {
    let regular = at.child("containers").items();
    let mut names: Vec<&str> = regular.iter().map(|one| one.child("name").text()).collect();
    for container in at.child("initContainers").items() {
        container::common(&container, context, errors);
        let restarts = container.child("restartPolicy").text() == "Always";
        errors.one_of_if_set(
            &container.child("restartPolicy"),
            &["Always", "Never", "OnFailure"],
        );
        let name = container.child("name");
        if names.contains(&name.text()) {
            errors.duplicate(&name);
        } else if !name.is_empty() {
            names.push(name.text());
        }
        container::host_ports(std::slice::from_ref(&container), errors);
        if restarts {
            container::running(&container, errors);
            continue;
        }
        for field in [
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
        ] {
            let field = container.child(field);
            if field.is_set() {
                let detail = "may not be set for init containers without restartPolicy=Always";
                errors.forbidden(&field, detail);
            }
        }
    }
}

fn dns(at: &At<'_>, errors: &mut Errors) {
    let policy = at.child("dnsPolicy");
    errors.one_of(
        &policy,
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    );
    let config = at.child("dnsConfig");
    if policy.text() == "None" {
        if !config.is_set() {
            let detail = "must provide `dnsConfig` when `dnsPolicy` is None";
            errors.required(&config, detail);
        } else if config.child("nameservers").is_empty() {
            let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errors.required(&config.child("nameservers"), detail);
        }
    }
    for server in config.child("nameservers").items() {
        errors.named(&server, name::ip);
    }
    for option in config.child("options").items() {
        if option.child("name").is_empty() {
            errors.required(&option, "must not be empty");
        }
    }
}

const SYSCTL: &str = r"must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

fn is_sysctl(text: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_part = |part: &str| {
        part.starts_with(inner)
            && part.ends_with(inner)
            && part
                .chars()
                .all(|letter| inner(letter) || "-_".contains(letter))
    };
    text.len() <= 253 && text.split(['.', '/']).all(is_part)
}

fn security(at: &At<'_>, errors: &mut Errors) {
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        let id = at.child(field);
        if id.is_set() {
            errors.in_range(&id, (0, i64::from(i32::MAX)));
        }
    }
    errors.one_of_if_set(
        &at.child("fsGroupChangePolicy"),
        &["Always", "OnRootMismatch"],
    );
    let mut seen = Vec::new();
    for sysctl in at.child("sysctls").items() {
        let name = sysctl.child("name");
        if name.is_empty() {
            errors.required(&name, "");
        } else if !is_sysctl(name.text()) {
            errors.invalid(&name, SYSCTL);
        } else if seen.contains(&name.text()) {
            errors.duplicate(&name);
        }
        seen.push(name.text());
    }
    container::profiles(at, errors);
}

/// What must happen before the pod may be scheduled.
fn gates(at: &At<'_>, errors: &mut Errors) {
    let gates = at.child("schedulingGates").items();
    for (index, gate) in gates.iter().enumerate() {
        let name = gate.child("name");
        for message in name::qualified_name(name.text()) {
            errors.push(FieldError::invalid(gate.path(), name.text(), message));
        }
        let mut before = gates.iter().take(index);
        if before.any(|one| one.child("name").text() == name.text()) {
            errors.push(FieldError::duplicate(gate.path(), name.text()));
        }
    }
}

fn operating_system(at: &At<'_>, errors: &mut Errors) {
    let name = at.child("name");
    if at.is_set() && name.is_empty() {
        errors.required(&name, "");
    } else if at.is_set() {
        errors.one_of(&at.with(name.value()), &["linux", "windows"]);
    }
}

/// How many bytes the name of a host may have: Linux's own limit.
const HOSTNAME_BYTES_MAX: usize = 64;

fn names(at: &At<'_>, errors: &mut Errors) {
    for field in ["serviceAccountName", "nodeName", "priorityClassName"] {
        errors.named_if_set(&at.child(field), name::dns_subdomain);
    }
    let class = at.child("runtimeClassName");
    if class.is_set() {
        errors.named(&class, name::dns_subdomain);
    }
    let hostname = at.child("hostnameOverride");
    if hostname.text().len() > HOSTNAME_BYTES_MAX {
        errors.push(FieldError::too_long(hostname.path(), HOSTNAME_BYTES_MAX));
    }
    for field in ["hostname", "subdomain"] {
        errors.named_if_set(&at.child(field), name::dns_label);
    }
}
