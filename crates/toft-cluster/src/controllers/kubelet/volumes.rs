//! What must be there before a pod's volumes can be mounted. Host paths are taken to exist.

use toft_value::Value;

use super::environment::{has_key, is_optional, not_found};
use crate::claims;
use crate::meta;
use crate::reader::Reader;
use crate::resources::{CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, Resource, SECRETS};

/// Why the volumes of a pod cannot be mounted, as the event says it; `None` where they can.
pub(super) fn trouble(reader: Reader<'_>, pod: &Value) -> Option<String> {
    let volumes = pod.items_at(&["spec", "volumes"]);
    volumes
        .iter()
        .find_map(|volume| volume_trouble(reader, pod, volume))
}

fn volume_trouble(reader: Reader<'_>, pod: &Value, volume: &Value) -> Option<String> {
    let namespace = meta::namespace(pod);
    let volume_name = volume.str_at(&["name"]).unwrap_or_default();
    let failed =
        |why: String| format!("MountVolume.SetUp failed for volume {volume_name:?} : {why}");
    if let Some(name) = claims::name_of(pod, volume) {
        return claim_trouble(reader, namespace, &name).map(|why| {
            format!(
                "Unable to attach or mount volumes: unmounted volumes=[{volume_name}], unattached volumes=[], \
                 failed to process volumes=[{volume_name}]: error processing PVC {namespace}/{name}: {why}"
            )
        });
    }
    let sources = [
        ("configMap", "name", &CONFIG_MAPS),
        ("secret", "secretName", &SECRETS),
    ];
    for (field, name, resource) in sources {
        if let Some(source) = volume.get(field) {
            let name = source.str_at(&[name]).unwrap_or_default();
            return file_trouble(
                reader,
                namespace,
                &Files {
                    resource,
                    name,
                    source,
                },
            )
            .map(failed);
        }
    }
    let projected = volume.items_at(&["projected", "sources"]).iter();
    let mut troubles = projected.flat_map(|source| {
        [("configMap", &CONFIG_MAPS), ("secret", &SECRETS)]
            .into_iter()
            .filter_map(move |(field, resource)| Some((source.get(field)?, resource)))
    });
    troubles
        .find_map(|(source, resource)| {
            let name = source.str_at(&["name"]).unwrap_or_default();
            file_trouble(
                reader,
                namespace,
                &Files {
                    resource,
                    name,
                    source,
                },
            )
        })
        .map(failed)
}

/// Files that come from a ConfigMap or Secret.
struct Files<'a> {
    resource: &'static Resource,
    name: &'a str,
    source: &'a Value,
}

fn file_trouble(reader: Reader<'_>, namespace: &str, files: &Files<'_>) -> Option<String> {
    if is_optional(files.source) {
        return None;
    }
    let Some(object) = reader.get(files.resource, namespace, files.name) else {
        return Some(not_found(files.resource, files.name));
    };
    let keys = files.source.items_at(&["items"]).iter();
    let mut keys = keys.filter_map(|item| item.str_at(&["key"]));
    let missing = keys.find(|key| !has_key(object, key))?;
    Some(if files.resource.kind == "Secret" {
        format!("references non-existent secret key: {missing}")
    } else {
        format!("configmap references non-existent config key: {missing}")
    })
}

fn claim_trouble(reader: Reader<'_>, namespace: &str, name: &str) -> Option<String> {
    match reader.get(&PERSISTENT_VOLUME_CLAIMS, namespace, name) {
        None => Some(format!(
            "failed to fetch PVC from API server: persistentvolumeclaims {name:?} not found"
        )),
        Some(claim) if claims::is_bound(claim) => None,
        Some(_) => Some("PVC is not bound".to_owned()),
    }
}
