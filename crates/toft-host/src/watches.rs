//! The watches of clients: cursors that are read as fast as their clients listen.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use toft_api::{ApiError, Representation, WatchEvent, WatchEventKind, WatchStart, http};
use toft_apiserver::{ApiServer, WatchCursor};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::line::Frame;

/// How many frames wait for one client. Whoever is slower stays behind in the history, and is told to
/// start over once the history no longer reaches so far back.
const FRAMES_WAITING_MAX: usize = 256;

/// How often a watch that wants bookmarks gets one.
///
/// Source: apiserver 0.36.3 `pkg/storage/cacher/cacher.go`, defaultBookmarkFrequency.
const BOOKMARK_EVERY: Duration = Duration::from_mins(1);

/// A client that takes nothing for so long is gone without saying so.
const STALLED: Duration = Duration::from_mins(2);

/// The watches of clients.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    open: Vec<Watch>,
}

#[derive(Debug)]
struct Watch {
    cursor: WatchCursor,
    shape: Shape,
    frames: mpsc::Sender<Frame>,
    /// What was read from the history and not yet taken by the client.
    waiting: VecDeque<WatchEvent>,
    /// The last event, after which the watch ends.
    last: Option<WatchEvent>,
    moved: Instant,
    marked: Instant,
}

/// What makes the bytes of an event: two watches of one shape share them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    version: String,
    representation: u8,
}

/// Frames of one round, so that an event is written once however many watch it.
type Written = HashMap<(Shape, &'static str, String), Frame>;

impl Watches {
    /// Whether a watch has more to tell than its client took.
    pub(crate) fn are_behind(&self) -> bool {
        self.open.iter().any(|watch| !watch.waiting.is_empty())
    }

    /// Opens a watch; its frames come out of the receiver.
    ///
    /// # Errors
    /// The history no longer reaches back to where it shall begin.
    pub(crate) fn open(
        &mut self,
        api: &ApiServer,
        start: &WatchStart,
    ) -> Result<mpsc::Receiver<Frame>, ApiError> {
        let cursor = api.open_watch(start)?;
        let (frames, receiver) = mpsc::channel(FRAMES_WAITING_MAX);
        let now = Instant::now();
        self.open.push(Watch {
            cursor,
            shape: Shape::of(start),
            frames,
            waiting: VecDeque::new(),
            last: None,
            moved: now,
            marked: now,
        });
        Ok(receiver)
    }

    /// Tells every client what happened, as far as it listens, and forgets those that are gone.
    pub(crate) fn tell(&mut self, api: &ApiServer) {
        let mut written = Written::new();
        let now = Instant::now();
        self.open
            .retain_mut(|watch| watch.tell(api, now, &mut written).is_ok());
    }
}

/// A watch that is over.
struct Over;

impl Watch {
    fn tell(&mut self, api: &ApiServer, now: Instant, written: &mut Written) -> Result<(), Over> {
        if self.waiting.is_empty() && self.last.is_none() {
            self.read(api, now);
        }
        while let Some(event) = self.waiting.front() {
            let frame = self.shape.write(event, written);
            match self.frames.try_send(frame) {
                Ok(()) => {
                    self.waiting.pop_front();
                    self.moved = now;
                }
                Err(TrySendError::Full(_)) if now.duration_since(self.moved) < STALLED => {
                    return Ok(());
                }
                Err(TrySendError::Full(_) | TrySendError::Closed(_)) => return Err(Over),
            }
        }
        self.moved = now;
        if let Some(last) = &self.last {
            drop(self.frames.try_send(frame(last)));
            return Err(Over);
        }
        if self.frames.is_closed() {
            Err(Over)
        } else {
            Ok(())
        }
    }

    fn read(&mut self, api: &ApiServer, now: Instant) {
        let batch = api.poll_watch(&mut self.cursor);
        self.waiting.extend(batch.events);
        self.last = batch.ended.map(|error| WatchEvent {
            kind: WatchEventKind::Error,
            object: error.to_value(),
        });
        if !self.waiting.is_empty() {
            return;
        }
        if now.duration_since(self.marked) >= BOOKMARK_EVERY {
            self.marked = now;
            self.waiting.extend(api.bookmark(&self.cursor));
        }
    }
}

impl Shape {
    fn of(start: &WatchStart) -> Self {
        let representation = match start.representation {
            Representation::Object => 0,
            Representation::Metadata => 1,
            Representation::Table(_) => 2,
        };
        Self {
            version: format!("{}/{}", start.path.group, start.path.version),
            representation,
        }
    }

    fn write(&self, event: &WatchEvent, written: &mut Written) -> Frame {
        let Some(key) = self.key(event) else {
            return frame(event);
        };
        let known = written.entry(key).or_insert_with(|| frame(event));
        Frame::clone(known)
    }

    /// What tells one event from another within a round: a uid and a revision. A table has neither, and
    /// the first one of a watch carries its columns.
    fn key(&self, event: &WatchEvent) -> Option<(Self, &'static str, String)> {
        if self.representation == 2 || event.kind == WatchEventKind::Bookmark {
            return None;
        }
        let uid = event.object.str_at(&["metadata", "uid"])?;
        let revision = event.object.str_at(&["metadata", "resourceVersion"])?;
        Some((
            self.clone(),
            event.kind.as_str(),
            format!("{uid}/{revision}"),
        ))
    }
}

fn frame(event: &WatchEvent) -> Frame {
    http::event_line(event).into()
}
