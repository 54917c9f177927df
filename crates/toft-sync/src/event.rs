//! What the engine hears and what it asks for.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;
use toft_api::{ApiError, Request, Response, WatchEvent, WatchStart};
use toft_argo::{Application, ApplicationSet, ApplicationSource, Cluster, SourceType};
use toft_object::{Rendering, Time};

/// One of the clusters that an engine knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub SmolStr);

/// One effect that is answered once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// One watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId(pub u64);

impl fmt::Display for ClusterId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What the sources of an Application give at their revisions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppRendering {
    /// The objects.
    pub rendering: Rendering,
    /// Which tool gave them, one per source.
    pub source_types: Vec<SourceType>,
}

/// What an `ApplicationSet` gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetRendering {
    /// The Applications, in the order of the generators.
    pub applications: Vec<Application>,
    /// Applications that may not be written; one of the name that is there keeps living.
    pub invalid: Vec<InvalidApplication>,
}

/// An Application that a set gives and that may not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidApplication {
    /// Its name; may be empty.
    pub name: SmolStr,
    /// What is wrong with it.
    pub reason: String,
}

/// Why an `ApplicationSet` was not expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// A generator gave no parameters.
    Generator(String),
    /// The template could not be rendered.
    Template(String),
}

impl SetError {
    /// What is wrong.
    pub fn message(&self) -> &str {
        match self {
            Self::Generator(message) | Self::Template(message) => message,
        }
    }
}

/// What the engine hears.
#[derive(Clone, Debug)]
pub enum Event {
    /// The engine begins, or begins again after a crash.
    Started,
    /// A cluster answered.
    Answered {
        /// Which call.
        call: CallId,
        /// What it said.
        response: Response,
    },
    /// Something happened in a watched collection.
    Changed {
        /// Which watch.
        watch: WatchId,
        /// What happened.
        event: WatchEvent,
    },
    /// A watch ended.
    WatchEnded {
        /// Which watch.
        watch: WatchId,
        /// Why.
        error: ApiError,
    },
    /// The revision of a source is known, or why it is not.
    Resolved {
        /// Which call.
        call: CallId,
        /// The revision.
        result: Result<SmolStr, String>,
    },
    /// The sources of an Application were rendered, or why they were not.
    Rendered {
        /// Which call.
        call: CallId,
        /// The objects.
        result: Result<Arc<AppRendering>, String>,
    },
    /// An `ApplicationSet` was expanded, or why it was not; an error is never an empty list.
    Expanded {
        /// Which call.
        call: CallId,
        /// The Applications.
        result: Result<SetRendering, SetError>,
    },
    /// A source may have a new revision.
    SourceChanged,
    /// The time of the last [`Effect::Wake`] came.
    Woke,
}

/// What the engine asks for.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask a cluster; the answer is [`Event::Answered`].
    Call {
        /// The name of the answer.
        call: CallId,
        /// Which cluster.
        cluster: ClusterId,
        /// What.
        request: Box<Request>,
    },
    /// Watch a collection; the answers are [`Event::Changed`], at last [`Event::WatchEnded`].
    Watch {
        /// The name of the watch.
        watch: WatchId,
        /// Which cluster.
        cluster: ClusterId,
        /// From where on, and what.
        start: Box<WatchStart>,
    },
    /// Find the revision of a source; the answer is [`Event::Resolved`].
    Resolve {
        /// The name of the answer.
        call: CallId,
        /// The source.
        source: Box<ApplicationSource>,
    },
    /// Render the sources of an Application; the answer is [`Event::Rendered`].
    Render {
        /// The name of the answer.
        call: CallId,
        /// The Application.
        app: Box<Application>,
        /// The revision of each source.
        revisions: Vec<SmolStr>,
    },
    /// Expand an `ApplicationSet`; the answer is [`Event::Expanded`].
    Expand {
        /// The name of the answer.
        call: CallId,
        /// The set.
        set: Box<ApplicationSet>,
    },
    /// Say [`Event::Woke`] at this time or after it; replaces the wake that was asked for before.
    Wake {
        /// When.
        at: Time,
    },
}

/// What a destination of an Application means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destinations {
    /// The cluster that is registered under the name or address.
    Registered,
    /// The home cluster, whatever is written.
    Home,
}

/// What the rules of projects mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectRules {
    /// What they refuse is told and not done.
    Enforced,
    /// What they refuse is told and done.
    Told,
}

/// What happens to an Application that is not synced automatically and never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstSync {
    /// It waits for somebody to sync it.
    Asked,
    /// It is synced once.
    Once,
}

/// How an engine is set up.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Spreads timers; the same seed gives the same run.
    pub seed: u64,
    /// The cluster that holds the Applications.
    pub home: ClusterId,
    /// The namespace that holds them.
    pub control_namespace: SmolStr,
    /// The clusters by name and address.
    pub clusters: Vec<(Cluster, ClusterId)>,
    /// What a destination means.
    pub destinations: Destinations,
    /// What the rules of projects mean.
    pub project_rules: ProjectRules,
    /// What happens to an Application that is not synced automatically.
    pub first_sync: FirstSync,
}

impl EngineSettings {
    /// An engine of the cluster that it runs in, as Argo CD is installed.
    pub fn in_cluster(seed: u64) -> Self {
        let home = ClusterId(toft_argo::IN_CLUSTER_NAME.into());
        Self {
            seed,
            home: home.clone(),
            control_namespace: "argocd".into(),
            clusters: vec![(Cluster::in_cluster(), home)],
            destinations: Destinations::Registered,
            project_rules: ProjectRules::Enforced,
            first_sync: FirstSync::Asked,
        }
    }
}
