//! What `buildMetadata` tells: where an object comes from and what changed it.
//!
//! Source: kustomize 5.8.2, `api/resource/origin.go`.

use std::fmt::Write as _;

use crate::kustomization::Include;

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
    pub(crate) transformations: Vec<Told>,
}

/// One place: the file of an object, or the kustomization that made or changed it.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    File(String),
    Configured { file: String, by: &'static str },
}

impl Told {
    /// The text of an origin annotation.
    pub(crate) fn annotation(&self) -> String {
        match self {
            Self::File(path) => format!("path: {path}\n"),
            Self::Configured { file, by } => format!(
                "configuredIn: {file}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {by}\n"
            ),
        }
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
