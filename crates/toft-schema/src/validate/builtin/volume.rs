//! Volumes of pods.

use toft_object::Quantity;

use super::super::at::{At, Errors};
use super::super::name;
use super::container::{descending_path, field_ref, no_dots};
use super::storage;

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

fn anything(_: &At<'_>, _: &mut Errors) {}

/// The names of the volumes.
pub(super) fn validate_all<'a>(list: &At<'a>, errors: &mut Errors) -> Vec<&'a str> {
    let volumes = list.items();
    let mut names: Vec<At<'_>> = Vec::new();
    for volume in &volumes {
        source(volume, errors);
        let name = volume.child("name");
        if name.is_empty() {
            errors.required(&name, "");
        } else {
            errors.named(&name, name::dns_label);
        }
        names.push(name);
    }
    errors.unique(&names);
    names.iter().map(At::text).collect()
}

fn source(volume: &At<'_>, errors: &mut Errors) {
    let mut found = false;
    for (name, rule) in SOURCES {
        let source = volume.child(name);
        if !source.is_set() {
            continue;
        }
        if found {
            errors.forbidden(&source, "may not specify more than 1 volume type");
            continue;
        }
        found = true;
        rule(&source, errors);
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
    let medium = at.child("medium");
    let known = ["", "Memory", "HugePages"].contains(&medium.text());
    if !known && !medium.text().starts_with("HugePages-") {
        errors.one_of(&medium, &["", "HugePages", "Memory"]);
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
            descending_path(&path, errors);
            if path.text().starts_with("..") && !path.text().starts_with("../") {
                errors.invalid(&path, "must not start with '..'");
            }
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
    for item in at.child("items").items() {
        let path = item.child("path");
        if path.is_empty() {
            errors.required(&path, "");
        }
        descending_path(&path, errors);
        let field = item.child("fieldRef");
        if field.is_set() {
            field_ref(&field, DOWNWARD_FIELDS, errors);
        } else if !item.child("resourceFieldRef").is_set() {
            errors.required(
                &item.child("fieldRef"),
                "one of fieldRef and resourceFieldRef is required",
            );
        }
        mode(&item.child("mode"), errors);
    }
}

fn projected(at: &At<'_>, errors: &mut Errors) {
    mode(&at.child("defaultMode"), errors);
    for source in at.child("sources").items() {
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
            if token.child("path").is_empty() {
                errors.required(&token.child("path"), "");
            } else {
                descending_path(&token.child("path"), errors);
            }
        }
    }
}

fn csi(at: &At<'_>, errors: &mut Errors) {
    if at.child("driver").is_empty() {
        errors.required(&at.child("driver"), "");
    }
}

fn ephemeral(at: &At<'_>, errors: &mut Errors) {
    let template = at.child("volumeClaimTemplate");
    if template.is_set() {
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
