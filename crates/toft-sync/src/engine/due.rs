//! What is to be visited, and when.

use std::collections::{BTreeMap, BTreeSet};

use toft_object::Time;

use super::calls::Name;
use super::store::StoreKey;
use crate::event::ClusterId;

/// What is visited when its time comes. In this order where several are due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Visit {
    Discover(ClusterId),
    List(StoreKey),
    Project(Name),
    Set(Name),
    App(Name),
}

/// Visits by their times.
#[derive(Debug, Default)]
pub(super) struct Due {
    times: BTreeMap<Visit, Time>,
    /// The same by time.
    queue: BTreeSet<(Time, Visit)>,
    /// Those whose time has come.
    ready: BTreeSet<Visit>,
}

impl Due {
    /// A visit at a time, or earlier where one is due earlier.
    pub(super) fn put(&mut self, visit: Visit, at: Time) {
        if self.ready.contains(&visit) {
            return;
        }
        if let Some(known) = self.times.get(&visit).copied() {
            if known <= at {
                return;
            }
            self.queue.remove(&(known, visit.clone()));
        }
        self.times.insert(visit.clone(), at);
        self.queue.insert((at, visit));
    }

    /// Takes the first visit whose time has come, in the order of [`Visit`].
    pub(super) fn take(&mut self, now: Time) -> Option<Visit> {
        while let Some((at, _)) = self.queue.first()
            && *at <= now
            && let Some((_, visit)) = self.queue.pop_first()
        {
            self.times.remove(&visit);
            self.ready.insert(visit);
        }
        self.ready.pop_first()
    }

    /// Nothing is visited any more.
    pub(super) fn remove(&mut self, visit: &Visit) {
        self.ready.remove(visit);
        if let Some(at) = self.times.remove(visit) {
            self.queue.remove(&(at, visit.clone()));
        }
    }

    /// When the next visit is due; `None` where there is none, and the time is long past for one whose
    /// time has come.
    pub(super) fn next(&self) -> Option<Time> {
        let ready = self.ready.first().map(|_| Time::from_seconds(0));
        ready.or_else(|| self.queue.first().map(|(at, _)| *at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> Visit {
        Visit::App(name.into())
    }

    #[test]
    fn what_is_due_comes_in_the_order_of_visits_and_each_once() {
        let at = Time::from_seconds;
        let mut due = Due::default();
        due.put(app("b"), at(5));
        due.put(app("a"), at(9));
        due.put(app("a"), at(7));
        due.put(app("a"), at(8));
        due.put(Visit::Project("p".into()), at(6));
        due.put(app("c"), at(20));
        assert_eq!(due.next(), Some(at(5)));
        assert_eq!(due.take(at(4)), None);
        assert_eq!(due.take(at(7)), Some(Visit::Project("p".into())));
        assert_eq!(due.take(at(7)), Some(app("a")));
        due.put(app("b"), at(30));
        assert_eq!(due.take(at(7)), Some(app("b")));
        assert_eq!((due.take(at(7)), due.next()), (None, Some(at(20))));
        due.remove(&app("c"));
        assert_eq!(due.next(), None);
    }
}
