//! Volumes of pods.

use toft_object::Quantity;

use super::super::at::{At, Errors};
use super::super::{meta, name};
use super::container::{descending_path, field_ref, no_dots, resource_field};
use super::{block, rows, storage};
use crate::field_error::FieldError;

type Rule = fn(&At<'_>, &mut Errors);

/// In the order in which upstream looks: the first counts, others are one too many.
const SOURCES: &[(&str, Rule)] = &[
    ("emptyDir", empty_dir),
    ("hostPath", host_path),
    ("gitRepo", anything),
    ("gcePersistentDisk", anything),
    ("awsElasticBlockStore", anything),
    ("secret", secret),
    ("nfs", nfs),
    ("iscsi", anything),
    ("glusterfs", anything),
    ("flocker", anything),
    ("persistentVolumeClaim", claim),
    ("rbd", anything),
    ("cinder", anything),
    ("cephfs", anything),
    ("quobyte", anything),
    ("downwardAPI", downward),
    ("fc", anything),
    ("flexVolume", anything),
    ("configMap", config_map),
    ("azureFile", anything),
    ("vsphereVolume", anything),
    ("photonPersistentDisk", anything),
    ("portworxVolume", anything),
    ("azureDisk", anything),
    ("storageos", anything),
    ("projected", projected),
    ("scaleIO", anything),
    ("csi", csi),
    ("ephemeral", ephemeral),
    ("image", image),
];

/// A disk of Google's, which upstream tells as `persistentDisk`; also of persistent volumes.
pub(super) fn disk(at: &At<'_>, errors: &mut Errors) {
    if at.child("pdName").is_empty() {
        errors.required(&at.child("pdName"), "");
    }
    let partition = at.child("partition");
    if partition.is_set() {
        errors.in_range(&partition, (1, 255));
    }
}

fn anything(_: &At<'_>, _: &mut Errors) {}

/// The names of the volumes.
pub(super) fn validate_all<'a>(list: &At<'a>, errors: &mut Errors) -> Vec<&'a str> {
    let volumes = list.items();
    let mut names: Vec<At<'_>> = Vec::new();
    let mut valid = Vec::new();
    for volume in &volumes {
        let before = errors.count();
        source(volume, errors);
        let name = volume.child("name");
        if name.is_empty() {
            errors.required(&name, "");
        } else {
            errors.named(&name, name::dns_label);
        }
        if errors.count() == before {
            valid.push(name.text());
        }
        names.push(name);
    }
    errors.unique(&names);
    valid
}

/// The names of the volumes that are claims, and may be block devices.
pub(super) fn claims<'a>(list: &At<'a>) -> Vec<&'a str> {
    let is_claim = |volume: &&At<'_>| {
        let sources = ["persistentVolumeClaim", "ephemeral"];
        sources.iter().any(|source| volume.child(source).is_set())
    };
    let volumes = list.items();
    let names = volumes.iter().filter(is_claim);
    names.map(|volume| volume.child("name").text()).collect()
}

/// The claims that are made for a pod have its name and theirs.
pub(super) fn claim_names(pod: &At<'_>, errors: &mut Errors) {
    let pod_name = pod.child("metadata").child("name").text();
    for volume in pod.child("spec").child("volumes").items() {
        let name = volume.child("name");
        if !volume.child("ephemeral").is_set() || name.is_empty() || pod_name.is_empty() {
            continue;
        }
        let claim = format!("{pod_name}-{}", name.text());
        for message in name::dns_subdomain(&claim) {
            errors.invalid(&name, format!("PVC name {claim:?}: {message}"));
        }
    }
}

fn source(volume: &At<'_>, errors: &mut Errors) {
    let mut found = false;
    for (name, rule) in SOURCES {
        let source = volume.child(name);
        if !source.is_set() {
            continue;
        }
        if found {
            // Upstream has its own names for two of them.
            let place = match *name {
                "cephfs" => volume.child("cephFS"),
                "downwardAPI" => volume.child("downwarAPI"),
                _ => source,
            };
            errors.forbidden(&place, "may not specify more than 1 volume type");
            continue;
        }
        found = true;
        rule(&source, errors);
        rows::below(volume, name, (rows::VOLUME, errors));
        block::validate(name, &source, errors);
        if *name == "gcePersistentDisk" {
            disk(&volume.child("persistentDisk").with(source.value()), errors);
        }
    }
    if !found {
        errors.required(volume, "must specify a volume type");
    }
}

fn empty_dir(at: &At<'_>, errors: &mut Errors) {
    let limit = at.child("sizeLimit");
    let negative = Quantity::from_value(limit.value()).is_ok_and(|limit| limit.is_negative());
    if limit.is_set() && negative {
        let detail = "SizeLimit field must be a valid resource quantity";
        errors.forbidden(&limit, detail);
    }
}

/// Also of persistent volumes.
pub(super) fn host_path(at: &At<'_>, errors: &mut Errors) {
    let path = at.child("path");
    if path.is_empty() {
        errors.required(&path, "");
        return;
    }
    no_dots(&path, errors);
    errors.one_of_if_set(
        &at.child("type"),
        &[
            "",
            "BlockDevice",
            "CharDevice",
            "Directory",
            "DirectoryOrCreate",
            "File",
            "FileOrCreate",
            "Socket",
        ],
    );
}

/// Also of persistent volumes.
pub(super) fn nfs(at: &At<'_>, errors: &mut Errors) {
    let (server, path) = (at.child("server"), at.child("path"));
    if server.is_empty() {
        errors.required(&server, "");
    }
    if path.is_empty() {
        errors.required(&path, "");
    }
    if !path.text().starts_with('/') {
        errors.invalid(&path, "must be an absolute path");
    }
}

fn claim(at: &At<'_>, errors: &mut Errors) {
    if at.child("claimName").is_empty() {
        errors.required(&at.child("claimName"), "");
    }
}

fn mode(at: &At<'_>, errors: &mut Errors) {
    if at.int().is_some_and(|mode| !(0..=0o777).contains(&mode)) {
        let detail = "must be a number between 0 and 0777 (octal), both inclusive";
        errors.invalid(at, detail);
    }
}

fn items(at: &At<'_>, errors: &mut Errors) {
    for item in at.child("items").items() {
        if item.child("key").is_empty() {
            errors.required(&item.child("key"), "");
        }
        let path = item.child("path");
        if path.is_empty() {
            errors.required(&path, "");
        } else {
            climbing(&path, errors);
        }
        mode(&item.child("mode"), errors);
    }
}

fn secret(at: &At<'_>, errors: &mut Errors) {
    if at.child("secretName").is_empty() {
        errors.required(&at.child("secretName"), "");
    }
    mode(&at.child("defaultMode"), errors);
    items(at, errors);
}

fn config_map(at: &At<'_>, errors: &mut Errors) {
    if at.child("name").is_empty() {
        errors.required(&at.child("name"), "");
    }
    mode(&at.child("defaultMode"), errors);
    items(at, errors);
}

const DOWNWARD_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

fn downward(at: &At<'_>, errors: &mut Errors) {
    mode(&at.child("defaultMode"), errors);
    for item in at.child("items").value().items() {
        // Upstream leaves the index out of the path.
        let item = at.with(item);
        let path = item.child("path");
        if path.is_empty() {
            errors.required(&path, "");
        }
        climbing(&path, errors);
        let (field, resource) = (item.child("fieldRef"), item.child("resourceFieldRef"));
        if field.is_set() {
            field_ref(&field, DOWNWARD_FIELDS, errors);
            if resource.is_set() {
                let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.push(FieldError::invalid(item.path(), "resource", detail));
            }
        } else if resource.is_set() {
            if resource.child("containerName").is_empty() {
                errors.required(&resource.child("containerName"), "");
            }
            resource_field(&resource, errors);
        } else {
            errors.required(&item, "one of fieldRef and resourceFieldRef is required");
        }
        mode(&item.child("mode"), errors);
    }
}

/// A path below another one that does not begin with two dots.
fn climbing(path: &At<'_>, errors: &mut Errors) {
    descending_path(path, errors);
    if path.text().starts_with("..") && !path.text().starts_with("../") {
        errors.invalid(path, "must not start with '..'");
    }
}

/// What may be projected into a volume; one by each source.
const PROJECTIONS: &[&str] = &[
    "secret",
    "configMap",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
];

fn projected(at: &At<'_>, errors: &mut Errors) {
    mode(&at.child("defaultMode"), errors);
    for source in at.child("sources").items() {
        if PROJECTIONS
            .iter()
            .filter(|name| source.child(name).is_set())
            .count()
            > 1
        {
            let detail = "may not specify more than 1 volume type per source";
            errors.forbidden(&source, detail);
        }
        for name in ["secret", "configMap"] {
            let part = source.child(name);
            if part.is_set() {
                if part.child("name").is_empty() {
                    errors.required(&part.child("name"), "");
                }
                items(&part, errors);
            }
        }
        let part = source.child("downwardAPI");
        if part.is_set() {
            downward(&part, errors);
        }
        let token = source.child("serviceAccountToken");
        if token.is_set() {
            let seconds = token.child("expirationSeconds");
            if seconds.int().is_some_and(|seconds| seconds < 600) {
                errors.invalid(&seconds, "may not specify a duration less than 10 minutes");
            }
            // Upstream leaves the source out of the path.
            let path = at.child("path").with(token.child("path").value());
            if path.is_empty() {
                errors.required(&path, "");
            } else {
                climbing(&path, errors);
            }
        }
    }
}

fn csi(at: &At<'_>, errors: &mut Errors) {
    driver(&at.child("driver"), errors);
    let secret = at.child("nodePublishSecretRef");
    if secret.is_set() && secret.child("name").is_empty() {
        errors.required(&secret.child("name"), "");
    } else if secret.is_set() {
        // Upstream leaves the reference out of the path.
        let place = at.child("name").with(secret.child("name").value());
        errors.named(&place, name::dns_subdomain);
    }
}

/// The name of a driver; also of persistent volumes.
pub(super) fn driver(driver: &At<'_>, errors: &mut Errors) {
    if driver.is_empty() {
        errors.required(driver, "");
    }
    if driver.text().len() > DRIVER_BYTES_MAX {
        errors.push(FieldError::too_long(driver.path(), DRIVER_BYTES_MAX));
    }
    for message in name::dns_subdomain(&driver.text().to_lowercase()) {
        if !driver.is_empty() {
            errors.invalid(driver, message);
        }
    }
}

/// How many bytes the name of a driver may have.
const DRIVER_BYTES_MAX: usize = 63;

fn ephemeral(at: &At<'_>, errors: &mut Errors) {
    let template = at.child("volumeClaimTemplate");
    if template.is_set() {
        let metadata = template.child("metadata");
        meta::labels(&metadata.child("labels"), errors);
        meta::annotations(&metadata.child("annotations"), errors);
        storage::claim_spec(&template.child("spec"), errors);
    } else {
        errors.required(&template, "");
    }
}

fn image(at: &At<'_>, errors: &mut Errors) {
    if at.child("reference").is_empty() {
        errors.required(&at.child("reference"), "");
    }
    errors.one_of_if_set(
        &at.child("pullPolicy"),
        &["Always", "IfNotPresent", "Never"],
    );
}
