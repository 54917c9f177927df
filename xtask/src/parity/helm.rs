//! `toft template` beside `helm template`: the charts of the cases, through the flags of both programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::Result;

use super::Score;
use crate::{oracle, shell};

/// Helm, and what `--helm` calls it.
const VERSIONS: &[(&str, &str)] = &[("helm-3.22.0", "3"), ("helm-4.3.1", "4")];

/// Further flags, on the chart of one case: those that the cases have no use for.
const FLAGS: &[&str] = &[
    "chart",
    "one chart",
    "one.two-3 chart",
    "Bad_Name chart",
    "one chart -g",
    "chart -g",
    "chart --generate-name",
    "chart --name-template t-{{lower`A`}}",
    "one chart --name-template t",
    "chart --name-template {{nope}}",
    "chart --release-name",
    "chart -n media",
    "chart --namespace media",
    "chart --kube-version 1.29",
    "chart --kube-version v1.29.3+k3s1",
    "chart --kube-version new",
    "chart -a a/v1,b/v1 --api-versions c/v1/Kind",
    "chart --include-crds",
    "chart --include-crds --skip-crds",
    "chart --skip-crds",
    "chart --skip-tests",
    "chart --no-hooks",
    "chart --is-upgrade",
    "chart --devel",
    "chart --version 9.9.9",
    "chart --skip-schema-validation",
    "chart -s templates/nope.yaml",
    "chart -s templates/*.yaml",
    "chart --show-only templates/[a-m]*.yaml -s templates/[^a-m]*.yaml",
    "chart -s templates/* --no-hooks",
    "chart -s charts/*/templates/*",
    "chart --set a=1,b.c=x --set-string d=2 --set-json e={\"f\":1} --set-literal g=h,i",
    "chart --set-json {\"whole\":{\"map\":1}}",
    "chart --set a[0]=x --set a[2]=z",
    "chart --set =",
    "chart --set-file text=chart/Chart.yaml",
    "chart --set-file a.b=chart/Chart.yaml,c=chart/Chart.yaml",
    "chart --set-file text=nowhere",
    "chart -f nowhere.yaml",
    "chart -f chart/Chart.yaml",
    "chart -f chart/Chart.yaml,chart/Chart.yaml --values chart/Chart.yaml",
    "./chart",
    "chart/",
    "nowhere",
    "./nowhere",
    "one",
    "a b c",
    "",
];

/// The cases whose charts the further flags are tried on.
const CHARTS: &[&str] = &["order-and-hooks", "subcharts", "values-settings"];

/// Renders with all programs: the same bytes, or both refuse.
pub(super) fn run() -> Result<Score> {
    let ours = shell::build_debug("toft")?;
    let mut score = Score::default();
    for (helm, major) in VERSIONS {
        let theirs = oracle::ensure(helm)?;
        for (folder, flags) in questions()? {
            let flags: Vec<&str> = flags.split_whitespace().collect();
            let asked = |program: &Path| {
                let mut command = Command::new(program);
                command.arg("template").args(&flags).current_dir(&folder);
                command
            };
            let theirs = shell::output(&mut asked(&theirs))?;
            let mine = shell::output(asked(&ours).args(["--helm", major]))?;
            match difference(&theirs, &mine) {
                None => score.equal += 1,
                Some(what) => score.different.push(format!(
                    "{}: {helm} template {}: {what}",
                    folder.display(),
                    flags.join(" ")
                )),
            }
        }
    }
    Ok(score)
}

/// Folders and flags: those of the cases, and the further ones.
fn questions() -> Result<Vec<(PathBuf, String)>> {
    let cases = shell::root().join("crates/toft-helm/tests/cases");
    let mut questions = Vec::new();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&cases)?
        .map(|entry| Ok(entry?.path().join("input")))
        .collect::<Result<_>>()?;
    folders.sort();
    for folder in folders {
        let Ok(runs) = std::fs::read_to_string(folder.join("runs.txt")) else {
            continue;
        };
        for line in runs.lines() {
            let (_, flags) = line.split_once(':').unwrap_or((line, ""));
            questions.push((folder.clone(), format!("demo chart {flags}")));
        }
    }
    for chart in CHARTS {
        let folder = cases.join(chart).join("input");
        anyhow::ensure!(folder.is_dir(), "there is no case `{chart}`");
        questions.extend(
            FLAGS
                .iter()
                .map(|flags| (folder.clone(), (*flags).to_owned())),
        );
    }
    Ok(questions)
}

fn difference(theirs: &Output, mine: &Output) -> Option<String> {
    let said = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        text.lines().next().unwrap_or_default().to_owned()
    };
    match (theirs.status.success(), mine.status.success()) {
        (true, true) if theirs.stdout == mine.stdout => None,
        (false, false) => None,
        (true, true) => Some(super::kustomize::first_difference(
            &theirs.stdout,
            &mine.stdout,
        )),
        (true, false) => Some(format!("only toft refuses: {}", said(mine))),
        (false, true) => Some(format!("only Helm refuses: {}", said(theirs))),
    }
}
