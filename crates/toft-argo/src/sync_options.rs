//! Sync options, of Applications and of objects.

use smol_str::SmolStr;
use toft_object::Object;
use toft_source::Diagnostic;

/// The annotation that holds the options of one object, separated by commas.
pub const ANNOTATION_SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";

/// Yes, no, or only after somebody confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmable {
    /// `true`
    Yes,
    /// `false`
    No,
    /// `confirm`
    Confirm,
}

/// How dependents are deleted when an object is pruned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PropagationPolicy {
    /// Dependents first; upstream's default.
    #[default]
    Foreground,
    /// Dependents later.
    Background,
    /// Dependents stay.
    Orphan,
}

/// One option that upstream knows.
///
/// Source: gitops-engine b89b0871b414 `pkg/sync/common/types.go`; Argo CD 3.2.0 `controller/sync.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncOption {
    /// Make the destination's namespace.
    CreateNamespace(bool),
    /// Delete what Git no longer has.
    Prune(Confirmable),
    /// Delete when the Application is deleted.
    Delete(Confirmable),
    /// Prune in a last wave of its own.
    PruneLast(bool),
    /// How dependents are deleted.
    PrunePropagationPolicy(PropagationPolicy),
    /// Replace or create instead of apply.
    Replace(bool),
    /// Delete and create again.
    Force(bool),
    /// Apply on the server.
    ServerSideApply(bool),
    /// Take over what was applied by a client before.
    ClientSideApplyMigration(bool),
    /// Let the server validate.
    Validate(bool),
    /// No dry run for a kind that the cluster does not know yet.
    SkipDryRunOnMissingResource(bool),
    /// Apply only what differs.
    ApplyOutOfSyncOnly(bool),
    /// Keep ignored differences when applying.
    RespectIgnoreDifferences(bool),
    /// Fail when another Application has the object too.
    FailOnSharedResource(bool),
}

type FlagOption = (&'static str, fn(bool) -> SyncOption);

/// Every option that is on or off.
const FLAG_OPTIONS: &[FlagOption] = &[
    ("ApplyOutOfSyncOnly", SyncOption::ApplyOutOfSyncOnly),
    (
        "ClientSideApplyMigration",
        SyncOption::ClientSideApplyMigration,
    ),
    ("CreateNamespace", SyncOption::CreateNamespace),
    ("FailOnSharedResource", SyncOption::FailOnSharedResource),
    ("Force", SyncOption::Force),
    ("PruneLast", SyncOption::PruneLast),
    ("Replace", SyncOption::Replace),
    (
        "RespectIgnoreDifferences",
        SyncOption::RespectIgnoreDifferences,
    ),
    ("ServerSideApply", SyncOption::ServerSideApply),
    (
        "SkipDryRunOnMissingResource",
        SyncOption::SkipDryRunOnMissingResource,
    ),
    ("Validate", SyncOption::Validate),
];

impl SyncOption {
    /// Reads `Name=value`; `None` for what upstream does not know.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=')?;
        match name {
            "Prune" => return confirmable(value).map(Self::Prune),
            "Delete" => return confirmable(value).map(Self::Delete),
            "PrunePropagationPolicy" => {
                return propagation(value).map(Self::PrunePropagationPolicy);
            }
            _ => {}
        }
        let (_, option) = FLAG_OPTIONS.iter().find(|(known, _)| *known == name)?;
        match value {
            "true" => Some(option(true)),
            "false" => Some(option(false)),
            _ => None,
        }
    }
}

fn confirmable(value: &str) -> Option<Confirmable> {
    match value {
        "true" => Some(Confirmable::Yes),
        "false" => Some(Confirmable::No),
        "confirm" => Some(Confirmable::Confirm),
        _ => None,
    }
}

fn propagation(value: &str) -> Option<PropagationPolicy> {
    match value {
        "foreground" => Some(PropagationPolicy::Foreground),
        "background" => Some(PropagationPolicy::Background),
        "orphan" => Some(PropagationPolicy::Orphan),
        _ => None,
    }
}

/// The options of an Application or of an object, in the order they are written.
///
/// # Example
/// ```
/// use toft_argo::{SyncOption, SyncOptions};
/// let options = SyncOptions::parse(["CreateNamespace=true", "Retry=true"]);
/// assert!(options.has(SyncOption::CreateNamespace(true)));
/// assert_eq!(options.unknown, ["Retry=true"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncOptions {
    /// What upstream knows.
    pub known: Vec<SyncOption>,
    /// What upstream does not know and ignores.
    pub unknown: Vec<SmolStr>,
}

impl SyncOptions {
    /// Reads options.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut options = Self::default();
        for text in texts {
            match SyncOption::parse(text) {
                Some(option) => options.known.push(option),
                None => options.unknown.push(text.into()),
            }
        }
        options
    }

    /// The options that an object carries in its annotation.
    pub fn of(object: &Object) -> Self {
        let text = object
            .annotation(ANNOTATION_SYNC_OPTIONS)
            .unwrap_or_default();
        let parts = text.split(',').map(str::trim);
        Self::parse(parts.filter(|part| !part.is_empty()))
    }

    /// Whether the very option is there.
    pub fn has(&self, option: SyncOption) -> bool {
        self.known.contains(&option)
    }

    /// Whether pruning is on, off, or to be confirmed; the last one written wins.
    pub fn prune(&self) -> Option<Confirmable> {
        self.known.iter().rev().find_map(|option| match option {
            SyncOption::Prune(value) => Some(*value),
            _ => None,
        })
    }

    /// Whether deletion is on, off, or to be confirmed; the last one written wins.
    pub fn delete(&self) -> Option<Confirmable> {
        self.known.iter().rev().find_map(|option| match option {
            SyncOption::Delete(value) => Some(*value),
            _ => None,
        })
    }

    /// How dependents are deleted when an object is pruned.
    pub fn propagation_policy(&self) -> PropagationPolicy {
        let policy = self.known.iter().find_map(|option| match option {
            SyncOption::PrunePropagationPolicy(policy) => Some(*policy),
            _ => None,
        });
        policy.unwrap_or_default()
    }

    /// Tells about options that upstream does not know.
    pub fn check(&self) -> Vec<Diagnostic> {
        let told = self.unknown.iter().map(|text| {
            Diagnostic::warning("ARG003", format!("Argo CD has no sync option `{text}`"))
                .because("it is accepted and has no effect, as with Argo CD")
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn options_of_an_object_are_separated_by_commas() {
        let object = value!({"apiVersion": "v1", "kind": "Secret", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false, Delete=confirm,Replace=true,"}}});
        let options = SyncOptions::of(&Object::new(object).unwrap());
        assert_eq!(options.prune(), Some(Confirmable::No));
        assert_eq!(options.delete(), Some(Confirmable::Confirm));
        assert!(options.has(SyncOption::Replace(true)));
        assert!(options.unknown.is_empty());
    }

    #[test]
    fn the_case_of_an_option_matters() {
        let options = SyncOptions::parse(["createNamespace=true", "Prune=yes", "Validate"]);
        assert_eq!(options.known, []);
        assert_eq!(options.check().len(), 3);
    }
}
