//! Subresources that are no status: scale, binding, eviction, finalize, token; and the reviews.

mod bind;
mod evict;
mod reviews;
mod scale;

use toft_api::{ApiError, Reason, Response, Verb};

use crate::call::{Call, method_not_allowed, unknown_resource};
use crate::store::Store;
use crate::{patch, read, update};

type Handler = fn(&Call<'_>, &mut Store) -> Result<Response, ApiError>;

/// Who answers for a subresource; `*` stands for every resource that has it.
const HANDLERS: &[(&str, &str, &str, Handler)] = &[
    ("*", "*", "scale", scale::answer),
    ("", "namespaces", "finalize", finalize),
    ("", "pods", "binding", bind::answer),
    ("", "pods", "ephemeralcontainers", part_of_spec),
    ("", "pods", "eviction", evict::answer),
    ("", "pods", "resize", part_of_spec),
    ("", "serviceaccounts", "token", reviews::token),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        "approval",
        part_of_status,
    ),
];

/// Answers a request about a subresource.
pub(crate) fn answer(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    let path = call.path;
    let known = call
        .resource
        .subresource(&path.subresource)
        .ok_or_else(unknown_resource)?;
    let verb = match call.request.verb {
        Verb::Get | Verb::List | Verb::Watch => "get",
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Patch => "patch",
        Verb::Delete | Verb::DeleteCollection => "delete",
    };
    if !known.verbs.iter().any(|one| one == verb) {
        return Err(method_not_allowed());
    }
    let wanted = |handler: &&(&str, &str, &str, Handler)| {
        handler.2 == path.subresource
            && (handler.1 == "*" || (handler.0 == path.group && handler.1 == path.resource))
    };
    match HANDLERS.iter().find(wanted) {
        Some(handler) => (handler.3)(call, store),
        None if call.live(store).is_err() => Err(call.not_found(&call.path.name)),
        // Logs, exec, attach, port-forward and proxy need a running container behind them.
        None => Err(ApiError::new(
            Reason::ServiceUnavailable,
            format!(
                "{}/{} is not served by a simulated cluster",
                path.resource, path.subresource
            ),
        )),
    }
}

/// The answer to a review, if the resource is one: it is answered and never kept.
pub(crate) fn review(call: &Call<'_>, store: &mut Store) -> Option<Result<Response, ApiError>> {
    if crate::admission::is(call, "", "bindings") {
        return Some(bind::collection(call, store));
    }
    reviews::review(call)
}

/// Replaces a namespace with its finalizers; without any, one that is being deleted is gone.
fn finalize(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    update::update(call, store)
}

/// Reads or writes the object through a subresource that changes a part of its spec.
fn part_of_spec(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    match call.request.verb {
        Verb::Get => read::get(call, store),
        Verb::Patch => patch::patch(call, store),
        _ => update::update(call, store),
    }
}

/// Reads or writes the object through a subresource that changes a part of its status.
fn part_of_status(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    part_of_spec(call, store)
}
