//! The board on which the world posts how it stands, for whoever wants to look.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use toft_schema::Schemas;
use toft_value::Value;

/// How the world stands.
#[derive(Clone)]
pub struct News {
    /// The overview as it is told to programs; null before the first.
    pub overview: Arc<Value>,
    /// The kinds that are served.
    pub schemas: Schemas,
    /// What of bring-up is done.
    pub stage: Stage,
    /// How many times something was posted.
    pub number: u64,
}

/// What of a run is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Virtual time runs at full speed until everything has settled.
    #[default]
    BringUp,
    /// Virtual time is wall time.
    Serving,
    /// Everything has settled, and the clock stands until the end.
    Rested,
    /// The world has ended, with everything kept.
    Ended,
    /// The world has ended because it could not go on; whoever drove it knows why.
    Failed,
}

/// The board: the latest news, and a bell.
pub struct Board {
    news: Mutex<News>,
    bell: Condvar,
}

impl Board {
    /// A board with the kinds that are served from the start.
    pub fn new(schemas: Schemas) -> Self {
        let news = News {
            overview: Arc::default(),
            schemas,
            stage: Stage::default(),
            number: 0,
        };
        Self {
            news: Mutex::new(news),
            bell: Condvar::new(),
        }
    }

    /// The latest news.
    pub fn latest(&self) -> News {
        self.lock().clone()
    }

    /// The latest news, as soon as it is not number `seen`, or after `patience`.
    pub fn wait(&self, seen: u64, patience: Duration) -> News {
        let same = |news: &mut News| news.number == seen;
        let waited = self.bell.wait_timeout_while(self.lock(), patience, same);
        let (news, _) = waited.unwrap_or_else(PoisonError::into_inner);
        news.clone()
    }

    pub(crate) fn post(&self, change: impl FnOnce(&mut News)) {
        let mut news = self.lock();
        change(&mut news);
        news.number += 1;
        drop(news);
        self.bell.notify_all();
    }

    /// News are replaced whole, so they are good even if somebody panicked beside them.
    fn lock(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
