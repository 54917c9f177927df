//! Files and directories that a kustomization names: where they are and whether they may be read.
//!
//! Source: kustomize 5.8.2, `api/internal/loader/{fileloader,loadrestrictions}.go`,
//! `api/internal/git/repospec.go`.

use toft_source::{Diagnostic, EntryKind, Files, PathError, ReadError, RepoPath, Source};

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
    /// The address of something that is not in the tree.
    Remote,
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
            Self::Remote => told
                .because("what an address gives can change without a commit")
                .help("download it once and commit the file"),
            Self::Ambiguous => {
                told.help("check the indentation: two entries may have become one")
            }
            Self::Cycle { .. } => told.help("remove one of the entries that lead round in a circle"),
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
            Self::Remote => "KUS024",
            Self::Ambiguous => "KUS025",
            Self::Cycle { .. } => "KUS026",
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
            Self::Remote => format!("'{entry}' is remote, which is not supported yet"),
            Self::Ambiguous => {
                format!("path \"{entry}\" is ambiguous: a part of it holds `..` and more")
            }
            Self::Cycle { candidate, visited } => format!(
                "cycle detected: candidate root '{candidate}' contains visited root '{visited}'"
            ),
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

/// Reads a file of the tree.
pub(super) fn read(files: &dyn Files, path: &RepoPath) -> Result<Source, LoadFault> {
    let bytes = files.read(path).map_err(LoadFault::of)?;
    Ok(Source::new(path.to_string(), bytes))
}

/// Reads the file that an entry of a kustomization in `root` means, as far as it may.
pub(super) fn file(build: &Build<'_>, root: &RepoPath, entry: &str) -> Result<Source, LoadFault> {
    if starts_with_any(entry, &["http://", "https://"]) {
        return Err(LoadFault::Remote);
    }
    let path = root.join(entry).map_err(LoadFault::Path)?;
    let target = build.files.canonical(&path).map_err(LoadFault::of)?;
    match build.files.kind(&target).map_err(LoadFault::of)? {
        Some(EntryKind::File) => {}
        Some(EntryKind::Directory) => return Err(LoadFault::Directory),
        None => return Err(LoadFault::Missing),
    }
    let parent = target.parent();
    let below = parent.is_some_and(|parent| parent.starts_with(root));
    if build.options.load_restrictor == LoadRestrictor::RootOnly && !below {
        return Err(LoadFault::OutsideRoot {
            file: path,
            target,
            root: root.clone(),
        });
    }
    read(build.files, &path)
}

/// The directory that an entry of a kustomization in `root` means, links resolved.
pub(super) fn directory(
    files: &dyn Files,
    root: &RepoPath,
    entry: &str,
) -> Result<RepoPath, LoadFault> {
    if is_remote(entry) {
        return Err(LoadFault::Remote);
    }
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

fn starts_with_any(entry: &str, prefixes: &[&str]) -> bool {
    let lower = entry.to_ascii_lowercase();
    prefixes.iter().any(|prefix| lower.starts_with(prefix))
}

/// Whether upstream takes an entry for the address of a Git repository.
fn is_remote(entry: &str) -> bool {
    let entry = match entry.split_once("::") {
        Some((forced, rest)) if forced.eq_ignore_ascii_case("git") => rest,
        _ => entry,
    };
    let schemes = [
        "ssh://",
        "https://",
        "http://",
        "file://",
        "github.com/",
        "github.com:",
    ];
    let user = entry.split_once('@').is_some_and(|(user, rest)| {
        let starts = user.starts_with(|first: char| first.is_ascii_alphabetic());
        let mut bytes = user.bytes();
        let letters = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        starts && letters && rest.contains(['/', ':'])
    });
    user || starts_with_any(entry, &schemes)
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
