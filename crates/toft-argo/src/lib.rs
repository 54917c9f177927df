//! The types of argoproj.io/v1alpha1 and the meaning of them that every room shares.
//!
//! A type here is read from a [`Value`](toft_value::Value) and keeps it: what Toft does not look at is
//! never lost. What is wrong with the value is told as diagnostics, and the rest is understood.

mod application;
mod application_set;
mod glob;
mod helm_source;
mod project;
mod read;
mod repo_url;
mod shape;
mod source;
mod sync_options;
mod sync_policy;
mod sync_window;
mod tracking;
mod wave;

pub use application::{
    Application, Destination, IgnoreDifferences, Info, Operation, OperationResource, Refresh,
    SyncOperation, SyncStrategy,
};
pub use application_set::{
    ApplicationSet, ApplicationSetSyncPolicy, ApplicationsSync, GENERATORS_DEPTH_MAX, Generator,
    GeneratorKind, GitGenerator, GitPath, IgnoreApplicationDifferences,
};
pub use glob::{GLOB_TOKENS_MAX, Glob, GlobError};
pub use helm_source::{HelmFileParameter, HelmParameter, HelmSource};
pub use project::{AppProject, Cluster, KindPattern, ProjectDestination, missing_project};
pub use repo_url::RepoUrl;
pub use shape::{
    APP_PROJECT, APPLICATION, APPLICATION_SET, Field, Keep, NESTED_GENERATOR, SOURCE, Shape,
    TEMPLATE,
};
pub use source::{
    ApplicationSource, DirectorySource, KustomizeReplica, KustomizeSource, Siblings, SourceType,
};
pub use sync_options::{
    ANNOTATION_SYNC_OPTIONS, Confirmable, PropagationPolicy, SyncOption, SyncOptions,
};
pub use sync_policy::{Automated, Backoff, ManagedNamespaceMetadata, Retry, SyncPolicy};
pub use sync_window::{Initiator, Permission, SyncWindow, WindowKind};
pub use tracking::{
    ANNOTATION_TRACKING_ID, LABEL_BYTES_MAX, LABEL_INSTANCE, TrackingId, TrackingMethod,
    instance_label, instance_name, is_self_reference,
};
pub use wave::{ANNOTATION_HOOK_WEIGHT, ANNOTATION_SYNC_WAVE, sync_wave};

/// The API group of Argo CD.
pub const GROUP: &str = "argoproj.io";
/// The one version of its kinds.
pub const API_VERSION: &str = "argoproj.io/v1alpha1";
/// The finalizer that makes an Application delete what it manages.
pub const RESOURCES_FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";
/// The project of an Application that names none.
pub const DEFAULT_PROJECT: &str = "default";
/// The address of the cluster that Argo CD itself runs in.
pub const IN_CLUSTER_SERVER: &str = "https://kubernetes.default.svc";
/// The name of the cluster that Argo CD itself runs in.
pub const IN_CLUSTER_NAME: &str = "in-cluster";
