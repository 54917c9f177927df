//! What a controller is: data about what it watches, and one function.

use toft_object::Time;
use toft_value::Value;

use crate::ctx::Ctx;
use crate::key::Key;
use crate::reader::Reader;
use crate::resources::Resource;

/// A controller: level-triggered, without memory; everything it knows it reads from the store.
#[derive(Debug)]
pub(crate) struct Controller {
    /// Its name, as upstream calls it; the source of its events.
    pub(crate) name: &'static str,
    /// As whom it asks.
    pub(crate) identity: Identity,
    /// What wakes it.
    pub(crate) watches: &'static [Watch],
    /// Brings the object of a key closer to what is wanted.
    pub(crate) reconcile: fn(&mut Ctx<'_>, &Key) -> Next,
}

/// As whom a controller asks: the user, and the agent, which is its field manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// One of the controllers of `kube-controller-manager`.
    ControllerManager,
    /// `kube-scheduler`
    Scheduler,
    /// `kubelet`
    Kubelet,
    /// A part of a cluster which upstream does not have: provisioners, address givers.
    Addon,
}

/// Which keys of a controller a change of a resource wakes.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The resource; `None` for every resource.
    pub(crate) resource: Option<&'static Resource>,
    /// The keys.
    pub(crate) wakes: Wakes,
}

/// How a change gives keys.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wakes {
    /// The changed object itself.
    Itself,
    /// The object of this resource that controls the changed one, or did before.
    Controller(&'static Resource),
    /// What the function finds.
    Related(fn(Reader<'_>, &Change<'_>) -> Vec<Key>),
    /// The one key of a controller that looks at everything at once, where the function says so.
    Singleton(fn(&Change<'_>) -> bool),
}

/// A change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    /// The object, with its resource.
    pub(crate) key: &'a Key,
    /// The object as it was; `None` where it is new.
    pub(crate) before: Option<&'a Value>,
    /// The object as it is; `None` where it is gone.
    pub(crate) after: Option<&'a Value>,
}

/// When a key is to be reconciled again; a change that concerns it wakes it earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Not before something changes.
    Nothing,
    /// At a time.
    At(Time),
    /// After a delay that doubles from failure to failure.
    Retry,
}

impl Watch {
    /// Changes of a resource wake some keys.
    pub(crate) const fn new(resource: &'static Resource, wakes: Wakes) -> Self {
        Self {
            resource: Some(resource),
            wakes,
        }
    }
}

impl<'a> Change<'a> {
    /// The object before and after, whichever are there.
    pub(crate) fn sides(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.before.into_iter().chain(self.after)
    }

    /// The object as it is, or as it was last.
    pub(crate) fn latest(&self) -> Option<&'a Value> {
        self.after.or(self.before)
    }

    /// Whether the value at a path differs between before and after.
    pub(crate) fn differs(&self, path: &[&str]) -> bool {
        let at = |side: Option<&'a Value>| side.and_then(|object| object.at(path));
        at(self.before) != at(self.after)
    }
}

impl Next {
    /// The earlier of two times; failure wins.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Retry, _) | (_, Self::Retry) => Self::Retry,
            (Self::Nothing, next) | (next, Self::Nothing) => next,
            (Self::At(one), Self::At(two)) => Self::At(one.min(two)),
        }
    }

    /// At a time, if there is one.
    pub(crate) fn at(time: Option<Time>) -> Self {
        time.map_or(Self::Nothing, Self::At)
    }
}
