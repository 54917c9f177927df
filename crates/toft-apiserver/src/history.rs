//! What happened lately, for watches and for reads of the past.

use std::collections::VecDeque;

use toft_object::GroupResource;

use crate::store::Change;

/// How many writes are remembered. Upstream compacts after five minutes; the busiest minute of a bring-up
/// of a hundred apps writes about 5,000 times, and a remembered version shares most of its memory with
/// its neighbours.
pub const HISTORY_MAX: usize = 8_192;

/// The last writes, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: VecDeque<Entry>,
    /// The newest revision that is forgotten: the state after it is the oldest that can be told.
    forgotten: u64,
}

/// One remembered write.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) revision: u64,
    pub(crate) change: Change,
}

impl History {
    pub(crate) fn starting_after(revision: u64) -> Self {
        Self {
            entries: VecDeque::new(),
            forgotten: revision,
        }
    }

    pub(crate) fn push(&mut self, revision: u64, change: Change) {
        if self.entries.len() == HISTORY_MAX
            && let Some(oldest) = self.entries.pop_front()
        {
            self.forgotten = oldest.revision;
        }
        self.entries.push_back(Entry { revision, change });
    }

    /// The oldest revision whose state can still be told.
    pub(crate) fn oldest(&self) -> u64 {
        self.forgotten
    }

    /// Whether everything after `revision` is remembered.
    pub(crate) fn reaches(&self, revision: u64) -> bool {
        revision >= self.forgotten
    }

    /// The writes after `revision` to a resource, oldest first.
    pub(crate) fn after<'a, 'r>(
        &'a self,
        revision: u64,
        resource: &'r GroupResource,
    ) -> impl DoubleEndedIterator<Item = &'a Entry> + use<'a, 'r> {
        let start = self
            .entries
            .partition_point(|entry| entry.revision <= revision);
        self.entries
            .range(start..)
            .filter(move |entry| entry.change.key.resource == *resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreKey;

    #[test]
    fn the_oldest_writes_are_forgotten_first() {
        let resource = GroupResource::new("", "pods");
        let mut history = History::default();
        let change = Change {
            key: StoreKey::new(&resource, "a", "x"),
            before: None,
            after: None,
        };
        for revision in 1..=(HISTORY_MAX as u64 + 2) {
            history.push(revision, change.clone());
        }
        assert!(history.reaches(2));
        assert!(!history.reaches(1));
        assert_eq!(history.after(HISTORY_MAX as u64, &resource).count(), 2);
    }
}
