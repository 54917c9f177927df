//! Which fields a selector may name, and what they are of an object.
//!
//! Source: Kubernetes 1.36.3 `pkg/apis/{core,batch,certificates}/v1/conversion.go`, `AddFieldLabelConversionsFor…`,
//! and the `…ToSelectableFields` functions of `pkg/registry`.

use smol_str::SmolStr;
use toft_api::ApiError;
use toft_object::{FieldRequirement, FieldSelector, GroupResource};
use toft_value::Value;

/// How a field is read.
#[derive(Clone, Copy)]
enum Read {
    /// The text there; empty where there is none.
    Text(&'static [&'static str]),
    /// `true` or `false`.
    Truth(&'static [&'static str]),
    /// A number; `0` where there is none.
    Number(&'static [&'static str]),
    /// The first text that is not empty.
    Either(&'static [&'static str], &'static [&'static str]),
    /// The field `ip` of the items, joined.
    Addresses(&'static [&'static str]),
}

use Read::{Addresses, Either, Number, Text, Truth};

/// The fields of kinds that have more than name and namespace.
const FIELDS: &[(&str, &str, &str, Read)] = &[
    ("", "pods", "spec.nodeName", Text(&["spec", "nodeName"])),
    ("", "pods", "spec.host", Text(&["spec", "nodeName"])),
    (
        "",
        "pods",
        "spec.restartPolicy",
        Text(&["spec", "restartPolicy"]),
    ),
    (
        "",
        "pods",
        "spec.schedulerName",
        Text(&["spec", "schedulerName"]),
    ),
    (
        "",
        "pods",
        "spec.serviceAccountName",
        Text(&["spec", "serviceAccountName"]),
    ),
    (
        "",
        "pods",
        "spec.hostNetwork",
        Truth(&["spec", "hostNetwork"]),
    ),
    ("", "pods", "status.phase", Text(&["status", "phase"])),
    ("", "pods", "status.podIP", Text(&["status", "podIP"])),
    (
        "",
        "pods",
        "status.podIPs",
        Addresses(&["status", "podIPs"]),
    ),
    (
        "",
        "pods",
        "status.nominatedNodeName",
        Text(&["status", "nominatedNodeName"]),
    ),
    (
        "",
        "nodes",
        "spec.unschedulable",
        Truth(&["spec", "unschedulable"]),
    ),
    ("", "namespaces", "status.phase", Text(&["status", "phase"])),
    ("", "secrets", "type", Text(&["type"])),
    (
        "",
        "services",
        "spec.clusterIP",
        Text(&["spec", "clusterIP"]),
    ),
    ("", "services", "spec.type", Text(&["spec", "type"])),
    (
        "",
        "replicationcontrollers",
        "status.replicas",
        Number(&["status", "replicas"]),
    ),
    (
        "batch",
        "jobs",
        "status.successful",
        Number(&["status", "succeeded"]),
    ),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        "spec.signerName",
        Text(&["spec", "signerName"]),
    ),
    (
        "resource.k8s.io",
        "resourceslices",
        "spec.nodeName",
        Text(&["spec", "nodeName"]),
    ),
    (
        "resource.k8s.io",
        "resourceslices",
        "spec.driver",
        Text(&["spec", "driver"]),
    ),
    (
        "",
        "events",
        "involvedObject.kind",
        Text(&["involvedObject", "kind"]),
    ),
    (
        "",
        "events",
        "involvedObject.namespace",
        Text(&["involvedObject", "namespace"]),
    ),
    (
        "",
        "events",
        "involvedObject.name",
        Text(&["involvedObject", "name"]),
    ),
    (
        "",
        "events",
        "involvedObject.uid",
        Text(&["involvedObject", "uid"]),
    ),
    (
        "",
        "events",
        "involvedObject.apiVersion",
        Text(&["involvedObject", "apiVersion"]),
    ),
    (
        "",
        "events",
        "involvedObject.resourceVersion",
        Text(&["involvedObject", "resourceVersion"]),
    ),
    (
        "",
        "events",
        "involvedObject.fieldPath",
        Text(&["involvedObject", "fieldPath"]),
    ),
    ("", "events", "reason", Text(&["reason"])),
    (
        "",
        "events",
        "reportingComponent",
        Text(&["reportingComponent"]),
    ),
    (
        "",
        "events",
        "source",
        Either(&["source", "component"], &["reportingComponent"]),
    ),
    ("", "events", "type", Text(&["type"])),
];

/// `events.k8s.io` names some fields of an event otherwise.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("regarding.kind", "involvedObject.kind"),
    ("regarding.namespace", "involvedObject.namespace"),
    ("regarding.name", "involvedObject.name"),
    ("regarding.uid", "involvedObject.uid"),
    ("regarding.apiVersion", "involvedObject.apiVersion"),
    (
        "regarding.resourceVersion",
        "involvedObject.resourceVersion",
    ),
    ("regarding.fieldPath", "involvedObject.fieldPath"),
    ("reportingController", "reportingComponent"),
];

/// A selector whose fields are known for the kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    requirements: Vec<(Field, bool, SmolStr)>,
}

#[derive(Clone, Debug)]
enum Field {
    Name,
    Namespace,
    Listed(usize),
    Custom(Vec<SmolStr>),
}

impl Fields {
    /// Looks the fields of a selector up for a kind; `custom` is its version in its definition.
    ///
    /// # Errors
    /// The kind has no such field to select by.
    pub(crate) fn resolve(
        selector: &FieldSelector,
        stored: &GroupResource,
        custom: Option<&Value>,
    ) -> Result<Self, ApiError> {
        let resolve = |requirement: &FieldRequirement| {
            let field = find(&requirement.field, stored, custom)?;
            Ok((field, requirement.equal, requirement.value.clone()))
        };
        let requirements = selector
            .requirements
            .iter()
            .map(resolve)
            .collect::<Result<_, ApiError>>()?;
        Ok(Self { requirements })
    }

    /// Whether an object, as it is stored, has what is asked for.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.requirements
            .iter()
            .all(|(field, equal, value)| field.is(object, value) == *equal)
    }

    /// The one name that can match, where the selector names one.
    pub(crate) fn only_name(&self) -> Option<&str> {
        let named = |(field, equal, value): &'_ (Field, bool, SmolStr)| {
            matches!(field, Field::Name) && *equal && !value.is_empty()
        };
        let found = self
            .requirements
            .iter()
            .find(|requirement| named(requirement));
        found.map(|(_, _, value)| value.as_str())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

fn find(field: &str, stored: &GroupResource, custom: Option<&Value>) -> Result<Field, ApiError> {
    match field {
        "metadata.name" => return Ok(Field::Name),
        "metadata.namespace" => return Ok(Field::Namespace),
        _ => {}
    }
    let renamed = EVENT_FIELDS
        .iter()
        .find(|(new, _)| *new == field && stored.resource == "events");
    let field = renamed.map_or(field, |(_, old)| old);
    let known =
        |entry: &(&str, &str, &str, Read)| entry.0 == stored.group && entry.1 == stored.resource;
    if let Some(at) = FIELDS
        .iter()
        .position(|entry| known(entry) && entry.2 == field)
    {
        return Ok(Field::Listed(at));
    }
    let mut selectable = custom
        .into_iter()
        .flat_map(|version| version.items_at(&["selectableFields"]));
    let path_is = |entry: &Value| {
        entry
            .str_at(&["jsonPath"])
            .is_some_and(|path| path.trim_start_matches('.') == field)
    };
    if selectable.any(path_is) {
        return Ok(Field::Custom(field.split('.').map(SmolStr::from).collect()));
    }
    Err(ApiError::bad_request(refusal(field, stored, custom)))
}

fn refusal(field: &str, stored: &GroupResource, custom: Option<&Value>) -> String {
    let has_fields = custom.is_some()
        || FIELDS
            .iter()
            .any(|entry| entry.0 == stored.group && entry.1 == stored.resource);
    if stored.group == "batch" && stored.resource == "jobs" {
        format!("field label {field:?} not supported for Job")
    } else if stored.resource == "resourceslices" {
        format!("field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: {field}")
    } else if has_fields {
        format!("field label not supported: {field}")
    } else {
        // Source: apimachinery 0.36.3 `pkg/runtime/conversion.go`, DefaultMetaV1FieldSelectorConversion.
        format!(
            "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        )
    }
}

impl Field {
    fn is(&self, object: &Value, wanted: &str) -> bool {
        match self {
            Self::Name => object.str_at(&["metadata", "name"]).unwrap_or_default() == wanted,
            Self::Namespace => {
                object
                    .str_at(&["metadata", "namespace"])
                    .unwrap_or_default()
                    == wanted
            }
            Self::Listed(at) => FIELDS
                .get(*at)
                .is_some_and(|entry| entry.3.is(object, wanted)),
            Self::Custom(path) => {
                let found = path.iter().try_fold(object, |value, key| value.get(key));
                text_of(found) == wanted
            }
        }
    }
}

impl Read {
    fn is(self, object: &Value, wanted: &str) -> bool {
        let text = |path: &[&str]| object.str_at(path).unwrap_or_default().to_owned();
        match self {
            Text(path) => object.str_at(path).unwrap_or_default() == wanted,
            Truth(path) => object.bool_at(path).unwrap_or(false).to_string() == wanted,
            Number(path) => object.i64_at(path).unwrap_or(0).to_string() == wanted,
            Either(first, second) => {
                let first = text(first);
                (if first.is_empty() {
                    text(second)
                } else {
                    first
                }) == wanted
            }
            Addresses(path) => {
                let addresses = object
                    .items_at(path)
                    .iter()
                    .filter_map(|item| item.str_at(&["ip"]));
                addresses.collect::<Vec<_>>().join(",") == wanted
            }
        }
    }
}

fn text_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::Str(text)) => text.to_string(),
        Some(Value::Bool(truth)) => truth.to_string(),
        Some(Value::Int(number)) => number.to_string(),
        _ => String::new(),
    }
}
