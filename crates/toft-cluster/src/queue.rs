//! What is to be reconciled: keys that are due now, and keys that are due at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use toft_object::Time;

use crate::key::Key;

/// The place of a controller in the list of controllers.
pub(crate) type ControllerIndex = usize;

/// One key of one controller.
pub(crate) type Task = (ControllerIndex, Key);

/// Tasks that are due, in the order in which they became due, and timers, one per task at most.
///
/// Timers are ordered by time, then by when they were set.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    due: VecDeque<Task>,
    waiting: BTreeSet<Task>,
    timers: BTreeMap<(Time, u64), Task>,
    timer_of: BTreeMap<Task, (Time, u64)>,
    sequence: u64,
}

impl Queue {
    /// Makes a task due now; one that is due already keeps its place.
    pub(crate) fn wake(&mut self, task: Task) {
        if self.waiting.insert(task.clone()) {
            self.due.push_back(task);
        }
    }

    /// Takes the task that became due first; its timer is taken too, since reconciling sets it anew.
    pub(crate) fn next_due(&mut self) -> Option<Task> {
        let task = self.due.pop_front()?;
        self.waiting.remove(&task);
        self.clear_timer(&task);
        Some(task)
    }

    /// Sets the timer of a task.
    pub(crate) fn wake_at(&mut self, task: Task, at: Time) {
        self.clear_timer(&task);
        self.sequence += 1;
        let place = (at, self.sequence);
        self.timers.insert(place, task.clone());
        self.timer_of.insert(task, place);
    }

    /// The time of the earliest timer.
    pub(crate) fn next_time(&self) -> Option<Time> {
        self.timers.keys().next().map(|place| place.0)
    }

    /// Makes every task due whose time has come.
    pub(crate) fn fire(&mut self, now: Time) {
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > now {
                return;
            }
            let task = entry.remove();
            self.timer_of.remove(&task);
            self.wake(task);
        }
    }

    /// Whether something is due.
    pub(crate) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    fn clear_timer(&mut self, task: &Task) {
        if let Some(place) = self.timer_of.remove(task) {
            self.timers.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(name: &str) -> Task {
        (0, Key::new("", name))
    }

    #[test]
    fn a_task_is_due_once_and_in_order() {
        let mut queue = Queue::default();
        for name in ["b", "a", "b"] {
            queue.wake(task(name));
        }
        assert_eq!(queue.next_due(), Some(task("b")));
        assert_eq!(queue.next_due(), Some(task("a")));
        assert_eq!(queue.next_due(), None);
    }

    #[test]
    fn timers_fire_by_time_then_by_when_they_were_set() {
        let mut queue = Queue::default();
        queue.wake_at(task("late"), Time::from_seconds(20));
        queue.wake_at(task("second"), Time::from_seconds(10));
        queue.wake_at(task("first"), Time::from_seconds(5));
        queue.wake_at(task("first"), Time::from_seconds(10));
        assert_eq!(queue.next_time(), Some(Time::from_seconds(10)));
        queue.fire(Time::from_seconds(10));
        assert_eq!(queue.next_due(), Some(task("second")));
        assert_eq!(queue.next_due(), Some(task("first")));
        assert_eq!(queue.next_due(), None);
        assert_eq!(queue.next_time(), Some(Time::from_seconds(20)));
    }

    #[test]
    fn reconciling_takes_the_timer() {
        let mut queue = Queue::default();
        queue.wake_at(task("a"), Time::from_seconds(5));
        queue.wake(task("a"));
        assert_eq!(queue.next_due(), Some(task("a")));
        assert_eq!(queue.next_time(), None);
    }
}
