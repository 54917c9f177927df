//! The tables: fields in the order of Argo CD's declarations.
//!
//! Source: Argo CD 3.2.0 `pkg/apis/application/v1alpha1/types.go`, `applicationset_types.go`,
//! `app_project_types.go`.

use super::Keep::{Always, NonZero, Present};
use super::Shape::{Any, Flag, Integer, IntegerOrText, List, Map, Struct, Text};
use super::{Field, Keep, Shape};

const fn field(name: &'static str, shape: Shape, keep: Keep) -> Field {
    Field { name, shape, keep }
}

const TEXTS: Shape = List(&Text);
const TEXT_MAP: Shape = Map(&Text);
const FLAG_MAP: Shape = Map(&Flag);

const DESTINATION: Shape = Struct(&[
    field("server", Text, NonZero),
    field("namespace", Text, NonZero),
    field("name", Text, NonZero),
]);

const NAMED_VALUE: Shape = Struct(&[field("name", Text, Always), field("value", Text, Always)]);

const HELM: Shape = Struct(&[
    field("valueFiles", TEXTS, NonZero),
    field("parameters", List(&HELM_PARAMETER), NonZero),
    field("releaseName", Text, NonZero),
    field("values", Text, NonZero),
    field("fileParameters", List(&HELM_FILE_PARAMETER), NonZero),
    field("version", Text, NonZero),
    field("passCredentials", Flag, NonZero),
    field("ignoreMissingValueFiles", Flag, NonZero),
    field("skipCrds", Flag, NonZero),
    field("valuesObject", Any, Present),
    field("namespace", Text, NonZero),
    field("kubeVersion", Text, NonZero),
    field("apiVersions", TEXTS, NonZero),
    field("skipTests", Flag, NonZero),
    field("skipSchemaValidation", Flag, NonZero),
]);

const HELM_PARAMETER: Shape = Struct(&[
    field("name", Text, NonZero),
    field("value", Text, NonZero),
    field("forceString", Flag, NonZero),
]);

const HELM_FILE_PARAMETER: Shape =
    Struct(&[field("name", Text, NonZero), field("path", Text, NonZero)]);

const KUSTOMIZE: Shape = Struct(&[
    field("namePrefix", Text, NonZero),
    field("nameSuffix", Text, NonZero),
    field("images", TEXTS, NonZero),
    field("commonLabels", TEXT_MAP, NonZero),
    field("version", Text, NonZero),
    field("commonAnnotations", TEXT_MAP, NonZero),
    field("forceCommonLabels", Flag, NonZero),
    field("forceCommonAnnotations", Flag, NonZero),
    field("namespace", Text, NonZero),
    field("commonAnnotationsEnvsubst", Flag, NonZero),
    field("replicas", List(&KUSTOMIZE_REPLICA), NonZero),
    field("patches", List(&KUSTOMIZE_PATCH), NonZero),
    field("components", TEXTS, NonZero),
    field("ignoreMissingComponents", Flag, NonZero),
    field("labelWithoutSelector", Flag, NonZero),
    field("kubeVersion", Text, NonZero),
    field("apiVersions", TEXTS, NonZero),
    field("labelIncludeTemplates", Flag, NonZero),
]);

const KUSTOMIZE_REPLICA: Shape = Struct(&[
    field("name", Text, Always),
    field("count", IntegerOrText, Always),
]);

const KUSTOMIZE_PATCH: Shape = Struct(&[
    field("path", Text, NonZero),
    field("patch", Text, NonZero),
    field("target", KUSTOMIZE_SELECTOR, Present),
    field("options", FLAG_MAP, NonZero),
]);

const KUSTOMIZE_SELECTOR: Shape = Struct(&[
    field("group", Text, NonZero),
    field("version", Text, NonZero),
    field("kind", Text, NonZero),
    field("name", Text, NonZero),
    field("namespace", Text, NonZero),
    field("annotationSelector", Text, NonZero),
    field("labelSelector", Text, NonZero),
]);

const JSONNET_VARIABLE: Shape = Struct(&[
    field("name", Text, Always),
    field("value", Text, Always),
    field("code", Flag, NonZero),
]);

const DIRECTORY: Shape = Struct(&[
    field("recurse", Flag, NonZero),
    field("jsonnet", JSONNET, Always),
    field("exclude", Text, NonZero),
    field("include", Text, NonZero),
]);

const JSONNET: Shape = Struct(&[
    field("extVars", List(&JSONNET_VARIABLE), NonZero),
    field("tlas", List(&JSONNET_VARIABLE), NonZero),
    field("libs", TEXTS, NonZero),
]);

const PLUGIN: Shape = Struct(&[
    field("name", Text, NonZero),
    field("env", List(&NAMED_VALUE), NonZero),
    field("parameters", List(&PLUGIN_PARAMETER), NonZero),
]);

const PLUGIN_PARAMETER: Shape = Struct(&[
    field("name", Text, Always),
    field("string", Text, Present),
    field("map", TEXT_MAP, Present),
    field("array", TEXTS, Present),
]);

/// An `ApplicationSource`.
pub const SOURCE: Shape = Struct(&[
    field("repoURL", Text, Always),
    field("path", Text, NonZero),
    field("targetRevision", Text, NonZero),
    field("helm", HELM, Present),
    field("kustomize", KUSTOMIZE, Present),
    field("directory", DIRECTORY, Present),
    field("plugin", PLUGIN, Present),
    field("chart", Text, NonZero),
    field("ref", Text, NonZero),
    field("name", Text, NonZero),
]);

const AUTOMATED: Shape = Struct(&[
    field("prune", Flag, NonZero),
    field("selfHeal", Flag, NonZero),
    field("allowEmpty", Flag, NonZero),
    field("enabled", Flag, Present),
]);

const RETRY: Shape = Struct(&[
    field("limit", Integer, NonZero),
    field("backoff", BACKOFF, Present),
    field("refresh", Flag, NonZero),
]);

const BACKOFF: Shape = Struct(&[
    field("duration", Text, NonZero),
    field("factor", Integer, Present),
    field("maxDuration", Text, NonZero),
]);

const NAMESPACE_METADATA: Shape = Struct(&[
    field("labels", TEXT_MAP, NonZero),
    field("annotations", TEXT_MAP, NonZero),
]);

const SYNC_POLICY: Shape = Struct(&[
    field("automated", AUTOMATED, Present),
    field("syncOptions", TEXTS, NonZero),
    field("retry", RETRY, Present),
    field("managedNamespaceMetadata", NAMESPACE_METADATA, Present),
]);

const IGNORE_DIFFERENCES: Shape = Struct(&[
    field("group", Text, NonZero),
    field("kind", Text, Always),
    field("name", Text, NonZero),
    field("namespace", Text, NonZero),
    field("jsonPointers", TEXTS, NonZero),
    field("jqPathExpressions", TEXTS, NonZero),
    field("managedFieldsManagers", TEXTS, NonZero),
]);

const DRY_SOURCE: Shape = Struct(&[
    field("repoURL", Text, Always),
    field("targetRevision", Text, Always),
    field("path", Text, Always),
]);

const SYNC_SOURCE: Shape = Struct(&[
    field("targetBranch", Text, Always),
    field("path", Text, Always),
]);

const HYDRATE_TO: Shape = Struct(&[field("targetBranch", Text, Always)]);

const HYDRATOR: Shape = Struct(&[
    field("drySource", DRY_SOURCE, Always),
    field("syncSource", SYNC_SOURCE, Always),
    field("hydrateTo", HYDRATE_TO, Present),
]);

const APPLICATION_SPEC: Shape = Struct(&[
    field("source", SOURCE, Present),
    field("destination", DESTINATION, Always),
    field("project", Text, Always),
    field("syncPolicy", SYNC_POLICY, Present),
    field("ignoreDifferences", List(&IGNORE_DIFFERENCES), NonZero),
    field("info", List(&NAMED_VALUE), NonZero),
    field("revisionHistoryLimit", Integer, Present),
    field("sources", List(&SOURCE), NonZero),
    field("sourceHydrator", HYDRATOR, Present),
]);

const STRATEGY_APPLY: Shape = Struct(&[field("force", Flag, NonZero)]);

const SYNC_STRATEGY: Shape = Struct(&[
    field("apply", STRATEGY_APPLY, Present),
    field("hook", STRATEGY_APPLY, Present),
]);

const OPERATION_RESOURCE: Shape = Struct(&[
    field("group", Text, NonZero),
    field("kind", Text, Always),
    field("name", Text, Always),
    field("namespace", Text, NonZero),
]);

const SYNC_OPERATION: Shape = Struct(&[
    field("revision", Text, NonZero),
    field("prune", Flag, NonZero),
    field("dryRun", Flag, NonZero),
    field("syncStrategy", SYNC_STRATEGY, Present),
    field("resources", List(&OPERATION_RESOURCE), NonZero),
    field("source", SOURCE, Present),
    field("manifests", TEXTS, NonZero),
    field("syncOptions", TEXTS, NonZero),
    field("sources", List(&SOURCE), NonZero),
    field("revisions", TEXTS, NonZero),
    field("autoHealAttemptsCount", Integer, NonZero),
]);

const INITIATOR: Shape = Struct(&[
    field("username", Text, NonZero),
    field("automated", Flag, NonZero),
]);

const OPERATION: Shape = Struct(&[
    field("sync", SYNC_OPERATION, Present),
    field("initiatedBy", INITIATOR, Always),
    field("info", List(&NAMED_VALUE), NonZero),
    field("retry", RETRY, Always),
]);

/// An `Application`; its metadata and status are kept as they are.
pub const APPLICATION: Shape = Struct(&[
    field("apiVersion", Text, NonZero),
    field("kind", Text, NonZero),
    field("metadata", Any, Always),
    field("spec", APPLICATION_SPEC, Always),
    field("status", Any, Present),
    field("operation", OPERATION, Present),
]);

const TEMPLATE_METADATA: Shape = Struct(&[
    field("name", Text, NonZero),
    field("namespace", Text, NonZero),
    field("labels", TEXT_MAP, NonZero),
    field("annotations", TEXT_MAP, NonZero),
    field("finalizers", TEXTS, NonZero),
]);

/// The template of an `ApplicationSet`.
pub const TEMPLATE: Shape = Struct(&[
    field("metadata", TEMPLATE_METADATA, Always),
    field("spec", APPLICATION_SPEC, Always),
]);

const SELECTOR: Shape = Struct(&[
    field("matchLabels", TEXT_MAP, NonZero),
    field("matchExpressions", List(&SELECTOR_REQUIREMENT), NonZero),
]);

const SELECTOR_REQUIREMENT: Shape = Struct(&[
    field("key", Text, Always),
    field("operator", Text, Always),
    field("values", TEXTS, NonZero),
]);

const LIST_GENERATOR: Shape = Struct(&[
    field("elements", List(&Any), Always),
    field("template", TEMPLATE, Always),
    field("elementsYaml", Text, NonZero),
]);

const CLUSTERS_GENERATOR: Shape = Struct(&[
    field("selector", SELECTOR, Always),
    field("template", TEMPLATE, Always),
    field("values", TEXT_MAP, NonZero),
    field("flatList", Flag, NonZero),
]);

const GIT_PATH: Shape = Struct(&[field("path", Text, Always), field("exclude", Flag, NonZero)]);

const GIT_GENERATOR: Shape = Struct(&[
    field("repoURL", Text, Always),
    field("directories", List(&GIT_PATH), NonZero),
    field("files", List(&GIT_PATH), NonZero),
    field("revision", Text, Always),
    field("requeueAfterSeconds", Integer, Present),
    field("template", TEMPLATE, Always),
    field("pathParamPrefix", Text, NonZero),
    field("values", TEXT_MAP, NonZero),
]);

/// A generator in a matrix or merge generator; what asks something outside the repository is kept as
/// it is. A matrix or merge generator in it holds such generators again.
pub const NESTED_GENERATOR: Shape = Struct(&[
    field("list", LIST_GENERATOR, Present),
    field("clusters", CLUSTERS_GENERATOR, Present),
    field("git", GIT_GENERATOR, Present),
    field("scmProvider", Any, Present),
    field("clusterDecisionResource", Any, Present),
    field("pullRequest", Any, Present),
    field("matrix", Any, Present),
    field("merge", Any, Present),
    field("selector", SELECTOR, Present),
    field("plugin", Any, Present),
]);

const PRESERVED_FIELDS: Shape = Struct(&[
    field("annotations", TEXTS, NonZero),
    field("labels", TEXTS, NonZero),
]);

const SET_SYNC_POLICY: Shape = Struct(&[
    field("preserveResourcesOnDeletion", Flag, NonZero),
    field("applicationsSync", Text, Present),
]);

const SET_IGNORE_DIFFERENCES: Shape = Struct(&[
    field("name", Text, NonZero),
    field("jsonPointers", TEXTS, NonZero),
    field("jqPathExpressions", TEXTS, NonZero),
]);

const APPLICATION_SET_SPEC: Shape = Struct(&[
    field("goTemplate", Flag, NonZero),
    field("generators", List(&Any), Always),
    field("template", TEMPLATE, Always),
    field("syncPolicy", SET_SYNC_POLICY, Present),
    field("strategy", Any, Present),
    field("preservedFields", PRESERVED_FIELDS, Present),
    field("goTemplateOptions", TEXTS, NonZero),
    field("applyNestedSelectors", Flag, NonZero),
    field(
        "ignoreApplicationDifferences",
        List(&SET_IGNORE_DIFFERENCES),
        NonZero,
    ),
    field("templatePatch", Text, Present),
]);

/// An `ApplicationSet`; its generators are kept as they are.
pub const APPLICATION_SET: Shape = Struct(&[
    field("apiVersion", Text, NonZero),
    field("kind", Text, NonZero),
    field("metadata", Any, Always),
    field("spec", APPLICATION_SET_SPEC, Always),
    field("status", Any, Present),
]);

const KIND_PATTERN: Shape = Struct(&[field("group", Text, Always), field("kind", Text, Always)]);

const APP_PROJECT_SPEC: Shape = Struct(&[
    field("sourceRepos", TEXTS, NonZero),
    field("destinations", List(&DESTINATION), NonZero),
    field("description", Text, NonZero),
    field("roles", List(&Any), NonZero),
    field("clusterResourceWhitelist", List(&KIND_PATTERN), NonZero),
    field("namespaceResourceBlacklist", List(&KIND_PATTERN), NonZero),
    field("orphanedResources", Any, Present),
    field("syncWindows", List(&Any), NonZero),
    field("namespaceResourceWhitelist", List(&KIND_PATTERN), NonZero),
    field("signatureKeys", List(&Any), NonZero),
    field("clusterResourceBlacklist", List(&KIND_PATTERN), NonZero),
    field("sourceNamespaces", TEXTS, NonZero),
    field("permitOnlyProjectScopedClusters", Flag, NonZero),
    field("destinationServiceAccounts", List(&Any), NonZero),
]);

/// An `AppProject`; roles, windows and what else Toft does not look at are kept as they are.
pub const APP_PROJECT: Shape = Struct(&[
    field("apiVersion", Text, NonZero),
    field("kind", Text, NonZero),
    field("metadata", Any, Always),
    field("spec", APP_PROJECT_SPEC, Always),
    field("status", Any, Present),
]);
