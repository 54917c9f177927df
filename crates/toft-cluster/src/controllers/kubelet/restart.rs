//! Containers that ended and are started again: at once the first time, then after pauses that double.
//!
//! Source: Kubernetes 1.36.3 `pkg/kubelet/kuberuntime/kuberuntime_manager.go`, `doBackOff`;
//! `pkg/kubelet/kubelet.go`, `newCrashLoopBackOff`.

use std::time::Duration;

use toft_object::Time;
use toft_value::Value;

use super::containers::{Container, Role};
use crate::meta;
use crate::note::Note;

/// The first pause; it doubles.
const FIRST: Duration = Duration::from_secs(10);
/// The longest pause.
const MOST: Duration = Duration::from_mins(5);
/// Who ran for so long is forgiven what was before.
const FORGIVEN_AFTER: Duration = Duration::from_mins(10);
/// How long it takes until the kubelet sees that a container has ended.
const NOTICED_AFTER: Duration = Duration::from_secs(1);

/// Whether a container that ended with a code is started again.
pub(super) fn is_due(pod: &Value, container: &Container, code: i64) -> bool {
    match container.role {
        Role::Sidecar => true,
        Role::Init => code != 0 && policy(pod, container) != "Never",
        Role::Main => match policy(pod, container) {
            "Never" => false,
            "OnFailure" => code != 0,
            _ => true,
        },
    }
}

/// The policy of a container: its own, else the pod's.
fn policy<'a>(pod: &'a Value, container: &'a Container) -> &'a str {
    let own = container.spec.str_at(&["restartPolicy"]);
    own.or(pod.str_at(&["spec", "restartPolicy"]))
        .unwrap_or("Always")
}

/// How long after its end a container is started again.
///
/// Upstream forgets failures after a long run; here the number of restarts stays, so that the pause after the
/// run that follows is longer than there.
pub(super) fn pause(container: &Container, ran: Duration) -> Duration {
    let restarts = container.restarts();
    if restarts == 0 || ran > FORGIVEN_AFTER {
        return Duration::ZERO;
    }
    let doublings = u32::try_from(restarts - 1).unwrap_or(u32::MAX).min(10);
    FIRST.saturating_mul(1 << doublings).min(MOST)
}

/// When a container that ended is started again.
pub(super) fn at(ended: Time, pause: Duration) -> Time {
    ended + pause.max(NOTICED_AFTER)
}

/// Says of a container that it waits for its next start; what is told about it.
pub(super) fn wait(pod: &Value, container: &mut Container, pause: Duration) -> Note {
    let (name, namespace, uid) = (meta::name(pod), meta::namespace(pod), meta::uid(pod));
    let place = format!("{name}_{namespace}({uid})");
    let own = container.name().to_owned();
    let time = if pause.as_secs() >= 60 {
        format!("{}m{}s", pause.as_secs() / 60, pause.as_secs() % 60)
    } else {
        format!("{}s", pause.as_secs())
    };
    let text = format!("back-off {time} restarting failed container={own} pod={place}");
    container.remember_end();
    container.wait("CrashLoopBackOff", &text);
    let text = format!("Back-off restarting failed container {own} in pod {place}");
    Note::warning("BackOff", text).field(container.field())
}
