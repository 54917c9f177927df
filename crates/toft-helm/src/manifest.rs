//! What templates gave, split into manifests and put in order.
//!
//! Source: Helm 3.22.0 `pkg/releaseutil/manifest_sorter.go`, `manifest.go`, `kind_sorter.go`;
//! Helm 4.3.1 `pkg/release/v1/util`.

use std::fmt::Write as _;
use std::sync::OnceLock;

use regex::Regex;
use smol_str::SmolStr;
use toft_source::{RepoPath, Source};
use toft_value::Value;

use crate::chart::HelmVersion;
use crate::problem::{MANIFEST, Problem, first_error};
use crate::render::{Rendered, TemplateOptions};

/// What a chart renders to, in Helm's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifests {
    /// The files of `crds/`, if they were asked for.
    pub crds: Vec<Manifest>,
    /// What is installed, in order of kinds.
    pub manifests: Vec<Manifest>,
    /// What runs before or after, in order of kinds.
    pub hooks: Vec<Hook>,
    /// What the chart tells the user.
    pub notes: String,
}

/// One YAML document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The template, with the folders of its charts.
    pub name: String,
    /// The document.
    pub text: String,
    /// The kind of its object; empty where it has none.
    pub kind: SmolStr,
    /// Where the template was read.
    pub path: RepoPath,
}

/// A manifest that runs at certain events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The document.
    pub manifest: Manifest,
    /// When it runs: `pre-install`, `test`, ….
    pub events: Vec<SmolStr>,
    /// Lower ones run first.
    pub weight: i64,
    /// When it is deleted: `before-hook-creation`, ….
    pub delete_policies: Vec<SmolStr>,
}

impl Hook {
    /// Whether it tests a release.
    pub fn is_test(&self) -> bool {
        self.events.iter().any(|event| event == "test")
    }
}

impl Manifests {
    /// What `helm template` prints.
    pub fn print(&self) -> String {
        let mut text = String::new();
        for manifest in self.crds.iter().chain(&self.manifests) {
            push(&mut text, manifest);
        }
        let mut text = format!("{}\n", text.trim());
        for hook in &self.hooks {
            push(&mut text, &hook.manifest);
        }
        text
    }
}

fn push(text: &mut String, manifest: &Manifest) {
    let _ = writeln!(text, "---\n# Source: {}\n{}", manifest.name, manifest.text);
}

/// Splits, sorts and marks what templates gave.
pub(crate) fn sorted(
    rendered: &[Rendered],
    crds: Vec<Manifest>,
    options: &TemplateOptions,
) -> Result<Manifests, Problem> {
    let mut result = Manifests {
        crds,
        ..Manifests::default()
    };
    let mut files: Vec<&Rendered> = rendered.iter().collect();
    files.sort_by(|left, right| left.name.cmp(&right.name));
    for file in files {
        if file.name.ends_with("NOTES.txt") {
            // Only the outermost chart speaks to the user.
            if file.name.matches('/').count() == 2 {
                result.notes.clone_from(&file.text);
            }
            continue;
        }
        for text in split(&file.text, options.version) {
            place(&mut result, file, text, options)?;
        }
    }
    let version = options.version;
    result
        .manifests
        .sort_by_key(|manifest| rank(&manifest.kind, version));
    result
        .hooks
        .sort_by_key(|hook| rank(&hook.manifest.kind, version));
    Ok(result)
}

fn place(
    result: &mut Manifests,
    file: &Rendered,
    text: String,
    options: &TemplateOptions,
) -> Result<(), Problem> {
    let head = head(&text, options.version).map_err(|message| {
        Problem::new(
            MANIFEST,
            format!("YAML parse error on {}: {message}", file.name),
        )
    })?;
    let manifest = Manifest {
        name: file.name.clone(),
        text,
        kind: scalar_at(&head, &["kind"]).unwrap_or_default(),
        path: file.path.clone(),
    };
    let annotation = |name: &str| scalar_at(&head, &["metadata", "annotations", name]);
    let Some(events) = annotation("helm.sh/hook") else {
        result.manifests.push(manifest);
        return Ok(());
    };
    let events = list(&events);
    let known = |event: &SmolStr| EVENTS.contains(&event.as_str());
    if options.skip_hooks || !events.iter().all(known) {
        return Ok(());
    }
    let events = events.into_iter().map(|event| match event.as_str() {
        "test-success" => SmolStr::new_static("test"),
        _ => event,
    });
    let weight = annotation("helm.sh/hook-weight");
    let policies = annotation("helm.sh/hook-delete-policy");
    let hook = Hook {
        manifest,
        events: events.collect(),
        weight: weight.and_then(|text| text.parse().ok()).unwrap_or(0),
        delete_policies: policies.map(|text| list(&text)).unwrap_or_default(),
    };
    if !(options.skip_tests && hook.is_test()) {
        result.hooks.push(hook);
    }
    Ok(())
}

const EVENTS: &[&str] = &[
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
    "test-success",
];

/// Words separated by commas, in lower case.
fn list(text: &str) -> Vec<SmolStr> {
    let words = text.split(',');
    words
        .map(|word| word.trim().to_lowercase().into())
        .collect()
}

/// The first document of a text.
fn head(text: &str, version: HelmVersion) -> Result<Value, String> {
    let source = Source::new("", text.as_bytes().into());
    let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    if let Some(error) = first_error(&parsed.diagnostics) {
        return Err(format!("error converting YAML to JSON: {}", error.message));
    }
    let first = parsed.value.into_iter().next();
    let value = first.map(|located| located.value).unwrap_or_default();
    check(&value, version)?;
    Ok(value)
}

/// Refuses what does not fit the few fields that Helm reads.
fn check(value: &Value, version: HelmVersion) -> Result<(), String> {
    let package = match version {
        HelmVersion::V3 => "releaseutil",
        HelmVersion::V4 => "util",
    };
    let refused = |found: &Value, what: &str| {
        let kind = found.kind().go_name();
        Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go {what}"
        ))
    };
    match value {
        Value::Null => return Ok(()),
        Value::Map(_) => {}
        other => return refused(other, &format!("value of type {package}.SimpleHead")),
    }
    let texts: [&[&str]; 3] = [&["apiVersion"], &["kind"], &["metadata", "name"]];
    for path in texts {
        if let Some(found @ (Value::List(_) | Value::Map(_))) = value.at(path) {
            let field = path.join(".");
            return refused(
                found,
                &format!("struct field SimpleHead.{field} of type string"),
            );
        }
    }
    match value.get("metadata") {
        None | Some(Value::Null | Value::Map(_)) => {}
        Some(other) => return refused(other, HEAD_METADATA),
    }
    match value.at(&["metadata", "annotations"]) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Map(map)) => {
            let bad = map
                .values()
                .find(|one| matches!(one, Value::List(_) | Value::Map(_)));
            match bad {
                None => Ok(()),
                Some(bad) => refused(bad, "struct field .metadata.annotations of type string"),
            }
        }
        Some(other) => refused(
            other,
            "struct field .metadata.annotations of type map[string]string",
        ),
    }
}

/// What Go says of `metadata` that is no map.
const HEAD_METADATA: &str = r#"struct field SimpleHead.metadata of type struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;

/// A scalar as the text that Helm takes it for.
fn scalar_at(value: &Value, path: &[&str]) -> Option<SmolStr> {
    match value.at(path)? {
        Value::Null => Some(SmolStr::default()),
        Value::Str(text) => Some(text.clone()),
        Value::List(_) | Value::Map(_) => None,
        other => Some(other.to_json().into()),
    }
}

/// Splits a text into documents at lines that begin with `---`.
pub(crate) fn split(text: &str, version: HelmVersion) -> Vec<String> {
    static SEPARATOR_3: OnceLock<Option<Regex>> = OnceLock::new();
    static SEPARATOR_4: OnceLock<Option<Regex>> = OnceLock::new();
    let (separator, text) = match version {
        HelmVersion::V3 => (
            SEPARATOR_3.get_or_init(|| Regex::new(r"(?:^|[\t\n\f\r ]*\n)---[\t\n\f\r ]*").ok()),
            text.trim(),
        ),
        HelmVersion::V4 => (
            SEPARATOR_4.get_or_init(|| Regex::new(r"(?m)^---[ \t]*").ok()),
            text.trim_start(),
        ),
    };
    let separator = separator
        .as_ref()
        .expect("both expressions are written here and compile");
    let documents = separator.split(text);
    match version {
        HelmVersion::V3 => documents
            .filter(|document| !document.is_empty())
            .map(|document| document.trim().to_owned())
            .collect(),
        HelmVersion::V4 => documents
            .filter(|document| !document.trim().is_empty())
            .map(|document| document.trim_start().to_owned())
            .collect(),
    }
}

/// Where a kind stands: known ones in Helm's order, then the others by name.
fn rank(kind: &str, version: HelmVersion) -> (usize, SmolStr) {
    let kinds = KINDS
        .iter()
        .filter(|(_, since)| *since == HelmVersion::V3 || version == HelmVersion::V4);
    let mut kinds = kinds.map(|(kind, _)| *kind);
    match kinds.position(|known| known == kind) {
        Some(place) => (place, SmolStr::default()),
        None => (KINDS.len(), kind.into()),
    }
}

const V3: HelmVersion = HelmVersion::V3;

/// The order in which kinds are installed, and which Helm knows them first.
const KINDS: &[(&str, HelmVersion)] = &[
    ("PriorityClass", V3),
    ("Namespace", V3),
    ("NetworkPolicy", V3),
    ("ResourceQuota", V3),
    ("LimitRange", V3),
    ("PodSecurityPolicy", V3),
    ("PodDisruptionBudget", V3),
    ("ServiceAccount", V3),
    ("Secret", V3),
    ("SecretList", V3),
    ("ConfigMap", V3),
    ("StorageClass", V3),
    ("PersistentVolume", V3),
    ("PersistentVolumeClaim", V3),
    ("CustomResourceDefinition", V3),
    ("ClusterRole", V3),
    ("ClusterRoleList", V3),
    ("ClusterRoleBinding", V3),
    ("ClusterRoleBindingList", V3),
    ("Role", V3),
    ("RoleList", V3),
    ("RoleBinding", V3),
    ("RoleBindingList", V3),
    ("Service", V3),
    ("DaemonSet", V3),
    ("Pod", V3),
    ("ReplicationController", V3),
    ("ReplicaSet", V3),
    ("Deployment", V3),
    ("HorizontalPodAutoscaler", V3),
    ("StatefulSet", V3),
    ("Job", V3),
    ("CronJob", V3),
    ("IngressClass", V3),
    ("Ingress", V3),
    ("APIService", V3),
    ("MutatingWebhookConfiguration", HelmVersion::V4),
    ("ValidatingWebhookConfiguration", HelmVersion::V4),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_split_as_each_helm_splits_them() {
        let text = "---\na: 1\n\n---\n# only a comment\n--- \nb: |\n  ---\n";
        let three = split(text, HelmVersion::V3);
        assert_eq!(three, ["a: 1", "# only a comment", "b: |\n  ---"]);
        let four = split("a: 1\n\n---\nb: 2\n", HelmVersion::V4);
        assert_eq!(four, ["a: 1\n\n", "b: 2\n"]);
        assert_eq!(
            split("---apiVersion: v1", HelmVersion::V4),
            ["apiVersion: v1"]
        );
    }

    #[test]
    fn kinds_have_helms_order() {
        let order = |left, right, version| rank(left, version).cmp(&rank(right, version));
        assert!(order("Namespace", "ConfigMap", V3).is_lt());
        assert!(order("APIService", "Certificate", V3).is_lt());
        assert!(order("Alpha", "Beta", V3).is_lt());
        let webhook = "ValidatingWebhookConfiguration";
        assert!(order("Certificate", webhook, V3).is_lt());
        assert!(order("Certificate", webhook, HelmVersion::V4).is_gt());
    }
}
