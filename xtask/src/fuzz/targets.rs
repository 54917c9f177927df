//! The rooms that are fuzzed: what is stored for each, how it is changed, and what is done with it.

mod chart;
mod kustomization;
mod patch;
mod templates;
mod values;

use anyhow::Result;
use toft_testkit::Mutator;

use super::input::{self, Input};
use crate::shell;

/// One fuzzer.
pub(super) struct Target {
    /// What `cargo x fuzz` calls it.
    pub(super) name: &'static str,
    /// What is there to begin with.
    stored: fn() -> Result<Vec<Input>>,
    /// One of the stored inputs, changed.
    pub(super) change: fn(&mut Mutator, &[Input]) -> Input,
    /// Gives it to the room; whether the room took it.
    pub(super) run: fn(&Input) -> bool,
}

/// Alphabetical.
pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "chart",
        stored: chart::stored,
        change: chart::change,
        run: chart::run,
    },
    Target {
        name: "kustomization",
        stored: kustomization::stored,
        change: kustomization::change,
        run: kustomization::run,
    },
    Target {
        name: "patch",
        stored: patch::stored,
        change: patch::change,
        run: patch::run,
    },
    Target {
        name: "template-parse",
        stored: templates::stored,
        change: templates::change,
        run: templates::parse,
    },
    Target {
        name: "template-render",
        stored: templates::stored,
        change: templates::change,
        run: templates::render,
    },
    Target {
        name: "values",
        stored: values::stored,
        change: values::change,
        run: values::run,
    },
];

impl Target {
    /// What is there to begin with, and what was found once and is kept.
    pub(super) fn stored(&self) -> Result<Vec<Input>> {
        let mut stored = (self.stored)()?;
        stored.extend(self.kept()?.into_iter().map(|(_, input)| input));
        Ok(stored)
    }

    /// What was found once, with the names of the files.
    pub(super) fn kept(&self) -> Result<Vec<(String, Input)>> {
        let folder = format!("tests/fuzz/{}", self.name);
        if !shell::root().join(&folder).is_dir() {
            return Ok(Vec::new());
        }
        let files = input::cases(&folder)?.into_iter();
        let read = files.map(|file| {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            Ok((name.into_owned(), Input::read(&file)?))
        });
        read.collect()
    }
}

/// One of some inputs, by chance.
fn any<'a>(mutator: &mut Mutator, stored: &'a [Input]) -> &'a Input {
    static NONE: Input = Input { parts: Vec::new() };
    stored.get(mutator.below(stored.len())).unwrap_or(&NONE)
}

/// A part of some input, by chance.
fn any_part<'a>(mutator: &mut Mutator, stored: &'a [Input]) -> &'a [u8] {
    let input = any(mutator, stored);
    let part = input.parts.get(mutator.below(input.parts.len()));
    part.map(|(_, bytes)| bytes.as_slice()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_once_ends_well() {
        for target in TARGETS {
            for (name, input) in target.kept().unwrap() {
                println!("{} {name}", target.name);
                (target.run)(&input);
            }
        }
    }
}
