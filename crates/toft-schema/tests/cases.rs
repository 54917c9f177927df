//! Every case below `tests/cases`, by suite: what upstream's API server does with an object.

mod suites;

use std::process::ExitCode;

use toft_testkit::{Case, Outputs, run};

type Check = fn(&Case) -> Result<Outputs, String>;

/// Alphabetical; the name of a suite is that of its folder.
const SUITES: &[(&str, Check)] = &[
    ("apply", suites::apply::check),
    ("decode", suites::decode::check),
    ("defaults", suites::defaults::check),
    ("library", suites::library::check),
    ("patch-json", suites::patch::json),
    ("patch-merge", suites::patch::merge),
    ("patch-strategic", suites::patch::strategic),
    ("validate", suites::validate::check),
];

fn main() -> ExitCode {
    run("tests/cases", |case| {
        let suite = case.dir().parent().and_then(|dir| dir.file_name());
        let suite = suite.map(|name| name.to_string_lossy().into_owned());
        let suite = suite.unwrap_or_default();
        let check = SUITES.iter().find(|(name, _)| *name == suite);
        let (_, check) = check.ok_or_else(|| format!("there is no suite `{suite}`"))?;
        check(case)
    })
}
