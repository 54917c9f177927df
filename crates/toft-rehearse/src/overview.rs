//! How everything stands: one line for each Application.

use std::time::Duration;

use smol_str::SmolStr;
use toft_apiserver::ApiServer;
use toft_argo::GROUP;
use toft_object::{GroupResource, Time};
use toft_value::Value;

use crate::routes::Route;
use crate::settled::Settled;

/// How everything stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// The Applications, by namespace and name.
    pub apps: Vec<AppLine>,
    /// The ways from outside to the apps.
    pub routes: Vec<Route>,
    /// What the owner should know once: what was not honoured, what is assumed.
    pub notices: Vec<String>,
    /// Whether everything has come to rest, and how; `None` while it has not.
    pub settled: Option<Settled>,
}

/// How an Application stands, as its status says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppLine {
    /// Its name.
    pub name: SmolStr,
    /// Its project.
    pub project: SmolStr,
    /// `Synced`, `OutOfSync` or `Unknown`; empty before the first comparison.
    pub sync: SmolStr,
    /// `Healthy`, `Progressing`, …; empty before the first comparison.
    pub health: SmolStr,
    /// The phase of its last operation; empty where there was none.
    pub phase: SmolStr,
    /// What its last operation, its health or its conditions say; empty where there is nothing to say.
    pub message: String,
    /// How many objects it has.
    pub objects: usize,
    /// What is synced.
    pub revision: SmolStr,
    /// From its creation until its health last changed; `None` before that.
    pub duration: Option<Duration>,
    /// What Argo CD would say against it, and what else its conditions tell.
    pub conditions: Vec<String>,
}

impl AppLine {
    /// Whether it is as it should be.
    pub fn is_good(&self) -> bool {
        self.sync == "Synced" && self.health == "Healthy"
    }

    /// How an Application stands.
    pub(crate) fn read(app: &Value) -> Self {
        let text = |path: &[&str]| SmolStr::from(app.str_at(path).unwrap_or_default());
        let conditions: Vec<String> = app
            .items_at(&["status", "conditions"])
            .iter()
            .filter_map(condition)
            .collect();
        let revision = text(&["status", "sync", "revision"]);
        let first = app
            .items_at(&["status", "sync", "revisions"])
            .first()
            .and_then(Value::as_str);
        let mut line = Self {
            name: text(&["metadata", "name"]),
            project: text(&["spec", "project"]),
            sync: text(&["status", "sync", "status"]),
            health: text(&["status", "health", "status"]),
            phase: text(&["status", "operationState", "phase"]),
            message: String::new(),
            objects: app.items_at(&["status", "resources"]).len(),
            revision: if revision.is_empty() {
                first.unwrap_or_default().into()
            } else {
                revision
            },
            duration: duration(app),
            conditions,
        };
        line.message = line.why(app);
        line
    }

    /// Why it is not as it should be: the first that has something to say.
    fn why(&self, app: &Value) -> String {
        if self.is_good() {
            return String::new();
        }
        if let Some(condition) = self.conditions.first() {
            return condition.clone();
        }
        let operation = app
            .str_at(&["status", "operationState", "message"])
            .filter(|_| self.phase != "Succeeded");
        let health = app
            .str_at(&["status", "health", "message"])
            .map(str::to_owned);
        operation
            .map(str::to_owned)
            .or(health)
            .or_else(|| unhealthy(app))
            .unwrap_or_default()
    }
}

fn condition(condition: &Value) -> Option<String> {
    let kind = condition.str_at(&["type"])?;
    Some(format!(
        "{kind}: {}",
        condition.str_at(&["message"]).unwrap_or_default()
    ))
}

/// The first object that is not healthy, and what it says.
fn unhealthy(app: &Value) -> Option<String> {
    let mut resources = app.items_at(&["status", "resources"]).iter();
    let resource = resources.find(|resource| {
        let health = resource.str_at(&["health", "status"]);
        health.is_some_and(|health| health != "Healthy")
            || resource.str_at(&["status"]) == Some("OutOfSync")
    })?;
    let (kind, name) = (resource.str_at(&["kind"])?, resource.str_at(&["name"])?);
    let health = resource
        .str_at(&["health", "status"])
        .or(resource.str_at(&["status"]))
        .unwrap_or_default();
    let said = resource
        .str_at(&["health", "message"])
        .map(|message| format!(": {message}"))
        .unwrap_or_default();
    Some(format!("{kind} `{name}` is {health}{said}"))
}

fn duration(app: &Value) -> Option<Duration> {
    let time = |path: &[&str]| Time::parse(app.str_at(path)?).ok();
    let changed = time(&["status", "health", "lastTransitionTime"])?;
    Some(changed.since(time(&["metadata", "creationTimestamp"])?))
}

/// The Applications of a cluster.
pub(crate) fn apps(api: &ApiServer) -> impl Iterator<Item = &Value> {
    api.list(&GroupResource::new(GROUP, "applications"), None)
}
