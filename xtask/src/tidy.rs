//! `cargo x tidy`: the rules of the house that no compiler knows.
//!
//! It is a test too, so that a plain `cargo test` holds the house together.

mod cases;
mod floors;
mod papers;
mod sources;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::shell;

/// A breach of a rule: where, and what to do.
pub(crate) type Breach = String;

/// One rule: what it says, and what in the checkout breaks it.
struct Rule {
    says: &'static str,
    check: fn(&Checkout) -> Result<Vec<Breach>>,
}

const RULES: &[Rule] = &[
    Rule {
        says: "a crate depends on lower floors only",
        check: floors::edges,
    },
    Rule {
        says: "floors 0 to 5 never touch the outside",
        check: sources::pure,
    },
    Rule {
        says: "a file fits into one reading",
        check: sources::sizes,
    },
    Rule {
        says: "a module is named after what it holds",
        check: sources::names,
    },
    Rule {
        says: "a case says what it shows and what it expects",
        check: cases::complete,
    },
    Rule {
        says: "an expectation says which upstream program decided it",
        check: cases::origins,
    },
    Rule {
        says: "decisions are numbered, fragments have a kind, blobs are small",
        check: papers::orderly,
    },
    Rule {
        says: "the lock file stays within its budget",
        check: papers::lock_budget,
    },
];

/// The files of the checkout that Git tracks or would track.
pub(crate) struct Checkout {
    root: PathBuf,
    files: Vec<PathBuf>,
}

impl Checkout {
    fn open() -> Result<Self> {
        let root = shell::root();
        let mut git = std::process::Command::new("git");
        git.args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(&root);
        let listed = shell::output(&mut git)?.stdout;
        let names = listed
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty());
        let files = names.map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned()));
        let files = files.filter(|file| root.join(file).is_file()).collect();
        Ok(Self { root, files })
    }

    /// The paths of files below `directory`, relative to the root.
    fn below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a Path> {
        self.files
            .iter()
            .map(PathBuf::as_path)
            .filter(move |file| file.starts_with(directory))
    }

    fn read(&self, file: &Path) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(self.root.join(file))?).into_owned())
    }
}

/// Checks every rule and lists what breaks them.
pub(crate) fn run(_: &[String]) -> Result<()> {
    shell::say("tidy");
    let checkout = Checkout::open()?;
    let mut count = 0;
    for rule in RULES {
        for breach in (rule.check)(&checkout)? {
            println!("{breach}\n    rule: {}", rule.says);
            count += 1;
        }
    }
    if count > 0 {
        bail!("tidy found {count} breaches of the rules of the house");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_house_is_tidy() {
        super::run(&[]).unwrap();
    }
}
