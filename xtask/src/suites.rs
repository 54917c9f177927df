//! The suites of recorded cases: where they are, which upstream program decides them, and how it is asked.
//!
//! `cargo x record` writes what the program says, `cargo x parity` compares with it, and `cargo x tidy`
//! holds every `case.md` to naming it.

mod argo;
mod controllers;
mod exchanges;
mod helm;
mod kustomize;
mod library;
mod programs;
mod schema;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub(crate) use self::programs::{Programs, YamlOracle};
use crate::parity::Score;
use crate::shell;

/// Cases that one upstream program decides.
pub(crate) struct Suite {
    /// Where they are, below the checkout.
    pub(crate) folder: &'static str,
    /// What `--tool` calls the program.
    pub(crate) tool: &'static str,
    /// The program and its version, in the words of every `case.md`.
    pub(crate) origin: &'static str,
    /// The files of a case that the program decides.
    files: &'static [&'static str],
    /// What it says to cases, in their order.
    answer: fn(&mut Programs, &[PathBuf]) -> Result<Vec<Answer>>,
}

/// What upstream says to a case: the files that it decides. One that is not here must not be there.
pub(crate) type Answer = BTreeMap<&'static str, String>;

/// What stands in the `case.md` of a case that upstream cannot decide.
pub(crate) const NOT_COMPARED: &str = "upstream: not compared";

/// Alphabetical by folder.
pub(crate) const SUITES: &[Suite] = &[
    Suite {
        folder: "crates/toft-apiserver/tests/cases",
        tool: "kube-apiserver",
        origin: "kube-apiserver 1.36.3",
        files: &["expected.answers"],
        answer: exchanges::answer,
    },
    Suite {
        folder: "crates/toft-cluster/tests/scenarios",
        tool: "kube-controller-manager",
        origin: "kube-controller-manager 1.36.3",
        files: &["expected.shown"],
        answer: controllers::answer,
    },
    Suite {
        folder: "crates/toft-gotmpl/tests/cases",
        tool: "argocd",
        origin: "Argo CD 3.2.0",
        files: &["expected.txt"],
        answer: argo::templates,
    },
    Suite {
        folder: "crates/toft-helm/tests/cases",
        tool: "helm",
        origin: "Helm 3.22.0 and 4.3.1",
        files: &["expected.3.txt", "expected.4.txt"],
        answer: helm::answer,
    },
    Suite {
        folder: "crates/toft-kustomize/tests/cases",
        tool: "kustomize",
        origin: "kustomize 5.8.2",
        files: &["case.md", "expected.yaml"],
        answer: kustomize::answer,
    },
    Suite {
        folder: "crates/toft-render/tests/expand",
        tool: "argocd",
        origin: "Argo CD 3.2.0",
        files: &["expected.yaml"],
        answer: argo::expand,
    },
    Suite {
        folder: "crates/toft-render/tests/sources",
        tool: "argocd",
        origin: "Argo CD 3.2.0",
        files: &["expected.yaml"],
        answer: argo::render,
    },
    Suite {
        folder: "crates/toft-schema/tests/cases",
        tool: "kube-apiserver",
        origin: "kube-apiserver 1.36.3",
        files: &["expected.json"],
        answer: schema::answer,
    },
    Suite {
        folder: "crates/toft-schema/tests/cases/library",
        tool: "schema",
        origin: "Kubernetes 1.36.3",
        files: &["expected.json"],
        answer: library::answer,
    },
    Suite {
        folder: "crates/toft-sync/tests/cases/health",
        tool: "argocd",
        origin: "Argo CD 3.2.0",
        files: &["expected.health"],
        answer: argo::health,
    },
    Suite {
        folder: "crates/toft-sync/tests/cases/order",
        tool: "argocd",
        origin: "Argo CD 3.2.0",
        files: &["expected.order"],
        answer: argo::order,
    },
    Suite {
        folder: "crates/toft-sync/tests/cases/passes",
        tool: "argocd",
        origin: "Argo CD 3.2.0",
        files: &["expected.passes"],
        answer: argo::passes,
    },
    Suite {
        folder: "crates/toft-yaml/tests/cases",
        tool: "yaml",
        origin: "sigs.k8s.io/yaml v1.6.0",
        files: &["expected.kubectl", "expected.kustomize"],
        answer: yaml::answer,
    },
];

impl Suite {
    /// Writes what upstream says to the wanted cases; how many they are.
    pub(crate) fn record(&self, programs: &mut Programs, wanted: Option<&str>) -> Result<usize> {
        let (cases, _) = self.cases(wanted)?;
        let answers = self.ask(programs, &cases)?;
        for (case, answer) in cases.iter().zip(answers) {
            for name in self.files {
                let path = case.join(name);
                match answer.get(name) {
                    Some(text) => std::fs::write(&path, text)?,
                    None if path.exists() => std::fs::remove_file(&path)?,
                    None => {}
                }
            }
        }
        Ok(cases.len())
    }

    /// Compares what upstream says to all cases with what is recorded.
    pub(crate) fn compare(&self, programs: &mut Programs) -> Result<Score> {
        let (cases, not_compared) = self.cases(None)?;
        let answers = self.ask(programs, &cases)?;
        let mut score = Score {
            not_compared,
            ..Score::default()
        };
        for (case, answer) in cases.iter().zip(answers) {
            let differs = self.files.iter().find_map(|name| {
                let recorded = std::fs::read(case.join(name)).ok();
                let recorded = recorded.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                difference(recorded.as_deref(), answer.get(name).map(String::as_str))
                    .map(|difference| format!("{}/{name}: {difference}", case.display()))
            });
            match differs {
                None => score.equal += 1,
                Some(difference) => score.different.push(difference),
            }
        }
        Ok(score)
    }

    fn ask(&self, programs: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
        if cases.is_empty() {
            return Ok(Vec::new());
        }
        (self.answer)(programs, cases)
    }

    /// The folders of the wanted cases, sorted, and how many more say that upstream does not decide them.
    fn cases(&self, wanted: Option<&str>) -> Result<(Vec<PathBuf>, usize)> {
        let mut found = Vec::new();
        collect(&shell::root().join(self.folder), &mut found)?;
        let is_ours = |case: &Path| suite_of(case).is_some_and(|suite| suite.folder == self.folder);
        found.retain(|case| is_ours(case.strip_prefix(shell::root()).unwrap_or(case)));
        found.retain(|case| wanted.is_none_or(|wanted| is_wanted(case, wanted)));
        found.sort();
        let (mut cases, mut not_compared) = (Vec::new(), 0);
        for case in found {
            if std::fs::read_to_string(case.join("case.md"))?.contains(NOT_COMPARED) {
                not_compared += 1;
            } else {
                cases.push(case);
            }
        }
        Ok((cases, not_compared))
    }
}

/// The suite of a case, by its path below the checkout: the one whose folder says most.
pub(crate) fn suite_of(case: &Path) -> Option<&'static Suite> {
    let holding = SUITES.iter().filter(|suite| case.starts_with(suite.folder));
    holding.max_by_key(|suite| suite.folder.len())
}

/// Asks about one case after the other.
fn each(cases: &[PathBuf], mut ask: impl FnMut(&Path) -> Result<Answer>) -> Result<Vec<Answer>> {
    let answers = cases
        .iter()
        .map(|case| ask(case).with_context(|| case.display().to_string()));
    answers.collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("no folder {}", folder.display()))? {
        let path = entry?.path();
        if path.join("case.md").is_file() {
            found.push(path);
        } else if path.is_dir() {
            collect(&path, found)?;
        }
    }
    Ok(())
}

/// Whether the words of `wanted`, such as `schema/apply/force`, are parts of the path in this order.
fn is_wanted(case: &Path, wanted: &str) -> bool {
    let mut parts = case
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    let mut words = wanted.split('/').filter(|word| !word.is_empty());
    words.all(|word| parts.any(|part| part == word || part.strip_prefix("toft-") == Some(word)))
}

/// The first line in which upstream's answer is not the recorded one.
fn difference(recorded: Option<&str>, upstream: Option<&str>) -> Option<String> {
    if recorded == upstream {
        return None;
    }
    let (Some(recorded), Some(upstream)) = (recorded, upstream) else {
        let who = if recorded.is_some() {
            "recorded"
        } else {
            "upstream"
        };
        return Some(format!("only {who} has it"));
    };
    let mut lines = recorded.lines().zip(upstream.lines()).enumerate();
    Some(match lines.find(|(_, (left, right))| left != right) {
        Some((at, (left, right))) => {
            format!("line {}: recorded `{left}`, upstream `{right}`", at + 1)
        }
        None => "one ends before the other".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_named_by_room_suite_and_name() {
        let case = Path::new("crates/toft-schema/tests/cases/apply/force");
        for wanted in ["force", "schema", "toft-schema/apply", "schema/apply/force"] {
            assert!(is_wanted(case, wanted), "{wanted}");
        }
        for wanted in ["for", "yaml/force", "force/apply"] {
            assert!(!is_wanted(case, wanted), "{wanted}");
        }
    }

    #[test]
    fn the_first_difference_is_told() {
        assert_eq!(difference(Some("a\n"), Some("a\n")), None);
        let told = difference(Some("a\nb\n"), Some("a\nc\n"));
        assert_eq!(told.as_deref(), Some("line 2: recorded `b`, upstream `c`"));
        assert_eq!(
            difference(None, Some("")).as_deref(),
            Some("only upstream has it")
        );
    }
}
