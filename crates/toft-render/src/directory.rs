//! A folder of plain manifests.
//!
//! Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `findManifests` and what it calls.

use toft_argo::{DirectorySource, Glob};
use toft_object::{Object, Origin, Rendered, Rendering};
use toft_source::{Checked, Diagnostic, EntryKind, Files, ReadError, RepoPath, Severity, Source};
use toft_value::Value;
use toft_yaml::{Resolver, values};

/// A file with these words is not a manifest.
const SKIP_MARKER: &str = "+argocd:skip-file-rendering";

/// How deep folders are read; ten times the deepest public repository found.
const DEPTH_MAX: usize = 64;

/// How many bytes the manifests of a folder may have together.
///
/// Source: Argo CD 3.2.0, `reposerver.max.combined.directory.manifests.size`: `10M`.
const BYTES_MAX: usize = 10_000_000;

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
        bytes: 0,
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
    /// How many bytes the manifests have so far.
    bytes: usize,
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
        if text.contains(SKIP_MARKER) {
            return Ok(());
        }
        self.bytes = self.bytes.saturating_add(source.bytes().len());
        if self.bytes > BYTES_MAX {
            let message = "failed to get potentially valid manifests: exceeded max combined manifest file size";
            let diagnostic = Diagnostic::error("REN016", message).because(format!(
                "the manifests of one Application may have {BYTES_MAX} bytes"
            ));
            self.checked.diagnostics.push(diagnostic);
        } else if name.strip_suffix(".json").is_some() {
            self.take_json(path, &source);
        } else {
            let looks = ["apiVersion:", "kind:", "metadata:"]
                .iter()
                .all(|word| text.contains(word));
            let looks = if looks { Looks::Manifest } else { Looks::Other };
            self.take(path, &source, looks);
        }
        Ok(())
    }

    /// A JSON file holds one object, and nothing else.
    fn take_json(&mut self, path: &RepoPath, source: &Source) {
        let read = Value::from_json(source.bytes()).map_err(|error| error.message);
        let object = read.and_then(|value| {
            Object::unversioned(value).map_err(|error| format!("no Kubernetes object: {error}"))
        });
        match object {
            Ok(object) => self.checked.value.objects.push(rendered(path, 1, object)),
            Err(reason) => {
                let message = format!("`{path}` is not one object in JSON: {reason}");
                self.checked
                    .diagnostics
                    .push(Diagnostic::error("REN015", message).help(leave_out()));
            }
        }
    }

    /// The objects of a YAML file, up to the first document that is none: where that is the first of all, and
    /// the file does not look like a manifest, nobody meant it to be one.
    fn take(&mut self, path: &RepoPath, source: &Source, looks: Looks) {
        let checked = values(source, Resolver::Kubectl);
        let mut failed = checked.has_errors();
        let mut told: Vec<Diagnostic> = checked
            .diagnostics
            .into_iter()
            .filter(|told| told.severity >= Severity::Warning)
            .collect();
        let mut found = Vec::new();
        for located in checked.value {
            let (line, span) = (located.line, located.span);
            if located.value.is_null() {
                continue;
            }
            match Object::unversioned(located.value) {
                Ok(object) => found.push(rendered(path, line, object)),
                Err(error) => {
                    let message =
                        format!("a document of `{path}` is no Kubernetes object: {error}");
                    let diagnostic =
                        Diagnostic::error("REN010", message).at(source, span, error.to_string());
                    told.push(diagnostic.help(leave_out()));
                    failed = true;
                    break;
                }
            }
        }
        if failed && found.is_empty() && looks == Looks::Other {
            // A YAML file that is no manifest: values, a workflow, a template.
            return;
        }
        self.checked.diagnostics.extend(told);
        self.checked.value.objects.extend(found);
    }
}

fn rendered(path: &RepoPath, line: usize, object: Object) -> Rendered {
    let origin = Origin {
        path: path.clone(),
        line,
        step: "directory",
    };
    Rendered { object, origin }
}

fn leave_out() -> String {
    format!("leave the file out with `directory.exclude`, or write `# {SKIP_MARKER}` into it")
}

/// Whether a file has the words of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    /// It has.
    Manifest,
    /// It has not: if it cannot be read, nobody meant it to be.
    Other,
}
