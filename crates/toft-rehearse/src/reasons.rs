//! Why an Application is not as it should be, in words for its owner.
//!
//! The status of an Application says that something is wrong; what it is often lies deeper: in the result of
//! one object, in the pod below a Deployment, in an event. Here it is looked up and told with its object.

mod below;

use std::collections::BTreeSet;

use toft_apiserver::ApiServer;
use toft_object::{GroupResource, Gvk};
use toft_sync::{HealthStatus, assess};
use toft_value::Value;

/// The conditions that say why an Application could not be looked at at all.
const BROKEN: &[&str] = &["ComparisonError", "DeletionError", "UnknownError"];

/// What Argo CD writes before the reason; it tells nothing.
const PREAMBLES: &[&str] = &["Failed to load target state: "];

/// Why an Application is not as it should be: first what is wrong with it as a whole, then what its last
/// operation could not do, then which of its objects are not well and why.
///
/// Empty where nothing is known yet.
pub(crate) fn reasons(api: &ApiServer, app: &Value) -> Vec<String> {
    let mut reasons = broken(app);
    let failed = failed_objects(app);
    reasons.extend(operation(app, &failed));
    let others = app.items_at(&["status", "resources"]).iter();
    let others = others.filter(|resource| !failed.iter().any(|one| one.object == named(resource)));
    let unwell = others.filter_map(|resource| unwell(api, app, resource));
    // Where the operation failed, objects that it did not come to are no reason but a consequence.
    let (absent, unwell): (Vec<Unwell>, Vec<Unwell>) =
        unwell.partition(|one| one.is_absent && !failed.is_empty());
    reasons.extend(failed.into_iter().map(|one| one.told()));
    reasons.extend(unwell.into_iter().map(|one| one.told()));
    reasons.extend(consequence(absent.len()));
    let mut seen = BTreeSet::new();
    reasons.retain(|reason| seen.insert(reason.clone()));
    reasons
}

/// An object that is not well, and why.
struct Unwell {
    /// As it is told: ``Deployment `media/sonarr` ``.
    object: String,
    /// What follows after that.
    why: String,
    /// Whether it is not there, or not as Git has it.
    is_absent: bool,
}

impl Unwell {
    fn told(&self) -> String {
        format!("{} {}", self.object, self.why)
    }
}

fn consequence(absent: usize) -> Option<String> {
    match absent {
        0 => None,
        1 => Some("1 more object is missing or differs from Git".to_owned()),
        many => Some(format!(
            "{many} more objects are missing or differ from Git"
        )),
    }
}

/// The conditions that are told as reasons already.
pub(crate) fn is_reason(kind: &str) -> bool {
    // What SyncError says is what the operation says, and no more.
    BROKEN.contains(&kind) || kind == "SyncError"
}

fn broken(app: &Value) -> Vec<String> {
    let is_unknown = app.str_at(&["status", "sync", "status"]) == Some("Unknown");
    let conditions = app.items_at(&["status", "conditions"]).iter();
    let broken = conditions.filter(|condition| {
        let kind = condition.str_at(&["type"]).unwrap_or_default();
        BROKEN.contains(&kind) || (is_unknown && kind == "InvalidSpecError")
    });
    let messages = broken.filter_map(|condition| condition.str_at(&["message"]));
    messages
        .map(|message| {
            let mut preambles = PREAMBLES.iter();
            let bare = preambles.find_map(|preamble| message.strip_prefix(preamble));
            bare.unwrap_or(message).to_owned()
        })
        .collect()
}

/// What of the last operation failed, also where it is tried again: the object and what was said about it.
fn failed_objects(app: &Value) -> Vec<Unwell> {
    let results = app.items_at(&["status", "operationState", "syncResult", "resources"]);
    let failed = results.iter().filter(|result| {
        result.str_at(&["status"]) == Some("SyncFailed")
            || matches!(result.str_at(&["hookPhase"]), Some("Failed" | "Error"))
    });
    let told = failed.map(|result| {
        let message = result.str_at(&["message"]).unwrap_or_default();
        Unwell {
            object: named(result),
            why: format!("was not applied: {message}"),
            is_absent: true,
        }
    });
    told.collect()
}

/// What the operation says, where it is under way or failed as a whole.
fn operation(app: &Value, failed: &[Unwell]) -> Option<String> {
    let phase = app.str_at(&["status", "operationState", "phase"])?;
    let message = app.str_at(&["status", "operationState", "message"])?;
    let told = match phase {
        "Running" | "Terminating" => true,
        "Failed" | "Error" => failed.is_empty(),
        _ => false,
    };
    (told && !message.is_empty()).then(|| message.to_owned())
}

/// What is wrong with one object of the Application; `None` where it is well.
fn unwell(api: &ApiServer, app: &Value, resource: &Value) -> Option<Unwell> {
    let unwell = |why: String, is_absent| {
        Some(Unwell {
            object: named(resource),
            why,
            is_absent,
        })
    };
    let Some(live) = live(api, resource) else {
        return unwell("is missing".to_owned(), true);
    };
    if let Some(health) = assess(live).filter(|health| health.status != HealthStatus::Healthy) {
        let causes = below::causes(api, live, &health);
        let status = health.status;
        return match causes.join("; ") {
            none if none.is_empty() => unwell(format!("is {status}"), false),
            causes => unwell(format!("is {status}: {causes}"), false),
        };
    }
    if resource.str_at(&["status"]) == Some("OutOfSync") {
        return unwell(difference(app, resource).to_owned(), true);
    }
    None
}

fn difference(app: &Value, resource: &Value) -> &'static str {
    let prunes = app.bool_at(&["spec", "syncPolicy", "automated", "prune"]) == Some(true);
    match resource.bool_at(&["requiresPruning"]) {
        Some(true) if prunes => "is not in Git any more",
        Some(true) => "is not in Git any more, and this Application does not prune",
        Some(false) | None if is_automated(app) => "differs from Git",
        Some(false) | None => "differs from Git, and this Application does not sync by itself",
    }
}

fn is_automated(app: &Value) -> bool {
    app.at(&["spec", "syncPolicy", "automated"])
        .is_some_and(|automated| automated.bool_at(&["enabled"]) != Some(false))
}

fn live<'a>(api: &'a ApiServer, resource: &Value) -> Option<&'a Value> {
    let text = |key: &str| resource.str_at(&[key]).unwrap_or_default();
    let gvk = Gvk::new(text("group"), text("version"), text("kind"));
    let served = api.schemas().kind(&gvk)?;
    let group_resource = GroupResource::new(&served.group, &served.plural);
    api.get(&group_resource, text("namespace"), text("name"))
}

/// An object as it is told: ``Deployment `media/sonarr` ``.
fn named(resource: &Value) -> String {
    let text = |key: &str| resource.str_at(&[key]).unwrap_or_default();
    match text("namespace") {
        "" => format!("{} `{}`", text("kind"), text("name")),
        namespace => format!("{} `{namespace}/{}`", text("kind"), text("name")),
    }
}
