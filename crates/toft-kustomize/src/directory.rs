//! One kustomization directory: its file, where it may read, and how its mistakes are told.
//!
//! Source: kustomize 5.8.2, `api/internal/target/kusttarget.go` (`Load`), `api/internal/loader/`.

mod load;
mod place;
mod repository;
mod visit;

use std::sync::Arc;

use toft_source::{Diagnostic, Files, Remote, RepoPath, Source, Span};
use toft_value::Value;
use toft_yaml::Resolver;

use crate::build::{Build, SchemaUse, Stop};
use crate::diagnose;
use crate::kustomization::{
    KUSTOMIZATION, Kustomization, OpenApi, Problem, Segment, check, kustomization,
};
use crate::provenance::Shown;
use crate::resource::Resource;
use crate::schema::{BuiltIn, OwnSchema};

use load::Tree;
pub(crate) use load::{LoadFault, with_similar};
pub(crate) use place::{join, problem_text};
pub(crate) use repository::{Repository, is_web_address};
pub(crate) use visit::Visit;

/// The names that a kustomization file can have.
pub(crate) const FILE_NAMES: &[&str] =
    &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Upstream has no limit; the longest chain in public homelab repositories is 6.
pub const BASE_DEPTH_MAX: usize = 64;

/// The version of Kubernetes whose schema upstream embeds.
const BUILT_IN_VERSION: &str = "v1.21.2";

/// A build opens at most this many kustomizations: forty times the largest public homelab repository.
/// Upstream has no limit, and a few files that refer to each other twice keep it busy forever.
pub(crate) const DIRECTORIES_MAX: usize = 10_000;

/// Where something stands in a kustomization file: a field, and the index in its list.
pub(crate) type Place = (&'static str, usize);

/// A kustomization that was read.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) path: RepoPath,
    visit: Visit,
    file: &'static str,
    source: Source,
    pub(crate) kustomization: Kustomization,
}

impl Directory {
    /// Reads the kustomization file of a directory.
    pub(crate) fn open(build: &mut Build<'_>, visit: Visit) -> Result<Self, Stop> {
        build.opened += 1;
        let (file, source) = find(build, &visit)?;
        let value = read(build, &source)?;
        for warning in diagnose::deprecated(&source, &value) {
            build.tell(warning);
        }
        let kustomization = kustomization(&value);
        let directory = Self {
            path: visit.path.clone(),
            visit,
            file,
            source,
            kustomization,
        };
        directory.enforce(build, &value)?;
        directory.choose_schema(build)?;
        Ok(directory)
    }

    /// Takes the schema that `openapi` names, unless one was taken before.
    ///
    /// Source: `SetSchema`, `kyaml/openapi/openapi.go`.
    fn choose_schema(&self, build: &mut Build<'_>) -> Result<(), Stop> {
        let OpenApi { path, version } = &self.kustomization.openapi;
        let source = match path {
            Some(path) => Some(self.load_for(build, (path, ("openapi", 0)))?),
            None => None,
        };
        if build.schema_use == SchemaUse::Chosen {
            return Ok(());
        }
        match (
            source,
            version.as_deref().filter(|version| !version.is_empty()),
        ) {
            (None, None) => return Ok(()),
            (None, Some(BUILT_IN_VERSION)) => {}
            (None, Some(_)) => {
                let message = "the specified OpenAPI version is not built in";
                let told = self.error("KUS075", message, &["openapi", "version"]);
                return Err(build.refuse(told.help(format!("use `{BUILT_IN_VERSION}`"))));
            }
            (Some(_), _) if version.is_some() => {
                let message = "builtin version and custom schema provided, cannot use both";
                return Err(build.refuse(self.error("KUS075", message, &["openapi"])));
            }
            (Some(source), _) => {
                let values = toft_yaml::unmarshal(&source, Resolver::Kubectl);
                let first = build.checked(values)?.into_iter().next();
                let root = first.map(|located| located.value).unwrap_or_default();
                let built_in = match build.schema_use {
                    SchemaUse::Nothing | SchemaUse::Chosen => BuiltIn::Never,
                    SchemaUse::Scopes => BuiltIn::First,
                    SchemaUse::Merges => BuiltIn::Last,
                };
                build.schemas.choose(OwnSchema::new(root), built_in);
            }
        }
        build.schema_use = SchemaUse::Chosen;
        Ok(())
    }

    /// Refuses what upstream refuses of a whole file.
    fn enforce(&self, build: &mut Build<'_>, value: &Value) -> Result<(), Stop> {
        if diagnose::is_empty_kustomization(value) {
            let message = format!("{} is empty", self.file);
            let told = Diagnostic::error("KUS012", message).at(&self.source, Span::default(), "");
            let help = "list files and directories below `resources:`, or delete the file";
            return Err(build.refuse(told.help(help)));
        }
        let kind = self.kustomization.kind.as_str();
        if kind != "Kustomization" && kind != "Component" {
            let message = "kind should be Kustomization or Component";
            return Err(build.refuse(self.error("KUS013", message, &["kind"])));
        }
        let version = match kind {
            "Component" => "kustomize.config.k8s.io/v1alpha1",
            _ => "kustomize.config.k8s.io/v1beta1",
        };
        if self.kustomization.api_version != version {
            let message = format!("apiVersion for {kind} should be {version}");
            return Err(build.refuse(self.error("KUS013", message, &["apiVersion"])));
        }
        Ok(())
    }

    /// The namespace of charts here that have none: the one of the nearest kustomization above that has one.
    ///
    /// Source: `helmRootNamespace`, `api/internal/target/kusttarget.go`.
    pub(crate) fn chart_namespace(&self) -> &String {
        &self.visit.chart_namespace
    }

    /// The tree that the directory is in.
    pub(crate) fn files<'a>(&'a self, build: &Build<'a>) -> &'a dyn Files {
        self.tree(build).files
    }

    fn tree<'a>(&'a self, build: &Build<'a>) -> Tree<'a> {
        self.visit.tree(build)
    }

    /// Something outside the tree; where it cannot be had, the build stops and tells the place.
    pub(crate) fn remote_for(
        &self,
        build: &mut Build<'_>,
        (remote, place): (&Remote, Place),
    ) -> Result<Arc<dyn Files + Send + Sync>, Stop> {
        build.files.remote(remote).map_err(|error| {
            let fault = LoadFault::of(error);
            let mut told = fault.diagnostic(&remote.to_string());
            told.labels = self.entry_error("", "", place).labels;
            fault.stop(build, told)
        })
    }

    /// The path of the kustomization file as `buildMetadata` tells it.
    pub(crate) fn shown_file(&self) -> Shown {
        self.shown_path(self.file)
    }

    /// The path of an entry as `buildMetadata` tells it.
    pub(crate) fn shown_path(&self, entry: &str) -> Shown {
        self.visit.shown.append(entry)
    }

    /// The path of the kustomization file in the tree.
    pub(crate) fn file_path(&self) -> RepoPath {
        self.path
            .join(self.file)
            .unwrap_or_else(|_| self.path.clone())
    }

    /// An error at a field of the kustomization file.
    pub(crate) fn error(
        &self,
        code: &'static str,
        message: impl Into<String>,
        keys: &[&str],
    ) -> Diagnostic {
        let path: Vec<Segment> = keys.iter().map(|key| Segment::Key((*key).into())).collect();
        self.error_at(code, message, &path)
    }

    /// An error at an item of a list in the kustomization file.
    pub(crate) fn entry_error(
        &self,
        code: &'static str,
        message: impl Into<String>,
        (field, index): (&str, usize),
    ) -> Diagnostic {
        let path = [Segment::Key(field.into()), Segment::Index(index)];
        self.error_at(code, message, &path)
    }

    fn error_at(
        &self,
        code: &'static str,
        message: impl Into<String>,
        path: &[Segment],
    ) -> Diagnostic {
        let span = place::span(&self.source, path);
        Diagnostic::error(code, message).at(&self.source, span, "")
    }

    /// The line of an item of a list in the kustomization file.
    pub(crate) fn line_of(&self, (field, index): (&str, usize)) -> usize {
        let path = [Segment::Key(field.into()), Segment::Index(index)];
        let span = place::span(&self.source, &path);
        self.source.position(span.start).line
    }

    /// An error about an object that was built, told where the object was written.
    pub(crate) fn object_error(
        &self,
        code: &'static str,
        resource: &Resource,
        message: &str,
    ) -> Diagnostic {
        let id = resource.current_id();
        Diagnostic::error(code, format!("{id}: {message}"))
            .because(format!("the object is written at {}", resource.origin))
            .because(format!("while building `{}`", self.path))
    }
}

fn find(build: &mut Build<'_>, visit: &Visit) -> Result<(&'static str, Source), Stop> {
    let path = &visit.path;
    let mut found = Vec::new();
    for name in FILE_NAMES {
        let Ok(file) = path.join(name) else { continue };
        match load::read(&visit.tree(build), &file) {
            Ok(source) => found.push((*name, source)),
            Err(LoadFault::Missing | LoadFault::Directory) => {}
            Err(fault) => {
                let told = fault.diagnostic(&file.to_string());
                return Err(fault.stop(build, told));
            }
        }
    }
    let count = found.len();
    match (found.pop(), count) {
        (Some(found), 1) => Ok(found),
        (Some(_), _) => {
            let message = format!("Found multiple kustomization files under: {path}");
            let told = Diagnostic::error("KUS011", message);
            Err(build.refuse(told.help("keep one of them")))
        }
        (None, _) => {
            let names = "'kustomization.yaml', 'kustomization.yml' or 'Kustomization'";
            let message = format!("unable to find one of {names} in directory '{path}'");
            let told = Diagnostic::error("KUS010", message);
            let told = load::with_neighbours(visit.tree(build).files, path, told);
            Err(build.refuse(told))
        }
    }
}

/// Upstream reads the first document and ignores the rest.
fn read(build: &mut Build<'_>, source: &Source) -> Result<Value, Stop> {
    let values = toft_yaml::unmarshal(source, Resolver::Kubectl);
    let first = build.checked(values)?.into_iter().next();
    let value = first.map(|located| located.value).unwrap_or_default();
    let (value, problems) = check(&value, &KUSTOMIZATION);
    tell_problems(build, source, problems)?;
    Ok(value)
}

/// Tells what is wrong with the fields of a file, and stops where anything is.
pub(crate) fn tell_problems(
    build: &mut Build<'_>,
    source: &Source,
    problems: Vec<Problem>,
) -> Result<(), Stop> {
    let mut result = Ok(());
    for problem in problems {
        result = Err(build.refuse(place::problem(source, problem)));
    }
    result
}

/// Files that a kustomization names.
impl Directory {
    /// The file that an entry means; where it cannot be read, the build stops and tells the place.
    pub(crate) fn load_for(
        &self,
        build: &mut Build<'_>,
        (entry, place): (&str, Place),
    ) -> Result<Source, Stop> {
        self.load(build, entry).map_err(|fault| {
            let mut told = fault.diagnostic(entry);
            told.labels = self.entry_error("", "", place).labels;
            fault.stop(build, told)
        })
    }

    /// The file that an entry means.
    pub(crate) fn load(&self, build: &Build<'_>, entry: &str) -> Result<Source, LoadFault> {
        if is_web_address(entry) {
            return load::web_file(build.files, entry);
        }
        load::file(&self.tree(build), &self.path, entry)
    }
}
