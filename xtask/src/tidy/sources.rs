//! What Rust files may hold, how long they may be and what they may be called.

use std::path::Path;

use anyhow::Result;

use super::{Breach, Checkout};

/// A file that is longer, its tests left out, is two files.
const FILE_LINES_MAX: usize = 700;

/// `lib.rs` is a table of contents.
const LIB_LINES_MAX: usize = 80;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "common", "data", "helper", "helpers", "info", "manager", "misc", "util", "utils",
];

/// Words of Kubernetes that would say nothing elsewhere: field managers.
const KEPT_NAMES: &[&str] = &["crates/toft-schema/src/apply/manager.rs"];

/// What belongs to floor 6, with what to use instead.
const OUTSIDE: &[(&str, &str)] = &[
    ("async fn", "async lives on floor 6"),
    ("std::fs", "take `&dyn Files`"),
    (
        "std::net::Tcp",
        "sockets belong to toft-server and toft-host",
    ),
    (
        "std::net::Udp",
        "sockets belong to toft-server and toft-host",
    ),
    ("std::env", "resolve into settings in toft"),
    ("std::thread", "engines are single-threaded"),
    ("std::process", "nothing runs a program"),
    ("SystemTime", "take `now`"),
    ("Instant::now", "take `now`"),
    ("println!", "return what is worth saying"),
    ("RandomState", "use an ordered map, or take a seed"),
];

const DOORS: &[&str] = &["toft", "toft-host", "toft-server", "toft-testkit"];

/// Mentions of the outside in crates below the doors.
pub(super) fn pure(checkout: &Checkout) -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for file in rust(checkout).filter(|file| below_the_doors(file)) {
        let text = checkout.read(file)?;
        for (number, line) in without_tests(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for (word, instead) in OUTSIDE.iter().filter(|(word, _)| code.contains(word)) {
                breaches.push(format!(
                    "{}:{}: `{word}`: {instead}",
                    file.display(),
                    number + 1
                ));
            }
        }
    }
    Ok(breaches)
}

/// Files that are longer than one reading.
pub(super) fn sizes(checkout: &Checkout) -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    // What stands below `tests/` is tests and nothing else.
    let is_test = |file: &&Path| file.components().any(|part| part.as_os_str() == "tests");
    for file in rust(checkout).filter(|file| !is_test(file)) {
        let limit = if file.ends_with("lib.rs") {
            LIB_LINES_MAX
        } else {
            FILE_LINES_MAX
        };
        let lines = without_tests(&checkout.read(file)?).lines().count();
        if lines > limit {
            breaches.push(format!(
                "{}: {lines} lines, at most {limit}; a noun is missing",
                file.display()
            ));
        }
    }
    Ok(breaches)
}

/// Modules whose names say nothing, and `mod.rs`.
#[expect(clippy::unnecessary_wraps, reason = "every rule has this shape")]
pub(super) fn names(checkout: &Checkout) -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for file in rust(checkout) {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let kept = KEPT_NAMES.iter().any(|kept| file == Path::new(kept));
        if (EMPTY_NAMES.contains(&stem.as_ref()) && !kept) || stem == "mod" {
            breaches.push(format!("{}: name it after what it holds", file.display()));
        }
    }
    Ok(breaches)
}

fn rust(checkout: &Checkout) -> impl Iterator<Item = &Path> {
    let all = checkout.below("crates").chain(checkout.below("xtask"));
    all.filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
}

fn below_the_doors(file: &Path) -> bool {
    let mut parts = file
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    let (top, name, folder) = (parts.next(), parts.next(), parts.next());
    top.as_deref() == Some("crates")
        && folder.as_deref() == Some("src")
        && name.is_some_and(|name| !DOORS.contains(&name.as_ref()))
}

fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text)
}
