//! The folder that holds everything one cluster needs between runs.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use toft_value::{Value, value};

/// The file whose lock says that the state is in use; its text says by whom.
const LOCK: &str = "lock";

/// Everything that is ever written into the folder; nothing else is deleted.
const OURS: &[&str] = &[
    LOCK,
    ".gitignore",
    "identity.json",
    "kubeconfig",
    "made-with.json",
    "state.redb",
    "state.redb.new",
];

/// How the names of files begin that are not written to their end.
const UNFINISHED: &str = ".unfinished-";

/// How often a lock is tried, and how long apart: who only looks whether a state is in use holds the lock
/// for microseconds.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The folder that holds everything one cluster needs between runs.
///
/// It is private to its owner (mode 0700, files 0600), ignored by Git, and used by one process at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

/// Who uses a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// The process.
    pub pid: u32,
    /// Where its door is, such as `127.0.0.1:6443`; `None` before it is open.
    pub address: Option<String>,
}

/// The right to use a state; it ends with the value or the process.
#[derive(Debug)]
pub struct StateLock {
    file: File,
    last: Option<Occupant>,
}

/// Why a state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process uses it.
    #[error("the state in `{path}` is in use{}", by(.occupant.as_ref()))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Who uses it, as far as it can be read.
        occupant: Option<Occupant>,
    },
    /// The folder holds other things.
    #[error("`{0}` is not empty and holds no state of Toft")]
    Foreign(PathBuf),
    /// The disk failed.
    #[error("failed to {doing} `{path}`")]
    Disk {
        /// What was done, as a verb.
        doing: &'static str,
        /// The path.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
}

fn by(occupant: Option<&Occupant>) -> String {
    occupant.map_or_else(String::new, |occupant| {
        format!(" by process {}", occupant.pid)
    })
}

impl StateDir {
    /// The state in a folder, which is made where there is none.
    ///
    /// # Errors
    /// The folder holds other things, or the disk failed.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, StateError> {
        let path = path.into();
        if is_foreign(&path) {
            return Err(StateError::Foreign(path));
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        builder.create(&path).map_err(disk("make", &path))?;
        make_private(&path).map_err(disk("protect", &path))?;
        // The mark comes first: whoever dies in the next line has left a state, not other things.
        let mark = path.join(LOCK);
        private_file().open(&mark).map_err(disk("make", &mark))?;
        let state = Self { path };
        state.write(".gitignore", b"*\n")?;
        Ok(state)
    }

    /// The state in a folder; `None` where there is none.
    pub fn find(path: impl Into<PathBuf>) -> Option<Self> {
        let path = path.into();
        path.join(LOCK).is_file().then_some(Self { path })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Takes the state for this process.
    ///
    /// # Errors
    /// Another process uses it, or the disk failed.
    pub fn lock(&self) -> Result<StateLock, StateError> {
        let path = self.file(LOCK);
        let opened = private_file().read(true).open(&path);
        let file = opened.map_err(disk("open", &path))?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => {
                    let last = fs::read(&path).ok().and_then(|text| Occupant::parse(&text));
                    let mut lock = StateLock { file, last };
                    self.sweep();
                    lock.tell(None).map_err(disk("write", &path))?;
                    return Ok(lock);
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(disk("lock", &path)(error)),
            }
        }
        Err(StateError::InUse {
            path: self.path.clone(),
            occupant: fs::read(&path).ok().and_then(|text| Occupant::parse(&text)),
        })
    }

    /// Who uses the state now; `None` where nobody does.
    pub fn occupant(&self) -> Option<Occupant> {
        let mut file = File::open(self.file(LOCK)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                file.read_to_end(&mut text).ok()?;
                Occupant::parse(&text)
            }
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    /// The content of a file of the folder; `None` where it is missing.
    ///
    /// # Errors
    /// The disk failed.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        let path = self.file(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk("read", &path)(error)),
        }
    }

    /// Writes a file of the folder: all of it or nothing, readable by the owner only.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let path = self.file(name);
        let mut unfinished = tempfile::Builder::new();
        let unfinished = unfinished.prefix(UNFINISHED).tempfile_in(&self.path);
        let written = unfinished.and_then(|mut file| {
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            File::open(&self.path)?.sync_all()
        });
        written.map_err(disk("write", &path))
    }

    /// Removes what a process left that died while it wrote. What cannot be removed does no harm.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                drop(fs::remove_file(entry.path()));
            }
        }
    }

    /// Deletes what Toft wrote, and the folder where nothing else is in it.
    ///
    /// # Errors
    /// The disk failed.
    pub fn delete(self, lock: StateLock) -> Result<(), StateError> {
        self.sweep();
        for name in OURS {
            let path = self.file(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(disk("delete", &path)(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        drop(lock);
        match fs::remove_dir(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => {
                Err(disk("delete", &self.path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl StateLock {
    /// Where the door of the last process was.
    pub fn last_address(&self) -> Option<&str> {
        self.last.as_ref()?.address.as_deref()
    }

    /// Says where the door of this process is.
    ///
    /// # Errors
    /// The disk failed.
    pub fn tell(&mut self, address: Option<&str>) -> io::Result<()> {
        let address = address.map_or(Value::Null, Value::from);
        let text = value!({"pid": std::process::id(), "address": address}).to_json();
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}

impl Occupant {
    fn parse(text: &[u8]) -> Option<Self> {
        let told = Value::from_json(text).ok()?;
        Some(Self {
            pid: u32::try_from(told.i64_at(&["pid"])?).ok()?,
            address: told.str_at(&["address"]).map(str::to_owned),
        })
    }
}

/// Whether a folder has things in it and none of them is ours.
fn is_foreign(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else {
        return false;
    };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    !names.is_empty() && !names.iter().any(|name| name == LOCK)
}

fn disk(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StateError + use<> {
    let path = path.to_owned();
    move |source| StateError::Disk {
        doing,
        path,
        source,
    }
}

/// How a file is opened that only its owner may read.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_used_by_one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::create(folder.path().join(".toft")).unwrap();
        assert_eq!(state.occupant(), None);
        let mut lock = state.lock().unwrap();
        lock.tell(Some("127.0.0.1:6443")).unwrap();
        let occupant = state.occupant().unwrap();
        assert_eq!(occupant.pid, std::process::id());
        assert_eq!(occupant.address.as_deref(), Some("127.0.0.1:6443"));
        let refused = state.lock().unwrap_err().to_string();
        assert!(refused.ends_with(&format!("is in use by process {}", occupant.pid)));
        drop(lock);
        assert_eq!(state.occupant(), None);
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("letter.txt"), "dear").unwrap();
        let refused = StateDir::create(folder.path());
        assert!(
            matches!(refused, Err(StateError::Foreign(_))),
            "{refused:?}"
        );
    }

    #[test]
    fn deleting_a_state_keeps_what_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::create(folder.path().join("s")).unwrap();
        let lock = state.lock().unwrap();
        fs::write(state.file("letter.txt"), "dear").unwrap();
        let path = state.path().to_owned();
        state.delete(lock).unwrap();
        let left: Vec<_> = fs::read_dir(path).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn what_a_process_left_that_died_while_it_wrote_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".toft");
        let state = StateDir::create(&path).unwrap();
        fs::write(state.file(".unfinished-a1"), "ha").unwrap();
        drop(state.lock().unwrap());
        assert!(!state.file(".unfinished-a1").exists());
        // Who died before the first file was whole has left a state all the same.
        fs::remove_file(state.file(".gitignore")).unwrap();
        fs::write(state.file(".unfinished-b2"), "ha").unwrap();
        assert!(StateDir::create(&path).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_state_is_private_to_its_owner() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::create(folder.path().join(".toft")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(state.path()), 0o700);
        assert_eq!(mode(&state.file(".gitignore")), 0o600);
    }
}
