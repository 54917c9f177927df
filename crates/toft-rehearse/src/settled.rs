//! When everything has come to rest.

use std::collections::BTreeMap;
use std::time::Duration;

use smol_str::SmolStr;
use toft_apiserver::{ApiServer, Commit};
use toft_argo::GROUP;
use toft_object::{GroupResource, Time};
use toft_value::Value;

use crate::overview::apps;

const APPLICATIONS: &str = "applications";
const SETS: &str = "applicationsets";

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
    apps: BTreeMap<Place, Standing>,
    sets: BTreeMap<Place, bool>,
    changed: Time,
    /// Since when nothing had changed before the first look, where that is known.
    since: Option<Time>,
}

/// Namespace and name.
type Place = (SmolStr, SmolStr);

/// How an Application stands, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    /// Sync status, health, phase of the operation.
    words: [SmolStr; 3],
    is_final: bool,
}

impl Rest {
    /// A watch that begins now: what was before counts for nothing.
    pub(crate) fn new(now: Time) -> Self {
        Self {
            apps: BTreeMap::new(),
            sets: BTreeMap::new(),
            changed: now,
            since: None,
        }
    }

    /// A watch that goes on: where nothing had changed for long when everything was kept, that counts.
    pub(crate) fn resumed(api: &ApiServer, kept: Time, now: Time) -> Self {
        let was_quiet = last_change(api).is_some_and(|last| kept.since(last) >= QUIET);
        Self {
            since: was_quiet.then(|| now - QUIET),
            ..Self::new(now)
        }
    }

    /// Looks at everything.
    pub(crate) fn look(&mut self, api: &ApiServer, now: Time) {
        let place = |value: &Value| {
            let text = |key: &str| value.str_at(&["metadata", key]).unwrap_or_default().into();
            (text("namespace"), text("name"))
        };
        self.apps = apps(api).map(|app| (place(app), standing(app))).collect();
        let expanded = sets(api).map(|set| (place(set), is_expanded(set)));
        self.sets = expanded.collect();
        self.changed = self.since.take().unwrap_or(now);
    }

    /// Takes in what was committed.
    pub(crate) fn take_in(&mut self, commits: &[Commit], now: Time) {
        let changes = commits.iter().flat_map(|commit| &commit.changes);
        for change in changes.filter(|change| change.key.resource.group == GROUP) {
            let key = &change.key;
            let place = (key.namespace.clone(), key.name.clone());
            match key.resource.resource.as_str() {
                APPLICATIONS => self.take_in_app(place, change.after.as_ref(), now),
                SETS => match &change.after {
                    Some(set) => drop(self.sets.insert(place, is_expanded(set))),
                    None => drop(self.sets.remove(&place)),
                },
                _ => {}
            }
        }
    }

    fn take_in_app(&mut self, place: Place, app: Option<&Value>, now: Time) {
        let after = app.map(standing);
        let words = |standing: &Standing| standing.words.clone();
        if self.apps.get(&place).map(words) != after.as_ref().map(words) {
            self.changed = now;
        }
        match after {
            Some(standing) => drop(self.apps.insert(place, standing)),
            None => drop(self.apps.remove(&place)),
        }
    }

    fn is_done(&self) -> bool {
        self.sets.values().all(|expanded| *expanded)
            && self.apps.values().all(|standing| standing.is_final)
    }

    /// Whether everything has come to rest.
    pub(crate) fn settled(&self, now: Time) -> Option<Settled> {
        if self.is_done() {
            return Some(Settled::Done);
        }
        (now.since(self.changed) >= QUIET).then_some(Settled::Quiet)
    }

    /// When quiet would be reached, if nothing happens until then.
    pub(crate) fn quiet_at(&self) -> Time {
        self.changed + QUIET
    }
}

fn standing(app: &Value) -> Standing {
    let text = |path: &[&str]| SmolStr::from(app.str_at(path).unwrap_or_default());
    Standing {
        words: [
            text(&["status", "sync", "status"]),
            text(&["status", "health", "status"]),
            text(&["status", "operationState", "phase"]),
        ],
        is_final: is_final(app),
    }
}

/// When the status of an Application changed for the last time, as far as it tells.
fn last_change(api: &ApiServer) -> Option<Time> {
    const TIMES: &[&[&str]] = &[
        &["metadata", "creationTimestamp"],
        &["status", "reconciledAt"],
        &["status", "health", "lastTransitionTime"],
        &["status", "operationState", "startedAt"],
        &["status", "operationState", "finishedAt"],
    ];
    let times = apps(api).flat_map(|app| TIMES.iter().filter_map(|path| app.str_at(path)));
    times.filter_map(|text| Time::parse(text).ok()).max()
}

fn sets(api: &ApiServer) -> impl Iterator<Item = &Value> {
    api.list(&GroupResource::new(GROUP, SETS), None)
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
