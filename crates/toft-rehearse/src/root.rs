//! Which Application everything begins with.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_argo::{Application, GROUP};
use toft_object::Object;
use toft_source::{Checked, Diagnostic, EntryKind, Files, ReadError, RepoPath, Source};
use toft_yaml::{Resolver, values};

/// How deep folders are searched; ten times the deepest public repository found.
const DEPTH_MAX: usize = 64;

/// The Application that everything begins with.
#[derive(Clone, Debug)]
pub struct Root {
    /// The Application as it is written.
    pub object: Object,
    /// The file it is written in.
    pub file: RepoPath,
}

struct Candidate {
    root: Root,
    application: Application,
    /// The folders of its sources that exist in the tree.
    folders: Vec<RepoPath>,
}

/// Finds the Application that everything begins with.
///
/// `wanted` is the name of an Application or the file it is written in. Without it, the root is the one
/// Application whose path exists and that no other's source holds.
///
/// # Errors
/// The tree cannot be read. That there is no root, or more than one, is a diagnostic.
pub fn find_root(
    tree: &dyn Files,
    wanted: Option<&str>,
) -> Result<Checked<Option<Root>>, ReadError> {
    let Written { candidates, .. } = written(tree)?;
    let chosen: Vec<&Candidate> = match wanted {
        Some(wanted) => candidates
            .iter()
            .filter(|candidate| is_wanted(candidate, wanted))
            .collect(),
        None => candidates
            .iter()
            .filter(|candidate| is_outermost(candidate, &candidates))
            .collect(),
    };
    if let [one] = chosen.as_slice() {
        return Ok(Checked::clean(Some(one.root.clone())));
    }
    let diagnostic = match (wanted, chosen.is_empty()) {
        (Some(wanted), true) => not_there(wanted, &candidates),
        (None, true) => nothing_begins(&candidates),
        (_, false) => several(&chosen),
    };
    Ok(Checked {
        value: None,
        diagnostics: vec![diagnostic],
    })
}

/// What a tree holds for Argo CD beside what the root Application leads to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    /// Applications that nothing applies, and why, a sentence each.
    pub(crate) unused: Vec<String>,
    /// The AppProjects, by name, and the files they are written in.
    pub(crate) projects: BTreeMap<SmolStr, RepoPath>,
}

/// Looks for what the root Application does not lead to.
///
/// # Errors
/// The tree cannot be read.
pub(crate) fn survey(tree: &dyn Files, root: &Root) -> Result<Survey, ReadError> {
    let found = written(tree)?;
    let all = &found.candidates;
    let unused = all
        .iter()
        .filter(|candidate| candidate.root.file != root.file && !is_held(candidate, all));
    Ok(Survey {
        unused: unused.map(why_unused).collect(),
        projects: found.projects,
    })
}

fn why_unused(candidate: &Candidate) -> String {
    let (name, file) = (candidate.root.object.name(), &candidate.root.file);
    let sources = candidate.application.sources.iter();
    let paths = sources.filter(|source| !source.path.is_empty());
    let paths: Vec<String> = paths.map(|source| format!("`{}`", source.path)).collect();
    let why = if paths.is_empty() {
        "no source of another one has it".to_owned()
    } else if candidate.folders.is_empty() {
        format!("its path {} does not exist here", paths.join(", "))
    } else {
        "it is another root, and one is brought up".to_owned()
    };
    format!("Application `{name}` in `{file}` is left alone: {why}")
}

fn is_wanted(candidate: &Candidate, wanted: &str) -> bool {
    let is_file = RepoPath::parse(wanted).is_ok_and(|path| path == candidate.root.file);
    is_file || candidate.root.object.name() == wanted
}

fn is_outermost(candidate: &Candidate, all: &[Candidate]) -> bool {
    !candidate.folders.is_empty() && !is_held(candidate, all)
}

/// Whether the source of another Application has it.
fn is_held(candidate: &Candidate, all: &[Candidate]) -> bool {
    let others = all.iter().filter(|other| !std::ptr::eq(*other, candidate));
    let mut folders = others.flat_map(|other| &other.folders);
    folders.any(|folder| candidate.root.file.starts_with(folder))
}

fn not_there(wanted: &str, candidates: &[Candidate]) -> Diagnostic {
    let message =
        format!("no Application is called `{wanted}`, and no file of that name holds one");
    let diagnostic = Diagnostic::error("UP001", message);
    listed(diagnostic, &candidates.iter().collect::<Vec<_>>())
}

fn nothing_begins(candidates: &[Candidate]) -> Diagnostic {
    if candidates.is_empty() {
        return Diagnostic::error("UP002", "no Application in this folder")
            .because(
                "everything begins with one Application, the root; it names the path of the others",
            )
            .help("give the folder that is the root of the repository");
    }
    let diagnostic = Diagnostic::error(
        "UP003",
        "no Application has a path that exists in this folder",
    );
    listed(diagnostic, &candidates.iter().collect::<Vec<_>>())
        .help("give the folder that is the root of the repository, as the paths of the Applications are relative to it")
}

fn several(candidates: &[&Candidate]) -> Diagnostic {
    let message = format!("{} Applications could be the root", candidates.len());
    let diagnostic = listed(Diagnostic::error("UP004", message), candidates);
    let name = candidates
        .first()
        .map_or("", |candidate| candidate.root.object.name());
    diagnostic.help(format!("choose one, for example with `--root {name}`"))
}

fn listed(diagnostic: Diagnostic, candidates: &[&Candidate]) -> Diagnostic {
    candidates.iter().fold(diagnostic, |diagnostic, candidate| {
        let paths: Vec<&str> = candidate
            .application
            .sources
            .iter()
            .map(|source| source.path.as_str())
            .collect();
        let place = if candidate.folders.is_empty() {
            "which does not exist here"
        } else {
            "which exists"
        };
        let (name, file) = (candidate.root.object.name(), &candidate.root.file);
        diagnostic.because(format!(
            "`{name}` in `{file}` has the path `{}`, {place}",
            paths.join("`, `")
        ))
    })
}

/// Everything in a tree that Argo CD could be given.
#[derive(Default)]
struct Written {
    candidates: Vec<Candidate>,
    /// The AppProjects, by name, and the files they are written in.
    projects: BTreeMap<SmolStr, RepoPath>,
}

fn written(tree: &dyn Files) -> Result<Written, ReadError> {
    let mut found = Written::default();
    search(tree, (&RepoPath::root(), 0), &mut found)?;
    Ok(found)
}

fn search(
    tree: &dyn Files,
    (at, depth): (&RepoPath, usize),
    found: &mut Written,
) -> Result<(), ReadError> {
    if depth > DEPTH_MAX {
        return Ok(());
    }
    for entry in tree.list(at)? {
        let Ok(path) = at.join(&entry.name) else {
            continue;
        };
        match entry.kind {
            // A link to a folder would be searched twice, or for ever.
            EntryKind::Directory if tree.canonical(&path)? == path => {
                search(tree, (&path, depth + 1), found)?;
            }
            EntryKind::Directory => {}
            EntryKind::File => read(tree, &path, found),
        }
    }
    Ok(())
}

fn read(tree: &dyn Files, path: &RepoPath, found: &mut Written) {
    let name = path.file_name();
    let is_yaml = [".yaml", ".yml", ".json"]
        .iter()
        .any(|ending| name.ends_with(ending));
    // What is too large or leaves the tree cannot be the root, and is told when something refers to it.
    let Some(bytes) = is_yaml.then(|| tree.read(path).ok()).flatten() else {
        return;
    };
    if !contains(&bytes, GROUP.as_bytes()) {
        return;
    }
    let source = Source::new(path.as_str(), bytes);
    for located in values(&source, Resolver::Kubectl).value {
        let Ok(object) = Object::new(located.value) else {
            continue;
        };
        if object.gvk().group != GROUP {
            continue;
        }
        match object.kind() {
            "Application" => found.candidates.push(candidate(tree, object, path)),
            "AppProject" => {
                let name = SmolStr::from(object.name());
                found.projects.entry(name).or_insert_with(|| path.clone());
            }
            _ => {}
        }
    }
}

fn candidate(tree: &dyn Files, object: Object, file: &RepoPath) -> Candidate {
    let application = Application::parse(object.value()).value;
    let sources = application.sources.iter();
    let paths = sources.filter(|source| !source.path.is_empty());
    let folders = paths.filter_map(|source| RepoPath::parse(&source.path).ok());
    let folders = folders
        .filter(|folder| matches!(tree.kind(folder), Ok(Some(EntryKind::Directory))))
        .collect();
    let root = Root {
        object,
        file: file.clone(),
    };
    Candidate {
        root,
        application,
        folders,
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use toft_source::MemoryFiles;

    use super::*;

    fn application(name: &str, path: &str) -> String {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\nspec:\n  project: default\n  \
             source: {{repoURL: https://git.example.org/lab.git, path: {path}}}\n  destination: {{name: in-cluster}}\n"
        )
    }

    fn names(files: &[(&str, String)], wanted: Option<&str>) -> Result<String, &'static str> {
        let tree = MemoryFiles::new(files.iter().map(|(path, text)| (*path, text.as_str())));
        let found = find_root(&tree, wanted).unwrap();
        match found.value {
            Some(root) => Ok(root.object.name().to_owned()),
            None => Err(found.diagnostics.first().unwrap().code),
        }
    }

    #[test]
    fn the_root_has_a_path_that_exists_and_nobody_holds_it() {
        let files = [
            ("root.yaml", application("root", "argocd")),
            ("argocd/child.yaml", application("child", "apps")),
            ("old/root.yaml", application("old", "argocd-gone")),
            ("apps/a.yaml", "a: 1\n".to_owned()),
        ];
        assert_eq!(names(&files, None), Ok("root".to_owned()));
        assert_eq!(names(&files, Some("child")), Ok("child".to_owned()));
        assert_eq!(names(&files, Some("old/root.yaml")), Ok("old".to_owned()));
        assert_eq!(names(&files, Some("nobody")), Err("UP001"));
    }

    #[test]
    fn no_root_and_several_are_told_apart() {
        assert_eq!(
            names(&[("a.yaml", "a: 1\n".to_owned())], None),
            Err("UP002")
        );
        assert_eq!(
            names(&[("a.yaml", application("a", "gone"))], None),
            Err("UP003")
        );
        let two = [
            ("a.yaml", application("a", "x")),
            ("b.yaml", application("b", "x")),
            ("x/c.yaml", "c: 1\n".to_owned()),
        ];
        assert_eq!(names(&two, None), Err("UP004"));
    }
}
