//! What everything begins with: the root Application, or what its owner applies by hand.

mod search;
mod survey;

use smol_str::SmolStr;
use toft_argo::{Application, GROUP, RepoUrl};
use toft_object::Object;
use toft_render::{Request, Surroundings, render};
use toft_source::{Checked, Diagnostic, EntryKind, Files, ReadError, RepoPath};
use toft_value::{Value, value};

use search::Candidate;
pub(crate) use search::Found;
pub(crate) use survey::{Survey, survey};

/// The namespace of Argo CD where nothing else is said.
const ARGOCD: &str = "argocd";

/// How many Applications are listed for somebody to choose from.
const LISTED_MAX: usize = 10;

/// What everything begins with.
#[derive(Clone, Debug)]
pub struct Root {
    /// The objects as they are written, in the order in which they are applied: one Application, or the file
    /// or folder that its owner applies by hand.
    pub objects: Vec<Object>,
    /// The file or folder they are written in.
    pub place: RepoPath,
}

impl Root {
    /// The namespace that Argo CD runs in: that of the first Application or ApplicationSet.
    pub fn namespace(&self) -> &str {
        let mut namespaces = self.of_argo().map(Object::namespace);
        namespaces
            .find(|namespace| !namespace.is_empty())
            .unwrap_or(ARGOCD)
    }

    /// The address under which the Applications know the repository; empty where none is named.
    pub fn repository(&self) -> RepoUrl {
        let named = self
            .of_argo()
            .find_map(|object| repository_in(object.value()));
        RepoUrl::new(named.unwrap_or_default())
    }

    fn of_argo(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| is_beginning(object))
    }
}

/// Finds what everything begins with.
///
/// `wanted` is the name of an Application, or the file or folder that its owner applies by hand. Without it, the
/// root is the one Application whose path exists and that no other's source holds.
///
/// # Errors
/// The tree cannot be read. That there is no root, or more than one, is a diagnostic.
pub fn find_root(
    tree: &dyn Files,
    wanted: Option<&str>,
) -> Result<Checked<Option<Root>>, ReadError> {
    root_among(&Found::in_tree(tree)?, tree, wanted)
}

/// As [`find_root`], where it is known already what the tree has.
pub(crate) fn root_among(
    found: &Found,
    tree: &dyn Files,
    wanted: Option<&str>,
) -> Result<Checked<Option<Root>>, ReadError> {
    let all = &found.applications;
    let chosen: Vec<&Candidate> = match wanted {
        Some(wanted) => all
            .iter()
            .filter(|candidate| candidate.object.name() == wanted)
            .collect(),
        None => all
            .iter()
            .filter(|candidate| is_outermost(candidate, all))
            .collect(),
    };
    if let [one] = chosen.as_slice() {
        return Ok(Checked::clean(Some(Root {
            objects: vec![one.object.clone()],
            place: one.file.clone(),
        })));
    }
    let place = wanted.filter(|_| chosen.is_empty());
    if let Some(place) = place.and_then(|wanted| RepoPath::parse(wanted).ok()) {
        match tree.kind(&place)? {
            Some(EntryKind::Directory) => return folder(tree, place),
            Some(EntryKind::File) => return file(tree, place),
            None => {}
        }
    }
    Ok(failed(match (wanted, chosen.is_empty()) {
        (Some(wanted), true) => not_there(wanted, all),
        (None, true) => nothing_begins(found),
        (_, false) => several(&chosen),
    }))
}

fn failed(diagnostic: Diagnostic) -> Checked<Option<Root>> {
    Checked {
        value: None,
        diagnostics: vec![diagnostic],
    }
}

/// A folder as its owner applies it: a kustomization, or the manifests in it.
fn folder(tree: &dyn Files, place: RepoPath) -> Result<Checked<Option<Root>>, ReadError> {
    let source = value!({"repoURL": ".", "path": place.as_str()});
    let application = Application::parse(&value!({"spec": {"source": source}})).value;
    let Some(source) = application.sources.first() else {
        return Ok(Checked::clean(None));
    };
    let surroundings = Surroundings::alone();
    let request = Request {
        application: &application,
        source,
        revision: "",
        surroundings: &surroundings,
    };
    let rendered = render(tree, &request)?;
    if rendered.has_errors() {
        return Ok(Checked {
            value: None,
            diagnostics: rendered.diagnostics,
        });
    }
    let objects = rendered.value.rendering.objects.into_iter();
    Ok(beginning(place, objects.map(|rendered| rendered.object)))
}

/// A file as its owner applies it.
fn file(tree: &dyn Files, place: RepoPath) -> Result<Checked<Option<Root>>, ReadError> {
    let source = toft_source::Source::new(place.as_str(), tree.read(&place)?);
    let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    if parsed.has_errors() {
        return Ok(Checked {
            value: None,
            diagnostics: parsed.diagnostics,
        });
    }
    let located = parsed.value.into_iter();
    let objects = located.filter_map(|located| Object::new(located.value).ok());
    Ok(beginning(place, objects))
}

fn beginning(place: RepoPath, objects: impl Iterator<Item = Object>) -> Checked<Option<Root>> {
    let mut objects: Vec<Object> = objects.collect();
    if !objects.iter().any(is_beginning) {
        let message = format!("`{place}` holds neither an Application nor an ApplicationSet");
        return failed(Diagnostic::error("UP001", message).help(
            "name an Application, or the file or folder that you apply by hand to begin with",
        ));
    }
    objects.sort_by_key(|object| match object.kind() {
        "Namespace" => 0,
        "CustomResourceDefinition" => 1,
        "AppProject" => 2,
        _ => 3,
    });
    Checked::clean(Some(Root { objects, place }))
}

fn is_beginning(object: &Object) -> bool {
    object.gvk().group == GROUP && matches!(object.kind(), "Application" | "ApplicationSet")
}

/// The first address of a repository that is no chart's and no template's.
fn repository_in(value: &Value) -> Option<SmolStr> {
    match value {
        Value::Map(map) => {
            let own = map.get("repoURL").and_then(Value::as_str);
            let own = own.filter(|url| !map.contains_key("chart") && !url.contains("{{"));
            own.map(SmolStr::from)
                .or_else(|| map.values().find_map(repository_in))
        }
        Value::List(list) => list.iter().find_map(repository_in),
        _ => None,
    }
}

fn is_outermost(candidate: &Candidate, all: &[Candidate]) -> bool {
    !candidate.folders.is_empty() && !is_held(candidate, all)
}

/// Whether the source of another Application has it.
fn is_held(candidate: &Candidate, all: &[Candidate]) -> bool {
    let others = all.iter().filter(|other| !std::ptr::eq(*other, candidate));
    let mut folders = others.flat_map(|other| &other.folders);
    folders.any(|folder| candidate.file.starts_with(folder))
}

fn not_there(wanted: &str, candidates: &[Candidate]) -> Diagnostic {
    let message = format!("no Application is called `{wanted}`, and no file or folder either");
    let diagnostic = Diagnostic::error("UP001", message);
    listed(diagnostic, &candidates.iter().collect::<Vec<_>>())
        .help("`--root` takes the name of an Application, or a file or folder of the repository")
}

fn nothing_begins(found: &Found) -> Diagnostic {
    if !found.applications.is_empty() {
        let message = "no Application has a path that exists in this folder";
        let candidates: Vec<&Candidate> = found.applications.iter().collect();
        return listed(Diagnostic::error("UP003", message), &candidates)
            .help("give the folder that is the root of the repository, as the paths of the Applications are relative to it");
    }
    let diagnostic = Diagnostic::error("UP002", "no Application in this folder");
    let Some((_, first)) = found.sets.first() else {
        return diagnostic
            .because(
                "everything begins with one Application, the root; it names the path of the others",
            )
            .help("give the folder that is the root of the repository");
    };
    let sets = found
        .sets
        .iter()
        .fold(diagnostic, |diagnostic, (name, file)| {
            diagnostic.because(format!("`{file}` has the ApplicationSet `{name}`"))
        });
    sets.help(format!(
        "name the file or folder that you apply by hand to begin with, for example `--root {first}`"
    ))
}

fn several(candidates: &[&Candidate]) -> Diagnostic {
    let message = format!("{} Applications could be the root", candidates.len());
    let diagnostic = listed(Diagnostic::error("UP004", message), candidates);
    let Some(first) = candidates.first() else {
        return diagnostic;
    };
    let name = first.object.name();
    let others = candidates.iter().skip(1);
    let is_one_name = others.clone().any(|other| other.object.name() == name);
    let example = if is_one_name {
        first.file.as_str()
    } else {
        name
    };
    let diagnostic = diagnostic.help(format!("choose one, for example with `--root {example}`"));
    match first.file.parent().filter(|folder| !folder.is_root()) {
        Some(folder) if others.clone().all(|other| other.file.starts_with(&folder)) => diagnostic
            .help(format!(
                "or begin with everything that is there: `--root {folder}`"
            )),
        _ => diagnostic,
    }
}

fn listed(diagnostic: Diagnostic, candidates: &[&Candidate]) -> Diagnostic {
    let told = candidates.iter().take(LISTED_MAX);
    let diagnostic = told.fold(diagnostic, |diagnostic, candidate| {
        diagnostic.because(described(candidate))
    });
    match candidates.len().saturating_sub(LISTED_MAX) {
        0 => diagnostic,
        more => diagnostic.because(format!("and {more} more")),
    }
}

fn described(candidate: &Candidate) -> String {
    let (name, file) = (candidate.object.name(), &candidate.file);
    let sources = candidate.application.sources.iter();
    let paths = sources.map(|source| source.path.as_str());
    let paths: Vec<&str> = paths.filter(|path| !path.is_empty()).collect();
    if paths.is_empty() {
        return format!("`{name}` in `{file}` names no path");
    }
    let place = if candidate.folders.is_empty() {
        "which does not exist here"
    } else {
        "which exists"
    };
    let paths = paths.join("`, `");
    format!("`{name}` in `{file}` has the path `{paths}`, {place}")
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
            Some(root) => Ok(root
                .objects
                .iter()
                .map(Object::name)
                .collect::<Vec<_>>()
                .join(" ")),
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

    fn set(name: &str) -> String {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: {name}, namespace: gitops}}\nspec:\n  \
             generators: [{{git: {{repoURL: https://git.example.org/lab.git, directories: [{{path: apps/*}}]}}}}]\n"
        )
    }

    #[test]
    fn a_file_or_a_folder_is_the_root_as_its_owner_applies_it() {
        let project = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: lab}\n";
        let files = [
            ("sets/apps.yaml", set("apps")),
            ("sets/infra.yaml", set("infra")),
            ("sets/project.yaml", project.to_owned()),
            (
                "sets/kustomization.yaml",
                "resources: [apps.yaml, infra.yaml, project.yaml]\n".to_owned(),
            ),
            ("apps/a.yaml", "a: 1\n".to_owned()),
        ];
        assert_eq!(names(&files, None), Err("UP002"));
        assert_eq!(names(&files, Some("sets/project.yaml")), Err("UP001"));
        assert_eq!(
            names(&files, Some("sets/infra.yaml")),
            Ok("infra".to_owned())
        );
        assert_eq!(names(&files, Some("sets")), Ok("lab apps infra".to_owned()));
    }

    #[test]
    fn the_root_tells_where_argo_cd_is_and_what_the_repository_is_called() {
        let files = [("sets/apps.yaml", set("apps"))];
        let tree = MemoryFiles::new(files.iter().map(|(path, text)| (*path, text.as_str())));
        let root = find_root(&tree, Some("sets/apps.yaml"))
            .unwrap()
            .value
            .unwrap();
        assert_eq!(root.namespace(), "gitops");
        assert_eq!(
            root.repository().as_str(),
            "https://git.example.org/lab.git"
        );
    }
}
