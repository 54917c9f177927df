//! Fields of pods, containers and volumes.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`.

use super::super::super::name;
use super::{Check, Row};
use Check::{Named, NamedSet, OneOf, Range, Required, RequiredTo};

const ID_MAX: i64 = i32::MAX as i64;

/// Below `spec`.
pub(in super::super) const POD: &[Row] = &[
    ("hostnameOverride", NamedSet(name::dns_subdomain)),
    (
        "preemptionPolicy",
        Check::OneOfSet(&["PreemptLowerPriority", "Never"]),
    ),
    (
        "readinessGates[].conditionType",
        NamedSet(name::qualified_name),
    ),
    ("securityContext.supplementalGroups[]", Range(0, ID_MAX)),
    ("securityContext.seLinuxChangePolicy", OneOf(&["Recursive"])),
    (
        "securityContext.supplementalGroupsPolicy",
        OneOf(&["Merge", "Strict"]),
    ),
    ("dnsConfig.searches[]", NamedSet(name::search_domain)),
    (
        "topologySpreadConstraints[].nodeAffinityPolicy",
        OneOf(&["Honor", "Ignore"]),
    ),
    (
        "topologySpreadConstraints[].nodeTaintsPolicy",
        OneOf(&["Honor", "Ignore"]),
    ),
    ("topologySpreadConstraints[].minDomains", Check::Positive),
];

/// Below each container.
pub(in super::super) const CONTAINER: &[Row] = &[
    (
        "env[].valueFrom.configMapKeyRef.name",
        Named(name::dns_subdomain),
    ),
    (
        "env[].valueFrom.secretKeyRef.name",
        Named(name::dns_subdomain),
    ),
    ("env[].valueFrom.fileKeyRef.path", Required),
    ("env[].valueFrom.fileKeyRef.volumeName", Required),
    ("envFrom[].configMapRef.name", Named(name::dns_subdomain)),
    ("envFrom[].secretRef.name", Named(name::dns_subdomain)),
    ("volumeDevices[].name", Required),
    ("volumeDevices[].devicePath", Required),
    (
        "restartPolicyRules[].action",
        OneOf(&["Restart", "RestartAllContainers"]),
    ),
    (
        "restartPolicyRules[].exitCodes",
        RequiredTo("must be specified"),
    ),
];

/// Below each volume: what kinds of storage of their own want.
pub(in super::super) const VOLUME: &[Row] = &[
    ("gitRepo.repository", Required),
    ("awsElasticBlockStore.volumeID", Required),
    ("awsElasticBlockStore.partition", Range(1, 255)),
    ("azureDisk.diskName", Required),
    ("azureDisk.diskURI", Required),
    (
        "azureDisk.cachingMode",
        OneOf(&["None", "ReadOnly", "ReadWrite"]),
    ),
    ("azureDisk.kind", OneOf(&["Dedicated", "Managed", "Shared"])),
    ("azureFile.secretName", Required),
    ("azureFile.shareName", Required),
    ("cephfs.monitors", Required),
    ("cinder.volumeID", Required),
    ("cinder.secretRef.name", Required),
    ("flexVolume.driver", Required),
    ("glusterfs.endpoints", Required),
    ("glusterfs.path", Required),
    ("iscsi.targetPortal", Required),
    ("iscsi.iqn", Required),
    ("iscsi.lun", Range(0, 255)),
    ("photonPersistentDisk.pdID", Required),
    ("portworxVolume.volumeID", Required),
    (
        "quobyte.registry",
        RequiredTo("must be a host:port pair or multiple pairs separated by commas"),
    ),
    ("quobyte.volume", Required),
    ("rbd.monitors", Required),
    ("rbd.image", Required),
    ("scaleIO.gateway", Required),
    ("scaleIO.system", Required),
    ("scaleIO.volumeName", Required),
    (
        "storageos.volumeName",
        Check::NamedRequired(name::dns_label),
    ),
    ("storageos.volumeNamespace", Named(name::dns_label)),
    ("storageos.secretRef.name", Required),
    ("vsphereVolume.volumePath", Required),
];
