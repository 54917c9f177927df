//! Containers: ports, variables, mounts, security.

use super::super::at::{At, Errors};
use super::super::name;
use super::{debugger, probe, resources, rows};
use crate::field_error::FieldError;

pub(super) const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// What a container must know of its pod.
pub(super) struct PodContext<'a> {
    pub(super) volumes: Vec<&'a str>,
    /// Those of them that may be used as block devices.
    pub(super) claims: Vec<&'a str>,
}

/// What every kind of container must satisfy.
pub(super) fn common(at: &At<'_>, pod: &PodContext<'_>, errors: &mut Errors) {
    let name = at.child("name");
    if name.is_empty() {
        errors.required(&name, "");
    } else {
        errors.named(&name, name::dns_label);
    }
    let image = at.child("image");
    if image.is_empty() {
        errors.required(&image, "");
    }
    errors.one_of_if_set(
        &at.child("terminationMessagePolicy"),
        &["File", "FallbackToLogsOnError"],
    );
    ports(&at.child("ports"), errors);
    env(&at.child("env"), errors);
    env_from(&at.child("envFrom"), errors);
    mounts(&at.child("volumeMounts"), pod, errors);
    debugger::devices(at, pod, errors);
    errors.one_of_if_set(
        &at.child("imagePullPolicy"),
        &["Always", "IfNotPresent", "Never"],
    );
    resources::requirements(&at.child("resources"), errors);
    security(&at.child("securityContext"), errors);
    resize(&at.child("resizePolicy"), errors);
    rows::all(at, rows::CONTAINER, errors);
}

/// Upstream leaves the index out of the path.
fn resize(at: &At<'_>, errors: &mut Errors) {
    const FIELDS: &[(&str, &[&str])] = &[
        ("resourceName", &["cpu", "memory"]),
        ("restartPolicy", &["NotRequired", "RestartContainer"]),
    ];
    let mut seen: Vec<&str> = Vec::new();
    for policy in at.items() {
        for (field, supported) in FIELDS {
            let value = at.with(policy.child(field).value());
            if value.is_empty() {
                errors.required(&value, "");
            } else {
                errors.one_of(&value, supported);
            }
        }
        let resource = policy.child("resourceName");
        if seen.contains(&resource.text()) {
            errors.push(FieldError::duplicate(policy.path(), resource.text()));
        }
        seen.push(resource.text());
    }
}

/// Containers, which have probes and hooks, unlike init containers that end.
pub(super) fn running(at: &At<'_>, errors: &mut Errors) {
    let lifecycle = at.child("lifecycle");
    for hook in ["postStart", "preStop"] {
        let hook = lifecycle.child(hook);
        if hook.is_set() {
            probe::handler(&hook, errors);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let at = at.child(name);
        if at.is_set() {
            probe::validate(&at, errors);
            let grace = at.child("terminationGracePeriodSeconds");
            if name == "readinessProbe" && grace.is_set() {
                errors.invalid(&grace, "must not be set for readinessProbes");
            }
            let threshold = at.child("successThreshold");
            if name != "readinessProbe" && threshold.int() != Some(1) {
                errors.invalid(&threshold, "must be 1");
            }
        }
    }
}

fn ports(at: &At<'_>, errors: &mut Errors) {
    let mut names = Vec::new();
    for port in at.items() {
        let name = port.child("name");
        if !name.is_empty() {
            let messages = name::port_name(name.text());
            if messages.is_empty() && names.contains(&name.text()) {
                errors.duplicate(&name);
            }
            for message in messages {
                errors.invalid(&name, message);
            }
            names.push(name.text());
        }
        let number = port.child("containerPort");
        match number.int() {
            None | Some(0) => errors.required(&number, ""),
            Some(_) => errors.in_range(&number, (1, 65535)),
        }
        let host = port.child("hostPort");
        if host.int().is_some_and(|port| port != 0) {
            errors.in_range(&host, (1, 65535));
        }
        let protocol = port.child("protocol");
        if protocol.is_empty() {
            errors.required(&protocol, "");
        } else {
            errors.one_of(&protocol, PROTOCOLS);
        }
    }
}

/// Host ports that two containers want.
pub(super) fn host_ports(containers: &[At<'_>], errors: &mut Errors) {
    let mut taken = Vec::new();
    for port in containers.iter().flat_map(|at| at.child("ports").items()) {
        let host = port.child("hostPort");
        if host.int().unwrap_or(0) == 0 {
            continue;
        }
        let (protocol, ip) = (port.child("protocol"), port.child("hostIP"));
        let key = format!(
            "{}/{}/{}",
            protocol.text(),
            ip.text(),
            host.value().to_json()
        );
        if taken.contains(&key) {
            errors.push(FieldError::duplicate(host.path(), key.as_str()));
        }
        taken.push(key);
    }
}

/// Fields that a variable may take its value from.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const CONVERTIBLE: &[&str] = &[
    "metadata.labels",
    "metadata.annotations",
    "spec.schedulerName",
];

fn env(at: &At<'_>, errors: &mut Errors) {
    for variable in at.items() {
        let name = variable.child("name");
        if name.is_empty() {
            errors.required(&name, "");
        } else {
            errors.named(&name, name::env_name);
        }
        let from = variable.child("valueFrom");
        if from.is_set() {
            value_from(&variable, &from, errors);
        }
    }
}

fn value_from(variable: &At<'_>, from: &At<'_>, errors: &mut Errors) {
    let field = from.child("fieldRef");
    if field.is_set() {
        field_ref(&field, FIELDS, errors);
    }
    for (name, key) in [
        ("configMapKeyRef", "key"),
        ("secretKeyRef", "key"),
        ("fileKeyRef", "key"),
    ] {
        let reference = from.child(name);
        if reference.is_set() {
            let key = reference.child(key);
            if key.is_empty() {
                errors.required(&key, "");
            } else if name == "fileKeyRef" {
                errors.named(&key, name::env_name);
            } else {
                errors.named(&key, name::config_key);
            }
        }
    }
    resource_field(&from.child("resourceFieldRef"), errors);
    let sources = [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "fileKeyRef",
    ];
    let count = sources
        .iter()
        .filter(|source| from.child(source).is_set())
        .count();
    if count == 0 {
        errors.invalid_empty(
            from,
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        );
    } else if !variable.child("value").is_empty() {
        errors.invalid_empty(from, "may not be specified when `value` is not empty");
    } else if count > 1 {
        errors.invalid_empty(from, "may not have more than one field specified at a time");
    }
}

/// Amounts that a variable or file may take its value from.
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// A reference to an amount of a container.
pub(super) fn resource_field(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let resource = at.child("resource");
    let is_huge = |text: &str| {
        text.starts_with("limits.hugepages-") || text.starts_with("requests.hugepages-")
    };
    if resource.is_empty() {
        errors.required(&resource, "");
    } else if !is_huge(resource.text()) {
        errors.one_of(&resource, RESOURCES);
    }
    let divisor = at.child("divisor");
    let (unit, supported) = match resource.text() {
        "limits.cpu" | "requests.cpu" => ("cpu", "1m and 1"),
        "limits.memory" | "requests.memory" => (
            "memory",
            "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei",
        ),
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => (
            "local ephemeral storage",
            "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei",
        ),
        _ => return,
    };
    let mut known = supported.split([',', ' ']);
    let is_known = divisor.text() == "0" || known.any(|one| one == divisor.text());
    if !divisor.is_empty() && !is_known {
        let detail =
            format!("only divisor's values {supported} are supported with the {unit} resource");
        // Upstream shows the resource instead of the divisor.
        errors.push(FieldError::invalid(divisor.path(), resource.text(), detail));
    }
}

/// A reference to a field of the pod.
pub(super) fn field_ref(at: &At<'_>, supported: &[&str], errors: &mut Errors) {
    let path = at.child("fieldPath");
    if at.child("apiVersion").is_empty() {
        errors.required(&at.child("apiVersion"), "");
        return;
    }
    if path.is_empty() {
        errors.required(&path, "");
        return;
    }
    let version = at.child("apiVersion").text();
    if version != "v1" {
        let detail = format!("error converting fieldPath: unsupported pod version: {version}");
        errors.invalid(&path, detail);
        return;
    }
    let text = path.text();
    let subscripted = text
        .split_once("['")
        .and_then(|(base, rest)| Some((base, rest.strip_suffix("']")?)));
    if let Some((base, key)) = subscripted {
        match base {
            "metadata.annotations" => {
                for message in name::qualified_name(&key.to_lowercase()) {
                    errors.invalid(&path, message);
                }
            }
            "metadata.labels" => {
                for message in name::qualified_name(key) {
                    errors.invalid(&path, message);
                }
            }
            _ => errors.invalid(&path, "does not support subscript"),
        }
        return;
    }
    if supported.contains(&text) {
        return;
    }
    if FIELDS.contains(&text) || CONVERTIBLE.contains(&text) {
        let mut sorted = supported.to_vec();
        sorted.sort_unstable();
        errors.push(FieldError::not_supported(path.path(), text, &sorted));
    } else {
        let detail = format!("error converting fieldPath: field label not supported: {text}");
        errors.invalid(&path, detail);
    }
}

fn env_from(at: &At<'_>, errors: &mut Errors) {
    for source in at.items() {
        errors.named_if_set(&source.child("prefix"), name::env_name);
        let references = ["configMapRef", "secretRef"].map(|name| source.child(name));
        let set: Vec<&At<'_>> = references.iter().filter(|at| at.is_set()).collect();
        for reference in &set {
            if reference.child("name").is_empty() {
                errors.required(&reference.child("name"), "");
            }
        }
        // Upstream leaves the index out of the path.
        match set.len() {
            0 => errors.invalid_empty(at, "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => errors.invalid_empty(at, "may not have more than one field specified at a time"),
        }
    }
}

fn mounts(at: &At<'_>, pod: &PodContext<'_>, errors: &mut Errors) {
    let mut paths = Vec::new();
    for mount in at.items() {
        let (name, path) = (mount.child("name"), mount.child("mountPath"));
        if name.is_empty() {
            errors.required(&name, "");
        }
        if !pod.volumes.contains(&name.text()) {
            errors.not_found(&name);
        }
        if path.is_empty() {
            errors.required(&path, "");
        }
        if paths.contains(&path.text()) {
            errors.invalid(&path, "must be unique");
        }
        paths.push(path.text());
        // Upstream leaves the index out of these paths too.
        let place = |field: &str| at.child(field).with(mount.child(field).value());
        errors.one_of_if_set(
            &place("mountPropagation"),
            &["Bidirectional", "HostToContainer", "None"],
        );
        errors.one_of_if_set(
            &place("recursiveReadOnly"),
            &["Disabled", "Enabled", "IfPossible"],
        );
        for field in ["subPath", "subPathExpr"] {
            let sub = mount.child(field);
            if !sub.is_empty() {
                // Upstream leaves the index out of the path.
                descending_path(&at.child(field).with(sub.value()), errors);
            }
        }
        if !mount.child("subPath").is_empty() && !mount.child("subPathExpr").is_empty() {
            errors.invalid(
                &mount.child("subPathExpr"),
                "subPathExpr and subPath are mutually exclusive",
            );
        }
    }
}

/// A path below another one: relative and without `..`.
pub(super) fn descending_path(at: &At<'_>, errors: &mut Errors) {
    if at.text().starts_with('/') {
        errors.invalid(at, "must be a relative path");
    }
    no_dots(at, errors);
}

/// A path that does not climb.
pub(super) fn no_dots(at: &At<'_>, errors: &mut Errors) {
    if at.text().split('/').any(|part| part == "..") {
        errors.invalid(at, "must not contain '..'");
    }
}

/// The internal type that upstream shows, in the order of its fields.
const SECURITY_FIELDS: &[(&str, &str)] = &[
    ("Capabilities", "capabilities"),
    ("Privileged", "privileged"),
    ("SELinuxOptions", "seLinuxOptions"),
    ("WindowsOptions", "windowsOptions"),
    ("RunAsUser", "runAsUser"),
    ("RunAsGroup", "runAsGroup"),
    ("RunAsNonRoot", "runAsNonRoot"),
    ("ReadOnlyRootFilesystem", "readOnlyRootFilesystem"),
    ("AllowPrivilegeEscalation", "allowPrivilegeEscalation"),
    ("ProcMount", "procMount"),
    ("SeccompProfile", "seccompProfile"),
    ("AppArmorProfile", "appArmorProfile"),
];

const PROFILES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];

/// The profiles of a container or pod.
pub(super) fn profiles(at: &At<'_>, errors: &mut Errors) {
    for (field, name) in [
        ("seccompProfile", "seccomp"),
        ("appArmorProfile", "AppArmor"),
    ] {
        let profile = at.child(field);
        if !profile.is_set() {
            continue;
        }
        let (type_, localhost) = (profile.child("type"), profile.child("localhostProfile"));
        if type_.is_empty() {
            errors.required(&type_, &format!("type is required when {field} is set"));
        } else {
            errors.one_of(&type_, PROFILES);
        }
        if type_.text() == "Localhost" {
            if localhost.is_empty() {
                let detail = format!("must be set when {name} type is Localhost");
                errors.required(&localhost, &detail);
            } else if field == "seccompProfile" {
                descending_path(&localhost, errors);
            }
        } else if localhost.is_set() {
            let detail = format!("can only be set when {name} type is Localhost");
            let error = FieldError::invalid(localhost.path(), localhost.text(), detail);
            errors.push(if field == "seccompProfile" {
                let shown = format!(
                    "{{\"Type\":{},\"LocalhostProfile\":{}}}",
                    type_.value().to_json(),
                    localhost.value().to_json()
                );
                error.showing(shown)
            } else {
                error
            });
        }
    }
}

fn security(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    for field in ["runAsUser", "runAsGroup"] {
        let id = at.child(field);
        if id.is_set() {
            errors.in_range(&id, (0, i64::from(i32::MAX)));
        }
    }
    errors.one_of_if_set(&at.child("procMount"), &["Default", "Unmasked"]);
    profiles(at, errors);
    let escalation = at.child("allowPrivilegeEscalation");
    if !escalation.is_set() || escalation.is_true() {
        return;
    }
    let mut conflict = |with: &str| {
        let fields = SECURITY_FIELDS
            .iter()
            .map(|(shown, field)| format!("\"{shown}\":{}", at.child(field).value().to_json()));
        let shown = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        let detail = format!("cannot set `allowPrivilegeEscalation` to false and {with}");
        errors.push(FieldError::invalid(at.path(), "", detail).showing(shown));
    };
    if at.child("privileged").is_true() {
        conflict("`privileged` to true");
    }
    let added = at.child("capabilities").child("add");
    if added
        .items()
        .iter()
        .any(|one| one.text() == "CAP_SYS_ADMIN")
    {
        conflict("`capabilities.Add` CAP_SYS_ADMIN");
    }
}
