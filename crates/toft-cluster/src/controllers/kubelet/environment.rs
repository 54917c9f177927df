//! What must be there before a container can be made: the ConfigMaps and Secrets of its environment, a
//! valid image name, a user that is allowed.

use toft_value::Value;

use super::containers::Container;
use crate::meta;
use crate::reader::Reader;
use crate::resources::{CONFIG_MAPS, Resource, SECRETS};

/// Why a container cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The reason of the waiting state.
    pub(super) reason: &'static str,
    /// The message of the waiting state.
    pub(super) message: String,
    /// The reason of the event beside the one that every failure has.
    pub(super) event: Option<&'static str>,
}

fn config_error(message: String) -> Trouble {
    Trouble {
        reason: "CreateContainerConfigError",
        message,
        event: None,
    }
}

/// What keeps a container from being made; `None` for nothing.
pub(super) fn trouble(reader: Reader<'_>, pod: &Value, container: &Container) -> Option<Trouble> {
    if let Some(message) = image_name_trouble(container.image()) {
        return Some(Trouble {
            reason: "InvalidImageName",
            message,
            event: Some("InspectFailed"),
        });
    }
    environment_trouble(reader, pod, &container.spec)
        .or_else(|| user_trouble(pod, &container.spec))
        .map(config_error)
}

/// Source: `kubelet_pods.go`, `makeEnvironmentVariables`.
fn environment_trouble(reader: Reader<'_>, pod: &Value, container: &Value) -> Option<String> {
    let namespace = meta::namespace(pod);
    for source in container.items_at(&["envFrom"]) {
        for (field, resource) in [("configMapRef", &CONFIG_MAPS), ("secretRef", &SECRETS)] {
            let Some(reference) = source.get(field).filter(|one| !is_optional(one)) else {
                continue;
            };
            let name = reference.str_at(&["name"]).unwrap_or_default();
            if reader.get(resource, namespace, name).is_none() {
                return Some(not_found(resource, name));
            }
        }
    }
    for variable in container.items_at(&["env"]) {
        for (field, resource) in [
            ("configMapKeyRef", &CONFIG_MAPS),
            ("secretKeyRef", &SECRETS),
        ] {
            let reference = variable.at(&["valueFrom", field]);
            let Some(reference) = reference.filter(|one| !is_optional(one)) else {
                continue;
            };
            let trouble = key_trouble(reader, namespace, (resource, reference));
            if trouble.is_some() {
                return trouble;
            }
        }
    }
    None
}

fn key_trouble(
    reader: Reader<'_>,
    namespace: &str,
    (resource, reference): (&Resource, &Value),
) -> Option<String> {
    let text = |key: &str| reference.str_at(&[key]).unwrap_or_default();
    let (name, key) = (text("name"), text("key"));
    let Some(object) = reader.get(resource, namespace, name) else {
        return Some(not_found(resource, name));
    };
    (!has_key(object, key)).then(|| {
        let kind = resource.kind;
        format!("couldn't find key {key} in {kind} {namespace}/{name}")
    })
}

/// `configmap "a" not found`, as upstream's stores say it.
pub(super) fn not_found(resource: &Resource, name: &str) -> String {
    format!("{} {name:?} not found", resource.kind.to_lowercase())
}

/// Whether a ConfigMap or Secret has a key.
pub(super) fn has_key(object: &Value, key: &str) -> bool {
    ["data", "binaryData", "stringData"]
        .iter()
        .any(|field| object.at(&[field, key]).is_some())
}

/// Whether a reference may lead nowhere.
pub(super) fn is_optional(reference: &Value) -> bool {
    reference.bool_at(&["optional"]) == Some(true)
}

/// Source: `kuberuntime/security_context_others.go`, `verifyRunAsNonRoot`. What user an image has is not
/// known; it is taken to be allowed.
fn user_trouble(pod: &Value, container: &Value) -> Option<String> {
    let setting = |key: &str| {
        container
            .at(&["securityContext", key])
            .or(pod.at(&["spec", "securityContext", key]))
    };
    let must_differ = setting("runAsNonRoot").and_then(Value::as_bool) == Some(true);
    let is_root = setting("runAsUser").and_then(Value::as_i64) == Some(0);
    (must_differ && is_root).then(|| {
        let (name, namespace, uid) = (meta::name(pod), meta::namespace(pod), meta::uid(pod));
        let container = container.str_at(&["name"]).unwrap_or_default();
        format!(
            "container's runAsUser breaks non-root policy (pod: \"{name}_{namespace}({uid})\", container: {container})"
        )
    })
}

/// Source: distribution/reference `reference.go`; Kubernetes 1.36.3 `pkg/kubelet/images/image_manager.go`.
fn image_name_trouble(image: &str) -> Option<String> {
    let invalid = |why: &str| {
        Some(format!(
            "Failed to apply default image tag {image:?}: couldn't parse image name {image:?}: {why}"
        ))
    };
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let last_slash = rest.rfind('/').map_or(0, |at| at + 1);
    let colon = rest.get(last_slash..).and_then(|last| last.find(':'));
    let (path, tag) = match colon.map(|at| rest.split_at(last_slash + at)) {
        Some((path, tag)) => (path, Some(tag.trim_start_matches(':'))),
        None => (rest, None),
    };
    let allowed =
        |character: char| character.is_ascii_alphanumeric() || "._-/:".contains(character);
    let tag_is_valid = tag.is_none_or(|tag| {
        let mut characters = tag.chars();
        let first = characters.next();
        first.is_some_and(|one| one.is_ascii_alphanumeric() || one == '_')
            && characters.all(|one| one.is_ascii_alphanumeric() || "_.-".contains(one))
    });
    let digest_is_valid = digest.is_none_or(|digest| digest.contains(':'));
    let ends = path.starts_with('/') || path.ends_with('/') || path.contains("//");
    if path.is_empty() || ends || !path.chars().all(allowed) || !tag_is_valid || !digest_is_valid {
        return invalid("invalid reference format");
    }
    let first = path.split('/').next().unwrap_or_default();
    let is_host =
        path.contains('/') && (first.contains('.') || first.contains(':') || first == "localhost");
    let repository = if is_host {
        path.split_once('/').map_or("", |(_, rest)| rest)
    } else {
        path
    };
    if repository
        .chars()
        .any(|character| character.is_ascii_uppercase())
    {
        let familiar = if is_host || repository.contains('/') {
            repository.to_owned()
        } else {
            format!("library/{repository}")
        };
        let text =
            format!("invalid reference format: repository name ({familiar}) must be lowercase");
        return invalid(&text);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_names_are_read_as_upstream_reads_them() {
        for image in [
            "nginx",
            "nginx:1.27",
            "ghcr.io/a/b:v1@sha256:0123",
            "localhost:5000/a_b/c.d",
            "registry.example.org:5000/App/x",
        ] {
            let expected = image.contains("App");
            assert_eq!(image_name_trouble(image).is_some(), expected, "{image}");
        }
        for image in ["", "a b", "nginx:", "/nginx", "nginx:1 2", "Nginx"] {
            assert!(image_name_trouble(image).is_some(), "{image}");
        }
    }
}
