//! Events are forgotten some hours after they were told last.
//!
//! Source: Kubernetes 1.36.3 `pkg/controlplane/apiserver/options`, `EventTTL`; upstream leaves it to etcd.

use std::time::Duration;

use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::resources::EVENTS;

/// Upstream's default is an hour. A bring-up starts an hour back: its events are to be there when somebody looks.
const TTL: Duration = Duration::from_hours(3);

pub(crate) const CONTROLLER: Controller = Controller {
    name: "event-expiry",
    identity: Identity::Addon,
    watches: &[Watch::new(&EVENTS, Wakes::Itself)],
    reconcile,
};

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(event) = ctx.get(&EVENTS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let paths: [&[&str]; 3] = [
        &["lastTimestamp"],
        &["series", "lastObservedTime"],
        &["eventTime"],
    ];
    let told = paths.iter().filter_map(|path| meta::time_at(&event, path));
    let told = told.chain([meta::created(&event)]).max().unwrap_or(ctx.now);
    if told + TTL > ctx.now {
        return Next::At(told + TTL);
    }
    let path = EVENTS.path(&key.namespace, &key.name);
    ctx.delete(path, &Deletion::default())
        .map_or(Next::Retry, |()| Next::Nothing)
}
