//! Columns of kinds that administrators look at: policies, flow control, certificates, addresses, devices.

use toft_object::{LabelSelector, Time};
use toft_value::{Value, value};

use super::age;
use super::cells::{self, NONE};
use super::columns::Cell::{self, Made, Number, Text, TextOr, Truth};
use super::columns::{AGE, Column, NAME, column, integer, text};

const UNSET: &str = "<unset>";

const POLICY_BINDING: &[Column] = &[
    NAME,
    text("PolicyName", Text(&["spec", "policyName"])),
    text("ParamRef", Made(parameters)),
    AGE,
];

/// The columns of these kinds.
pub(super) const KINDS: &[(&str, &str, &[Column])] = &[
    (
        "",
        "ComponentStatus",
        &[
            NAME,
            text("Status", Made(component_health)),
            text("Message", Made(component_message)),
            text("Error", Made(component_error)),
        ],
    ),
    (
        "autoscaling",
        "Scale",
        &[
            text("Name", Text(&["metadata", "name"])),
            integer("Desired", Number(&["spec", "replicas"])),
            integer("Available", Number(&["status", "replicas"])),
            AGE,
        ],
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        &[
            NAME,
            integer("Validations", Made(validations)),
            text("ParamKind", Made(parameter_kind)),
            AGE,
        ],
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        POLICY_BINDING,
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicy",
        &[
            NAME,
            integer("Mutations", Made(mutations)),
            text("ParamKind", Made(parameter_kind)),
            AGE,
        ],
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding",
        POLICY_BINDING,
    ),
    (
        "apiregistration.k8s.io",
        "APIService",
        &[
            NAME,
            text("Service", Made(api_service)),
            text("Available", Made(api_available)),
            AGE,
        ],
    ),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        &[
            NAME,
            AGE,
            text("SignerName", TextOr(&["spec", "signerName"], NONE)),
            text("Requestor", Text(&["spec", "username"])),
            text("RequestedDuration", Made(requested_duration)),
            text("Condition", Made(request_state)),
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "FlowSchema",
        &[
            NAME,
            text(
                "PriorityLevel",
                Text(&["spec", "priorityLevelConfiguration", "name"]),
            ),
            text(
                "MatchingPrecedence",
                Number(&["spec", "matchingPrecedence"]),
            ),
            text(
                "DistinguisherMethod",
                TextOr(&["spec", "distinguisherMethod", "type"], NONE),
            ),
            AGE,
            text("MissingPL", Made(level_missing)),
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration",
        &[
            NAME,
            text("Type", Text(&["spec", "type"])),
            text("NominalConcurrencyShares", Made(shares)),
            text("Queues", Made(queues)),
            text("HandSize", Made(hand_size)),
            text("QueueLengthLimit", Made(queue_length)),
            AGE,
        ],
    ),
    (
        "networking.k8s.io",
        "IPAddress",
        // Upstream fills three cells and names two columns.
        &[
            NAME,
            text("ParentRef", Made(address_parent)),
            text("", Cell::Age),
        ],
    ),
    (
        "networking.k8s.io",
        "ServiceCIDR",
        &[NAME, text("CIDRs", Made(networks)), AGE],
    ),
    ("resource.k8s.io", "DeviceClass", &[NAME, AGE]),
    (
        "resource.k8s.io",
        "ResourceClaim",
        &[NAME, text("State", Made(claim_state)), AGE],
    ),
    ("resource.k8s.io", "ResourceClaimTemplate", &[NAME, AGE]),
    (
        "resource.k8s.io",
        "ResourceSlice",
        &[
            NAME,
            text("Node", Text(&["spec", "nodeName"])),
            text("Driver", Text(&["spec", "driver"])),
            text("Pool", Text(&["spec", "pool", "name"])),
            AGE,
        ],
    ),
    (
        "storage.k8s.io",
        "CSIDriver",
        &[
            NAME,
            column("AttachRequired", "boolean", Made(attach_required)),
            column(
                "PodInfoOnMount",
                "boolean",
                Truth(&["spec", "podInfoOnMount"]),
            ),
            column(
                "StorageCapacity",
                "boolean",
                Truth(&["spec", "storageCapacity"]),
            ),
            text("TokenRequests", Made(token_audiences)),
            column(
                "RequiresRepublish",
                "boolean",
                Truth(&["spec", "requiresRepublish"]),
            ),
            text("Modes", Made(volume_modes)),
            AGE,
        ],
    ),
];

fn healthy(object: &Value) -> Option<&Value> {
    let mut conditions = object.items_at(&["conditions"]).iter();
    conditions.find(|one| one.str_at(&["type"]) == Some("Healthy"))
}

fn component_health(object: &Value, _now: Time) -> Value {
    match healthy(object).and_then(|one| one.str_at(&["status"])) {
        Some("True") => "Healthy".into(),
        Some(_) => "Unhealthy".into(),
        None => "Unknown".into(),
    }
}

fn of_health(object: &Value, key: &str) -> Value {
    let found = healthy(object).and_then(|one| one.str_at(&[key]));
    found.unwrap_or_default().into()
}

fn component_message(object: &Value, _now: Time) -> Value {
    of_health(object, "message")
}

fn component_error(object: &Value, _now: Time) -> Value {
    of_health(object, "error")
}

fn validations(object: &Value, _now: Time) -> Value {
    object.items_at(&["spec", "validations"]).len().into()
}

fn mutations(object: &Value, _now: Time) -> Value {
    object.items_at(&["spec", "mutations"]).len().into()
}

fn parameter_kind(object: &Value, _now: Time) -> Value {
    let Some(kind) = object.at(&["spec", "paramKind"]) else {
        return UNSET.into();
    };
    let text = |key: &str| kind.str_at(&[key]).unwrap_or_default();
    format!("{}/{}", text("apiVersion"), text("kind")).into()
}

fn parameters(object: &Value, _now: Time) -> Value {
    let Some(reference) = object.at(&["spec", "paramRef"]) else {
        return UNSET.into();
    };
    let text = |key: &str| reference.str_at(&[key]).unwrap_or_default();
    match (text("namespace"), text("name")) {
        (_, "") => match reference.get("selector").map(LabelSelector::from_value) {
            Some(Ok(selector)) => selector.to_string().into(),
            Some(Err(_)) | None => UNSET.into(),
        },
        ("", name) => format!("*/{name}").into(),
        (namespace, name) => format!("{namespace}/{name}").into(),
    }
}

fn api_service(object: &Value, _now: Time) -> Value {
    let Some(service) = object.at(&["spec", "service"]) else {
        return "Local".into();
    };
    let text = |key: &str| service.str_at(&[key]).unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name")).into()
}

fn api_available(object: &Value, _now: Time) -> Value {
    let mut conditions = object.items_at(&["status", "conditions"]).iter();
    let Some(available) = conditions.find(|one| one.str_at(&["type"]) == Some("Available")) else {
        return "Unknown".into();
    };
    let status = available.str_at(&["status"]).unwrap_or_default();
    match available.str_at(&["reason"]).unwrap_or_default() {
        reason if status != "True" && !reason.is_empty() => format!("{status} ({reason})").into(),
        _ => status.into(),
    }
}

fn requested_duration(object: &Value, _now: Time) -> Value {
    match object.i64_at(&["spec", "expirationSeconds"]) {
        Some(seconds) => age::human(std::time::Duration::from_secs(seconds.unsigned_abs())).into(),
        None => NONE.into(),
    }
}

fn request_state(object: &Value, _now: Time) -> Value {
    let conditions = object.items_at(&["status", "conditions"]);
    let has = |kind: &str| {
        conditions
            .iter()
            .any(|one| one.str_at(&["type"]) == Some(kind))
    };
    let mut state = if has("Denied") {
        "Denied"
    } else if has("Approved") {
        "Approved"
    } else {
        "Pending"
    }
    .to_owned();
    if has("Failed") {
        state.push_str(",Failed");
    }
    let certificate = object.str_at(&["status", "certificate"]);
    if certificate.is_some_and(|text| !text.is_empty()) {
        state.push_str(",Issued");
    }
    state.into()
}

fn level_missing(object: &Value, _now: Time) -> Value {
    cells::condition(object, "Dangling").unwrap_or("?").into()
}

fn limited(object: &Value, path: &[&str]) -> Value {
    let limited = object.at(&["spec", "limited"]);
    let found = limited.and_then(|limited| limited.at(path));
    found.cloned().unwrap_or_else(|| NONE.into())
}

fn shares(object: &Value, _now: Time) -> Value {
    limited(object, &["nominalConcurrencyShares"])
}

fn queues(object: &Value, _now: Time) -> Value {
    limited(object, &["limitResponse", "queuing", "queues"])
}

fn hand_size(object: &Value, _now: Time) -> Value {
    limited(object, &["limitResponse", "queuing", "handSize"])
}

fn queue_length(object: &Value, _now: Time) -> Value {
    limited(object, &["limitResponse", "queuing", "queueLengthLimit"])
}

fn address_parent(object: &Value, _now: Time) -> Value {
    let Some(parent) = object.at(&["spec", "parentRef"]) else {
        return NONE.into();
    };
    let text = |key: &str| parent.str_at(&[key]).unwrap_or_default();
    let resource = match text("group") {
        "" => text("resource").to_lowercase(),
        group => format!("{}.{group}", text("resource")).to_lowercase(),
    };
    let parts = [resource.as_str(), text("namespace"), text("name")];
    let named = |(at, part): &(usize, &str)| *at != 1 || !part.is_empty();
    let parts: Vec<&str> = parts
        .into_iter()
        .enumerate()
        .filter(named)
        .map(|(_, part)| part)
        .collect();
    parts.join("/").into()
}

fn networks(object: &Value, _now: Time) -> Value {
    cells::joined(object.items_at(&["spec", "cidrs"])).into()
}

fn claim_state(object: &Value, _now: Time) -> Value {
    let mut states = Vec::new();
    let deleted = object.at(&["metadata", "deletionTimestamp"]).is_some();
    if deleted {
        states.push("deleted");
    }
    if object.at(&["status", "allocation"]).is_some() {
        states.push("allocated");
        if !object.items_at(&["status", "reservedFor"]).is_empty() {
            states.push("reserved");
        }
    } else if !deleted {
        states.push("pending");
    }
    states.join(",").into()
}

fn attach_required(object: &Value, _now: Time) -> Value {
    value!(object.bool_at(&["spec", "attachRequired"]).unwrap_or(true))
}

fn token_audiences(object: &Value, _now: Time) -> Value {
    let Some(requests) = object.at(&["spec", "tokenRequests"]) else {
        return UNSET.into();
    };
    let audience = |request: &Value| request.str_at(&["audience"]).unwrap_or_default().to_owned();
    let audiences: Vec<String> = requests.items().iter().map(audience).collect();
    audiences.join(",").into()
}

fn volume_modes(object: &Value, _now: Time) -> Value {
    let modes = cells::joined(object.items_at(&["spec", "volumeLifecycleModes"]));
    cells::or_none(Some(&modes)).into()
}
