//! The build of one directory and of everything it refers to.

use jiff::Timestamp;
use toft_helm::HelmVersion;
use toft_object::{Object, Rendered, Rendering};
use toft_source::{Checked, Diagnostic, Files, ReadError, RepoPath, Source};

use crate::accumulate::accumulate;
use crate::directory::{Directory, Visit};
use crate::manifest;
use crate::provenance::Metadata;
use crate::resource::Resource;
use crate::schema::{Schemas, is_known};
use crate::steps;
use crate::text::Keys;

/// How a directory is built; what upstream has as flags of `kustomize build`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Which files a kustomization may read.
    pub load_restrictor: LoadRestrictor,
    /// The order of the objects.
    pub reorder: Reorder,
    /// How charts are rendered; `None` refuses them, as upstream does without `--enable-helm`.
    pub helm: Option<HelmOptions>,
}

/// How the charts of kustomizations are rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelmOptions {
    /// Whose meaning holds.
    pub version: HelmVersion,
    /// The version of Kubernetes for charts whose entry has none: upstream's `--helm-kube-version`.
    pub kube_version: String,
    /// API versions for charts whose entry has none: upstream's `--helm-api-versions`.
    pub api_versions: Vec<String>,
    /// What `now` gives in templates.
    pub now: Timestamp,
    /// What random texts and keys in templates derive from.
    pub seed: u64,
}

/// Which files a kustomization may read; directories are free within the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadRestrictor {
    /// Files in or below its own directory: upstream's `LoadRestrictionsRootOnly`.
    #[default]
    RootOnly,
    /// Every file of the tree: upstream's `LoadRestrictionsNone`.
    None,
}

/// The order of the objects where the kustomization has no `sortOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reorder {
    /// Nobody asked: as `Legacy`.
    #[default]
    Unspecified,
    /// Namespaces first, webhooks last.
    Legacy,
    /// The order in which they were read.
    None,
}

/// Builds a kustomization directory as `kustomize build` does.
///
/// The objects come in upstream's order, each with the file and line where it was written. Where a
/// diagnostic is an error, nothing was built and the rendering is empty.
///
/// # Errors
/// The tree could not be read for a reason that is not the author's.
///
/// Source: kustomize 5.8.2, `api/krusty/kustomizer.go`.
///
/// # Example
/// ```
/// use toft_kustomize::{BuildOptions, build, print};
/// use toft_source::{MemoryFiles, RepoPath};
///
/// let files = MemoryFiles::new([
///     ("kustomization.yaml", "namespace: media\nresources: [config.yaml]\n"),
///     ("config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: urls}\n"),
/// ]);
/// let built = build(&files, &RepoPath::root(), &BuildOptions::default()).unwrap();
/// assert_eq!(
///     print(&built.value),
///     "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: urls\n  namespace: media\n",
/// );
/// ```
pub fn build(
    files: &dyn Files,
    directory: &RepoPath,
    options: &BuildOptions,
) -> Result<Checked<Rendering>, ReadError> {
    let mut build = Build {
        files,
        options: options.clone(),
        diagnostics: Vec::new(),
        metadata: Metadata::default(),
        opened: 0,
        schemas: Schemas::default(),
        schema_use: SchemaUse::default(),
    };
    let value = match build.run(directory) {
        Ok(rendering) => rendering,
        Err(Stop::Told) => Rendering::default(),
        Err(Stop::Read(error)) => return Err(error),
    };
    Ok(Checked {
        value,
        diagnostics: build.diagnostics,
    })
}

/// Why a build went no further.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A diagnostic says why.
    Told,
    /// The tree could not be read.
    Read(ReadError),
}

/// What one build shares.
pub(crate) struct Build<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) options: BuildOptions,
    diagnostics: Vec<Diagnostic>,
    /// What the outermost kustomization wants to be told in annotations.
    pub(crate) metadata: Metadata,
    /// How many kustomizations were opened.
    pub(crate) opened: usize,
    /// What is known about kinds.
    pub(crate) schemas: Schemas,
    pub(crate) schema_use: SchemaUse,
}

/// What was asked of the embedded schema so far. One that a kustomization brings along takes effect
/// once, and what was in use before it stays in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SchemaUse {
    #[default]
    Nothing,
    /// Whether a kind that it does not have has a namespace.
    Scopes,
    /// How lists are merged.
    Merges,
    /// A kustomization has chosen one.
    Chosen,
}

impl Build<'_> {
    fn run(&mut self, directory: &RepoPath) -> Result<Rendering, Stop> {
        let directory = Directory::open(self, Visit::outermost(directory))?;
        self.metadata = Metadata::of(&directory.kustomization.build_metadata);
        let mut accumulator = accumulate(self, &directory)?;
        for step in steps::LAST {
            step.run(self, &directory, &mut accumulator)?;
        }
        let mut objects = Vec::with_capacity(accumulator.resources.len());
        for resource in accumulator.resources.into_vec() {
            let value = resource.node.to_value().map_err(|fault| {
                self.refuse(directory.object_error("KUS041", &resource, &fault.to_string()))
            })?;
            let object = Object::unversioned(value).map_err(|error| {
                self.refuse(directory.object_error("KUS042", &resource, &error.to_string()))
            })?;
            let origin = resource.origin;
            objects.push(Rendered { object, origin });
        }
        Ok(Rendering { objects })
    }

    /// Reads objects.
    pub(crate) fn objects(
        &mut self,
        source: &Source,
        path: &RepoPath,
        step: &'static str,
    ) -> Result<Vec<Resource>, Vec<Diagnostic>> {
        let resources = manifest::resources(source, path, (step, Keys::Strings))?;
        Ok(self.adopted(resources))
    }

    fn adopted(&mut self, mut resources: Vec<Resource>) -> Vec<Resource> {
        for resource in &mut resources {
            resource.schemas = self.schemas.clone();
            if self.schema_use == SchemaUse::Nothing && !is_known(&resource.gvk()) {
                self.schema_use = SchemaUse::Scopes;
            }
        }
        resources
    }

    /// Reads objects that will be merged into others.
    pub(crate) fn patches(
        &mut self,
        source: &Source,
        path: &RepoPath,
    ) -> Result<Vec<Resource>, Vec<Diagnostic>> {
        let patches = manifest::resources(source, path, ("patches", Keys::Any))?;
        let patches = self.adopted(patches);
        if self.schema_use != SchemaUse::Chosen && !patches.is_empty() {
            self.schema_use = SchemaUse::Merges;
        }
        Ok(patches)
    }

    /// Adds something to say.
    pub(crate) fn tell(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds all that is to say; the build goes no further where the caller returns the stop.
    pub(crate) fn tell_all(&mut self, diagnostics: Vec<Diagnostic>) -> Stop {
        self.diagnostics.extend(diagnostics);
        Stop::Told
    }

    /// Says why the build goes no further.
    pub(crate) fn refuse(&mut self, diagnostic: Diagnostic) -> Stop {
        self.tell(diagnostic);
        Stop::Told
    }

    /// The value, or a stop where there was an error to tell.
    pub(crate) fn checked<T>(&mut self, checked: Checked<T>) -> Result<T, Stop> {
        let stop = checked.has_errors();
        let value = checked.take(&mut self.diagnostics);
        if stop { Err(Stop::Told) } else { Ok(value) }
    }
}
