//! Questions about users and tokens: answered, never kept. The server says yes.

use toft_api::{ApiError, Response};
use toft_object::{GroupKind, Gvk};
use toft_value::{Value, value};

use crate::call::Call;
use crate::invalid::{FieldError, invalid};
use crate::store::Store;
use crate::{create, decode, managed};

/// How long a token lives where nobody says so.
///
/// Source: Kubernetes 1.36.3 `pkg/apis/authentication/v1/defaults.go`.
const TOKEN_SECONDS: i64 = 3600;

type Status = fn(&Call<'_>, &Value) -> Value;

const REVIEWS: &[(&str, &str, Status)] = &[
    ("authentication.k8s.io", "selfsubjectreviews", who_am_i),
    ("authentication.k8s.io", "tokenreviews", token_is_known),
    ("authorization.k8s.io", "localsubjectaccessreviews", allowed),
    ("authorization.k8s.io", "selfsubjectaccessreviews", allowed),
    (
        "authorization.k8s.io",
        "selfsubjectrulesreviews",
        everything,
    ),
    ("authorization.k8s.io", "subjectaccessreviews", allowed),
];

pub(super) fn review(call: &Call<'_>) -> Option<Result<Response, ApiError>> {
    let (group, resource) = (&call.path.group, &call.path.resource);
    let review = REVIEWS
        .iter()
        .find(|review| review.0 == group && review.1 == resource)?;
    Some(answer(call, review.2))
}

fn answer(call: &Call<'_>, status: Status) -> Result<Response, ApiError> {
    let mut review = decode::object(call, call.body()?)?;
    if review.at(&["metadata"]).is_none() {
        review.set_at(&["metadata"], value!({}));
    }
    if call.path.resource == "selfsubjectreviews" {
        review.set_at(&["metadata", "creationTimestamp"], call.now.to_string());
    }
    let status = status(call, &review);
    let mut review = managed::written(call, None, review);
    review.set_at(&["status"], status);
    Ok(Response::created(review))
}

fn allowed(_call: &Call<'_>, _review: &Value) -> Value {
    value!({"allowed": true})
}

fn everything(_call: &Call<'_>, _review: &Value) -> Value {
    value!({
        "incomplete": false,
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    })
}

fn who_am_i(call: &Call<'_>, _review: &Value) -> Value {
    let user = call.request.user.clone();
    value!({"userInfo": {"username": user, "groups": ["system:masters", "system:authenticated"]}})
}

fn token_is_known(_call: &Call<'_>, _review: &Value) -> Value {
    value!({"user": {}, "error": "this cluster does not review tokens"})
}

/// Who the tokens are for, where nobody says so.
const ISSUER: &str = "https://kubernetes.default.svc";

/// Source: Kubernetes 1.36.3 `pkg/registry/core/serviceaccount/storage/token.go`,
/// `pkg/apis/authentication/validation/validation.go`.
fn may_be_given(call: &Call<'_>, request: &Value, seconds: i64) -> Result<(), ApiError> {
    const SECONDS_MIN: i64 = 600;
    const SECONDS_MAX: i64 = 1 << 32;
    const FIELD: &str = "spec.expirationSeconds";
    let name = request.str_at(&["metadata", "name"]).unwrap_or_default();
    let wrong = |field: &str, value: Value, why: &str| {
        let kind = GroupKind::new("authentication.k8s.io", "TokenRequest");
        let name = if field == "metadata.name" {
            call.path.name.as_str()
        } else {
            ""
        };
        Err(invalid(
            &kind,
            name,
            &[FieldError::invalid(field, &value, why)],
        ))
    };
    if !name.is_empty() && name != call.path.name {
        let why = "must match the service account name if specified";
        return wrong("metadata.name", name.into(), why);
    }
    if seconds < SECONDS_MIN {
        return wrong(
            FIELD,
            seconds.into(),
            "may not specify a duration less than 10 minutes",
        );
    }
    if seconds > SECONDS_MAX {
        return wrong(
            FIELD,
            seconds.into(),
            "may not specify a duration larger than 2^32 seconds",
        );
    }
    let bound = |key: &str| {
        request
            .str_at(&["spec", "boundObjectRef", key])
            .unwrap_or_default()
    };
    match bound("kind") {
        "" | "Pod" | "Secret" | "Node" => Ok(()),
        other => Err(ApiError::bad_request(format!(
            "cannot bind token to object of type /{}, Kind={other}",
            bound("apiVersion")
        ))),
    }
}

/// `serviceaccounts/token`: a token of the right form that opens nothing.
pub(super) fn token(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    let account = call.live(store)?;
    let mut request = decode::decode_as(
        call,
        &Gvk::of("authentication.k8s.io/v1", "TokenRequest"),
        call.body()?,
    )?;
    let seconds = request
        .i64_at(&["spec", "expirationSeconds"])
        .unwrap_or(TOKEN_SECONDS);
    request.set_at(&["spec", "expirationSeconds"], seconds);
    may_be_given(call, &request, seconds)?;
    create::namespace_matches(call, &mut request)?;
    let uid = call.ids(store).uid();
    request.set_at(&["metadata", "uid"], uid);
    if request.items_at(&["spec", "audiences"]).is_empty() {
        request.set_at(&["spec", "audiences"], value!([ISSUER]));
    }
    let expires = call.now + std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let uid = account.str_at(&["metadata", "uid"]).unwrap_or_default();
    let token = format!("simulated.{}.{}", uid.replace('-', ""), expires.seconds());
    request.set_at(&["metadata", "name"], call.path.name.clone());
    request.set_at(&["metadata", "namespace"], call.path.namespace.clone());
    request.set_at(&["metadata", "creationTimestamp"], call.now.to_string());
    request.set_at(
        &["status"],
        value!({"token": token, "expirationTimestamp": expires.to_string()}),
    );
    Ok(Response::created(request))
}
