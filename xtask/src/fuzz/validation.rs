//! `cargo x fuzz validation [--seed N] [--count N] [--kind NAME] [--shown N] [--answers FILE]`:
//! changed objects, sent to a
//! real API server and to the simulated one.
//!
//! Each object of `tests/seeds`, or of the folder that `--seeds` names, is changed in every way that `changes` knows, made anew and put over itself,
//! all as dry runs; of those, `--count` are asked, by the seed. `--answers` keeps what upstream said for the next run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use toft_object::Gvk;
use toft_schema::Schemas;
use toft_testkit::Mutator;
use toft_value::Value;

use super::changes::{self, Change};
use super::twins::{Answer, Place, Simulated, Upstream};
use crate::shell;

/// How many changes are asked about without `--count`.
const COUNT: usize = 6_000;

/// How many differences of each kind of object are shown without `--shown`.
const SHOWN_MAX: usize = 12;

/// Whether an object is made or changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Create,
    Update,
}

/// One question.
struct Question {
    act: Act,
    change: Change,
}

/// A valid object, and what is asked about it.
struct Subject {
    name: String,
    object: Value,
    place: Place,
    questions: Vec<Question>,
}

/// Runs the fuzzer; a difference is a failure.
pub(super) fn run(args: &[String]) -> Result<()> {
    let number = |name: &str, usual: usize| match shell::flag(args, name) {
        Some(text) => text.parse().with_context(|| format!("{name} {text}")),
        None => Ok(usual),
    };
    let (seed, count) = (number("--seed", 1)?, number("--count", COUNT)?);
    println!("seed {seed}, {count} changes");
    let only = shell::flag(args, "--kind").unwrap_or_default();
    let folder = shell::flag(args, "--seeds").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| shell::root().join("tests/seeds"));
    let mut subjects = subjects(&folder, only)?;
    choose(&mut subjects, (seed, count));
    let file = shell::flag(args, "--answers").map(PathBuf::from);
    let mut upstream = Upstream::open(file.as_deref())?;
    let mut tally = Tally {
        shown: number("--shown", SHOWN_MAX)?,
        ..Tally::default()
    };
    for subject in &subjects {
        let found = compare(&mut upstream, subject, &mut tally);
        if let Err(error) = found {
            println!("--- {}: not compared: {error:#}", subject.name);
        }
    }
    tally.tell()
}

/// The stored objects, each with every change of it.
fn subjects(folder: &Path, only: &str) -> Result<Vec<Subject>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let schemas = Schemas::builtin();
    let subjects = files.iter().map(|file| subject(&schemas, file));
    let mut subjects = subjects.collect::<Result<Vec<_>>>()?;
    subjects.retain(|subject| subject.name.contains(only));
    Ok(subjects)
}

fn subject(schemas: &Schemas, file: &Path) -> Result<Subject> {
    let object = Value::from_json(&std::fs::read(file)?)?;
    let text = |key: &str| object.str_at(&[key]).unwrap_or_default();
    let gvk = Gvk::of(text("apiVersion"), text("kind"));
    let resource = schemas.kind(&gvk);
    let resource = resource.with_context(|| format!("no kind {gvk:?}"))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let place = Place::new(resource, &name);
    let changes = changes::all(&object, schemas.schema(&gvk));
    let act = |act: Act| {
        let of = move |change: &Change| Question {
            act,
            change: change.clone(),
        };
        changes.iter().map(of)
    };
    let questions = act(Act::Create).chain(act(Act::Update)).collect();
    Ok(Subject {
        name: name.into_owned(),
        object,
        place,
        questions,
    })
}

/// Keeps `count` questions, by chance.
fn choose(subjects: &mut [Subject], (seed, count): (usize, usize)) {
    let all: usize = subjects.iter().map(|subject| subject.questions.len()).sum();
    println!("{all} changes of {} objects are known", subjects.len());
    let mut mutator = Mutator::new(u64::try_from(seed).unwrap_or(1));
    for subject in subjects {
        subject
            .questions
            .retain(|_| mutator.below(all.max(1)) < count);
    }
}

/// One answer that is not upstream's.
struct Difference {
    title: String,
    /// `None` where they are equal.
    told: Option<(Answer, Answer)>,
}

fn compare(upstream: &mut Upstream, subject: &Subject, tally: &mut Tally) -> Result<()> {
    let mut ours = Simulated::new(&subject.place)?;
    let (creates, updates): (Vec<_>, Vec<_>) = subject
        .questions
        .iter()
        .partition(|question| question.act == Act::Create);
    let mut asked = Vec::new();
    for question in &creates {
        let body = question.change.apply(&subject.object);
        let title = format!("{} create {}", subject.name, question.change.title());
        asked.push((title, body));
    }
    let theirs = upstream.create(&subject.place, &asked)?;
    for ((title, body), theirs) in asked.into_iter().zip(theirs) {
        tally.add(
            &subject.name,
            difference(title, theirs, ours.create(&body)?),
        );
    }
    ours.keep(&subject.object)?;
    let mut asked = Vec::new();
    for question in &updates {
        let title = format!("{} update {}", subject.name, question.change.title());
        asked.push((title, &question.change));
    }
    let theirs = upstream.update(&subject.place, &subject.object, &asked)?;
    for ((title, change), theirs) in asked.into_iter().zip(theirs) {
        tally.add(
            &subject.name,
            difference(title, theirs, ours.update(change)?),
        );
    }
    Ok(())
}

fn difference(title: String, theirs: Answer, ours: Answer) -> Difference {
    let told = (theirs != ours).then_some((theirs, ours));
    Difference { title, told }
}

#[derive(Default)]
struct Tally {
    asked: usize,
    shown: usize,
    kinds: BTreeMap<String, (usize, usize)>,
}

impl Tally {
    fn add(&mut self, subject: &str, difference: Difference) {
        self.asked += 1;
        let (asked, different) = self.kinds.entry(subject.to_owned()).or_default();
        *asked += 1;
        let Some((theirs, ours)) = difference.told else {
            return;
        };
        *different += 1;
        if *different <= self.shown {
            println!("--- {}", difference.title);
            theirs.tell_beside(&ours);
        }
    }

    fn tell(&self) -> Result<()> {
        for (kind, (asked, different)) in &self.kinds {
            if *different > 0 {
                println!("{kind}: {different} of {asked} different");
            }
        }
        let failed: usize = self.kinds.values().map(|(_, different)| different).sum();
        println!("{} passed, {failed} failed", self.asked - failed);
        if failed > 0 {
            bail!("not equal to upstream");
        }
        Ok(())
    }
}
