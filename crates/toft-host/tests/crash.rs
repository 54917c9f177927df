//! A process that is killed while it keeps loses nothing that it said was kept.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the test runs itself as another process, which tells on stdout what is kept"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use toft_apiserver::{Change, Commit, StoreKey};
use toft_host::{Batch, StateDir, Store};
use toft_object::{GroupResource, Time};
use toft_value::{Value, value};

const FOLDER: &str = "TOFT_TEST_CRASH_STATE";
const KILLS: u64 = 50;
/// Batches are small, so that kills fall into many different moments of keeping.
const OBJECTS: u64 = 7;

/// How long to wait for a process on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// When a process is killed.
#[derive(Clone, Copy)]
enum Life {
    /// So soon after its start: before it begins, or while it repairs what the kill before left.
    Short(Duration),
    /// So long after it kept something.
    AfterFirst(Duration),
}

impl Life {
    fn of(kill: u64) -> Self {
        let some = Duration::from_millis(kill * 37 % 41);
        if kill.is_multiple_of(5) {
            Self::Short(some)
        } else {
            Self::AfterFirst(some)
        }
    }
}

fn key(name: u64) -> StoreKey {
    StoreKey::new(
        &GroupResource::new("", "configmaps"),
        "default",
        &format!("n{name}"),
    )
}

fn commit(revision: u64) -> Commit {
    let after = Some(value!({"revision": Value::from_u64(revision), "filler": "x".repeat(3_000)}));
    let change = Change {
        key: key(revision % OBJECTS),
        before: None,
        after,
    };
    Commit {
        revision,
        changes: vec![change],
    }
}

/// The other process: keeps revision after revision, and tells each that is kept.
#[test]
fn the_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let state = StateDir::create(folder).unwrap();
    let _lock = state.lock().unwrap();
    let store = Store::open(&state).unwrap();
    let mut revision = store.load().unwrap().map_or(0, |saved| saved.revision);
    loop {
        revision += 1;
        let batch = Batch {
            commits: &[commit(revision)],
            clock: Time::from_seconds(i64::try_from(revision).unwrap()),
            notes: &[("last", Value::from_u64(revision))],
            inputs: &[],
        };
        store.keep(&batch).unwrap();
        println!("kept {revision}");
        std::io::stdout().flush().unwrap();
    }
}

/// Lets the other process live for a while, kills it, and gives the last revision that it told.
fn live_and_die(folder: &Path, life: Life) -> Option<u64> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "the_process_that_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let (tell, told) = mpsc::channel();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reader = thread::spawn(move || {
        let kept = |line: String| line.rsplit_once("kept ")?.1.parse::<u64>().ok();
        for revision in lines.map_while(Result::ok).filter_map(kept) {
            tell.send(revision).unwrap();
        }
    });
    let first = match life {
        Life::Short(short) => {
            thread::sleep(short);
            None
        }
        Life::AfterFirst(more) => {
            let first = told.recv_timeout(PATIENCE).unwrap();
            thread::sleep(more);
            Some(first)
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    told.try_iter().last().or(first)
}

#[test]
fn nothing_that_was_told_as_kept_is_lost_over_fifty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut last = 0;
    for kill in 0..KILLS {
        let told = live_and_die(&path, Life::of(kill));
        last = told.unwrap_or(last);
        let Some(state) = StateDir::find(&path) else {
            continue;
        };
        let _lock = state.lock().unwrap();
        let store = Store::open(&state).unwrap();
        let Some(saved) = store.load().unwrap() else {
            assert_eq!(last, 0);
            continue;
        };
        assert!(
            saved.revision >= last,
            "{} was kept, {last} was told",
            saved.revision
        );
        // A batch is kept whole: revision, clock, note and object belong together.
        let revision = saved.revision;
        assert_eq!(
            saved.clock,
            Time::from_seconds(i64::try_from(revision).unwrap())
        );
        assert_eq!(store.note("last").unwrap(), Some(Value::from_u64(revision)));
        for record in saved.records {
            let kept = record.value.i64_at(&["revision"]).unwrap().unsigned_abs();
            assert!(kept <= revision && kept + OBJECTS > revision);
            assert_eq!(record.key, key(kept % OBJECTS));
        }
        last = last.max(revision);
    }
}
