//! A call to the Kubernetes API.

use smol_str::SmolStr;
use toft_object::{FieldSelector, GroupResource, LabelSelector};
use toft_value::Value;

/// A call to the Kubernetes API, decoded: no bytes, no URL.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The name of the user who asks.
    pub user: SmolStr,
    /// The `User-Agent`; what stands before the first `/` is the default field manager.
    pub agent: SmolStr,
    /// What is to be done.
    pub verb: Verb,
    /// To what.
    pub target: Target,
    /// How.
    pub options: Options,
    /// With what.
    pub body: Body,
    /// In which shape the answer is wanted.
    pub representation: Representation,
    /// What strict decoding objects to in the text of the body, in the order of the text: `unknown field
    /// "spec.foo"`, `duplicate field "data.x"`. `None` where the body never was a text.
    pub oddities: Option<Vec<String>>,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Read one object or document.
    Get,
    /// Read a collection.
    List,
    /// Follow a collection.
    Watch,
    /// Make an object.
    Create,
    /// Replace an object.
    Update,
    /// Change an object, or make it (apply).
    Patch,
    /// Delete an object.
    Delete,
    /// Delete the objects of a collection.
    DeleteCollection,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A collection, an object, or a subresource of one.
    Resource(ResourcePath),
    /// A document about the API itself.
    Document(Document),
}

/// A collection, an object, or a subresource of one, as a URL names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourcePath {
    /// The API group; empty for core.
    pub group: SmolStr,
    /// The version, such as `v1`.
    pub version: SmolStr,
    /// The plural, such as `pods`.
    pub resource: SmolStr,
    /// The namespace; empty for cluster-scoped resources and for all namespaces.
    pub namespace: SmolStr,
    /// The name; empty for a collection.
    pub name: SmolStr,
    /// The subresource, such as `status`; empty for the object itself.
    pub subresource: SmolStr,
}

/// A document about the API itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// `/`: the paths that are served.
    Root,
    /// `/version`
    Version,
    /// `/livez`, `/readyz`, `/healthz`
    Health {
        /// Which of them.
        check: SmolStr,
        /// Whether every check is to be listed.
        verbose: bool,
    },
    /// `/api`: the versions of the core group, or all groups where `aggregated`.
    CoreVersions {
        /// Whether the answer is an aggregated discovery document.
        aggregated: bool,
    },
    /// `/apis`: all groups; with all resources where `aggregated`.
    Groups {
        /// Whether the answer is an aggregated discovery document.
        aggregated: bool,
    },
    /// `/apis/GROUP`
    Group(SmolStr),
    /// `/api/v1` or `/apis/GROUP/VERSION`: the resources of one version.
    Resources {
        /// The API group; empty for core.
        group: SmolStr,
        /// The version.
        version: SmolStr,
    },
    /// `/openapi/v3`: where the documents of the versions are.
    OpenApiIndex,
    /// `/openapi/v3/api/v1` or `/openapi/v3/apis/GROUP/VERSION`
    OpenApi {
        /// The API group; empty for core.
        group: SmolStr,
        /// The version.
        version: SmolStr,
    },
    /// `/openapi/v2`: all kinds in the older form.
    OpenApiV2,
    /// A path that means nothing.
    Unknown(SmolStr),
}

/// How a request is to be done. What a verb does not know, it ignores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which labels the objects must have.
    pub label_selector: LabelSelector,
    /// Which fields the objects must have.
    pub field_selector: FieldSelector,
    /// At most so many objects in one answer; 0 is no limit.
    pub limit: usize,
    /// Where the previous answer ended.
    pub continue_token: Option<String>,
    /// `resourceVersion` as it was written.
    pub resource_version: Option<SmolStr>,
    /// `resourceVersionMatch`: `Exact` or `NotOlderThan`.
    pub resource_version_match: Option<SmolStr>,
    /// How long a watch lasts, in seconds of wall time.
    pub timeout_seconds: Option<u64>,
    /// Whether a watch gives bookmarks.
    pub allow_watch_bookmarks: bool,
    /// Whether a watch begins with what is there.
    pub send_initial_events: Option<bool>,
    /// Whether nothing is to be kept.
    pub dry_run: bool,
    /// Who owns the fields; the agent where none is given.
    pub field_manager: Option<SmolStr>,
    /// What happens to unknown and duplicate fields.
    pub field_validation: Option<Validation>,
    /// Whether an apply takes fields from other managers.
    pub force: bool,
    /// How long a deleted pod may take, in seconds.
    pub grace_period_seconds: Option<u64>,
    /// What happens to the dependents of a deleted object.
    pub propagation: Option<Propagation>,
    /// What `pods/log` is to give.
    pub log: LogOptions,
}

/// What `pods/log` is to give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The container; may be left out where there is one.
    pub container: Option<SmolStr>,
    /// Whether to follow.
    pub follow: bool,
    /// Whether the run before the last restart is meant.
    pub previous: bool,
    /// Whether each line begins with its time.
    pub timestamps: bool,
    /// At most so many lines, from the end.
    pub tail_lines: Option<usize>,
    /// Only what is younger, in seconds.
    pub since_seconds: Option<u64>,
    /// At most so many bytes.
    pub limit_bytes: Option<usize>,
}

/// What happens to unknown and duplicate fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// They are dropped.
    Ignore,
    /// They are dropped and told.
    Warn,
    /// The request is refused.
    Strict,
}

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They stay.
    Orphan,
    /// They go afterwards.
    Background,
    /// They go first.
    Foreground,
}

/// What a request brings.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// An object, or `DeleteOptions`.
    Object(Value),
    /// A patch.
    Patch {
        /// What the content means.
        kind: PatchKind,
        /// The patch.
        content: Value,
    },
}

/// What the content of a patch means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 6902, `application/json-patch+json`.
    Json,
    /// RFC 7386, `application/merge-patch+json`.
    Merge,
    /// `application/strategic-merge-patch+json`
    Strategic,
    /// Server-side apply, `application/apply-patch+yaml`.
    Apply,
}

/// In which shape an answer is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Representation {
    /// The objects themselves.
    #[default]
    Object,
    /// A `meta.k8s.io/v1` table.
    Table(IncludeObject),
    /// `PartialObjectMetadata` and its list.
    Metadata,
}

/// What a row of a table carries of its object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// Its metadata.
    #[default]
    Metadata,
    /// The whole object.
    Object,
}

impl ResourcePath {
    /// A collection of all namespaces, or of a cluster-scoped resource.
    pub fn new(group: &str, version: &str, resource: &str) -> Self {
        let (group, version, resource) = (group.into(), version.into(), resource.into());
        Self {
            group,
            version,
            resource,
            ..Self::default()
        }
    }

    /// The same in a namespace; empty for none.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// One object of the collection.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// A subresource of the object.
    #[must_use]
    pub fn subresource(mut self, subresource: &str) -> Self {
        self.subresource = subresource.into();
        self
    }

    /// The resource without version, namespace and name.
    pub fn group_resource(&self) -> GroupResource {
        GroupResource {
            group: self.group.clone(),
            resource: self.resource.clone(),
        }
    }
}

impl Request {
    /// A request of `agent` without options and body.
    pub fn new(agent: &str, verb: Verb, path: ResourcePath) -> Self {
        Self {
            user: agent.into(),
            agent: agent.into(),
            verb,
            target: Target::Resource(path),
            options: Options::default(),
            body: Body::None,
            representation: Representation::Object,
            oddities: None,
        }
    }

    /// Reads one object.
    pub fn get(agent: &str, path: ResourcePath) -> Self {
        Self::new(agent, Verb::Get, path)
    }

    /// Reads a collection.
    pub fn list(agent: &str, path: ResourcePath) -> Self {
        Self::new(agent, Verb::List, path)
    }

    /// Makes an object.
    pub fn create(agent: &str, path: ResourcePath, object: Value) -> Self {
        Self {
            body: Body::Object(object),
            ..Self::new(agent, Verb::Create, path)
        }
    }

    /// Replaces an object.
    pub fn update(agent: &str, path: ResourcePath, object: Value) -> Self {
        Self {
            body: Body::Object(object),
            ..Self::new(agent, Verb::Update, path)
        }
    }

    /// Changes an object.
    pub fn patch(agent: &str, path: ResourcePath, kind: PatchKind, content: Value) -> Self {
        Self {
            body: Body::Patch { kind, content },
            ..Self::new(agent, Verb::Patch, path)
        }
    }

    /// Applies an object as field manager `agent`, without force.
    pub fn apply(agent: &str, path: ResourcePath, object: Value) -> Self {
        let mut request = Self::patch(agent, path, PatchKind::Apply, object);
        request.options.field_manager = Some(agent.into());
        request
    }

    /// Deletes an object.
    pub fn delete(agent: &str, path: ResourcePath) -> Self {
        Self::new(agent, Verb::Delete, path)
    }

    /// The resource that the request is about; `None` where it is about the API itself.
    pub fn path(&self) -> Option<&ResourcePath> {
        match &self.target {
            Target::Resource(path) => Some(path),
            Target::Document(_) => None,
        }
    }

    /// Who owns the fields that the request writes: the option, or the agent up to its first `/`.
    pub fn field_manager(&self) -> &str {
        let agent = self.agent.split('/').next().unwrap_or_default();
        self.options.field_manager.as_deref().unwrap_or(agent)
    }
}
