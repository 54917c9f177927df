//! Defaults that are one value for one field.

use toft_value::{Map, Value};

use super::is_zero;
use crate::schema::Schema;

/// A value that a field gets.
#[derive(Clone, Copy)]
enum Literal {
    Text(&'static str),
    Int(i64),
    Bool(bool),
    /// An empty map.
    Empty,
}

use Literal::{Bool, Empty, Int, Text};

type Defaults = &'static [(&'static str, Literal)];

const SERVICE_REFERENCE: Defaults = &[("port", Int(443))];

const FILE_MODE: Defaults = &[("defaultMode", Int(0o644))];

/// Sorted by type.
const LITERALS: &[(&str, Defaults)] = &[
    (
        "admissionregistration.v1.MatchResources",
        &[
            ("matchPolicy", Text("Equivalent")),
            ("namespaceSelector", Empty),
            ("objectSelector", Empty),
        ],
    ),
    (
        "admissionregistration.v1.MutatingAdmissionPolicySpec",
        &[("failurePolicy", Text("Fail"))],
    ),
    (
        "admissionregistration.v1.MutatingWebhook",
        &[
            ("failurePolicy", Text("Fail")),
            ("matchPolicy", Text("Equivalent")),
            ("namespaceSelector", Empty),
            ("objectSelector", Empty),
            ("reinvocationPolicy", Text("Never")),
            ("timeoutSeconds", Int(10)),
        ],
    ),
    (
        "admissionregistration.v1.NamedRuleWithOperations",
        &[("scope", Text("*"))],
    ),
    (
        "admissionregistration.v1.RuleWithOperations",
        &[("scope", Text("*"))],
    ),
    (
        "admissionregistration.v1.ServiceReference",
        SERVICE_REFERENCE,
    ),
    (
        "admissionregistration.v1.ValidatingAdmissionPolicySpec",
        &[("failurePolicy", Text("Fail"))],
    ),
    (
        "admissionregistration.v1.ValidatingWebhook",
        &[
            ("failurePolicy", Text("Fail")),
            ("matchPolicy", Text("Equivalent")),
            ("namespaceSelector", Empty),
            ("objectSelector", Empty),
            ("timeoutSeconds", Int(10)),
        ],
    ),
    (
        "apps.v1.DaemonSetSpec",
        &[("revisionHistoryLimit", Int(10))],
    ),
    (
        "apps.v1.DeploymentSpec",
        &[
            ("progressDeadlineSeconds", Int(600)),
            ("replicas", Int(1)),
            ("revisionHistoryLimit", Int(10)),
        ],
    ),
    ("apps.v1.ReplicaSetSpec", &[("replicas", Int(1))]),
    (
        "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
        &[
            ("whenDeleted", Text("Retain")),
            ("whenScaled", Text("Retain")),
        ],
    ),
    (
        "apps.v1.StatefulSetSpec",
        &[
            ("persistentVolumeClaimRetentionPolicy", Empty),
            ("podManagementPolicy", Text("OrderedReady")),
            ("replicas", Int(1)),
            ("revisionHistoryLimit", Int(10)),
        ],
    ),
    (
        "autoscaling.v1.HorizontalPodAutoscalerSpec",
        &[("minReplicas", Int(1))],
    ),
    (
        "autoscaling.v2.HorizontalPodAutoscalerSpec",
        &[("minReplicas", Int(1))],
    ),
    (
        "batch.v1.CronJobSpec",
        &[
            ("concurrencyPolicy", Text("Allow")),
            ("failedJobsHistoryLimit", Int(1)),
            ("successfulJobsHistoryLimit", Int(3)),
            ("suspend", Bool(false)),
        ],
    ),
    (
        "batch.v1.PodFailurePolicyOnPodConditionsPattern",
        &[("status", Text("True"))],
    ),
    ("core.v1.ConfigMapVolumeSource", FILE_MODE),
    (
        "core.v1.Container",
        &[
            ("terminationMessagePath", Text("/dev/termination-log")),
            ("terminationMessagePolicy", Text("File")),
        ],
    ),
    ("core.v1.DownwardAPIVolumeSource", FILE_MODE),
    ("core.v1.EndpointPort", &[("protocol", Text("TCP"))]),
    (
        "core.v1.EphemeralContainer",
        &[
            ("terminationMessagePath", Text("/dev/termination-log")),
            ("terminationMessagePolicy", Text("File")),
        ],
    ),
    (
        "core.v1.HTTPGetAction",
        &[("path", Text("/")), ("scheme", Text("HTTP"))],
    ),
    ("core.v1.HostPathVolumeSource", &[("type", Text(""))]),
    ("core.v1.NamespaceStatus", &[("phase", Text("Active"))]),
    ("core.v1.ObjectFieldSelector", &[("apiVersion", Text("v1"))]),
    (
        "core.v1.PersistentVolumeClaimSpec",
        &[("volumeMode", Text("Filesystem"))],
    ),
    (
        "core.v1.PersistentVolumeClaimStatus",
        &[("phase", Text("Pending"))],
    ),
    (
        "core.v1.PersistentVolumeSpec",
        &[
            ("persistentVolumeReclaimPolicy", Text("Retain")),
            ("volumeMode", Text("Filesystem")),
        ],
    ),
    (
        "core.v1.PersistentVolumeStatus",
        &[("phase", Text("Pending"))],
    ),
    (
        "core.v1.PodSpec",
        &[
            ("dnsPolicy", Text("ClusterFirst")),
            ("restartPolicy", Text("Always")),
            ("schedulerName", Text("default-scheduler")),
            ("securityContext", Empty),
            ("terminationGracePeriodSeconds", Int(30)),
        ],
    ),
    (
        "core.v1.Probe",
        &[
            ("failureThreshold", Int(3)),
            ("periodSeconds", Int(10)),
            ("successThreshold", Int(1)),
            ("timeoutSeconds", Int(1)),
        ],
    ),
    ("core.v1.ProjectedVolumeSource", FILE_MODE),
    ("core.v1.Secret", &[("type", Text("Opaque"))]),
    ("core.v1.SecretVolumeSource", FILE_MODE),
    (
        "core.v1.ServiceAccountTokenProjection",
        &[("expirationSeconds", Int(3600))],
    ),
    (
        "discovery.v1.EndpointPort",
        &[("name", Text("")), ("protocol", Text("TCP"))],
    ),
    (
        "flowcontrol.v1.ExemptPriorityLevelConfiguration",
        &[
            ("lendablePercent", Int(0)),
            ("nominalConcurrencyShares", Int(0)),
        ],
    ),
    (
        "flowcontrol.v1.FlowSchemaSpec",
        &[("matchingPrecedence", Int(1000))],
    ),
    (
        "flowcontrol.v1.LimitedPriorityLevelConfiguration",
        &[
            ("lendablePercent", Int(0)),
            ("nominalConcurrencyShares", Int(30)),
        ],
    ),
    (
        "flowcontrol.v1.QueuingConfiguration",
        &[
            ("handSize", Int(8)),
            ("queueLengthLimit", Int(50)),
            ("queues", Int(64)),
        ],
    ),
    (
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference",
        SERVICE_REFERENCE,
    ),
    (
        "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference",
        SERVICE_REFERENCE,
    ),
    (
        "networking.v1.IngressClassParametersReference",
        &[("scope", Text("Cluster"))],
    ),
    (
        "networking.v1.NetworkPolicyPort",
        &[("protocol", Text("TCP"))],
    ),
    (
        "rbac.v1.RoleRef",
        &[("apiGroup", Text("rbac.authorization.k8s.io"))],
    ),
    (
        "resource.v1.DeviceSubRequest",
        &[("allocationMode", Text("ExactCount"))],
    ),
    (
        "resource.v1.ExactDeviceRequest",
        &[("allocationMode", Text("ExactCount"))],
    ),
    (
        "scheduling.v1.PriorityClass",
        &[("preemptionPolicy", Text("PreemptLowerPriority"))],
    ),
    (
        "storage.v1.CSIDriverSpec",
        &[
            ("attachRequired", Bool(true)),
            ("fsGroupPolicy", Text("ReadWriteOnceWithFSType")),
            ("podInfoOnMount", Bool(false)),
            ("requiresRepublish", Bool(false)),
            ("seLinuxMount", Bool(false)),
            ("storageCapacity", Bool(false)),
        ],
    ),
    (
        "storage.v1.StorageClass",
        &[
            ("reclaimPolicy", Text("Delete")),
            ("volumeBindingMode", Text("Immediate")),
        ],
    ),
];

/// Sets the literal defaults of a type.
pub(super) fn apply(name: &str, schema: Schema<'_>, map: &mut Map) {
    let Ok(at) = LITERALS.binary_search_by(|(type_, _)| (*type_).cmp(name)) else {
        return;
    };
    for (field, literal) in LITERALS.get(at).map_or(&[][..], |(_, defaults)| *defaults) {
        let is_pointer = schema.field(field).is_some_and(crate::Field::is_pointer);
        let found = map.get(field);
        let is_missing = if is_pointer {
            found.is_none_or(Value::is_null)
        } else {
            is_zero(found)
        };
        if is_missing {
            map.insert(*field, literal.value());
        }
    }
}

impl Literal {
    fn value(self) -> Value {
        match self {
            Text(text) => Value::from(text),
            Int(number) => Value::Int(number),
            Bool(value) => Value::Bool(value),
            Empty => Value::Map(Map::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted_and_their_fields_exist() {
        assert!(LITERALS.is_sorted_by_key(|(name, _)| *name));
        let schemas = crate::Schemas::builtin();
        for (name, defaults) in LITERALS {
            let full = if name.starts_with("io.") {
                (*name).to_owned()
            } else {
                format!("io.k8s.api.{name}")
            };
            let schema = schemas.definition(&full).expect(&full);
            for (field, _) in *defaults {
                assert!(schema.field(field).is_some(), "{name} {field}");
            }
        }
    }
}
