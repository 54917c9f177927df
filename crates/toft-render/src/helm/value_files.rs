//! Files that an Application names: values, and what `--set-file` takes.
//!
//! Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `getResolvedValueFiles`,
//! `getResolvedRefValueFile`, `resolveReferencedSources`; `util/io/path/resolved.go`; `util/argo/argo.go`,
//! `GetRefSources`.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use toft_argo::{ApplicationSource, HelmFileParameter, HelmSource, Siblings};
use toft_helm::{Setting, ValuesInput};
use toft_source::{Diagnostic, Files, ReadError, Remote, RepoPath};

use super::{Failure, patterns};
use crate::environment::Environment;
use crate::job::Job;
use crate::request::ArgoRelease;
use crate::trees::Tree;

/// The schemes of addresses that are fetched.
const SCHEMES: &[&str] = &["http", "https"];

/// Where an Application's files of values are looked for.
pub(super) struct ValueFiles<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) files: &'a dyn Files,
    pub(super) tree: &'a Tree<'a>,
    pub(super) folder: &'a RepoPath,
    pub(super) environment: &'a Environment<'a>,
}

/// A file in a tree.
#[derive(Clone)]
struct Found<'a> {
    /// What the Application calls it.
    name: String,
    /// Which repository it is in.
    home: String,
    tree: Tree<'a>,
    path: RepoPath,
    /// Files from an address cannot be missing, only unreachable.
    is_address: bool,
}

impl ValueFiles<'_> {
    /// The files of values, in their order.
    pub(super) fn of_files(&self, helm: &HelmSource) -> Result<ValuesInput, Failure> {
        self.check_references()?;
        let ignore_missing = helm.ignore_missing_value_files;
        let mut found = Vec::new();
        for name in &helm.value_files {
            let words = "error resolving value file path: ";
            let one = self.resolve(name, words);
            found.push(
                one.map_err(|failure| within("error resolving helm value files: ", failure))?,
            );
        }
        if self.job.release() == ArgoRelease::V3_6 {
            found = expanded(found, helm)?;
        }
        let mut input = ValuesInput::default();
        for one in found {
            match one.tree.read(&one.path) {
                Ok(bytes) => input.files.push((one.path.to_string(), bytes.to_vec())),
                Err(ReadError::NotFound(_)) if ignore_missing && !one.is_address => {}
                Err(error) => return Err(unreadable(&one.name, error)),
            }
        }
        Ok(input)
    }

    /// Adds what `fileParameters` say.
    pub(super) fn add_file_parameters(
        &self,
        parameters: &[HelmFileParameter],
        input: &mut ValuesInput,
    ) -> Result<(), Failure> {
        let last_of_name: BTreeMap<&SmolStr, &SmolStr> = parameters
            .iter()
            .map(|one| (&one.name, &one.path))
            .collect();
        for (name, path) in last_of_name {
            let words = if self.reference(path).is_some() {
                "error resolving set-file path: error resolving value file path: "
            } else {
                "error resolving helm value file path: "
            };
            let found = self.resolve(path, "");
            let found = found.map_err(|failure| within(words, failure))?;
            let bytes = found.tree.read(&found.path);
            let bytes = bytes.map_err(|error| unreadable(path, error))?;
            input.settings.push(Setting::File {
                key: name.to_string(),
                content: String::from_utf8_lossy(&bytes).into_owned(),
            });
        }
        Ok(())
    }

    /// Refuses names of siblings that there are not, before anything is read.
    fn check_references(&self) -> Result<(), Failure> {
        let app = self.job.application;
        let Some(helm) = self.job.source.helm.as_ref() else {
            return Ok(());
        };
        if app.siblings == Siblings::None {
            return Ok(());
        }
        let paths = helm.file_parameters.iter().map(|one| &one.path);
        for name in helm.value_files.iter().chain(paths) {
            let Some(wanted) = reference_name(name) else {
                continue;
            };
            let known: Vec<String> = self
                .references()
                .map(|source| format!("${}", source.reference))
                .collect();
            let Some(source) = self.reference(name) else {
                let message = if known.is_empty() {
                    format!(
                        "source referenced \"${wanted}\", but no source has a 'ref' field defined"
                    )
                } else {
                    let known = known.join(", ");
                    format!(
                        "source referenced \"${wanted}\", which is not one of the available sources ({known})"
                    )
                };
                return Err(Diagnostic::error("REN033", message).into());
            };
            if !source.chart.is_empty() {
                let message = "source has a 'chart' field defined, but Helm charts are not yet not supported for 'ref' sources";
                return Err(Diagnostic::error("REN034", message).into());
            }
        }
        Ok(())
    }

    /// The siblings that lend their files; a lone source has none.
    fn references(&self) -> impl Iterator<Item = &ApplicationSource> {
        let sources = self.job.application.sources.as_slice();
        let sources = if sources.len() > 1 { sources } else { &[] };
        sources.iter().filter(|source| !source.reference.is_empty())
    }

    fn reference(&self, name: &str) -> Option<&ApplicationSource> {
        let wanted = reference_name(name)?;
        self.references().find(|source| source.reference == wanted)
    }

    fn resolve(&self, name: &str, words: &str) -> Result<Found<'_>, Failure> {
        let Some(source) = self.reference(name) else {
            let text = self.environment.substitute(name);
            return self.place((name, &text), self.job.source, words);
        };
        let (_, rest) = name.split_once('/').unwrap_or((name, ""));
        let rest = if name.contains('/') {
            format!("/{rest}")
        } else {
            String::new()
        };
        let text = self.environment.substitute(&rest);
        self.place((name, &text), source, &format!("{words}{words}"))
    }

    /// The file that a text means in the repository of a source: an address, from the root of the tree, or
    /// relative to the folder.
    fn place(
        &self,
        (name, text): (&str, &str),
        source: &ApplicationSource,
        words: &str,
    ) -> Result<Found<'_>, Failure> {
        if let Some(scheme) = scheme(text) {
            if !SCHEMES.contains(&scheme.as_str()) {
                let message = format!("{words}the URL scheme '{scheme}' is not allowed");
                return Err(Diagnostic::error("REN035", message).into());
            }
            return self.fetched(text);
        }
        let is_own = std::ptr::eq(source, self.job.source);
        let path = match (text.strip_prefix('/'), is_own) {
            (Some(rest), _) => RepoPath::root().join(rest.trim_start_matches('/')),
            (None, true) => self.folder.join(text),
            (None, false) => RepoPath::root().join(text),
        };
        let outside = || {
            let message = format!("{words}file '{text}' resolved to outside repository root");
            Failure::from(Diagnostic::error("REN036", message))
        };
        let path = path.map_err(|_| outside())?;
        let tree = if is_own {
            self.tree.clone()
        } else {
            Tree::of(self.files, source, self.job)?
        };
        let canonical = tree.canonical(&path);
        if matches!(canonical, Err(ReadError::LinkLeavesTree { .. })) {
            return Err(outside());
        }
        if canonical.is_ok_and(|path| path.is_root()) {
            let message = format!(
                "{words}internal error: failed to resolve path. Check logs for more details"
            );
            let help = format!("`{name}` is the root of the repository, and no file");
            return Err(Diagnostic::error("REN037", message).help(help).into());
        }
        Ok(Found {
            name: name.to_owned(),
            home: source.repo_url.normalized(),
            tree,
            path,
            is_address: false,
        })
    }

    fn fetched(&self, url: &str) -> Result<Found<'_>, Failure> {
        let remote = Remote::File { url: url.into() };
        let name = url.rsplit('/').next().unwrap_or_default();
        let name = name.split(['?', '#']).next().unwrap_or_default();
        Ok(Found {
            name: url.to_owned(),
            home: url.to_owned(),
            tree: Tree::remote(self.files, &remote)?,
            path: RepoPath::parse(name).unwrap_or_default(),
            is_address: true,
        })
    }
}

/// Every pattern replaced by the files that it stands for, each file once. A file that is also named keeps
/// the place of its name.
///
/// Source: Argo CD 3.5.1 `reposerver/repository/repository.go`, `getResolvedValueFiles`.
fn expanded<'a>(found: Vec<Found<'a>>, helm: &HelmSource) -> Result<Vec<Found<'a>>, Failure> {
    let is_pattern =
        |one: &Found<'_>| !one.is_address && one.path.as_str().contains(['*', '?', '[']);
    let key = |one: &Found<'_>| (one.home.clone(), one.path.clone());
    let named = found.iter().filter(|one| !is_pattern(one)).map(key);
    let named: BTreeSet<(String, RepoPath)> = named.collect();
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for one in found {
        if !is_pattern(&one) {
            if seen.insert(key(&one)) {
                all.push(one);
            }
            continue;
        }
        let matched = patterns::expand(&one.tree, &one.path)?;
        if matched.is_empty() && !helm.ignore_missing_value_files {
            let message = format!(
                "error resolving helm value files: values file glob \"{}\" matched no files",
                one.name
            );
            return Err(Diagnostic::error("REN039", message).into());
        }
        for path in matched {
            let one = Found {
                path,
                ..one.clone()
            };
            if !named.contains(&key(&one)) && seen.insert(key(&one)) {
                all.push(one);
            }
        }
    }
    Ok(all)
}

/// The name of a sibling that a text begins with.
fn reference_name(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('$')?;
    Some(rest.split('/').next().unwrap_or(rest))
}

/// The scheme of an address, in lower case.
///
/// Source: Go `net/url`, `getScheme`.
fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once(':')?;
    let mut letters = scheme.chars();
    let first = letters.next()?;
    let rest = |one: char| one.is_ascii_alphanumeric() || "+-.".contains(one);
    (first.is_ascii_alphabetic() && letters.all(rest)).then(|| scheme.to_ascii_lowercase())
}

fn within(words: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Read(error) => Failure::Read(error),
        Failure::Told(told) => Failure::Told(
            told.into_iter()
                .map(|mut one| {
                    one.message.insert_str(0, words);
                    one
                })
                .collect(),
        ),
    }
}

/// What Helm says to a file that cannot be read; what was not fetched goes up as it is.
fn unreadable(name: &str, error: ReadError) -> Failure {
    match error {
        ReadError::NotFound(path) | ReadError::NotDirectory(path) => {
            let message = format!("open {path}: no such file or directory");
            let help = format!(
                "`{name}` is named by the Application; a name is relative to the chart, and one with `/` in front of it to the root of the repository"
            );
            Diagnostic::error("REN038", message).help(help).into()
        }
        ReadError::IsDirectory(path) => {
            let message = format!("read {path}: is a directory");
            Diagnostic::error("REN038", message).into()
        }
        ReadError::LinkLeavesTree { .. } | ReadError::LinkLoop(_) | ReadError::TooLarge { .. } => {
            Diagnostic::error("REN038", error.to_string()).into()
        }
        error @ (ReadError::Failed { .. }
        | ReadError::NotBrought(_)
        | ReadError::Unavailable { .. }) => Failure::Read(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_what_go_takes_for_one() {
        let cases = [
            ("https://x", Some("https")),
            ("HTTP://x", Some("http")),
            ("secrets+age://x", Some("secrets+age")),
            ("values.yaml", None),
            ("1a:b", None),
            ("a/b:c", None),
            (":a", None),
        ];
        for (text, expected) in cases {
            assert_eq!(scheme(text).as_deref(), expected, "{text}");
        }
    }
}
