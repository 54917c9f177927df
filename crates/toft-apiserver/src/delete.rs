//! Deleting an object: preconditions, grace, finalizers, dependents.
//!
//! Source: apiserver 0.36.3 `pkg/registry/rest/delete.go`, `pkg/registry/generic/registry/store.go`.

use toft_api::{ApiError, Body, Options, Propagation, Response};
use toft_object::{GroupKind, GroupResource, Time};
use toft_schema::Schemas;
use toft_value::{Value, value};

use crate::call::{Call, method_not_allowed};
use crate::invalid::{FieldError, invalid};
use crate::page::{Page, key_of};
use crate::select::Selection;
use crate::store::{Store, StoreKey};
use crate::{admission, rules};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Source: Kubernetes 1.36.3 `pkg/registry/batch/job/storage/storage.go`.
const PODS_STAY: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/// How an object is to be deleted.
#[derive(Clone, Debug, Default)]
struct Deletion {
    grace: Option<i64>,
    uid: Option<String>,
    revision: Option<String>,
    propagation: Option<Propagation>,
    dry_run: bool,
}

/// What became of an object.
enum Fate {
    /// It is still there, on its way out.
    Waits(Value),
    /// It is gone; this was its last state.
    Gone(Value),
}

/// Deletes the object that the request names.
pub(crate) fn delete(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    if call.path.name.is_empty() {
        return Err(method_not_allowed());
    }
    let deletion = Deletion::of(call.schemas, &call.request.options, &call.request.body)?;
    if deletion.propagation.is_none() && admission::is(call, "batch", "jobs") {
        call.warn(PODS_STAY);
    }
    let key = call.key(&call.path.name);
    let fate = delete_one(call, store, &key, &deletion)?;
    Ok(Response::ok(answer(call, &fate)))
}

/// Deletes what the selectors of the request choose; gives back the list of it.
pub(crate) fn delete_collection(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    let deletion = Deletion::of(call.schemas, &call.request.options, &call.request.body)?;
    let selection = Selection::of(call)?;
    let namespace = call
        .resource
        .namespaced
        .then_some(call.path.namespace.as_str())
        .filter(|name| !name.is_empty());
    let chosen = store
        .list(&call.stored, namespace)
        .filter(|object| selection.matches(object));
    let limit = match call.request.options.limit {
        0 => usize::MAX,
        limit => limit,
    };
    let mut chosen: Vec<Value> = chosen.take(limit.saturating_add(1)).cloned().collect();
    let more = chosen.len() > limit;
    chosen.truncate(limit);
    let revision = store.revision();
    for object in &chosen {
        let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default();
        let key = StoreKey::new(&call.stored, text("namespace"), text("name"));
        delete_one(call, store, &key, &deletion)?;
    }
    let items = chosen.iter().map(|object| call.outward(object));
    let mut list = crate::read::list_of(call, items.collect(), revision);
    if let Some(last) = chosen.last().filter(|_| more) {
        let after = key_of(last);
        let page = Page { revision, after };
        list.set_at(&["metadata", "continue"], page.token());
    }
    Ok(Response::ok(list))
}

fn delete_one(
    call: &Call<'_>,
    store: &mut Store,
    key: &StoreKey,
    deletion: &Deletion,
) -> Result<Fate, ApiError> {
    let Some(live) = store.get(key).cloned() else {
        return Err(call.not_found(&key.name));
    };
    deletion.preconditions_hold(call, &live)?;
    admission::deleted(call, key, &live)?;
    let given = grace(call, &live, deletion);
    let marking = |live, seconds| Marking {
        live,
        seconds,
        deletion,
    };
    Ok(match given {
        Grace::Pending => Fate::Waits(call.outward(&live)),
        Grace::Given(seconds) => marked(call, store, key, marking(live, seconds)),
        Grace::None => ungraceful(call, store, key, marking(live, 0)),
    })
}

/// What grace an object gets.
enum Grace {
    /// Its kind knows none, or its time is over.
    None,
    /// So many seconds.
    Given(i64),
    /// It had some before, and this request does not shorten it.
    Pending,
}

struct Marking<'a> {
    live: Value,
    seconds: i64,
    deletion: &'a Deletion,
}

/// Source: apiserver 0.36.3 `pkg/registry/rest/delete.go`, `BeforeDelete`; Kubernetes 1.36.3
/// `pkg/registry/core/pod/strategy.go`, `CheckGracefulDelete`.
fn grace(call: &Call<'_>, live: &Value, deletion: &Deletion) -> Grace {
    if call.stored != GroupResource::new("", "pods") {
        return Grace::None;
    }
    let asked = deletion
        .grace
        .map(|seconds| if seconds < 0 { 1 } else { seconds });
    if live.at(&["metadata", "deletionTimestamp"]).is_some() {
        let had = live
            .i64_at(&["metadata", "deletionGracePeriodSeconds"])
            .unwrap_or(0);
        return match asked {
            _ if had == 0 => Grace::None,
            Some(seconds) if seconds < had => Grace::Given(seconds),
            Some(_) | None => Grace::Pending,
        };
    }
    let default = live
        .i64_at(&["spec", "terminationGracePeriodSeconds"])
        .unwrap_or(0);
    let unscheduled = live
        .str_at(&["spec", "nodeName"])
        .unwrap_or_default()
        .is_empty();
    let over = matches!(
        live.str_at(&["status", "phase"]),
        Some("Failed" | "Succeeded")
    );
    Grace::Given(if unscheduled || over {
        0
    } else {
        asked.unwrap_or(default)
    })
}

/// Notes that an object is to go; takes it out at once where nothing holds it.
fn marked(call: &Call<'_>, store: &mut Store, key: &StoreKey, marking: Marking<'_>) -> Fate {
    let Marking {
        live,
        seconds,
        deletion,
    } = marking;
    let mut object = live.clone();
    let first = object.at(&["metadata", "deletionTimestamp"]).is_none();
    let start = if first {
        call.now
    } else {
        deletion_start(&object, call.now)
    };
    let end = start + std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    // Time that is over cannot be given back: one second remains for whoever finishes the deletion.
    let (end, seconds) = if end < call.now && seconds > 0 {
        (call.now, 1)
    } else {
        (end.max(call.now), seconds)
    };
    object.set_at(&["metadata", "deletionTimestamp"], end.to_string());
    object.set_at(&["metadata", "deletionGracePeriodSeconds"], seconds);
    if first {
        next_generation(&mut object);
    }
    if let Some(finalizers) = finalizers(call, &object, deletion) {
        set_finalizers(&mut object, finalizers);
    }
    let held = !object.items_at(&["metadata", "finalizers"]).is_empty();
    if held || seconds > 0 {
        return Fate::Waits(kept(call, store, key, (&live, object, deletion)));
    }
    if deletion.dry_run {
        return Fate::Gone(call.outward(&object));
    }
    store.put(key.clone(), object);
    let gone = store.remove(key.clone()).unwrap_or_default();
    Fate::Gone(call.outward(&gone))
}

fn deletion_start(object: &Value, now: Time) -> Time {
    let end = object
        .str_at(&["metadata", "deletionTimestamp"])
        .and_then(|text| Time::parse(text).ok());
    let seconds = object
        .i64_at(&["metadata", "deletionGracePeriodSeconds"])
        .unwrap_or(0);
    let grace = std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    end.map_or(now, |end| end - grace)
}

/// Deletes an object of a kind without grace: now, or as soon as its finalizers are gone.
fn ungraceful(call: &Call<'_>, store: &mut Store, key: &StoreKey, marking: Marking<'_>) -> Fate {
    let Marking { live, deletion, .. } = marking;
    let mut object = live.clone();
    if let Some(finalizers) = finalizers(call, &object, deletion) {
        set_finalizers(&mut object, finalizers);
    }
    crate::prepare::deleting(call, &mut object);
    let held = !object.items_at(&["metadata", "finalizers"]).is_empty()
        || !crate::prepare::may_go(&object);
    if held {
        if object.at(&["metadata", "deletionTimestamp"]).is_none() {
            next_generation(&mut object);
            object.set_at(&["metadata", "deletionTimestamp"], call.now.to_string());
        }
        object.set_at(&["metadata", "deletionGracePeriodSeconds"], 0);
        crate::prepare::marked(call, &live, &mut object);
        return Fate::Waits(kept(call, store, key, (&live, object, deletion)));
    }
    if deletion.dry_run {
        return Fate::Gone(call.outward(&live));
    }
    let gone = store.remove(key.clone()).unwrap_or_default();
    Fate::Gone(call.outward(&gone))
}

fn kept(
    call: &Call<'_>,
    store: &mut Store,
    key: &StoreKey,
    change: (&Value, Value, &Deletion),
) -> Value {
    let (live, object, deletion) = change;
    if deletion.dry_run || *live == object {
        return call.outward(&object);
    }
    let kept = store.put(key.clone(), object);
    call.outward(&kept)
}

fn next_generation(object: &mut Value) {
    if let Some(generation) = object.i64_at(&["metadata", "generation"])
        && generation > 0
    {
        object.set_at(&["metadata", "generation"], generation + 1);
    }
}

/// The finalizers that the policy wants, where they differ from what is there.
///
/// Source: `pkg/registry/generic/registry/store.go`, `deletionFinalizersForGarbageCollection`.
fn finalizers(call: &Call<'_>, object: &Value, deletion: &Deletion) -> Option<Vec<Value>> {
    let old = object.items_at(&["metadata", "finalizers"]);
    let has = |name: &str| old.iter().any(|finalizer| finalizer.as_str() == Some(name));
    let (orphan, foreground) = match deletion.propagation {
        Some(Propagation::Orphan) => (true, false),
        Some(Propagation::Background) => (false, false),
        Some(Propagation::Foreground) => (false, true),
        None if has(ORPHAN) => (true, false),
        None if has(FOREGROUND) => (false, true),
        None => (rules::orphans_by_default(&call.stored), false),
    };
    if (orphan, foreground) == (has(ORPHAN), has(FOREGROUND)) {
        return None;
    }
    let others = old
        .iter()
        .filter(|finalizer| !matches!(finalizer.as_str(), Some(ORPHAN | FOREGROUND)));
    let mut new: Vec<Value> = others.cloned().collect();
    if orphan {
        new.push(ORPHAN.into());
    }
    if foreground {
        new.push(FOREGROUND.into());
    }
    Some(new)
}

fn set_finalizers(object: &mut Value, finalizers: Vec<Value>) {
    if finalizers.is_empty() {
        object.remove_at(&["metadata", "finalizers"]);
    } else {
        object.set_at(&["metadata", "finalizers"], Value::from(finalizers));
    }
}

/// The object while it is there and for kinds that always give it back; else a `Status`.
fn answer(call: &Call<'_>, fate: &Fate) -> Value {
    let gone = match fate {
        Fate::Waits(object) => return object.clone(),
        Fate::Gone(object) if rules::deleted_is_returned(&call.stored) => return object.clone(),
        Fate::Gone(object) => object,
    };
    let text = |key: &str| gone.str_at(&["metadata", key]).unwrap_or_default();
    let mut details =
        value!({"name": text("name"), "kind": call.path.resource.clone(), "uid": text("uid")});
    if !call.path.group.is_empty() {
        details.set_at(&["group"], call.path.group.clone());
    }
    value!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details})
}

/// The options that a body brings; what upstream says of wrong ones is not said of an object.
fn decoded(schemas: &Schemas, body: &Value) -> Result<Value, ApiError> {
    const OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
    let text = |key: &str| body.str_at(&[key]).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if !matches!(kind, "" | "DeleteOptions") {
        return Err(ApiError::bad_request(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        )));
    }
    let Some(schema) = schemas.definition(OPTIONS) else {
        return Ok(body.clone());
    };
    match toft_schema::decode_schema(schema, body) {
        Ok(decoded) => Ok(decoded.value),
        Err(error) => Err(ApiError::bad_request(error.to_string())),
    }
}

fn wrong_options(error: &FieldError) -> ApiError {
    let kind = GroupKind::new("meta.k8s.io", "DeleteOptions");
    invalid(&kind, "", std::slice::from_ref(error))
}

impl Deletion {
    /// Reads the options of the query and of a `DeleteOptions` body, which wins.
    fn of(schemas: &Schemas, options: &Options, body: &Body) -> Result<Self, ApiError> {
        let mut deletion = Self {
            grace: options
                .grace_period_seconds
                .and_then(|seconds| i64::try_from(seconds).ok()),
            propagation: options.propagation,
            dry_run: options.dry_run,
            ..Self::default()
        };
        if let Body::Object(body) = body {
            deletion.read(&decoded(schemas, body)?)?;
        }
        Ok(deletion)
    }

    fn read(&mut self, body: &Value) -> Result<(), ApiError> {
        let text = |path: &[&str]| body.str_at(path).map(str::to_owned);
        self.grace = body.i64_at(&["gracePeriodSeconds"]).or(self.grace);
        self.uid = text(&["preconditions", "uid"]);
        self.revision = text(&["preconditions", "resourceVersion"]);
        let trial = body.items_at(&["dryRun"]);
        if trial.iter().any(|one| one.as_str() != Some("All")) {
            let error = FieldError::not_supported("dryRun", &Value::from(trial.to_vec()), &["All"]);
            return Err(wrong_options(&error));
        }
        self.dry_run |= !trial.is_empty();
        let policy = body.str_at(&["propagationPolicy"]);
        let orphan = body.bool_at(&["orphanDependents"]);
        if policy.is_some() && orphan.is_some() {
            let error = FieldError::invalid(
                "propagationPolicy",
                &Value::from(policy.unwrap_or_default()),
                "orphanDependents and deletionPropagation cannot be both set",
            );
            return Err(wrong_options(&error));
        }
        self.propagation = match (policy, orphan) {
            (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
            (Some("Background"), _) | (None, Some(false)) => Some(Propagation::Background),
            (Some("Foreground"), _) => Some(Propagation::Foreground),
            (None, None) => self.propagation,
            (Some(other), _) => {
                let error = FieldError::not_supported(
                    "propagationPolicy",
                    &Value::from(other),
                    &["Foreground", "Background", "Orphan", "nil"],
                );
                return Err(wrong_options(&error));
            }
        };
        Ok(())
    }

    /// Upstream names the kind here where a resource belongs.
    fn preconditions_hold(&self, call: &Call<'_>, live: &Value) -> Result<(), ApiError> {
        let named = GroupResource::new(&call.gvk().group, &call.gvk().kind);
        let found = |key: &str| live.str_at(&["metadata", key]).unwrap_or_default();
        let name = found("name");
        if let Some(uid) = &self.uid
            && uid != found("uid")
        {
            let why = format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
                found("uid")
            );
            return Err(ApiError::conflict(&named, name, &why));
        }
        if let Some(revision) = &self.revision
            && revision != found("resourceVersion")
        {
            let why = format!(
                "the ResourceVersion in the precondition ({revision}) does not match the ResourceVersion in record ({}). The object might have been modified",
                found("resourceVersion")
            );
            return Err(ApiError::conflict(&named, name, &why));
        }
        Ok(())
    }
}
