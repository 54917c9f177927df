//! The loop that drives the world: one thread owns it, and nothing leaves it that is not kept.
//!
//! Messages come in, the world answers and its clock moves on, what it wrote is kept in one batch, and
//! only then do answers and watch events go out. The first time, and after a pause, virtual time runs at
//! full speed until everything has settled; the rest of the gap is skipped, and from then on virtual time
//! is wall time.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use toft_api::{Request, ResponseBody};
use toft_apiserver::Commit;
use toft_object::Time;
use toft_rehearse::World;
use toft_value::Value;
use tokio::sync::oneshot;

use crate::board::{Board, Stage};
use crate::clock::wall_clock;
use crate::line::{Answer, Inbox, Message};
use crate::report::report;
use crate::store::{Batch, Store, StoreError};
use crate::watches::Watches;

/// How far back bring-up begins.
pub const BRING_UP: Duration = Duration::from_hours(1);

/// The note that holds the latest overview, for whoever asks when nobody runs.
pub const OVERVIEW_NOTE: &str = "overview";

/// How long bring-up goes on before what it wrote is kept: a batch costs a millisecond of disk.
const KEEP_EVERY: Duration = Duration::from_millis(100);
/// How often it is looked how everything stands, which reads every Application.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How much is written at most before it is kept, so that a batch stays small.
const UNKEPT_COMMITS_MAX: usize = 4_096;
/// How many messages are answered in one batch.
const BATCH_MESSAGES_MAX: usize = 256;
/// The longest sleep: watches whose clients left are noticed, and bookmarks are due.
const SLEEP_MAX: Duration = Duration::from_secs(5);
/// How soon a client that listens slowly is looked at again.
const BEHIND_PAUSE: Duration = Duration::from_millis(20);
/// A jump of the wall clock by more than this is a pause (a laptop that slept), and is skipped.
const PAUSE_MIN: Duration = Duration::from_mins(5);

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// To stay: once everything has settled, virtual time is wall time.
    Serve,
    /// To see everything settle: the clock stands then, and what it did not need is left for another run.
    Rest,
}

/// The world and what stands around it.
pub struct Drive {
    world: World,
    store: Store,
    inbox: Inbox,
    board: Arc<Board>,
    watches: Watches,
    /// Written and not kept yet.
    unkept: Vec<Commit>,
    /// Answered, and held back until everything before is kept.
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    aim: Aim,
    stage: Stage,
    kept: Instant,
    /// How everything stood at the last look.
    overview: Arc<Value>,
    looked: Instant,
    /// Whether something happened since the last look.
    stale: bool,
}

/// Whether to look how everything stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Now.
    Now,
    /// If the last look was some time ago.
    WhenDue,
}

/// Whether the loop goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    GoOn,
    Stop,
}

/// However it ended, whoever waits for news is told.
impl Drop for Drive {
    fn drop(&mut self) {
        let stage = match self.stage {
            Stage::Ended => Stage::Ended,
            Stage::BringUp | Stage::Serving | Stage::Rested | Stage::Failed => Stage::Failed,
        };
        self.board.post(|news| news.stage = stage);
    }
}

impl Drive {
    /// A world that is about to be brought up.
    pub fn new(
        (world, store): (World, Store),
        (inbox, board): (Inbox, Arc<Board>),
        aim: Aim,
    ) -> Self {
        Self {
            aim,
            world,
            store,
            inbox,
            board,
            watches: Watches::default(),
            unkept: Vec::new(),
            answers: Vec::new(),
            stage: Stage::BringUp,
            kept: Instant::now(),
            overview: Arc::default(),
            looked: Instant::now(),
            stale: true,
        }
    }

    /// Drives the world until it is told to stop; everything is kept when this comes back.
    ///
    /// # Errors
    /// The store fails. What was answered before is kept.
    pub fn run(mut self) -> Result<(), StoreError> {
        self.store.begin_run()?;
        self.turn()?;
        self.stage = Stage::Ended;
        Ok(())
    }

    fn turn(&mut self) -> Result<(), StoreError> {
        loop {
            let wish = self.listen();
            let stage = self.stage;
            self.advance();
            let look = if wish == Wish::Stop || stage != self.stage {
                Look::Now
            } else {
                Look::WhenDue
            };
            if self.is_due() || look == Look::Now {
                self.keep(look)?;
                self.tell();
            }
            if wish == Wish::Stop {
                return Ok(());
            }
        }
    }

    /// Takes what came in, and sleeps until something does or the world has something to do.
    fn listen(&mut self) -> Wish {
        let mut patience = self.patience();
        for _ in 0..BATCH_MESSAGES_MAX {
            let message = if patience.is_zero() {
                self.inbox.messages.try_recv()
            } else {
                let received = self.inbox.messages.recv_timeout(patience);
                received.map_err(|error| match error {
                    RecvTimeoutError::Timeout => TryRecvError::Empty,
                    RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
                })
            };
            patience = Duration::ZERO;
            match message {
                Ok(Message::Ask { request, reply }) => self.ask(&request, reply),
                Ok(Message::Repository(repository)) => self.world.set_repository(*repository),
                // Nobody can say anything any more: that is the end too.
                Ok(Message::Stop) | Err(TryRecvError::Disconnected) => return Wish::Stop,
                Err(TryRecvError::Empty) => break,
            }
        }
        Wish::GoOn
    }

    fn patience(&self) -> Duration {
        if self.stage == Stage::BringUp {
            return Duration::ZERO;
        }
        if self.stage == Stage::Rested {
            return SLEEP_MAX;
        }
        let wake = self.world.next_wake();
        let wake = wake.map_or(SLEEP_MAX, |wake| wake.since(wall_clock()));
        let longest = match (self.watches.are_behind(), self.stale) {
            (true, _) => BEHIND_PAUSE,
            (false, true) => LOOK_EVERY,
            (false, false) => SLEEP_MAX,
        };
        wake.min(longest)
    }

    fn ask(&mut self, request: &Request, reply: oneshot::Sender<Answer>) {
        let now = self.now();
        let response = self.world.handle(now, request);
        let answer = match &response.body {
            ResponseBody::Watch(start) => match self.watches.open(self.world.api(), start) {
                Ok(frames) => Answer::Watch(frames),
                Err(error) => Answer::Response(error.into()),
            },
            ResponseBody::Value(_) | ResponseBody::Error(_) | ResponseBody::Text(_) => {
                Answer::Response(response)
            }
        };
        self.answers.push((reply, answer));
    }

    /// The time of what happens now; it never goes back.
    fn now(&self) -> Time {
        let clock = self.world.clock();
        match self.stage {
            Stage::BringUp | Stage::Rested => clock,
            Stage::Serving | Stage::Ended | Stage::Failed => clock.max(wall_clock()),
        }
    }

    fn advance(&mut self) {
        let wall = wall_clock();
        if self.stage == Stage::Rested {
            // Only what somebody asks for happens now.
        } else if self.stage == Stage::BringUp {
            let next = self.world.next_search();
            let has_settled = self.world.settled().is_some();
            if has_settled && self.aim == Aim::Rest {
                self.stage = Stage::Rested;
            } else if next <= wall && !has_settled {
                self.world.advance(next);
            } else {
                // It has settled, or virtual time has caught up with the wall before it did.
                self.world.skip_to(wall);
                self.stage = Stage::Serving;
            }
        } else if wall.since(self.world.clock()) > PAUSE_MIN {
            self.world.skip_to(wall);
        } else {
            self.world.advance(wall);
        }
        self.unkept.extend(self.world.take_commits());
    }

    fn is_due(&self) -> bool {
        self.stage != Stage::BringUp
            || !self.answers.is_empty()
            || self.unkept.len() >= UNKEPT_COMMITS_MAX
            || self.kept.elapsed() >= KEEP_EVERY
    }

    fn keep(&mut self, look: Look) -> Result<(), StoreError> {
        let before = Arc::clone(&self.overview);
        self.look(look);
        let changed = before != self.overview;
        if self.unkept.is_empty() && !changed {
            return Ok(());
        }
        let notes = [(OVERVIEW_NOTE, Value::clone(&self.overview))];
        self.store.keep(&Batch {
            commits: &self.unkept,
            clock: self.world.clock(),
            notes: if changed { &notes } else { &[] },
            inputs: &self.world.take_inputs(),
        })?;
        self.unkept.clear();
        self.kept = Instant::now();
        Ok(())
    }

    /// Looks how everything stands, unless that was done a moment ago.
    fn look(&mut self, look: Look) {
        if look == Look::WhenDue && self.looked.elapsed() < LOOK_EVERY {
            self.stale |= !self.unkept.is_empty();
            return;
        }
        self.overview = Arc::new(report(&self.world.overview()));
        self.looked = Instant::now();
        self.stale = false;
    }

    fn tell(&mut self) {
        // First the board: who has an answer about a new kind may use it at once.
        let api = self.world.api();
        self.board.post(|news| {
            news.overview = Arc::clone(&self.overview);
            news.schemas = api.schemas().clone();
            news.stage = self.stage;
        });
        for (reply, answer) in self.answers.drain(..) {
            // A client that left needs no answer.
            drop(reply.send(answer));
        }
        self.watches.tell(self.world.api());
    }
}
