//! The git generator: directories and files of the tree.
//!
//! Source: Argo CD 3.2.0 `generators/git.go`; `reposerver/repository/repository.go`,
//! `GetGitDirectories`, `GetGitFiles`; `util/git/client.go`, `LsFiles`.

use std::collections::BTreeSet;

use toft_argo::{GitGenerator, GitPath};
use toft_gotmpl::{Data, Dict, normalize};
use toft_source::{EntryKind, ReadError, Remote, RepoPath, Source};
use toft_value::Value;
use toft_yaml::Resolver;

use super::dialect::Dialect;
use super::list::dict;
use super::{ExpandError, Expander, matching, params};
use crate::trees::Tree;

/// How deep directories are walked; the deepest found in public repositories is fourteen.
const DIRECTORY_DEPTH_MAX: usize = 64;

impl Expander<'_> {
    /// The parameters of the directories or files that the patterns match.
    pub(super) fn git(&self, git: &GitGenerator) -> Result<Vec<Dict>, ExpandError> {
        if !(self.is_this_repository)(&git.repo_url) {
            let remote = Remote::Git {
                repository: git.repo_url.as_str().into(),
                revision: git.revision.clone(),
            };
            let there = Expander {
                files: &Tree::remote(self.files, &remote)?,
                is_this_repository: &|_| true,
                clusters: self.clusters,
                dialect: self.dialect.clone(),
            };
            return there.git(git);
        }
        if git.directories.is_empty() {
            return self.git_files(git);
        }
        let directories = self.git_directories(git);
        directories.map_err(|failure| failure.within("error generating params from apps"))
    }

    fn git_directories(&self, git: &GitGenerator) -> Result<Vec<Dict>, ExpandError> {
        let mut walk = Walk::default();
        self.walk(&RepoPath::root(), 0, &mut walk)?;
        let wanted = walk
            .directories
            .into_iter()
            .filter(|path| is_wanted(&git.directories, path));
        let mut sets = Vec::new();
        for path in wanted {
            let set = params::empty();
            self.set_path(&set, git, (path.as_str(), None));
            self.append(git, &set)?;
            sets.push(set);
        }
        Ok(sets)
    }

    fn append(&self, git: &GitGenerator, set: &Dict) -> Result<(), ExpandError> {
        let appended = params::append_values(&self.dialect, &git.values, set);
        appended.map_err(|failure| failure.within("failed to append templated values"))
    }

    /// Sets the parameters of a path: a directory, or a file in it.
    fn set_path(&self, set: &Dict, git: &GitGenerator, (directory, file): (&str, Option<&str>)) {
        let prefix = &git.path_param_prefix;
        let basename = directory
            .rsplit_once('/')
            .map_or(directory, |(_, name)| name);
        let mut named = vec![
            ("basename", basename.to_owned()),
            ("basenameNormalized", normalize(basename)),
        ];
        if let Some(file) = file {
            named.push(("filename", file.to_owned()));
            named.push(("filenameNormalized", normalize(file)));
        }
        if matches!(self.dialect, Dialect::Go { .. }) {
            let mut path: Vec<_> = named
                .into_iter()
                .map(|(key, text)| (key.into(), Data::text(text)))
                .collect();
            path.push(("path".into(), Data::text(directory)));
            path.push(("segments".into(), Data::texts(directory.split('/'))));
            let path = Data::dict(path);
            if prefix.is_empty() {
                set.set("path", path);
            } else {
                set.set(prefix.clone(), Data::dict([("path".into(), path)]));
            }
            return;
        }
        let name = if prefix.is_empty() {
            "path".to_owned()
        } else {
            format!("{prefix}.path")
        };
        set.set(name.as_str(), Data::text(directory));
        for (key, text) in named {
            set.set(format!("{name}.{key}"), Data::text(text));
        }
        let segments = directory
            .split('/')
            .enumerate()
            .filter(|(_, segment)| !segment.is_empty());
        for (index, segment) in segments {
            set.set(format!("{name}[{index}]"), Data::text(segment));
        }
    }

    fn git_files(&self, git: &GitGenerator) -> Result<Vec<Dict>, ExpandError> {
        let mut walk = Walk::default();
        self.walk_hidden(&RepoPath::root(), 0, &mut walk)?;
        let matching = |exclude: bool| {
            let patterns = git
                .files
                .iter()
                .filter(move |pattern| pattern.exclude == exclude);
            let patterns: Vec<&str> = patterns.map(|pattern| pattern.path.as_str()).collect();
            let matched = walk.files.iter().filter(move |path| {
                patterns
                    .iter()
                    .any(|pattern| matching::is_pathspec_match(pattern, path.as_str()))
            });
            matched.collect::<BTreeSet<&RepoPath>>()
        };
        let excluded = matching(true);
        let mut sets = Vec::new();
        for path in matching(false)
            .into_iter()
            .filter(|path| !excluded.contains(path))
        {
            let file = self.git_file(git, path);
            sets.extend(
                file.map_err(|failure| {
                    failure.within(&format!("unable to process file '{path}'"))
                })?,
            );
        }
        Ok(sets)
    }

    /// A file holds one set of parameters, or a list of them.
    fn git_file(&self, git: &GitGenerator, path: &RepoPath) -> Result<Vec<Dict>, ExpandError> {
        let source = Source::new(path.to_string(), self.files.read(path)?);
        let objects = objects(&source)
            .map_err(|message| ExpandError::Params(format!("unable to parse file: {message}")))?;
        let directory = path
            .parent()
            .map_or_else(|| ".".to_owned(), |parent| parent.to_string());
        let mut sets = Vec::new();
        for object in objects {
            let set = match &self.dialect {
                Dialect::Go { .. } => dict(&object),
                Dialect::Fast => params::flat_texts(&object),
            };
            self.set_path(&set, git, (&directory, Some(path.file_name())));
            self.append(git, &set)?;
            sets.push(set);
        }
        Ok(sets)
    }

    /// Walks directories in upstream's order, leaving out hidden ones and links.
    fn walk(&self, directory: &RepoPath, depth: usize, walk: &mut Walk) -> Result<(), ReadError> {
        for entry in self.files.list(directory)? {
            let Ok(path) = directory.join(&entry.name) else {
                continue;
            };
            let visible = entry.kind == EntryKind::Directory && !entry.name.starts_with('.');
            if visible && depth < DIRECTORY_DEPTH_MAX && !self.is_link(directory, &path)? {
                walk.directories.push(path.clone());
                self.walk(&path, depth + 1, walk)?;
            }
        }
        Ok(())
    }

    /// Walks all files, as Git lists them; what is in `.git` is not in the tree.
    fn walk_hidden(
        &self,
        directory: &RepoPath,
        depth: usize,
        walk: &mut Walk,
    ) -> Result<(), ReadError> {
        for entry in self.files.list(directory)? {
            let Ok(path) = directory.join(&entry.name) else {
                continue;
            };
            match entry.kind {
                EntryKind::File => walk.files.push(path),
                EntryKind::Directory
                    if depth < DIRECTORY_DEPTH_MAX && !self.is_link(directory, &path)? =>
                {
                    self.walk_hidden(&path, depth + 1, walk)?;
                }
                EntryKind::Directory => {}
            }
        }
        Ok(())
    }

    fn is_link(&self, directory: &RepoPath, path: &RepoPath) -> Result<bool, ReadError> {
        let straight = self.files.canonical(directory)?.join(path.file_name());
        Ok(straight.ok() != Some(self.files.canonical(path)?))
    }
}

/// What a walk found.
#[derive(Default)]
struct Walk {
    directories: Vec<RepoPath>,
    files: Vec<RepoPath>,
}

/// A directory that any excluding pattern matches is left out, whatever the order.
fn is_wanted(patterns: &[GitPath], path: &RepoPath) -> bool {
    let matching = |exclude: bool| {
        let mut patterns = patterns
            .iter()
            .filter(move |pattern| pattern.exclude == exclude);
        patterns.any(|pattern| matching::is_path_match(&pattern.path, path.as_str()))
    };
    matching(false) && !matching(true)
}

/// The objects of a file: the first document, an object or a list of objects.
fn objects(source: &Source) -> Result<Vec<Value>, String> {
    let parsed = toft_yaml::values(source, Resolver::Kubectl);
    let first = parsed.value.into_iter().next();
    let problem = parsed.diagnostics.first();
    let Some(located) = first else {
        return match problem {
            Some(problem) => Err(format!(
                "error converting YAML to JSON: {}",
                problem.message
            )),
            None => Ok(vec![Value::Map(toft_value::Map::new())]),
        };
    };
    let mismatch = |found: &Value, wanted: &str| {
        let found = found.kind().go_name();
        Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
        ))
    };
    match located.value {
        object @ Value::Map(_) => Ok(vec![object]),
        Value::Null => Ok(vec![Value::Map(toft_value::Map::new())]),
        Value::List(list) => match list
            .iter()
            .find(|one| one.as_map().is_none() && !one.is_null())
        {
            Some(bad) => mismatch(bad, "map[string]interface {}"),
            None => Ok(list.to_vec()),
        },
        other => mismatch(&other, "[]map[string]interface {}"),
    }
}
