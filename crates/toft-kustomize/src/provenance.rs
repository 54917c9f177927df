//! What `buildMetadata` tells: where an object comes from and what changed it.
//!
//! Source: kustomize 5.8.2, `api/resource/origin.go`.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::directory::{Directory, Repository, join};
use crate::kustomization::Include;
use crate::node::is_quoted_when_printed;
use crate::resource::Resource;

/// What a kustomization asks to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metadata {
    pub(crate) origins: Include,
    pub(crate) transformations: Include,
    pub(crate) managed_by: Include,
}

impl Default for Metadata {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Metadata {
    /// Reads `buildMetadata`; words that upstream does not know count for nothing.
    pub(crate) fn of(options: &[String]) -> Self {
        let has = |name: &str| {
            if options.iter().any(|option| option == name) {
                Include::Yes
            } else {
                Include::No
            }
        };
        Self {
            origins: has("originAnnotations"),
            transformations: has("transformerAnnotations"),
            managed_by: has("managedByLabel"),
        }
    }
}

/// Where an object comes from and what changed it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Provenance {
    pub(crate) origin: Option<Told>,
    pub(crate) transformations: Vec<Arc<Told>>,
}

/// One place: the file of an object, or the kustomization that made or changed it.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    File(Shown),
    Configured { file: Shown, by: Box<Configurer> },
}

/// The path of a file as `buildMetadata` tells it, and the repository that it is in if it was brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    path: String,
    repository: String,
    revision: String,
}

impl Shown {
    /// The path of an entry of the kustomization at this one.
    ///
    /// Source: `Origin.Append`.
    pub(crate) fn append(&self, entry: &str) -> Self {
        match Repository::parse(entry) {
            Some(repository) => Self {
                // What upstream calls a clone that is not there yet shows where no directory is named.
                path: match repository.directory.as_str() {
                    "" => "notCloned".to_owned(),
                    directory => join("", directory),
                },
                repository: repository.address,
                revision: repository.revision,
            },
            None => Self {
                path: join(&self.path, entry),
                ..self.clone()
            },
        }
    }

    /// The fields of an origin annotation, the path under the name that is asked for.
    fn lines(&self, field: &str) -> String {
        let path = (field, &self.path);
        let (before, after) = match field {
            "path" => (Some(path), None),
            _ => (None, Some(path)),
        };
        let between = [("repo", &self.repository), ("ref", &self.revision)];
        let fields = before.into_iter().chain(between).chain(after);
        let mut text = String::new();
        for (field, value) in fields.filter(|(_, value)| !value.is_empty()) {
            let quote = if is_quoted_when_printed(value) {
                "\""
            } else {
                ""
            };
            let _ = writeln!(text, "{field}: {quote}{value}{quote}");
        }
        text
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.repository.is_empty() {
            write!(out, "{}//", self.repository)?;
        }
        out.write_str(&self.path)
    }
}

/// The generator or transformer that made or changed an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configurer {
    pub(crate) api_version: SmolStr,
    pub(crate) kind: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) namespace: SmolStr,
}

impl Told {
    /// The text of an origin annotation.
    pub(crate) fn annotation(&self) -> String {
        match self {
            Self::File(shown) => shown.lines("path"),
            Self::Configured { file, by } => {
                let mut text = file.lines("configuredIn");
                text.push_str("configuredBy:\n");
                let parts = [
                    ("apiVersion", &by.api_version),
                    ("kind", &by.kind),
                    ("name", &by.name),
                    ("namespace", &by.namespace),
                ];
                for (field, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
                    let _ = writeln!(text, "  {field}: {value}");
                }
                text
            }
        }
    }

    /// A field of the kustomization file of a directory, by the transformer that works on it.
    pub(crate) fn built_in(directory: &Directory, kind: &'static str) -> Self {
        Self::Configured {
            file: directory.shown_file(),
            by: Box::new(Configurer {
                api_version: "builtin".into(),
                kind: kind.into(),
                ..Configurer::default()
            }),
        }
    }

    /// A transformer or generator that is configured by an object of its own; `None` where nobody
    /// knows where that comes from.
    ///
    /// Source: `OriginFromCustomPlugin`.
    pub(crate) fn by_object(configuration: &Resource) -> Option<Self> {
        let file = match configuration.provenance.origin.as_ref()? {
            Self::File(path) => path.clone(),
            // Upstream tells no file where the configuration was generated itself.
            Self::Configured { .. } => Shown::default(),
        };
        Some(Self::Configured {
            file,
            by: Box::new(Configurer {
                api_version: configuration.api_version().into(),
                kind: configuration.kind().into(),
                name: configuration.name().into(),
                namespace: configuration.namespace().into(),
            }),
        })
    }
}

impl Provenance {
    /// The text of the annotation that lists what changed the object.
    pub(crate) fn transformations_annotation(&self) -> String {
        let mut text = String::new();
        for told in &self.transformations {
            for (at, line) in told.annotation().lines().enumerate() {
                let lead = if at == 0 { "- " } else { "  " };
                let _ = writeln!(text, "{lead}{line}");
            }
        }
        text
    }
}
