//! Where `$(NAME)` of `vars` is looked for, when nobody configures it.
//!
//! Source: kustomize 5.8.2, `api/internal/konfig/builtinpluginconsts/varreference.go`.

use super::existing;
use crate::field_spec::FieldSpec;

/// The fields in which the names of variables are replaced.
pub(in crate::config) static VAR_REFERENCE: &[FieldSpec] = &[
    existing(["", "", "Service"], "spec/ports/port"),
    existing(["", "", "Service"], "spec/ports/targetPort"),
    existing(["", "", "PersistentVolume"], "spec/nfs/server"),
    existing(["", "", "Deployment"], "spec/template/spec/containers/args"),
    existing(
        ["", "", "Deployment"],
        "spec/template/spec/containers/command",
    ),
    existing(
        ["", "", "Deployment"],
        "spec/template/spec/containers/env/value",
    ),
    existing(
        ["", "", "Deployment"],
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "Deployment"],
        "spec/template/spec/initContainers/args",
    ),
    existing(
        ["", "", "Deployment"],
        "spec/template/spec/initContainers/command",
    ),
    existing(
        ["", "", "Deployment"],
        "spec/template/spec/initContainers/env/value",
    ),
    existing(
        ["", "", "Deployment"],
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "Deployment"],
        "spec/template/spec/volumes/nfs/server",
    ),
    existing(["", "", "Deployment"], "spec/template/metadata/annotations"),
    existing(
        ["", "", "StatefulSet"],
        "spec/template/spec/containers/args",
    ),
    existing(
        ["", "", "StatefulSet"],
        "spec/template/spec/containers/command",
    ),
    existing(
        ["", "", "StatefulSet"],
        "spec/template/spec/containers/env/value",
    ),
    existing(
        ["", "", "StatefulSet"],
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "StatefulSet"],
        "spec/template/spec/initContainers/args",
    ),
    existing(
        ["", "", "StatefulSet"],
        "spec/template/spec/initContainers/command",
    ),
    existing(
        ["", "", "StatefulSet"],
        "spec/template/spec/initContainers/env/value",
    ),
    existing(
        ["", "", "StatefulSet"],
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "StatefulSet"],
        "spec/volumeClaimTemplates/spec/nfs/server",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/spec/containers/args",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/spec/containers/command",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/spec/containers/env/value",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/spec/containers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/spec/initContainers/args",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/spec/initContainers/command",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/spec/initContainers/env/value",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "CronJob"],
        "spec/jobTemplate/spec/template/volumes/nfs/server",
    ),
    existing(["", "", "DaemonSet"], "spec/template/spec/containers/args"),
    existing(
        ["", "", "DaemonSet"],
        "spec/template/spec/containers/command",
    ),
    existing(
        ["", "", "DaemonSet"],
        "spec/template/spec/containers/env/value",
    ),
    existing(
        ["", "", "DaemonSet"],
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "DaemonSet"],
        "spec/template/spec/initContainers/args",
    ),
    existing(
        ["", "", "DaemonSet"],
        "spec/template/spec/initContainers/command",
    ),
    existing(
        ["", "", "DaemonSet"],
        "spec/template/spec/initContainers/env/value",
    ),
    existing(
        ["", "", "DaemonSet"],
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "DaemonSet"],
        "spec/template/spec/volumes/nfs/server",
    ),
    existing(["", "", "Ingress"], "spec/rules/host"),
    existing(["", "", "Ingress"], "spec/tls/hosts"),
    existing(["", "", "Ingress"], "spec/tls/secretName"),
    existing(["", "", "Job"], "spec/template/spec/containers/args"),
    existing(["", "", "Job"], "spec/template/spec/containers/command"),
    existing(["", "", "Job"], "spec/template/spec/containers/env/value"),
    existing(
        ["", "", "Job"],
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    existing(["", "", "Job"], "spec/template/spec/initContainers/args"),
    existing(["", "", "Job"], "spec/template/spec/initContainers/command"),
    existing(
        ["", "", "Job"],
        "spec/template/spec/initContainers/env/value",
    ),
    existing(
        ["", "", "Job"],
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    existing(["", "", "Job"], "spec/template/spec/volumes/nfs/server"),
    existing(["", "", "Pod"], "spec/containers/args"),
    existing(["", "", "Pod"], "spec/containers/command"),
    existing(["", "", "Pod"], "spec/containers/env/value"),
    existing(["", "", "Pod"], "spec/containers/volumeMounts/mountPath"),
    existing(["", "", "Pod"], "spec/initContainers/args"),
    existing(["", "", "Pod"], "spec/initContainers/command"),
    existing(["", "", "Pod"], "spec/initContainers/env/value"),
    existing(
        ["", "", "Pod"],
        "spec/initContainers/volumeMounts/mountPath",
    ),
    existing(["", "", "Pod"], "spec/volumes/nfs/server"),
    existing(["", "", "ReplicaSet"], "spec/template/spec/containers/args"),
    existing(
        ["", "", "ReplicaSet"],
        "spec/template/spec/containers/command",
    ),
    existing(
        ["", "", "ReplicaSet"],
        "spec/template/spec/containers/env/value",
    ),
    existing(
        ["", "", "ReplicaSet"],
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "ReplicaSet"],
        "spec/template/spec/initContainers/args",
    ),
    existing(
        ["", "", "ReplicaSet"],
        "spec/template/spec/initContainers/command",
    ),
    existing(
        ["", "", "ReplicaSet"],
        "spec/template/spec/initContainers/env/value",
    ),
    existing(
        ["", "", "ReplicaSet"],
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    existing(
        ["", "", "ReplicaSet"],
        "spec/template/spec/volumes/nfs/server",
    ),
    existing(["", "", ""], "metadata/labels"),
    existing(["", "", ""], "metadata/annotations"),
];
