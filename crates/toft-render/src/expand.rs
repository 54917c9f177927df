//! `ApplicationSet`s to Applications.
//!
//! Source: Argo CD 3.2.0 `applicationset/`: `controllers/template/template.go`, `generators/`,
//! `utils/utils.go`. Two things of upstream's are random and are not here: the order of what a merge
//! generator gives, which is sorted by merge key, and which of several errors is told first.

mod clusters;
mod combine;
mod dialect;
mod fast;
mod generate;
mod git;
mod list;
mod matching;
mod params;
mod patch;
mod template;

use smol_str::SmolStr;
use toft_argo::{Application, ApplicationSet, RepoUrl};
use toft_gotmpl::{Dict, Settings};
use toft_source::{Checked, Diagnostic, Files, ReadError};

pub use clusters::ClusterSecret;
use dialect::Dialect;
pub(crate) use matching::is_path_match;

/// What an `ApplicationSet` gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expansion {
    /// The Applications, in the order of the generators.
    pub applications: Vec<Application>,
    /// Applications that may not be written. One that is there already keeps living.
    pub invalid: Vec<Invalid>,
}

/// An Application that may not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Its name; may be empty.
    pub name: SmolStr,
    /// What is wrong with it, in upstream's words.
    pub reason: String,
}

/// Why there is no list of Applications; the words are upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// Generating parameters failed: `ApplicationGenerationFromParamsError` upstream.
    #[error("{0}")]
    Params(String),
    /// Rendering the template failed: `RenderTemplateParamsError` upstream.
    #[error("{0}")]
    Template(String),
    /// The tree could not be read.
    #[error("{0}")]
    Read(ReadError),
}

impl From<ReadError> for ExpandError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl ExpandError {
    /// Puts words before the message, as a caller upstream wraps it.
    pub(crate) fn within(self, words: &str) -> Self {
        match self {
            Self::Params(message) => Self::Params(format!("{words}: {message}")),
            Self::Template(message) => Self::Template(format!("{words}: {message}")),
            Self::Read(error) => Self::Read(error),
        }
    }
}

/// What generators know besides the tree.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Whether an address is that of the tree; other repositories are asked for with
    /// [`Files::remote`].
    pub is_this_repository: &'a dyn Fn(&RepoUrl) -> bool,
    /// The clusters that Secrets describe, in order of the Secrets' names.
    pub clusters: &'a [ClusterSecret],
}

/// What every generator sees.
pub(crate) struct Expander<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) is_this_repository: &'a dyn Fn(&RepoUrl) -> bool,
    pub(crate) clusters: &'a [ClusterSecret],
    pub(crate) dialect: Dialect,
}

/// The Applications that an `ApplicationSet` gives; what may not be written is told as a warning.
///
/// A diagnostic that is an error (`REN101`: a generator, `REN102`: the template) means that nothing was
/// expanded: the list is empty and must not be taken for one.
///
/// # Errors
/// The tree could not be read.
pub fn expand(
    files: &dyn Files,
    set: &ApplicationSet,
    known: &Known<'_>,
) -> Result<Checked<Vec<Application>>, ReadError> {
    let failed = |code, message: String| {
        Ok(Checked {
            value: Vec::new(),
            diagnostics: vec![Diagnostic::error(code, message)],
        })
    };
    let expansion = match expand_fully(files, set, known) {
        Ok(expansion) => expansion,
        Err(ExpandError::Params(message)) => return failed("REN101", message),
        Err(ExpandError::Template(message)) => return failed("REN102", message),
        Err(ExpandError::Read(error)) => return Err(error),
    };
    let invalid = expansion.invalid.iter();
    let told = invalid.map(|invalid| Diagnostic::warning("REN103", &invalid.reason));
    Ok(Checked {
        diagnostics: told.collect(),
        value: expansion.applications,
    })
}

/// As [`expand`], with what may not be written beside the Applications.
///
/// # Errors
/// A generator or the template failed, or the tree could not be read: nothing was expanded.
///
/// # Example
/// ```
/// use toft_argo::ApplicationSet;
/// use toft_source::MemoryFiles;
/// use toft_value::value;
/// let set = ApplicationSet::parse(&value!({
///     "metadata": {"name": "apps", "namespace": "argocd"},
///     "spec": {
///         "goTemplate": true,
///         "generators": [{"git": {"repoURL": "r", "revision": "HEAD", "directories": [{"path": "apps/*"}]}}],
///         "template": {
///             "metadata": {"name": "{{ .path.basename }}"},
///             "spec": {"project": "default", "destination": {"namespace": "{{ .path.basename }}"},
///                      "source": {"repoURL": "r", "path": "{{ .path.path }}"}},
///         },
///     },
/// }));
/// let files = MemoryFiles::new([("apps/sonarr/a.yaml", ""), ("apps/radarr/a.yaml", "")]);
/// let known = toft_render::Known { is_this_repository: &|_| true, clusters: &[] };
/// let expansion = toft_render::expand_fully(&files, &set.value, &known).unwrap();
/// let names: Vec<_> = expansion.applications.iter().map(|app| app.name.as_str()).collect();
/// assert_eq!(names, ["radarr", "sonarr"]);
/// ```
pub fn expand_fully(
    files: &dyn Files,
    set: &ApplicationSet,
    known: &Known<'_>,
) -> Result<Expansion, ExpandError> {
    let dialect = if set.go_template {
        Dialect::Go {
            options: set.go_template_options.clone(),
            settings: Settings::default(),
        }
    } else {
        Dialect::Fast
    };
    let expander = Expander {
        files,
        is_this_repository: known.is_this_repository,
        clusters: known.clusters,
        dialect,
    };
    let applications = expander.applications(set)?;
    Ok(validated(set, applications))
}

impl Expander<'_> {
    fn applications(&self, set: &ApplicationSet) -> Result<Vec<Application>, ExpandError> {
        let mut applications = Vec::new();
        for generator in &set.generators {
            for generated in self.generate(generator, Some(&set.template), None)? {
                for params in &generated.params {
                    applications.push(self.application(set, &generated.template, params)?);
                }
            }
        }
        Ok(applications)
    }

    fn application(
        &self,
        set: &ApplicationSet,
        template: &toft_value::Value,
        params: &Dict,
    ) -> Result<Application, ExpandError> {
        let value =
            template::render(self, set, (template, params)).map_err(ExpandError::Template)?;
        Ok(Application::parse(&value).value)
    }
}

/// Source: Argo CD 3.2.0 `applicationset_controller.go`, `validateGeneratedApplications`: a name that
/// comes twice makes every Application of that name invalid.
fn validated(set: &ApplicationSet, applications: Vec<Application>) -> Expansion {
    let mut expansion = Expansion::default();
    let names: Vec<SmolStr> = applications.iter().map(|one| one.name.clone()).collect();
    for application in applications {
        let name = application.name.clone();
        let reason = if name.is_empty() {
            "metadata.name: Required value: name or generateName is required".to_owned()
        } else if names.iter().filter(|one| **one == name).count() > 1 {
            format!(
                "ApplicationSet {} contains applications with duplicate name: {name}",
                set.name
            )
        } else {
            expansion.applications.push(application);
            continue;
        };
        let known = expansion.invalid.iter().any(|one| one.name == name);
        if !known {
            expansion.invalid.push(Invalid { name, reason });
        }
    }
    expansion
}
