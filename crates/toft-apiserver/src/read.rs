//! Reading one object or a collection.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/handlers/get.go`, `pkg/storage/cacher`, `pkg/storage/etcd3`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toft_api::{ApiError, Cause, Options, Reason, Representation, Response};
use toft_object::{GroupKind, GroupResource};
use toft_value::{Value, value};

use crate::call::Call;
use crate::invalid::{FieldError, invalid};
use crate::page::{Page, key_of};
use crate::select::Selection;
use crate::store::Store;
use crate::{represent, table};

/// How long a client that asks for a version of the future is told to wait, in seconds.
const RETRY_SECONDS: u32 = 1;

/// Reads one object.
pub(crate) fn get(call: &Call<'_>, store: &Store) -> Result<Response, ApiError> {
    if let Some(text) = &call.request.options.resource_version {
        let revision = revision_of_one(text)?;
        not_in_the_future(revision, store.revision())?;
    }
    let object = call.outward(call.live(store)?);
    Ok(Response::ok(represent::object(call, object)))
}

/// Reads a collection.
pub(crate) fn list(call: &Call<'_>, store: &Store) -> Result<Response, ApiError> {
    let options = &call.request.options;
    options_fit(options)?;
    let selection = Selection::of(call)?;
    let start = Start::of(options, store, &call.stored)?;
    let namespace = Some(call.path.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let all = at(store, &call.stored, namespace, start.revision);
    let after = start.after.as_deref();
    let remaining = all
        .iter()
        .filter(|object| after.is_none_or(|after| comes_after(object, after)));
    let mut chosen = remaining.filter(|object| selection.matches(object));
    let limit = if options.limit == 0 {
        usize::MAX
    } else {
        options.limit
    };
    let page: Vec<&Value> = chosen.by_ref().take(limit).map(AsRef::as_ref).collect();
    let left = chosen.count();
    let items = page.iter().map(|object| call.outward(object)).collect();
    let mut list = list_of(call, items, start.revision);
    if left > 0
        && let Some(last) = page.last()
    {
        let page = Page {
            revision: start.revision,
            after: key_of(last),
        };
        list.set_at(&["metadata", "continue"], page.token());
        if selection.is_everything() {
            list.set_at(&["metadata", "remainingItemCount"], left);
        }
    }
    Ok(Response::ok(list))
}

fn comes_after(object: &Value, key: &str) -> bool {
    key_of(object).as_str() > key
}

/// A list of objects in the version and shape of the request.
pub(crate) fn list_of(call: &Call<'_>, items: Vec<Value>, revision: u64) -> Value {
    let mut metadata = value!({"resourceVersion": revision.to_string()});
    // Lists of custom resources always have the token.
    if call.custom.is_some() && call.request.representation == Representation::Object {
        metadata.set_at(&["continue"], "");
    }
    match call.request.representation {
        Representation::Table(include) => table::of(call, &items, (include, metadata)),
        Representation::Metadata => {
            let items: Vec<Value> = items.iter().map(represent::metadata).collect();
            value!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": metadata, "items": items})
        }
        Representation::Object => {
            let items: Vec<Value> = items
                .into_iter()
                .map(|item| list_item(call, item))
                .collect();
            let kind = list_kind(call);
            value!({"apiVersion": call.gvk().api_version(), "kind": kind, "metadata": metadata, "items": items})
        }
    }
}

fn list_kind(call: &Call<'_>) -> String {
    let named = call
        .custom
        .as_ref()
        .and_then(|version| version.str_at(&["listKind"]));
    named.map_or_else(|| format!("{}List", call.gvk().kind), str::to_owned)
}

/// Items of built-in kinds do not say what they are, for the list does; custom resources do.
fn list_item(call: &Call<'_>, mut item: Value) -> Value {
    if call.custom.is_none()
        && let Some(map) = item.as_map_mut()
    {
        map.remove("apiVersion");
        map.remove("kind");
    }
    item
}

/// Where a list starts: which state it shows and after which object.
struct Start {
    revision: u64,
    after: Option<String>,
}

impl Start {
    fn of(options: &Options, store: &Store, resource: &GroupResource) -> Result<Self, ApiError> {
        let _ = resource;
        let asked = options.resource_version.as_deref().unwrap_or_default();
        if let Some(token) = &options.continue_token {
            let page = Page::parse(token)?;
            if !asked.is_empty() && asked != "0" {
                return Err(ApiError::bad_request(
                    "specifying resource version is not allowed when using continue",
                ));
            }
            remembered(store, page.revision, Past::Page)?;
            return Ok(Self {
                revision: page.revision,
                after: Some(page.after),
            });
        }
        let now = store.revision();
        let revision = revision(asked)?;
        not_in_the_future(revision, now)?;
        let exact = options.resource_version_match.as_deref() == Some("Exact")
            || (options.resource_version_match.is_none() && options.limit > 0 && revision > 0);
        if !exact {
            return Ok(Self {
                revision: now,
                after: None,
            });
        }
        remembered(store, revision, Past::List)?;
        Ok(Self {
            revision,
            after: None,
        })
    }
}

#[derive(Clone, Copy)]
enum Past {
    List,
    Page,
}

fn remembered(store: &Store, revision: u64, past: Past) -> Result<(), ApiError> {
    if store.history().reaches(revision) {
        return Ok(());
    }
    let why = match past {
        Past::List => "The resourceVersion for the provided list is too old.",
        Past::Page => {
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter."
        }
    };
    Err(ApiError::new(Reason::Expired, why))
}

/// Reads a `resourceVersion`; nothing is 0.
pub(crate) fn revision(text: &str) -> Result<u64, ApiError> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| {
        ApiError::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        ))
    })
}

/// Upstream tells a read of one object and a watch otherwise than a list that a version is no number.
pub(crate) fn revision_of_one(text: &str) -> Result<u64, ApiError> {
    revision(text).map_err(|error| {
        let message = error
            .message
            .trim_start_matches("invalid resource version: ");
        ApiError::new(Reason::Unknown, message)
    })
}

/// Refuses a version that is not there yet. Upstream waits for it a while; here it comes from elsewhere.
pub(crate) fn not_in_the_future(revision: u64, now: u64) -> Result<(), ApiError> {
    if revision <= now {
        return Ok(());
    }
    let message = format!("Timeout: Too large resource version: {revision}, current: {now}");
    let mut error = ApiError::new(Reason::Timeout, message);
    error.details.retry_after_seconds = RETRY_SECONDS;
    error.details.causes = vec![Cause {
        reason: "ResourceVersionTooLarge".into(),
        message: "Too large resource version".into(),
        field: String::new(),
    }];
    Err(error)
}

/// The objects of a resource as they were at a revision, in order.
pub(crate) fn at<'a>(
    store: &'a Store,
    resource: &GroupResource,
    namespace: Option<&str>,
    revision: u64,
) -> Vec<Cow<'a, Value>> {
    let current = store.list(resource, namespace);
    if revision == store.revision() {
        return current.map(Cow::Borrowed).collect();
    }
    let mut objects: BTreeMap<String, Cow<'a, Value>> = current
        .map(|object| (key_of(object), Cow::Borrowed(object)))
        .collect();
    for entry in store.history().after(revision, resource).rev() {
        let key = &entry.change.key;
        if namespace.is_some_and(|namespace| namespace != key.namespace) {
            continue;
        }
        let named = if key.namespace.is_empty() {
            format!("/{}", key.name)
        } else {
            format!("/{}/{}", key.namespace, key.name)
        };
        match &entry.change.before {
            Some(before) => objects.insert(named, Cow::Borrowed(before)),
            None => objects.remove(&named),
        };
    }
    objects.into_values().collect()
}

/// Source: apimachinery 0.36.3 `pkg/apis/meta/internalversion/validation/validation.go`.
fn options_fit(options: &Options) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    let given = options.resource_version.as_deref().unwrap_or_default();
    if let Some(wanted) = options.resource_version_match.as_deref() {
        const FIELD: &str = "resourceVersionMatch";
        if given.is_empty() {
            errors.push(FieldError::forbidden(
                FIELD,
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            ));
        }
        if options.continue_token.is_some() {
            errors.push(FieldError::forbidden(
                FIELD,
                "resourceVersionMatch is forbidden when continue is provided",
            ));
        }
        if !matches!(wanted, "Exact" | "NotOlderThan") {
            errors.push(FieldError::not_supported(
                FIELD,
                &Value::from(wanted),
                &["Exact", "NotOlderThan", ""],
            ));
        }
        if wanted == "Exact" && given == "0" {
            errors.push(FieldError::forbidden(
                FIELD,
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            ));
        }
    }
    if options.send_initial_events.is_some() {
        errors.push(FieldError::forbidden(
            "sendInitialEvents",
            "sendInitialEvents is forbidden for list",
        ));
    }
    list_options(&errors)
}

/// Refuses list options that have errors.
pub(crate) fn list_options(errors: &[FieldError]) -> Result<(), ApiError> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(invalid(
        &GroupKind::new("meta.k8s.io", "ListOptions"),
        "",
        errors,
    ))
}
