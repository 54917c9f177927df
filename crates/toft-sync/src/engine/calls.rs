//! Effects that are not answered yet, and what their answers are for.

use std::collections::BTreeMap;
use std::time::Duration;

use smol_str::SmolStr;
use toft_api::{ApiError, Reason};
use toft_object::{ObjectId, Time};

use super::store::StoreKey;
use crate::event::{CallId, ClusterId};

/// How long an answer may take; afterwards the call counts as failed. Upstream gives its API calls no
/// limit of their own; a minute is what `kubectl` and load balancers in front of API servers allow.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// The name of an Application, or of a set of them, in the control namespace.
pub(super) type Name = SmolStr;

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The kinds of a cluster: which document.
    Discover(ClusterId, Discovery),
    /// The objects of a collection.
    List(StoreKey),
    /// The revision of a source of an Application, by its place.
    Resolve(Name, For, usize),
    /// The objects of an Application.
    Render(Name, For),
    /// What applying an object would give.
    Predict(Name, For, ObjectId),
    /// The status of an Application was written.
    WriteApp(Name),
    /// A task of an operation, by its place in the plan.
    Task(Name, usize),
    /// An object of an Application that is being deleted.
    Cascade(Name),
    /// The Applications of a set.
    Expand(Name),
    /// An Application of a set was written, by its name.
    Child(Name, Name),
    /// A project was written.
    WriteProject(Name),
    /// A set was written.
    WriteSet(Name),
}

/// One of the two discovery documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discovery {
    /// `/api`
    Core,
    /// `/apis`
    Groups,
}

/// What needs a rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum For {
    /// A refresh.
    Refresh,
    /// An operation.
    Operation,
}

/// Effects that are not answered yet.
#[derive(Debug, Default)]
pub(super) struct Calls {
    last: u64,
    open: BTreeMap<CallId, (Purpose, Time)>,
}

impl Calls {
    /// Notes an effect that is to be answered.
    pub(super) fn open(&mut self, purpose: Purpose, now: Time) -> CallId {
        self.last += 1;
        let call = CallId(self.last);
        self.open.insert(call, (purpose, now + CALL_TIMEOUT));
        call
    }

    /// What the answer is for; `None` where nobody waits for it any more.
    pub(super) fn close(&mut self, call: CallId) -> Option<Purpose> {
        self.open.remove(&call).map(|(purpose, _)| purpose)
    }

    /// Forgets the calls that are no longer wanted: their answers change nothing.
    pub(super) fn forget(&mut self, unwanted: impl Fn(&Purpose) -> bool) {
        self.open.retain(|_, (purpose, _)| !unwanted(purpose));
    }

    /// The calls that were not answered in time. Every call may take as long, so that the oldest is
    /// overdue first.
    pub(super) fn overdue(&self, now: Time) -> Vec<CallId> {
        let open = self.open.iter();
        let late = open.take_while(|(_, (_, deadline))| *deadline <= now);
        late.map(|(call, _)| *call).collect()
    }

    /// When the first call is overdue.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.open.values().next().map(|(_, deadline)| *deadline)
    }
}

/// What a call that was not answered in time gives.
pub(super) fn timed_out() -> ApiError {
    ApiError::new(Reason::Timeout, "the cluster did not answer in time")
}

/// Whether the same call may give something else in a while.
pub(super) fn is_transient(error: &ApiError) -> bool {
    match error.reason {
        Reason::Unauthorized
        | Reason::Conflict
        | Reason::TooManyRequests
        | Reason::InternalError
        | Reason::ServiceUnavailable
        | Reason::Timeout
        | Reason::Unknown => true,
        Reason::BadRequest
        | Reason::Forbidden
        | Reason::NotFound
        | Reason::MethodNotAllowed
        | Reason::NotAcceptable
        | Reason::AlreadyExists
        | Reason::Expired
        | Reason::Gone
        | Reason::RequestEntityTooLarge
        | Reason::UnsupportedMediaType
        | Reason::Invalid => false,
    }
}

/// The waits between attempts of a call: they double up to a minute, so that a permanent failure costs
/// at most one request a minute.
const RETRY_WAIT_MIN: Duration = Duration::from_secs(1);
const RETRY_WAIT_MAX: Duration = Duration::from_mins(1);

/// How long to wait after `failures` failed attempts (from 1), or as long as the server asks.
pub(super) fn wait_after(failures: u32, error: &ApiError) -> Duration {
    let growth = 2_u32.saturating_pow(failures.saturating_sub(1));
    let wait = RETRY_WAIT_MIN.saturating_mul(growth).min(RETRY_WAIT_MAX);
    let asked = Duration::from_secs(error.details.retry_after_seconds.into());
    wait.max(asked)
}
