//! How everything stands: one line for each Application.

use std::time::Duration;

use smol_str::SmolStr;
use toft_apiserver::ApiServer;
use toft_argo::GROUP;
use toft_object::{GroupResource, Time};
use toft_value::Value;

use crate::reasons::{is_reason, reasons};
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
    /// Why it is not as it should be, what matters most first; empty where it is, or nothing is known yet.
    pub reasons: Vec<String>,
    /// How many objects it has.
    pub objects: usize,
    /// What is synced.
    pub revision: SmolStr,
    /// From its creation until its health last changed; `None` before that.
    pub duration: Option<Duration>,
    /// What else its conditions tell, as `Type: message`: above all what Argo CD would refuse.
    pub conditions: Vec<String>,
}

impl AppLine {
    /// Whether it is as it should be.
    pub fn is_good(&self) -> bool {
        self.sync == "Synced" && self.health == "Healthy"
    }

    /// How an Application stands.
    pub(crate) fn read(api: &ApiServer, app: &Value) -> Self {
        let text = |path: &[&str]| SmolStr::from(app.str_at(path).unwrap_or_default());
        let revision = text(&["status", "sync", "revision"]);
        let revisions = app.items_at(&["status", "sync", "revisions"]);
        let first = revisions.first().and_then(Value::as_str);
        let mut line = Self {
            name: text(&["metadata", "name"]),
            project: text(&["spec", "project"]),
            sync: text(&["status", "sync", "status"]),
            health: text(&["status", "health", "status"]),
            phase: text(&["status", "operationState", "phase"]),
            reasons: Vec::new(),
            objects: app.items_at(&["status", "resources"]).len(),
            revision: if revision.is_empty() {
                first.unwrap_or_default().into()
            } else {
                revision
            },
            duration: duration(app),
            conditions: Vec::new(),
        };
        if !line.is_good() {
            line.reasons = reasons(api, app);
        }
        line.conditions = line.conditions_beside(app);
        line
    }

    /// The conditions that the reasons do not tell already.
    fn conditions_beside(&self, app: &Value) -> Vec<String> {
        let conditions = app.items_at(&["status", "conditions"]).iter();
        let told = conditions.filter_map(|condition| {
            let kind = condition.str_at(&["type"])?;
            let message = condition.str_at(&["message"]).unwrap_or_default();
            let known = is_reason(kind) || self.reasons.iter().any(|reason| reason == message);
            (!known).then(|| format!("{kind}: {message}"))
        });
        told.collect()
    }
}

/// How long the Application took to come up, or its last operation to show in its health.
fn duration(app: &Value) -> Option<Duration> {
    let time = |path: &[&str]| Time::parse(app.str_at(path)?).ok();
    let operation = |field: &str| time(&["status", "operationState", field]);
    let changed = time(&["status", "health", "lastTransitionTime"])?;
    let created = time(&["metadata", "creationTimestamp"])?;
    let Some(finished) = operation("finishedAt").filter(|finished| *finished > changed) else {
        return Some(changed.since(created));
    };
    let took = operation("startedAt").map(|started| finished.since(started));
    took.or_else(|| Some(changed.since(created)))
}

/// The Applications of a cluster.
pub(crate) fn apps(api: &ApiServer) -> impl Iterator<Item = &Value> {
    api.list(&GroupResource::new(GROUP, "applications"), None)
}
