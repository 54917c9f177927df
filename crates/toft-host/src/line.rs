//! The line to the thread that owns the world.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use toft_api::{Request, Response};
use toft_rehearse::Repository;
use tokio::sync::{mpsc, oneshot};

/// How many messages may wait. The world answers in microseconds; a queue this long means that it is
/// doing something else for a second, and clients do better to come again.
const WAITING_MAX: usize = 1_024;

/// What can be said to the world.
#[derive(Debug)]
pub(crate) enum Message {
    /// A client asks.
    Ask {
        /// What.
        request: Box<Request>,
        /// Where the answer goes; nobody may be there any more.
        reply: oneshot::Sender<Answer>,
    },
    /// The repository changed.
    Repository(Box<Repository>),
    /// End, with everything kept.
    Stop,
}

/// What the world answers.
#[derive(Debug)]
pub enum Answer {
    /// A response, whose effects are kept.
    Response(Response),
    /// The frames of a watch, each one JSON document and a line end.
    Watch(mpsc::Receiver<Frame>),
}

/// One event of a watch as it travels; shared by everyone who watches.
pub type Frame = Arc<[u8]>;

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Too much waits already.
    #[error("too many requests wait already")]
    Busy,
    /// The world has ended.
    #[error("the cluster has stopped")]
    Closed,
}

/// The line to the thread that owns the world; a clone is another end of it.
#[derive(Clone, Debug)]
pub struct Line {
    sender: SyncSender<Message>,
}

/// The end of the line that the world listens to.
#[derive(Debug)]
pub struct Inbox {
    pub(crate) messages: Receiver<Message>,
}

impl Line {
    /// A line and its other end.
    pub fn new() -> (Self, Inbox) {
        let (sender, messages) = sync_channel(WAITING_MAX);
        (Self { sender }, Inbox { messages })
    }

    /// Asks; the answer comes when everything that led to it is kept.
    ///
    /// # Errors
    /// Too much waits already, or the world has ended.
    pub fn ask(&self, request: Request) -> Result<oneshot::Receiver<Answer>, LineError> {
        let (reply, answer) = oneshot::channel();
        let request = Box::new(request);
        self.try_say(Message::Ask { request, reply })?;
        Ok(answer)
    }

    /// Tells that the repository changed; waits for room.
    ///
    /// # Errors
    /// The world has ended.
    pub fn change(&self, repository: Repository) -> Result<(), LineError> {
        let message = Message::Repository(Box::new(repository));
        self.sender.send(message).map_err(|_| LineError::Closed)
    }

    /// Tells the world to end with everything kept; waits for room.
    ///
    /// # Errors
    /// The world has ended already.
    pub fn stop(&self) -> Result<(), LineError> {
        self.sender
            .send(Message::Stop)
            .map_err(|_| LineError::Closed)
    }

    fn try_say(&self, message: Message) -> Result<(), LineError> {
        self.sender.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => LineError::Busy,
            TrySendError::Disconnected(_) => LineError::Closed,
        })
    }
}
