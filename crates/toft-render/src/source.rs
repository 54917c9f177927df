//! One source of an Application to its objects.

use toft_argo::{ApplicationSource, Siblings, SourceType};
use toft_object::Rendering;
use toft_source::{Checked, Diagnostic, EntryKind, Files, ReadError, RepoPath};

use crate::detect::detect;
use crate::job::{Job, Noted};
use crate::objects::unfold;
use crate::request::Request;
use crate::trees::Tree;
use crate::{directory, helm, kustomize, overrides};

/// What a source gives.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRendering {
    /// The objects, in the order of the tool.
    pub rendering: Rendering,
    /// The tool.
    pub source_type: SourceType,
}

/// Renders one source of an Application.
///
/// `files` is the tree of the repository at hand; charts, other repositories and single files are asked
/// for with [`Files::remote`]. A source that only lends files to its siblings (`ref`) gives nothing. Lists
/// are unfolded. Where a diagnostic is an error, there are no objects to be used.
///
/// # Errors
/// The tree could not be read, or something outside was not brought.
///
/// Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `GenerateManifest`, `GenerateManifests`.
///
/// # Example
/// ```
/// use toft_argo::Application;
/// use toft_render::{Request, Surroundings, render};
/// use toft_source::MemoryFiles;
/// use toft_value::value;
/// let app = Application::parse(&value!({
///     "metadata": {"name": "nas"},
///     "spec": {"source": {"repoURL": "r", "path": "nas", "helm": {"parameters": [{"name": "port", "value": "81"}]}}},
/// }));
/// let files = MemoryFiles::new([
///     ("nas/Chart.yaml", "{apiVersion: v2, name: nas, version: 1.0.0}"),
///     ("nas/templates/a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: '{{ .Release.Name }}-{{ .Values.port }}'}}"),
/// ]);
/// let surroundings = Surroundings::alone();
/// let request = Request { application: &app.value, source: &app.value.sources[0], revision: "1", surroundings: &surroundings };
/// let rendered = render(&files, &request).unwrap();
/// assert_eq!(rendered.value.rendering.objects[0].object.name(), "nas-81");
/// ```
pub fn render(
    files: &dyn Files,
    request: &Request<'_>,
) -> Result<Checked<SourceRendering>, ReadError> {
    render_noting(files, &Job::new(request, &Noted::default()))
}

/// As [`render`]; what is looked at beside the tree is noted.
pub(crate) fn render_noting(
    files: &dyn Files,
    job: &Job<'_>,
) -> Result<Checked<SourceRendering>, ReadError> {
    let source = job.source;
    let is_lender = job.application.siblings == Siblings::Some || !source.reference.is_empty();
    if source.path.is_empty() && source.chart.is_empty() && is_lender {
        return Ok(empty(SourceType::Directory));
    }
    if let Some(message) = job.application.references_refusal() {
        let diagnostic = Diagnostic::error("REN007", message);
        return Ok(refused(SourceType::Directory, diagnostic));
    }
    let tree = Tree::of(files, source, job)?;
    let folder = match folder(&tree, source)? {
        Ok(folder) => folder,
        Err(diagnostic) => return Ok(refused(SourceType::Directory, diagnostic)),
    };
    let named = (source, job.instance_name());
    let source = match overrides::apply(&tree, &folder, (named.0, &named.1))? {
        Ok(source) => source,
        Err(diagnostic) => return Ok(refused(SourceType::Directory, diagnostic)),
    };
    let source_type = match source.explicit_type() {
        Ok(Some(named)) => named,
        Ok(None) => detect(&tree, &folder)?,
        Err(message) => {
            let message = format!("error getting app source type: {message}");
            let diagnostic = Diagnostic::error("REN003", message);
            return Ok(refused(SourceType::Directory, diagnostic));
        }
    };
    let job = job.of(&source);
    let checked = match source_type {
        SourceType::Kustomize => kustomize::render(&job, &tree, &folder)?,
        SourceType::Directory => {
            let options = source.directory.clone().unwrap_or_default();
            directory::render(&tree, &folder, &options)?
        }
        SourceType::Helm => helm::render(&job, files, (&tree, &folder))?,
        SourceType::Plugin => return Ok(refused(source_type, plugin(&folder))),
    };
    let Checked {
        value: rendering,
        diagnostics,
    } = unfold(checked);
    Ok(Checked {
        value: SourceRendering {
            rendering,
            source_type,
        },
        diagnostics,
    })
}

fn empty(source_type: SourceType) -> Checked<SourceRendering> {
    Checked::clean(SourceRendering {
        rendering: Rendering::default(),
        source_type,
    })
}

fn refused(source_type: SourceType, diagnostic: Diagnostic) -> Checked<SourceRendering> {
    Checked {
        diagnostics: vec![diagnostic],
        ..empty(source_type)
    }
}

/// The folder of a source, or what Argo CD says where there is none; a chart is a tree by itself.
///
/// Source: Argo CD 3.2.0 `util/app/path/path.go`, `Path`.
fn folder(
    files: &dyn Files,
    source: &ApplicationSource,
) -> Result<Result<RepoPath, Diagnostic>, ReadError> {
    if !source.chart.is_empty() {
        return Ok(Ok(RepoPath::root()));
    }
    let path = &source.path;
    let Ok(folder) = RepoPath::parse(path) else {
        let what = if path.starts_with('/') {
            "app path is absolute"
        } else {
            "app path outside root"
        };
        let refused = Diagnostic::error("REN002", format!("{path}: {what}"));
        return Ok(Err(
            refused.help("write the path relative to the root of the repository")
        ));
    };
    let missing = |what: &str| Diagnostic::error("REN001", format!("{path}: {what}"));
    Ok(match files.kind(&folder) {
        Ok(Some(EntryKind::Directory)) => Ok(folder),
        Ok(Some(EntryKind::File)) => Err(missing("app path is not a directory")),
        Ok(None) => Err(missing("app path does not exist").help(nearest(files, &folder)?)),
        Err(ReadError::LinkLeavesTree { target, .. }) => Err(missing(&format!(
            "app path is a symbolic link to `{target}`, which is outside the repository"
        ))),
        Err(error) => return Err(error),
    })
}

/// Which part of a path is missing, and what is there instead.
fn nearest(files: &dyn Files, folder: &RepoPath) -> Result<String, ReadError> {
    let mut there = folder.clone();
    let mut missing = String::new();
    while let Some(parent) = there.parent() {
        if matches!(files.kind(&there), Ok(Some(EntryKind::Directory))) {
            break;
        }
        there.file_name().clone_into(&mut missing);
        there = parent;
    }
    let entries = files.list(&there)?;
    let folders = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Directory);
    let names: Vec<&str> = folders
        .map(|entry| entry.name.as_str())
        .filter(|name| !name.starts_with('.'))
        .collect();
    Ok(match names.as_slice() {
        [] => format!("`{there}` has no folder `{missing}`, nor any other"),
        names => format!(
            "`{there}` has no folder `{missing}`; it has `{}`",
            names.join("`, `")
        ),
    })
}

fn plugin(folder: &RepoPath) -> Diagnostic {
    Diagnostic::error(
        "REN005",
        format!("`{folder}` is rendered by a plugin, and no plugin is ever run"),
    )
    .because("a plugin is a program of somebody else; rendering reads files and runs nothing")
}
