//! When and how an Application is synced.

use std::time::Duration;

use toft_object::Time;
use toft_source::Diagnostic;
use toft_value::{Map, Value};

use crate::read;
use crate::sync_options::SyncOptions;

/// `spec.syncPolicy`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncPolicy {
    /// Sync by itself; `None` where it is not written or switched off.
    pub automated: Option<Automated>,
    /// Options for every object.
    pub options: SyncOptions,
    /// What to do after a failed sync.
    pub retry: Option<Retry>,
    /// Labels and annotations of the namespace that `CreateNamespace=true` makes.
    pub managed_namespace_metadata: Option<ManagedNamespaceMetadata>,
}

/// `spec.syncPolicy.automated`, switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Automated {
    /// Delete what Git no longer has.
    pub prune: bool,
    /// Undo changes made in the cluster.
    pub self_heal: bool,
    /// Sync even if nothing would be left.
    pub allow_empty: bool,
}

/// What to do after a failed sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// How many times; below zero there is no end.
    pub limit: i64,
    /// How long to wait.
    pub backoff: Backoff,
    /// Whether the newest revision is taken.
    pub refresh: bool,
}

/// How long to wait before the next attempt.
///
/// Source: Argo CD 3.2.0 `pkg/apis/application/v1alpha1/application_defaults.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub duration: Duration,
    /// By what each further wait grows.
    pub factor: i64,
    /// The longest wait.
    pub max_duration: Duration,
}

/// Labels and annotations of a namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManagedNamespaceMetadata {
    /// Labels.
    pub labels: Map,
    /// Annotations.
    pub annotations: Map,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(5),
            factor: 2,
            max_duration: Duration::from_mins(3),
        }
    }
}

impl Backoff {
    /// When the attempt number `retries` (from 0) is due after one that ended at `last`.
    ///
    /// Source: Argo CD 3.2.0 `pkg/apis/application/v1alpha1/types.go`, `NextRetryAt`.
    #[expect(clippy::cast_precision_loss, reason = "upstream computes in floats")]
    pub fn next_at(&self, last: Time, retries: u32) -> Time {
        let growth = (self.factor as f64).powf(f64::from(retries));
        let seconds = self.duration.as_secs_f64() * growth;
        let max = self.max_duration.as_secs_f64();
        let seconds = if max > 0.0 { seconds.min(max) } else { seconds };
        last + Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(self.max_duration)
    }
}

impl SyncPolicy {
    pub(crate) fn parse(value: Option<&Value>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let Some(value) = value else {
            return Self::default();
        };
        let options = SyncOptions::parse(
            read::texts(value, "syncOptions")
                .iter()
                .map(smol_str::SmolStr::as_str),
        );
        diagnostics.extend(options.check());
        let namespace = read::part(value, "managedNamespaceMetadata");
        Self {
            automated: read::part(value, "automated").and_then(parse_automated),
            options,
            retry: read::part(value, "retry").map(|retry| Retry::parse(retry, diagnostics)),
            managed_namespace_metadata: namespace.map(|namespace| ManagedNamespaceMetadata {
                labels: read::map(namespace, "labels"),
                annotations: read::map(namespace, "annotations"),
            }),
        }
    }
}

fn parse_automated(value: &Value) -> Option<Automated> {
    // A missing `enabled` counts as on.
    if value.bool_at(&["enabled"]) == Some(false) {
        return None;
    }
    Some(Automated {
        prune: read::flag(value, "prune"),
        self_heal: read::flag(value, "selfHeal"),
        allow_empty: read::flag(value, "allowEmpty"),
    })
}

impl Retry {
    pub(crate) fn parse(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut backoff = Backoff::default();
        if let Some(written) = read::part(value, "backoff") {
            let mut duration = |key: &str, default: Duration| {
                let text = read::text(written, key);
                if text.is_empty() {
                    return default;
                }
                parse_duration(&text).unwrap_or_else(|| {
                    let message = format!("unable to parse {text} as a duration");
                    diagnostics.push(Diagnostic::error("ARG004", message));
                    default
                })
            };
            backoff.duration = duration("duration", backoff.duration);
            backoff.max_duration = duration("maxDuration", backoff.max_duration);
            backoff.factor = written.i64_at(&["factor"]).unwrap_or(backoff.factor);
        }
        Self {
            limit: value.i64_at(&["limit"]).unwrap_or_default(),
            backoff,
            refresh: read::flag(value, "refresh"),
        }
    }
}

/// A Go duration, or bare seconds.
///
/// Source: Argo CD 3.2.0 `types.go`, `parseStringToDuration`. A negative wait is none.
fn parse_duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    }
    let nanoseconds = toft_value::parse_duration(text).ok()?;
    Some(Duration::from_nanos(
        u64::try_from(nanoseconds).unwrap_or(0),
    ))
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn policy(value: &Value) -> (SyncPolicy, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let policy = SyncPolicy::parse(Some(value), &mut diagnostics);
        (policy, diagnostics)
    }

    #[test]
    fn automated_is_on_where_it_is_written_and_not_switched_off() {
        let on = policy(&value!({"automated": {}})).0;
        assert_eq!(on.automated, Some(Automated::default()));
        let off = policy(&value!({"automated": {"enabled": false, "prune": true}})).0;
        assert_eq!(off.automated, None);
    }

    #[test]
    fn waits_grow_up_to_their_limit() {
        let retry = policy(&value!({"retry": {"limit": 5, "backoff": {"duration": "10s", "factor": 3, "maxDuration": "1m30s"}}})).0;
        let backoff = retry.retry.unwrap().backoff;
        let start = Time::from_seconds(0);
        let waits: Vec<i64> = (0..4)
            .map(|retry| backoff.next_at(start, retry).seconds())
            .collect();
        assert_eq!(waits, [10, 30, 90, 90]);
        let default = Backoff::default();
        assert_eq!(default.next_at(start, 1_000).seconds(), 180);
    }

    #[test]
    fn a_wait_that_is_no_duration_is_told() {
        let (policy, diagnostics) =
            policy(&value!({"retry": {"backoff": {"duration": "soon", "maxDuration": "90"}}}));
        assert_eq!(diagnostics[0].message, "unable to parse soon as a duration");
        let backoff = policy.retry.unwrap().backoff;
        assert_eq!(
            (backoff.duration.as_secs(), backoff.max_duration.as_secs()),
            (5, 90)
        );
    }
}
