//! One source of an Application to its objects.

use toft_argo::{ApplicationSource, SourceType};
use toft_object::Rendering;
use toft_source::{Checked, Diagnostic, EntryKind, Files, ReadError, RepoPath};

use crate::detect::detect;
use crate::{directory, kustomize};

/// What a source gives.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRendering {
    /// The objects, in the order of the tool.
    pub rendering: Rendering,
    /// The tool.
    pub source_type: SourceType,
}

/// Renders one source from the tree of its repository.
///
/// A source that only lends files to its siblings (`ref`) gives nothing. Lists are unfolded. Where a
/// diagnostic is an error, the objects are not what the author meant, and must not be used.
///
/// # Errors
/// The tree could not be read.
///
/// Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `GenerateManifests`.
pub fn render(
    files: &dyn Files,
    source: &ApplicationSource,
) -> Result<Checked<SourceRendering>, ReadError> {
    if source.path.is_empty() && source.chart.is_empty() && !source.reference.is_empty() {
        return Ok(empty(SourceType::Directory));
    }
    if !source.chart.is_empty() {
        return Ok(refused(
            SourceType::Helm,
            needs_helm(&format!("the chart `{}`", source.chart)),
        ));
    }
    let folder = match folder(files, source)? {
        Ok(folder) => folder,
        Err(diagnostic) => return Ok(refused(SourceType::Directory, diagnostic)),
    };
    let source_type = match source.explicit_type() {
        Ok(Some(named)) => named,
        Ok(None) => detect(files, &folder)?,
        Err(message) => {
            return Ok(refused(
                SourceType::Directory,
                Diagnostic::error("REN003", message),
            ));
        }
    };
    let checked = match source_type {
        SourceType::Kustomize => kustomize::render(files, &folder, source.kustomize.as_ref())?,
        SourceType::Directory => {
            let options = source.directory.clone().unwrap_or_default();
            directory::render(files, &folder, &options)?
        }
        SourceType::Helm => {
            return Ok(refused(
                source_type,
                needs_helm(&format!("the chart in `{folder}`")),
            ));
        }
        SourceType::Plugin => return Ok(refused(source_type, plugin(&folder))),
    };
    let Checked {
        value: rendering,
        diagnostics,
    } = checked;
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

/// The folder of a source, or what Argo CD says where there is none.
fn folder(
    files: &dyn Files,
    source: &ApplicationSource,
) -> Result<Result<RepoPath, Diagnostic>, ReadError> {
    let path = &source.path;
    let Ok(folder) = RepoPath::parse(path) else {
        let text = format!("{path}: app path is absolute or outside the repository");
        return Ok(Err(Diagnostic::error("REN002", text)
            .help("write the path relative to the root of the repository")));
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

fn needs_helm(what: &str) -> Diagnostic {
    Diagnostic::error(
        "REN004",
        format!("{what} needs Helm, which is not rendered yet"),
    )
    .because("the Application is left alone; the others come up without it")
}

fn plugin(folder: &RepoPath) -> Diagnostic {
    Diagnostic::error(
        "REN005",
        format!("`{folder}` is rendered by a plugin, and no plugin is ever run"),
    )
    .because("a plugin is a program of somebody else; rendering reads files and runs nothing")
}
