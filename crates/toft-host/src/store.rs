//! What the simulated cluster keeps between runs: one crash-safe file.
//!
//! A batch is kept whole or not at all, and it is on the disk when [`Store::keep`] comes back.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _,
    TableDefinition,
};
use toft_apiserver::{Commit, Record, StoreKey};
use toft_object::{GroupResource, Time};
use toft_rehearse::{Entry, Saved};
use toft_value::Value;

use crate::state::{StateDir, private_file};

/// The number of the format that this program writes.
pub const FORMAT: u64 = 2;

type Migration = fn(&redb::WriteTransaction) -> Result<(), redb::Error>;

/// What leads from a format to the next: the entry at index 0 makes a 2 of a 1.
const MIGRATIONS: &[Migration] = &[begin_log];

/// Format 2 has the log of what came in.
fn begin_log(transaction: &redb::WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(INPUTS)?;
    Ok(())
}

/// The objects: `group/resource/namespace/name` → compact JSON. No part can hold a slash: the API server
/// refuses such names, as upstream's path segment rule does.
const OBJECTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("objects");
/// Single numbers, by name.
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
/// Single documents, by name: compact JSON.
const NOTES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("notes");

/// What came in: (run, sequence) → one line of JSON. Every run of the program begins a log of its own.
const INPUTS: TableDefinition<'_, (u64, u64), &str> = TableDefinition::new("inputs");

/// How much of the log is kept, oldest lines first to go: a bring-up has some hundreds of lines, and a day
/// of somebody at work with kubectl some thousands.
const INPUTS_MAX: u64 = 200_000;

const RUN_KEY: &str = "run";
const FORMAT_KEY: &str = "format";
const REVISION_KEY: &str = "revision";
const CLOCK_KEY: &str = "clock";

/// Pages that the database keeps in memory; every object is in memory already, so it is read once and
/// then written only.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// What the simulated cluster keeps between runs.
#[derive(Debug)]
pub struct Store {
    database: Database,
    path: PathBuf,
    /// Which run this is, from 1; 0 before any.
    run: u64,
}

/// What is kept together.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The writes, oldest first.
    pub commits: &'a [Commit],
    /// The virtual time after them.
    pub clock: Time,
    /// Documents to replace, by name.
    pub notes: &'a [(&'static str, Value)],
    /// What came in, in order: the log that makes the same run again.
    pub inputs: &'a [Entry],
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer program wrote it.
    #[error("the state in `{path}` has format {found}; this program knows formats up to {FORMAT}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The number of its format.
        found: u64,
    },
    /// The file is not what we wrote.
    #[error("the state in `{path}` is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The database or the disk failed.
    #[error("failed to {doing} the state in `{path}`")]
    Failed {
        /// What was done, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: Box<redb::Error>,
    },
}

impl Store {
    /// Opens the store of a state, or makes an empty one.
    ///
    /// The caller holds the lock of the state.
    ///
    /// # Errors
    /// A newer program wrote the store, it is damaged, or the disk failed.
    pub fn open(state: &StateDir) -> Result<Self, StoreError> {
        let path = state.file("state.redb");
        let failed = |error: redb::Error| open_error(&path, error);
        if !path.exists() {
            // Made beside and renamed: a crash in between leaves no half-made database behind.
            let fresh = state.file("state.redb.new");
            make(&fresh).map_err(failed)?;
            fs::rename(&fresh, &path).map_err(|error| failed(redb::Error::Io(error)))?;
        }
        let database = builder()
            .open(&path)
            .map_err(|error| failed(error.into()))?;
        let mut store = Self {
            database,
            path,
            run: 0,
        };
        store.migrate()?;
        store.run = store.number(RUN_KEY)?.unwrap_or_default();
        Ok(store)
    }

    /// Begins a run: what comes in from now on is a log of its own.
    ///
    /// # Errors
    /// The disk failed.
    pub fn begin_run(&mut self) -> Result<(), StoreError> {
        let run = self.run + 1;
        self.write("write", |transaction| {
            transaction.open_table(NUMBERS)?.insert(RUN_KEY, run)?;
            Ok(())
        })?;
        self.run = run;
        Ok(())
    }

    fn migrate(&self) -> Result<(), StoreError> {
        let found = self.number(FORMAT_KEY)?.unwrap_or_default();
        if found > FORMAT {
            let path = self.path.clone();
            return Err(StoreError::Newer { path, found });
        }
        if found == 0 {
            return Err(self.damaged("it has no format number"));
        }
        let done = usize::try_from(found - 1).unwrap_or(usize::MAX);
        for (number, step) in (found + 1..).zip(MIGRATIONS.iter().skip(done)) {
            self.write("migrate", |transaction| {
                step(transaction)?;
                transaction
                    .open_table(NUMBERS)?
                    .insert(FORMAT_KEY, number)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Everything that was kept; `None` where nothing ever was.
    ///
    /// # Errors
    /// The store is damaged or the disk failed.
    pub fn load(&self) -> Result<Option<Saved>, StoreError> {
        let (Some(revision), Some(clock)) = (self.number(REVISION_KEY)?, self.number(CLOCK_KEY)?)
        else {
            return Ok(None);
        };
        let mut texts = Vec::new();
        self.read("read", |transaction| {
            for entry in transaction.open_table(OBJECTS)?.iter()? {
                let (key, text) = entry?;
                texts.push((key.value().to_owned(), text.value().to_owned()));
            }
            Ok(())
        })?;
        let records = texts.iter().map(|(key, text)| self.record(key, text));
        Ok(Some(Saved {
            revision,
            clock: Time::from_micros(i64::try_from(clock).unwrap_or(i64::MAX)),
            records: records.collect::<Result<_, _>>()?,
        }))
    }

    /// A document; `None` where it was never kept.
    ///
    /// # Errors
    /// The document is damaged or the disk failed.
    pub fn note(&self, name: &str) -> Result<Option<Value>, StoreError> {
        let mut text = None;
        self.read("read", |transaction| {
            let table = transaction.open_table(NOTES)?;
            text = table.get(name)?.map(|text| text.value().to_owned());
            Ok(())
        })?;
        let parsed = text.map(|text| Value::from_json(&text));
        parsed
            .transpose()
            .map_err(|error| self.damaged(&format!("note `{name}`: {error}")))
    }

    /// Keeps a batch; when this comes back, a crash loses nothing of it.
    ///
    /// # Errors
    /// The disk failed; nothing of the batch was kept.
    pub fn keep(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        // Of several writes to one object only the last one matters.
        let mut last: BTreeMap<String, Option<&Value>> = BTreeMap::new();
        for change in batch.commits.iter().flat_map(|commit| &commit.changes) {
            last.insert(key_text(&change.key), change.after.as_ref());
        }
        self.write("write", |transaction| {
            let mut objects = transaction.open_table(OBJECTS)?;
            let mut text = String::new();
            for (key, after) in &last {
                let Some(value) = after else {
                    objects.remove(key.as_str())?;
                    continue;
                };
                text.clear();
                value.write_json(&mut text);
                objects.insert(key.as_str(), text.as_bytes())?;
            }
            let mut numbers = transaction.open_table(NUMBERS)?;
            if let Some(commit) = batch.commits.last() {
                numbers.insert(REVISION_KEY, commit.revision)?;
            }
            let clock = u64::try_from(batch.clock.micros()).unwrap_or_default();
            numbers.insert(CLOCK_KEY, clock)?;
            let mut notes = transaction.open_table(NOTES)?;
            for (name, note) in batch.notes {
                notes.insert(*name, note.to_json().as_bytes())?;
            }
            self.log(transaction, batch.inputs)
        })
    }

    fn log(
        &self,
        transaction: &redb::WriteTransaction,
        inputs: &[Entry],
    ) -> Result<(), redb::Error> {
        if inputs.is_empty() {
            return Ok(());
        }
        let mut log = transaction.open_table(INPUTS)?;
        for entry in inputs {
            log.insert((self.run, entry.sequence), entry.to_line().as_str())?;
        }
        while log.len()? > INPUTS_MAX {
            log.pop_first()?;
        }
        Ok(())
    }

    /// What came in during every run, oldest first, as far as it is kept: runs, and the lines of each.
    ///
    /// # Errors
    /// The store is damaged or the disk failed.
    pub fn inputs(&self) -> Result<BTreeMap<u64, Vec<Entry>>, StoreError> {
        let mut lines: Vec<(u64, String)> = Vec::new();
        self.read("read", |transaction| {
            for line in transaction.open_table(INPUTS)?.iter()? {
                let (key, line) = line?;
                lines.push((key.value().0, line.value().to_owned()));
            }
            Ok(())
        })?;
        let mut runs: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
        for (run, line) in lines {
            let entry = Entry::parse(&line).map_err(|error| {
                self.damaged(&format!("a line of the log of run {run}: {error}"))
            })?;
            runs.entry(run).or_default().push(entry);
        }
        Ok(runs)
    }

    fn record(&self, key: &str, text: &[u8]) -> Result<Record, StoreError> {
        let wrong = |what: &str| self.damaged(&format!("object `{key}` {what}"));
        let key_parts = parse_key(key).ok_or_else(|| wrong("has no proper key"))?;
        let value = Value::from_json(text).map_err(|_| wrong("is no JSON"))?;
        Ok(Record {
            key: key_parts,
            value,
        })
    }

    fn number(&self, name: &str) -> Result<Option<u64>, StoreError> {
        let mut number = None;
        self.read("read", |transaction| {
            let table = transaction.open_table(NUMBERS)?;
            number = table.get(name)?.map(|number| number.value());
            Ok(())
        })?;
        Ok(number)
    }

    fn read(
        &self,
        doing: &'static str,
        read: impl FnOnce(&redb::ReadTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), StoreError> {
        let result = self.database.begin_read().map_err(redb::Error::from);
        let result = result.and_then(|transaction| read(&transaction));
        result.map_err(|error| self.failed(doing, error))
    }

    fn write(
        &self,
        doing: &'static str,
        write: impl FnOnce(&redb::WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), StoreError> {
        let result = self.database.begin_write().map_err(redb::Error::from);
        let result = result.and_then(|transaction| {
            write(&transaction)?;
            transaction.commit().map_err(redb::Error::from)
        });
        result.map_err(|error| self.failed(doing, error))
    }

    fn failed(&self, doing: &'static str, source: redb::Error) -> StoreError {
        StoreError::Failed {
            doing,
            path: self.path.clone(),
            source: Box::new(source),
        }
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError::Damaged {
            path: self.path.clone(),
            what: what.to_owned(),
        }
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn make(path: &Path) -> Result<(), redb::Error> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let file = private_file().read(true).open(path)?;
    let database = builder().create_with_backend(FileBackend::new(file)?)?;
    let transaction = database.begin_write()?;
    {
        transaction.open_table(OBJECTS)?;
        transaction.open_table(NOTES)?;
        transaction.open_table(INPUTS)?;
        transaction
            .open_table(NUMBERS)?
            .insert(FORMAT_KEY, FORMAT)?;
    }
    Ok(transaction.commit()?)
}

fn open_error(path: &Path, error: redb::Error) -> StoreError {
    let path = path.to_owned();
    match error {
        redb::Error::Corrupted(what) => StoreError::Damaged { path, what },
        redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            let what = error.to_string();
            StoreError::Damaged { path, what }
        }
        other => StoreError::Failed {
            doing: "open",
            path,
            source: Box::new(other),
        },
    }
}

fn key_text(key: &StoreKey) -> String {
    let GroupResource { group, resource } = &key.resource;
    format!("{group}/{resource}/{}/{}", key.namespace, key.name)
}

fn parse_key(text: &str) -> Option<StoreKey> {
    let mut parts = text.splitn(4, '/');
    let (group, resource) = (parts.next()?, parts.next()?);
    let resource = GroupResource::new(group, resource);
    Some(StoreKey::new(&resource, parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use toft_apiserver::Change;
    use toft_value::value;

    use super::*;

    fn change(name: &str, after: Option<Value>) -> Change {
        let key = StoreKey::new(&GroupResource::new("apps", "deployments"), "media", name);
        Change {
            key,
            before: None,
            after,
        }
    }

    fn commit(revision: u64, changes: Vec<Change>) -> Commit {
        Commit { revision, changes }
    }

    fn state() -> (tempfile::TempDir, StateDir) {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::create(folder.path().join(".toft")).unwrap();
        (folder, state)
    }

    #[test]
    fn what_is_kept_is_there_after_the_store_is_opened_again() {
        let (_folder, state) = state();
        let store = Store::open(&state).unwrap();
        assert!(store.load().unwrap().is_none());
        let sonarr = value!({"metadata": {"name": "sonarr"}});
        let commits = [
            commit(7, vec![change("sonarr", Some(value!({"old": 1})))]),
            commit(
                8,
                vec![
                    change("sonarr", Some(sonarr.clone())),
                    change("radarr", Some(value!({}))),
                ],
            ),
            commit(9, vec![change("radarr", None)]),
        ];
        let clock = Time::from_seconds(1_700_000_000);
        let notes = [("settings", value!({"seed": 3}))];
        store
            .keep(&Batch {
                commits: &commits,
                clock,
                notes: &notes,
                inputs: &[],
            })
            .unwrap();
        drop(store);
        let store = Store::open(&state).unwrap();
        let saved = store.load().unwrap().unwrap();
        assert_eq!((saved.revision, saved.clock), (9, clock));
        let key = change("sonarr", None).key;
        assert_eq!(saved.records, [Record { key, value: sonarr }]);
        assert_eq!(store.note("settings").unwrap(), Some(value!({"seed": 3})));
        assert_eq!(store.note("other").unwrap(), None);
    }

    #[test]
    fn a_batch_without_writes_moves_the_clock_and_keeps_the_revision() {
        let (_folder, state) = state();
        let store = Store::open(&state).unwrap();
        let commits = [commit(4, vec![change("a", Some(value!({})))])];
        for (commits, seconds) in [(&commits[..], 1), (&[], 2)] {
            let clock = Time::from_seconds(seconds);
            store
                .keep(&Batch {
                    commits,
                    clock,
                    notes: &[],
                    inputs: &[],
                })
                .unwrap();
        }
        let saved = store.load().unwrap().unwrap();
        assert_eq!((saved.revision, saved.clock), (4, Time::from_seconds(2)));
    }

    #[test]
    fn a_newer_format_is_refused_and_left_as_it_is() {
        let (_folder, state) = state();
        let store = Store::open(&state).unwrap();
        let newer = |transaction: &redb::WriteTransaction| {
            transaction
                .open_table(NUMBERS)?
                .insert(FORMAT_KEY, FORMAT + 1)?;
            Ok(())
        };
        store.write("write", newer).unwrap();
        drop(store);
        for _ in 0..2 {
            let refused = Store::open(&state).unwrap_err();
            assert!(
                matches!(refused, StoreError::Newer { found: 3, .. }),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_file_that_is_no_database_is_told_and_kept() {
        let (_folder, state) = state();
        fs::write(state.file("state.redb"), "not a database").unwrap();
        assert!(Store::open(&state).is_err());
        assert_eq!(
            fs::read_to_string(state.file("state.redb")).unwrap(),
            "not a database"
        );
    }

    #[test]
    fn what_came_in_is_kept_run_by_run() {
        let (_folder, state) = state();
        let entry = |sequence| Entry {
            sequence,
            time: Time::from_seconds(7),
            input: toft_rehearse::Input::Advance,
        };
        for _ in 0..2 {
            let mut store = Store::open(&state).unwrap();
            store.begin_run().unwrap();
            for sequence in 0..2 {
                let batch = Batch {
                    commits: &[],
                    clock: Time::from_seconds(7),
                    notes: &[],
                    inputs: &[entry(sequence)],
                };
                store.keep(&batch).unwrap();
            }
        }
        let runs = Store::open(&state).unwrap().inputs().unwrap();
        let both = vec![entry(0), entry(1)];
        assert_eq!(runs, BTreeMap::from([(1, both.clone()), (2, both)]));
    }

    #[test]
    fn an_older_format_is_migrated_step_by_step_and_keeps_what_it_had() {
        let (_folder, state) = state();
        let store = Store::open(&state).unwrap();
        let commits = [commit(4, vec![change("a", Some(value!({})))])];
        store
            .keep(&Batch {
                commits: &commits,
                clock: Time::from_seconds(1),
                notes: &[],
                inputs: &[],
            })
            .unwrap();
        let older = |transaction: &redb::WriteTransaction| {
            transaction.delete_table(INPUTS)?;
            transaction.open_table(NUMBERS)?.insert(FORMAT_KEY, 1)?;
            Ok(())
        };
        store.write("write", older).unwrap();
        drop(store);
        let store = Store::open(&state).unwrap();
        assert_eq!(store.number(FORMAT_KEY).unwrap(), Some(FORMAT));
        assert_eq!(store.inputs().unwrap(), BTreeMap::new());
        assert_eq!(store.load().unwrap().unwrap().records.len(), 1);
    }
}
