//! A folder with a kustomization, and what an Application adds to it.

use std::sync::Arc;

use toft_argo::KustomizeSource;
use toft_kustomize::{BuildOptions, build};
use toft_object::Rendering;
use toft_source::{
    Checked, Diagnostic, Entry, EntryKind, Files, ReadError, Remote, RepoPath, Source,
};
use toft_value::Value;
use toft_yaml::{Resolver, values, write};

use crate::detect::KUSTOMIZATIONS;
use crate::edit::edit;

/// The objects of a kustomization.
pub(crate) fn render(
    files: &dyn Files,
    folder: &RepoPath,
    options: Option<&KustomizeSource>,
) -> Result<Checked<Rendering>, ReadError> {
    let Some(options) = options.filter(|options| **options != untouched(options)) else {
        return build(files, folder, &BuildOptions::default());
    };
    let Some(path) = kustomization(files, folder)? else {
        let message =
            format!("`{folder}` has no kustomization to add the options of the Application to");
        return Ok(failed(Diagnostic::error("REN020", message)));
    };
    let source = Source::new(path.as_str(), files.read(&path)?);
    let parsed = values(&source, Resolver::Kustomize);
    if parsed.has_errors() {
        // The build says what is wrong with it, and where.
        return build(files, folder, &BuildOptions::default());
    }
    let written = parsed
        .value
        .into_iter()
        .next()
        .map_or(Value::Null, |located| located.value);
    let present = |component: &str| {
        let place = folder.join(component).ok();
        place.is_some_and(|place| matches!(files.kind(&place), Ok(Some(_))))
    };
    match edit(written, options, &present) {
        Ok(edited) => {
            let bytes: Arc<[u8]> = write(&edited).into_bytes().into();
            build(
                &Edited { files, path, bytes },
                folder,
                &BuildOptions::default(),
            )
        }
        Err(message) => Ok(failed(Diagnostic::error("REN021", message))),
    }
}

/// Options that say nothing but which tool is meant.
fn untouched(options: &KustomizeSource) -> KustomizeSource {
    KustomizeSource {
        raw: options.raw.clone(),
        ..KustomizeSource::default()
    }
}

fn failed(diagnostic: Diagnostic) -> Checked<Rendering> {
    Checked {
        value: Rendering::default(),
        diagnostics: vec![diagnostic],
    }
}

fn kustomization(files: &dyn Files, folder: &RepoPath) -> Result<Option<RepoPath>, ReadError> {
    for name in KUSTOMIZATIONS {
        let Ok(path) = folder.join(name) else {
            continue;
        };
        if files.kind(&path)? == Some(EntryKind::File) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// A tree in which one file says something else.
struct Edited<'a> {
    files: &'a dyn Files,
    path: RepoPath,
    bytes: Arc<[u8]>,
}

impl Files for Edited<'_> {
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        if *path == self.path {
            Ok(Arc::clone(&self.bytes))
        } else {
            self.files.read(path)
        }
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        self.files.kind(path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        self.files.list(directory)
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        self.files.canonical(path)
    }

    fn remote(&self, remote: &Remote) -> Result<Arc<dyn Files + Send + Sync>, ReadError> {
        self.files.remote(remote)
    }
}
