//! Which controllers a change wakes.

use std::collections::BTreeMap;

use toft_object::GroupResource;

use crate::controller::{Change, Controller, Identity, Wakes, Watch};
use crate::key::Key;
use crate::meta;
use crate::queue::{ControllerIndex, Queue};
use crate::reader::Reader;
use crate::resources::Resource;
use crate::settings::Parts;

/// The watches of all controllers by resource.
#[derive(Debug, Default)]
pub(crate) struct Dispatch {
    by_resource: BTreeMap<GroupResource, Vec<(ControllerIndex, &'static Watch)>>,
    of_every_resource: Vec<(ControllerIndex, &'static Watch)>,
}

impl Dispatch {
    /// The watches of those of the controllers that are simulated; the others sleep for ever.
    pub(crate) fn new(controllers: &'static [Controller], parts: Parts) -> Self {
        let mut dispatch = Self::default();
        let is_simulated = |controller: &Controller| match controller.identity {
            Identity::ControllerManager | Identity::Scheduler => true,
            Identity::Kubelet | Identity::Addon => parts == Parts::All,
        };
        let simulated = controllers.iter().enumerate();
        for (index, controller) in simulated.filter(|(_, one)| is_simulated(one)) {
            for watch in controller.watches {
                let list = match watch.resource {
                    None => &mut dispatch.of_every_resource,
                    Some(resource) => dispatch
                        .by_resource
                        .entry(resource.name.clone())
                        .or_default(),
                };
                list.push((index, watch));
            }
        }
        dispatch
    }

    /// Wakes what a change concerns, in order of controllers.
    pub(crate) fn wake(&self, reader: Reader<'_>, change: &Change<'_>, queue: &mut Queue) {
        let special = self.by_resource.get(&change.key.resource);
        let watches = special.into_iter().flatten().chain(&self.of_every_resource);
        for (index, watch) in watches {
            for key in keys(watch.wakes, reader, change) {
                queue.wake((*index, key));
            }
        }
    }
}

fn keys(wakes: Wakes, reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    match wakes {
        Wakes::Itself => vec![Key::new(&change.key.namespace, &change.key.name)],
        Wakes::Controller(resource) => controllers(resource, change),
        Wakes::Related(find) => find(reader, change),
        Wakes::Singleton(concerns) => concerns(change).then(Key::default).into_iter().collect(),
    }
}

fn controllers(resource: &Resource, change: &Change<'_>) -> Vec<Key> {
    let owners = change.sides().filter_map(meta::controller);
    let owners = owners.filter(|owner| owner.is(resource));
    let mut keys: Vec<Key> = owners
        .map(|owner| Key::new(&change.key.namespace, &owner.name))
        .collect();
    keys.dedup();
    keys
}
