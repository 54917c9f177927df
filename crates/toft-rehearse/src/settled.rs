//! When everything has come to rest.

use std::time::Duration;

use smol_str::SmolStr;
use toft_apiserver::ApiServer;
use toft_argo::GROUP;
use toft_object::{GroupResource, Time};
use toft_value::Value;

use crate::overview::apps;

/// For so long nothing may change until what is not good counts as how it is.
pub const QUIET: Duration = Duration::from_mins(15);

/// How everything came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Every set is expanded, and every Application healthy or finally failed.
    Done,
    /// No Application changed for [`QUIET`].
    Quiet,
}

/// Watches for the moment when everything has come to rest.
#[derive(Debug)]
pub(crate) struct Rest {
    seen: Vec<[SmolStr; 4]>,
    changed: Time,
    done: bool,
}

impl Rest {
    /// A watch that begins now: what was before counts for nothing.
    pub(crate) fn new(now: Time) -> Self {
        Self {
            seen: Vec::new(),
            changed: now,
            done: false,
        }
    }

    /// Looks at the Applications after something happened to them.
    pub(crate) fn look(&mut self, api: &ApiServer, now: Time) {
        let seen: Vec<[SmolStr; 4]> = apps(api).map(standing).collect();
        if seen != self.seen {
            self.seen = seen;
            self.changed = now;
        }
        self.done = sets(api).all(is_expanded) && apps(api).all(is_final);
    }

    /// Whether everything has come to rest.
    pub(crate) fn settled(&self, now: Time) -> Option<Settled> {
        if self.done {
            return Some(Settled::Done);
        }
        (now.since(self.changed) >= QUIET).then_some(Settled::Quiet)
    }

    /// When quiet would be reached, if nothing happens until then.
    pub(crate) fn quiet_at(&self) -> Time {
        self.changed + QUIET
    }
}

fn standing(app: &Value) -> [SmolStr; 4] {
    let text = |path: &[&str]| SmolStr::from(app.str_at(path).unwrap_or_default());
    [
        text(&["metadata", "name"]),
        text(&["status", "sync", "status"]),
        text(&["status", "health", "status"]),
        text(&["status", "operationState", "phase"]),
    ]
}

fn sets(api: &ApiServer) -> impl Iterator<Item = &Value> {
    api.list(&GroupResource::new(GROUP, "applicationsets"), None)
}

fn is_expanded(set: &Value) -> bool {
    let conditions = set.items_at(&["status", "conditions"]).iter();
    let mut current =
        conditions.filter(|condition| condition.str_at(&["type"]) == Some("ResourcesUpToDate"));
    current.any(|condition| condition.str_at(&["status"]) == Some("True"))
}

/// No refresh, no operation, and healthy or failed for good.
fn is_final(app: &Value) -> bool {
    let refresh = app
        .at(&["metadata", "annotations", "argocd.argoproj.io/refresh"])
        .is_some();
    let asked = app
        .at(&["operation"])
        .is_some_and(|operation| !operation.is_null());
    let compared = app
        .str_at(&["status", "sync", "status"])
        .is_some_and(|status| !status.is_empty());
    let phase = app
        .str_at(&["status", "operationState", "phase"])
        .unwrap_or_default();
    let healthy = app.str_at(&["status", "health", "status"]) == Some("Healthy");
    let rests = !matches!(phase, "Running" | "Terminating");
    let failed = matches!(phase, "Failed" | "Error");
    // An Application that is about to be synced is healthy with nothing in it.
    let synced =
        app.str_at(&["status", "sync", "status"]) != Some("OutOfSync") || !phase.is_empty();
    !refresh && !asked && compared && rests && (failed || (healthy && synced))
}
