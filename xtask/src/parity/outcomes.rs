//! `toft up` on the repositories of the corpus: what comes up, what cannot, and why, app by app.
//!
//! `tests/outcomes/NAME.json` says how the repository `NAME` ends; it names apps and outcomes only.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use toft_value::{Value, value};

use super::Score;
use crate::{shell, up};

/// What of an app is its outcome.
const FIELDS: &[&str] = &["name", "sync", "health", "phase", "reasons", "conditions"];

/// Brings each repository up and compares how its apps end with what is expected.
pub(super) fn run(corpus: &Path) -> Result<Score> {
    let mut score = Score::default();
    for expected in files()? {
        let name = expected.file_stem().unwrap_or_default();
        let found = bring_up(&corpus.join(name))?;
        let text = std::fs::read(&expected)?;
        let expected = Value::from_json(&text).context("expected outcomes are no JSON")?;
        compare(&expected, &found, &mut score);
    }
    Ok(score)
}

fn files() -> Result<Vec<PathBuf>> {
    let folder = shell::root().join("tests/outcomes");
    let entries = std::fs::read_dir(&folder).context("failed to list `tests/outcomes`")?;
    let files = entries.map(|entry| Ok(entry?.path()));
    let mut files = files.collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    Ok(files)
}

/// How a repository ends: the exit code and the outcome of each app.
fn bring_up(repository: &Path) -> Result<Value> {
    if !repository.is_dir() {
        bail!("the corpus has no `{}`", repository.display());
    }
    let state = std::env::temp_dir().join(format!("toft-outcomes-{}", std::process::id()));
    let mut toft = Command::new(up::release_binary());
    toft.arg("up").arg(repository).arg("--state").arg(&state);
    toft.args(["--once", "-o", "json"]);
    let output = shell::output(&mut toft)?;
    std::fs::remove_dir_all(&state)?;
    let overview = Value::from_json(&output.stdout).with_context(|| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        format!("`toft up {}` told nothing: {said}", repository.display())
    })?;
    let apps = overview.items_at(&["apps"]).iter().map(outcome);
    let code = output.status.code().unwrap_or(-1);
    Ok(value!({"exit": i64::from(code), "apps": apps.collect::<Vec<_>>()}))
}

fn outcome(app: &Value) -> Value {
    let fields = FIELDS.iter();
    let told = fields.map(|field| ((*field).into(), app.get(field).cloned().unwrap_or_default()));
    Value::Map(told.collect())
}

fn compare(expected: &Value, found: &Value, score: &mut Score) {
    let by_name = |outcomes: &Value, name: &str| {
        let apps = outcomes.items_at(&["apps"]).iter();
        let mut named = apps.filter(|app| app.str_at(&["name"]) == Some(name));
        named.next().cloned().unwrap_or_default()
    };
    let names = [expected, found].into_iter();
    let names = names.flat_map(|outcomes| outcomes.items_at(&["apps"]));
    let names: std::collections::BTreeSet<&str> =
        names.filter_map(|app| app.str_at(&["name"])).collect();
    for name in names {
        let (expected, found) = (by_name(expected, name), by_name(found, name));
        if expected == found {
            score.equal += 1;
            continue;
        }
        let (expected, found) = (expected.to_json(), found.to_json());
        let difference = format!("{name}\n  expected {expected}\n  found    {found}");
        score.different.push(difference);
    }
    if expected.get("exit") != found.get("exit") {
        let found = found.to_json();
        score.different.push(format!("another exit code: {found}"));
    }
}
