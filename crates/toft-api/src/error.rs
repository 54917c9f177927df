//! Refusals, which travel as `Status` objects.

use smol_str::SmolStr;
use toft_object::GroupResource;
use toft_value::{Map, Value, value};

/// Why a request was refused, for machines: the `reason` of a `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 400
    BadRequest,
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 406
    NotAcceptable,
    /// 409, the name is taken.
    AlreadyExists,
    /// 409, somebody else was faster or owns a field.
    Conflict,
    /// 410, the version is no longer kept.
    Expired,
    /// 410, the resource is gone.
    Gone,
    /// 413
    RequestEntityTooLarge,
    /// 415
    UnsupportedMediaType,
    /// 422
    Invalid,
    /// 429
    TooManyRequests,
    /// 500
    InternalError,
    /// 503
    ServiceUnavailable,
    /// 504
    Timeout,
    /// 500, what upstream has no reason for; none is written.
    Unknown,
}

/// One cause of a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// For machines, such as `FieldValueRequired`.
    pub reason: SmolStr,
    /// For people.
    pub message: String,
    /// The field, such as `spec.replicas`.
    pub field: String,
}

/// A refusal; prints as its message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The HTTP status.
    pub code: u16,
    /// For machines.
    pub reason: Reason,
    /// For people, word for word as upstream says it.
    pub message: String,
    /// What it is about.
    pub details: Box<Details>,
}

/// What a refusal is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The name of the object, where there is one.
    pub name: SmolStr,
    /// The API group of the resource or kind.
    pub group: SmolStr,
    /// The plural of the resource, or for invalid objects the kind, as upstream fills it.
    pub kind: SmolStr,
    /// The causes.
    pub causes: Vec<Cause>,
    /// After how many seconds to try again; 0 for never.
    pub retry_after_seconds: u32,
}

impl Reason {
    /// The HTTP status that goes with the reason.
    pub fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Expired | Self::Gone => 410,
            Self::RequestEntityTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::InternalError | Self::Unknown => 500,
            Self::ServiceUnavailable => 503,
            Self::Timeout => 504,
        }
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NotAcceptable => "NotAcceptable",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::Expired => "Expired",
            Self::Gone => "Gone",
            Self::RequestEntityTooLarge => "RequestEntityTooLarge",
            Self::UnsupportedMediaType => "UnsupportedMediaType",
            Self::Invalid => "Invalid",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalError => "InternalError",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Timeout => "Timeout",
            Self::Unknown => "",
        }
    }
}

impl ApiError {
    /// A refusal with a message and nothing else.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            code: reason.code(),
            reason,
            message: message.into(),
            details: Box::default(),
        }
    }

    /// `pods "a" not found`
    pub fn not_found(resource: &GroupResource, name: &str) -> Self {
        Self::new(Reason::NotFound, format!("{resource} {name:?} not found")).about(resource, name)
    }

    /// `pods "a" already exists`
    pub fn already_exists(resource: &GroupResource, name: &str) -> Self {
        Self::new(
            Reason::AlreadyExists,
            format!("{resource} {name:?} already exists"),
        )
        .about(resource, name)
    }

    /// `Operation cannot be fulfilled on pods "a": …`
    pub fn conflict(resource: &GroupResource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Self::new(Reason::Conflict, message).about(resource, name)
    }

    /// `pods "a" is forbidden: …`
    pub fn forbidden(resource: &GroupResource, name: &str, why: &str) -> Self {
        let message = if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {name:?} is forbidden: {why}")
        };
        Self::new(Reason::Forbidden, message).about(resource, name)
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message)
    }

    /// Our own fault.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Reason::InternalError, message)
    }

    /// Says which object the refusal is about.
    #[must_use]
    pub fn about(mut self, resource: &GroupResource, name: &str) -> Self {
        self.details.name = name.into();
        self.details.group = resource.group.clone();
        self.details.kind = resource.resource.clone();
        self
    }

    /// The `Status` object.
    pub fn to_value(&self) -> Value {
        let mut status = value!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "code": i64::from(self.code), "message": self.message.as_str(),
        });
        if self.reason != Reason::Unknown {
            status.set_at(&["reason"], self.reason.as_str());
        }
        let details = self.details.to_value();
        if details.as_map().is_some_and(|map| !map.is_empty()) {
            status.set_at(&["details"], details);
        }
        status
    }
}

impl Details {
    fn to_value(&self) -> Value {
        let mut details = Map::new();
        for (key, text) in [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
        ] {
            if !text.is_empty() {
                details.insert(key, text);
            }
        }
        if !self.causes.is_empty() {
            details.insert(
                "causes",
                self.causes.iter().map(Cause::to_value).collect::<Vec<_>>(),
            );
        }
        if self.retry_after_seconds > 0 {
            details.insert("retryAfterSeconds", self.retry_after_seconds);
        }
        Value::Map(details)
    }
}

impl Cause {
    fn to_value(&self) -> Value {
        let mut map = Map::new();
        for (key, text) in [
            ("reason", self.reason.as_str()),
            ("message", &self.message),
            ("field", &self.field),
        ] {
            if !text.is_empty() {
                map.insert(key, text);
            }
        }
        Value::Map(map)
    }
}
