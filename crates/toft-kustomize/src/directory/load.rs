//! Files and directories that a kustomization names: where they are and whether they may be read.
//!
//! Source: kustomize 5.8.2, `api/internal/loader/{fileloader,loadrestrictions}.go`.

use smol_str::SmolStr;
use toft_source::{Diagnostic, EntryKind, Files, PathError, ReadError, Remote, RepoPath, Source};

use super::{BASE_DEPTH_MAX, DIRECTORIES_MAX, FILE_NAMES};
use crate::build::{Build, LoadRestrictor, Stop};

/// Why something could not be loaded.
#[derive(Clone, Debug)]
pub(crate) enum LoadFault {
    Missing,
    /// A file was wanted.
    Directory,
    /// A directory was wanted.
    NotDirectory,
    /// The file is in the tree, but not in or below the directory of the kustomization.
    OutsideRoot {
        file: RepoPath,
        /// Where it leads, links resolved.
        target: RepoPath,
        root: RepoPath,
    },
    /// The path leaves the tree, or is absolute.
    Path(PathError),
    /// The address of a repository that is being built.
    RemoteCycle {
        candidate: String,
        visited: String,
    },
    /// A segment holds `..` beside other characters.
    Ambiguous,
    Cycle {
        candidate: RepoPath,
        visited: RepoPath,
    },
    Depth,
    /// More kustomizations than anyone has.
    TooMany,
    Read(ReadError),
}

impl LoadFault {
    pub(super) fn of(error: ReadError) -> Self {
        match error {
            ReadError::NotFound(_) => Self::Missing,
            ReadError::IsDirectory(_) => Self::Directory,
            ReadError::NotDirectory(_) => Self::NotDirectory,
            ReadError::LinkLeavesTree { .. }
            | ReadError::LinkLoop(_)
            | ReadError::TooLarge { .. }
            | ReadError::Failed { .. }
            | ReadError::NotBrought(_)
            | ReadError::Unavailable { .. } => Self::Read(error),
        }
    }

    /// What is to be said about it; `entry` is the path as it is written.
    pub(crate) fn diagnostic(&self, entry: &str) -> Diagnostic {
        let told = Diagnostic::error(self.code(), self.message(entry));
        match self {
            Self::OutsideRoot { file, target, .. } if file != target => told
                .because(format!("`{file}` leads to `{target}` by a link"))
                .help("commit the file itself in place of the link"),
            Self::OutsideRoot { .. } => told
                .because("a kustomization reads files in and below its own directory only")
                .help("refer to the directory of the file as a base, or build with `--load-restrictor LoadRestrictionsNone`"),
            Self::Path(PathError::OutsideTree(_)) => told.because(
                "only what is in the repository is read, so that a commit always builds to the same objects",
            ),
            Self::Path(PathError::Absolute(_)) => told.help("write it relative to this file"),
            Self::Ambiguous => {
                told.help("check the indentation: two entries may have become one")
            }
            Self::Cycle { .. } | Self::RemoteCycle { .. } => told.help("remove one of the entries that lead round in a circle"),
            Self::Missing
            | Self::Directory
            | Self::NotDirectory
            | Self::Depth
            | Self::TooMany
            | Self::Read(_) => told,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "KUS020",
            Self::Directory | Self::NotDirectory => "KUS021",
            Self::OutsideRoot { .. } => "KUS022",
            Self::Path(_) => "KUS023",
            Self::Ambiguous => "KUS025",
            Self::Cycle { .. } | Self::RemoteCycle { .. } => "KUS026",
            Self::Depth | Self::TooMany => "KUS027",
            Self::Read(_) => "KUS028",
        }
    }

    fn message(&self, entry: &str) -> String {
        match self {
            Self::Missing => format!("'{entry}' doesn't exist"),
            Self::Directory => format!("'{entry}' must resolve to a file"),
            Self::NotDirectory => format!("'{entry}' is a file; a directory is wanted"),
            Self::OutsideRoot { file, root, .. } => {
                format!("security; file '{file}' is not in or below '{root}'")
            }
            Self::Path(PathError::OutsideTree(_)) => {
                format!("'{entry}' leads out of the repository")
            }
            Self::Path(PathError::Absolute(_)) => format!("'{entry}' is an absolute path"),
            Self::Ambiguous => {
                format!("path \"{entry}\" is ambiguous: a part of it holds `..` and more")
            }
            Self::Cycle { candidate, visited } => format!(
                "cycle detected: candidate root '{candidate}' contains visited root '{visited}'"
            ),
            Self::RemoteCycle { candidate, visited } => {
                format!("cycle detected: URI '{candidate}' referenced by previous URI '{visited}'")
            }
            Self::Depth => format!("bases are nested more than {BASE_DEPTH_MAX} deep"),
            Self::TooMany => format!("more than {DIRECTORIES_MAX} kustomizations in one build"),
            Self::Read(error) => error.to_string(),
        }
    }

    /// Ends the build: with the diagnostic, or with the trouble that is not the author's.
    pub(crate) fn stop(self, build: &mut Build<'_>, told: Diagnostic) -> Stop {
        match self {
            Self::Read(error @ (ReadError::Failed { .. } | ReadError::NotBrought(_))) => {
                Stop::Read(error)
            }
            _ => build.refuse(told),
        }
    }
}

/// Reads a file of a tree.
pub(super) fn read(tree: &Tree<'_>, path: &RepoPath) -> Result<Source, LoadFault> {
    let bytes = tree.files.read(path).map_err(LoadFault::of)?;
    Ok(Source::new(tree.name(path), bytes))
}

/// A tree that a kustomization is in, and what it may read there.
pub(super) struct Tree<'a> {
    pub(super) files: &'a dyn Files,
    /// The address of its repository; empty for the tree that is built.
    pub(super) address: &'a str,
    pub(super) restrictor: LoadRestrictor,
}

impl Tree<'_> {
    /// How a file is called in what is told.
    fn name(&self, path: &RepoPath) -> String {
        match self.address {
            "" => path.to_string(),
            address => format!("{address}//{path}"),
        }
    }
}

/// Reads the file that an address gives.
pub(super) fn web_file(files: &dyn Files, address: &str) -> Result<Source, LoadFault> {
    let url = SmolStr::new(address);
    let tree = files.remote(&Remote::File { url }).map_err(LoadFault::of)?;
    let root = RepoPath::root();
    let entries = tree.list(&root).map_err(LoadFault::of)?;
    let file = entries.first().ok_or(LoadFault::Missing)?;
    let path = root.join(&file.name).map_err(LoadFault::Path)?;
    let bytes = tree.read(&path).map_err(LoadFault::of)?;
    Ok(Source::new(address, bytes))
}

/// Reads the file that an entry of a kustomization in `root` means, as far as it may.
pub(super) fn file(tree: &Tree<'_>, root: &RepoPath, entry: &str) -> Result<Source, LoadFault> {
    let path = root.join(entry).map_err(LoadFault::Path)?;
    let target = tree.files.canonical(&path).map_err(LoadFault::of)?;
    match tree.files.kind(&target).map_err(LoadFault::of)? {
        Some(EntryKind::File) => {}
        Some(EntryKind::Directory) => return Err(LoadFault::Directory),
        None => return Err(LoadFault::Missing),
    }
    let parent = target.parent();
    let below = parent.is_some_and(|parent| parent.starts_with(root));
    if tree.restrictor == LoadRestrictor::RootOnly && !below {
        return Err(LoadFault::OutsideRoot {
            file: path,
            target,
            root: root.clone(),
        });
    }
    read(tree, &path)
}

/// The directory that an entry of a kustomization in `root` means, links resolved.
pub(super) fn directory(
    files: &dyn Files,
    root: &RepoPath,
    entry: &str,
) -> Result<RepoPath, LoadFault> {
    let is_ambiguous = |part: &str| part != ".." && part.contains("..");
    if entry.split('/').any(is_ambiguous) {
        return Err(LoadFault::Ambiguous);
    }
    let path = root.join(entry).map_err(LoadFault::Path)?;
    let path = files.canonical(&path).map_err(LoadFault::of)?;
    match files.kind(&path).map_err(LoadFault::of)? {
        Some(EntryKind::Directory) => Ok(path),
        Some(EntryKind::File) => Err(LoadFault::NotDirectory),
        None => Err(LoadFault::Missing),
    }
}

/// Adds the name that was probably meant, where nothing has the one that is written.
pub(crate) fn with_similar(files: &dyn Files, path: &RepoPath, told: Diagnostic) -> Diagnostic {
    let Some(parent) = path.parent() else {
        return told;
    };
    let name = path.file_name().to_lowercase();
    let entries = files.list(&parent).unwrap_or_default();
    let near = entries.into_iter().map(|entry| {
        let distance = strsim::osa_distance(&name, &entry.name.to_lowercase());
        (distance, entry.name)
    });
    match near.filter(|(distance, _)| *distance <= 2).min() {
        Some((_, similar)) => told.help(format!("did you mean `{similar}`?")),
        None => told,
    }
}

/// Adds what is in the directory that has no kustomization file.
pub(super) fn with_neighbours(files: &dyn Files, path: &RepoPath, told: Diagnostic) -> Diagnostic {
    match files.kind(path) {
        Ok(None) => return told.because(format!("`{path}` does not exist")),
        Ok(Some(EntryKind::File)) => return told.because(format!("`{path}` is a file")),
        Ok(Some(EntryKind::Directory)) | Err(_) => {}
    }
    let entries = files.list(path).unwrap_or_default();
    let is_near = |name: &str| {
        let name = name.to_lowercase();
        let distance = |known: &&str| strsim::osa_distance(&name, &known.to_lowercase());
        FILE_NAMES.iter().any(|known| distance(known) <= 3)
    };
    match entries.iter().find(|entry| is_near(&entry.name)) {
        Some(entry) => told.help(format!("did you mean `{}`? Rename it", entry.name)),
        None => told,
    }
}
