//! Jobs that ended are deleted after the time that they say.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/ttlafterfinished`.

use std::time::Duration;

use toft_api::Propagation;

use super::job::is_finished;
use crate::conditions;
use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::resources::JOBS;

pub(crate) const CONTROLLER: Controller = Controller {
    name: "ttl-after-finished-controller",
    identity: Identity::ControllerManager,
    watches: &[Watch::new(&JOBS, Wakes::Itself)],
    reconcile,
};

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(job) = ctx.get(&JOBS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let Some(seconds) = job.i64_at(&["spec", "ttlSecondsAfterFinished"]) else {
        return Next::Nothing;
    };
    if !is_finished(&job) || meta::is_deleting(&job) {
        return Next::Nothing;
    }
    let kinds = ["Complete", "Failed"].iter();
    let ends = kinds
        .filter_map(|kind| meta::time_at(conditions::find(&job, kind)?, &["lastTransitionTime"]));
    let end = ends.max().unwrap_or(ctx.now);
    let at = end + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    if at > ctx.now {
        return Next::At(at);
    }
    let deletion = Deletion {
        uid: meta::uid(&job),
        grace_seconds: None,
        propagation: Some(Propagation::Foreground),
    };
    let path = JOBS.path(&key.namespace, &key.name);
    ctx.delete(path, &deletion)
        .map_or(Next::Retry, |()| Next::Nothing)
}
