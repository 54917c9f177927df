//! `cargo x fuzz yaml [--corpus DIR] [--seed N] [--minutes M] [FILE…]`: mutated documents, read and written by
//! this house and by upstream's libraries.
//!
//! The same seed asks about the same documents in the same order; the minutes say how many of them. With
//! files, those are compared as they are.

mod changes;
mod input;
mod reshape;
mod rooms;
mod targets;
mod twins;
mod validation;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use toft_testkit::Mutator;

use crate::differential::{Difference, compare};
use crate::parity;
use crate::shell;
use crate::suites::Programs;

/// How many differences of each kind are shown.
const SHOWN_MAX: usize = 10;

/// Larger documents are rarely cut to the place that matters, and slow to ask about.
const DOCUMENT_BYTES_MAX: usize = 20_000;

/// Every so many documents, bytes are overwritten by any others.
const DAMAGED_EVERY: usize = 16;

const MINUTES: u64 = 10;

/// Runs the fuzzer; a difference is a failure.
pub(crate) fn run(args: &[String]) -> Result<()> {
    match args.first().map(String::as_str) {
        Some("validation") => validation::run(args),
        Some("yaml") => yaml(args),
        Some(name) => match targets::TARGETS.iter().find(|target| target.name == name) {
            Some(target) => rooms::run(target, args),
            None => bail!("nothing is fuzzed as `{name}`: {}", names()),
        },
        None => bail!("`cargo x fuzz` needs what to fuzz: {}", names()),
    }
}

/// What can be fuzzed.
fn names() -> String {
    let names = targets::TARGETS.iter().map(|target| target.name);
    let names: Vec<&str> = names.chain(["validation", "yaml"]).collect();
    names.join(", ")
}

fn yaml(args: &[String]) -> Result<()> {
    let number = |name: &str, usual: u64| match shell::flag(args, name) {
        Some(text) => text.parse().with_context(|| format!("{name} {text}")),
        None => Ok(usual),
    };
    let (seed, minutes) = (number("--seed", 1)?, number("--minutes", MINUTES)?);
    let corpus = shell::flag(args, "--corpus").map_or_else(shell::root, PathBuf::from);
    let mut tally = Tally::default();
    let mut programs = Programs::default();
    let oracle = programs.yaml()?;
    let given: Vec<&String> = args
        .iter()
        .skip(1)
        .filter(|arg| Path::new(arg).is_file())
        .collect();
    if given.is_empty() {
        let documents = documents(&corpus)?;
        let mut mutator = Mutator::new(seed);
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(60 * minutes) {
            let stored = documents.get(tally.asked % documents.len());
            let mut document = mutator.mutate(stored.context("the index is below the length")?);
            if tally.asked.is_multiple_of(DAMAGED_EVERY) {
                mutator.damage(&mut document);
            }
            let found = compare(oracle, &document)?;
            tally.add(&document, found);
        }
    } else {
        for file in given {
            let document = std::fs::read(file)?;
            let found = compare(oracle, &document)?;
            tally.add(&document, found);
        }
    }
    tally.tell()
}

/// The stored documents, each of one file, cut at the lines that begin another.
fn documents(corpus: &Path) -> Result<Vec<Vec<u8>>> {
    let mut documents = Vec::new();
    for file in parity::yaml_files(corpus)? {
        let text = std::fs::read(&file)?;
        if text.len() < DOCUMENT_BYTES_MAX {
            documents.push(text);
        }
    }
    Ok(documents)
}

#[derive(Default)]
struct Tally {
    asked: usize,
    /// Both refuse, with other words: upstream counts lines of what it printed in between.
    of_words: usize,
    kinds: BTreeMap<String, usize>,
}

impl Tally {
    fn add(&mut self, document: &[u8], found: Option<Difference>) {
        self.asked += 1;
        let Some(found) = found else { return };
        if found.is_of_words {
            self.of_words += 1;
            return;
        }
        let count = self.kinds.entry(found.kind.clone()).or_default();
        *count += 1;
        if *count <= SHOWN_MAX {
            println!(
                "--- {}\n{}\nupstream: {}\ntoft:     {}\n",
                found.kind,
                String::from_utf8_lossy(document).escape_debug(),
                found.upstream,
                found.ours
            );
        }
    }

    fn tell(&self) -> Result<()> {
        let failed: usize = self.kinds.values().sum();
        for (kind, count) in &self.kinds {
            println!("{kind}: {count} different");
        }
        println!("refused with other words: {}", self.of_words);
        println!("{} passed, {failed} failed", self.asked - failed);
        if failed > 0 {
            bail!("not equal to upstream");
        }
        Ok(())
    }
}
