//! A folder of plain manifests.
//!
//! Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `findManifests` and what it calls.

use toft_argo::{DirectorySource, Glob};
use toft_object::{Object, Origin, Rendered, Rendering};
use toft_source::{Checked, Diagnostic, EntryKind, Files, ReadError, RepoPath, Severity, Source};
use toft_yaml::{Resolver, values};

/// A file with these words is not a manifest.
const SKIP_MARKER: &str = "+argocd:skip-file-rendering";

/// How deep folders are read; ten times the deepest public repository found.
const DEPTH_MAX: usize = 64;

/// The objects of a folder, in the order of paths as upstream walks them.
pub(crate) fn render(
    files: &dyn Files,
    folder: &RepoPath,
    options: &DirectorySource,
) -> Result<Checked<Rendering>, ReadError> {
    let mut reading = Reading {
        files,
        folder,
        options,
        checked: Checked::clean(Rendering::default()),
    };
    let globs = [glob(&options.include), glob(&options.exclude)];
    let [include, exclude] = match globs {
        [Ok(include), Ok(exclude)] => [include, exclude],
        [Err(diagnostic), _] | [_, Err(diagnostic)] => {
            reading.checked.diagnostics.push(*diagnostic);
            return Ok(reading.checked);
        }
    };
    let mut paths = Vec::new();
    reading.walk((folder, 0), &mut paths)?;
    for path in paths {
        let relative = relative(folder, &path);
        let taken = include.as_ref().is_none_or(|glob| glob.matches(relative));
        let left_out = exclude.as_ref().is_some_and(|glob| glob.matches(relative));
        if taken && !left_out {
            reading.read(&path)?;
        }
    }
    Ok(reading.checked)
}

fn glob(pattern: &str) -> Result<Option<Glob>, Box<Diagnostic>> {
    if pattern.is_empty() {
        return Ok(None);
    }
    // Upstream compiles these patterns without separators: `*` crosses folders.
    Glob::parse(pattern, &[]).map(Some).map_err(|error| {
        Box::new(
            Diagnostic::error(
                "REN012",
                format!("the pattern `{pattern}` cannot be read: {error}"),
            )
            .help("in a pattern, `*` stands for any text, `{a,b}` for one of several"),
        )
    })
}

fn relative<'a>(folder: &RepoPath, path: &'a RepoPath) -> &'a str {
    path.as_str()
        .strip_prefix(folder.as_str())
        .unwrap_or(path.as_str())
        .trim_start_matches('/')
}

struct Reading<'a> {
    files: &'a dyn Files,
    folder: &'a RepoPath,
    options: &'a DirectorySource,
    checked: Checked<Rendering>,
}

impl Reading<'_> {
    fn walk(
        &mut self,
        (at, depth): (&RepoPath, usize),
        paths: &mut Vec<RepoPath>,
    ) -> Result<(), ReadError> {
        if depth > DEPTH_MAX {
            let message = format!("`{at}` lies deeper than {DEPTH_MAX} folders");
            self.checked
                .diagnostics
                .push(Diagnostic::error("REN013", message));
            return Ok(());
        }
        for entry in self.files.list(at)? {
            let Ok(path) = at.join(&entry.name) else {
                continue;
            };
            match entry.kind {
                // Upstream does not walk into links to folders.
                EntryKind::Directory if self.options.recurse && self.is_real(&path)? => {
                    self.walk((&path, depth + 1), paths)?;
                }
                EntryKind::Directory => {}
                EntryKind::File => paths.push(path),
            }
        }
        Ok(())
    }

    fn is_real(&self, path: &RepoPath) -> Result<bool, ReadError> {
        let canonical = self.files.canonical(path)?;
        let folder = self.files.canonical(self.folder)?;
        Ok(relative(&folder, &canonical) == relative(self.folder, path))
    }

    fn read(&mut self, path: &RepoPath) -> Result<(), ReadError> {
        let name = path.file_name();
        if name.ends_with(".jsonnet") {
            let message = format!("`{path}` is Jsonnet, which is not evaluated");
            let diagnostic = Diagnostic::error("REN011", message)
                .help("render it to YAML, or leave it out with `directory.exclude`");
            self.checked.diagnostics.push(diagnostic);
            return Ok(());
        }
        if ![".yaml", ".yml", ".json"]
            .iter()
            .any(|ending| name.ends_with(ending))
        {
            return Ok(());
        }
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(
                error @ (ReadError::LinkLeavesTree { .. }
                | ReadError::TooLarge { .. }
                | ReadError::LinkLoop(_)),
            ) => {
                self.checked
                    .diagnostics
                    .push(Diagnostic::error("REN014", error.to_string()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let source = Source::new(path.as_str(), bytes);
        let text = String::from_utf8_lossy(source.bytes());
        if !text.contains(SKIP_MARKER) {
            let looks = ["apiVersion:", "kind:", "metadata:"]
                .iter()
                .all(|word| text.contains(word));
            self.take(
                path,
                &source,
                if looks { Looks::Manifest } else { Looks::Other },
            );
        }
        Ok(())
    }

    fn take(&mut self, path: &RepoPath, source: &Source, looks: Looks) {
        let checked = values(source, Resolver::Kubectl);
        let broken = checked.has_errors();
        if broken && checked.value.is_empty() && looks == Looks::Other {
            // A YAML file that is no manifest: values, a workflow, a template.
            return;
        }
        let worth_telling = checked
            .diagnostics
            .iter()
            .filter(|told| told.severity >= Severity::Warning);
        self.checked.diagnostics.extend(worth_telling.cloned());
        for located in checked.value {
            self.add(path, source, located);
        }
    }

    fn add(&mut self, path: &RepoPath, source: &Source, located: toft_yaml::Located) {
        let (line, span) = (located.line, located.span);
        match Object::new(located.value) {
            Ok(object) => {
                let origin = Origin {
                    path: path.clone(),
                    line,
                    step: "directory",
                };
                self.checked.value.objects.push(Rendered { object, origin });
            }
            Err(error) => {
                let message = format!("a document of `{path}` is no Kubernetes object: {error}");
                let diagnostic =
                    Diagnostic::error("REN010", message).at(source, span, error.to_string());
                self.checked.diagnostics.push(diagnostic.help(format!(
                    "leave the file out with `directory.exclude`, or write `# {SKIP_MARKER}` into it"
                )));
            }
        }
    }
}

/// Whether a file has the words of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    /// It has.
    Manifest,
    /// It has not: if it cannot be read, nobody meant it to be.
    Other,
}
