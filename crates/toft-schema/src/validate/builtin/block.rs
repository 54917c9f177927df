//! Storage of other houses: what a row cannot say of it. Also of persistent volumes.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`.

use super::super::at::{At, Errors};
use crate::field_error::FieldError;

/// The rest of a kind of storage, by its field.
pub(super) fn validate(field: &str, at: &At<'_>, errors: &mut Errors) {
    match field {
        "azureDisk" => azure_disk(at, errors),
        "fc" => fibre_channel(at, errors),
        "flocker" => flocker(at, errors),
        "iscsi" => iscsi(at, errors),
        "quobyte" => quobyte(at, errors),
        _ => {}
    }
}

fn azure_disk(at: &At<'_>, errors: &mut Errors) {
    const MANAGED: &str = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
    const BLOB: &str =
        "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
    let (kind, address) = (at.child("kind"), at.child("diskURI"));
    if !kind.is_set() {
        return;
    }
    let (start, supported) = match kind.text() {
        "Managed" => ("/subscriptions/", MANAGED),
        _ => ("https://", BLOB),
    };
    if !address.text().starts_with(start) {
        let error = FieldError::not_supported(address.path(), address.text(), &[supported]);
        errors.push(error);
    }
}

fn fibre_channel(at: &At<'_>, errors: &mut Errors) {
    let (names, ids, lun) = (at.child("targetWWNs"), at.child("wwids"), at.child("lun"));
    match (names.is_empty(), ids.is_empty()) {
        (true, true) => errors.required(
            &names,
            "must specify either targetWWNs or wwids, but not both",
        ),
        (false, false) => errors.invalid(
            &names,
            "targetWWNs and wwids can not be specified simultaneously",
        ),
        (true, false) | (false, true) => {}
    }
    if names.is_empty() {
        return;
    }
    if lun.is_set() {
        errors.in_range(&lun, (0, 255));
    } else {
        errors.required(&lun, "lun is required if targetWWNs is specified");
    }
}

fn flocker(at: &At<'_>, errors: &mut Errors) {
    let (name, id) = (at.child("datasetName"), at.child("datasetUUID"));
    match (name.is_empty(), id.is_empty()) {
        (true, true) => errors.required(at, "one of datasetName and datasetUUID is required"),
        (false, false) => {
            let detail = "datasetName and datasetUUID can not be specified simultaneously";
            errors.push(FieldError::invalid(at.path(), "resource", detail));
        }
        (true, false) | (false, true) => {}
    }
    if name.text().contains('/') {
        errors.invalid(&name, "must not contain '/'");
    }
}

const NO_SCHEME: &str = "must be valid format starting with iqn, eui, or naa";

fn iscsi(at: &At<'_>, errors: &mut Errors) {
    let name = at.child("iqn");
    if !name.is_empty() {
        qualified(&name, errors);
    }
    let wants = ["chapAuthDiscovery", "chapAuthSession"].map(|field| at.child(field));
    if wants.iter().any(At::is_true) && !at.child("secretRef").is_set() {
        errors.required(&at.child("secretRef"), "");
    }
    let initiator = at.child("initiatorName");
    if initiator.is_set() {
        // Upstream writes the field in another way.
        qualified(&at.child("initiatorname").with(initiator.value()), errors);
    }
}

fn qualified(at: &At<'_>, errors: &mut Errors) {
    let text = at.text();
    let is_good = match text.get(..3) {
        Some("iqn") => is_iqn(text),
        Some("eui") => is_number(text, 16),
        Some("naa") => is_number(text, 32),
        Some(_) | None => {
            errors.invalid(at, NO_SCHEME);
            return;
        }
    };
    if !is_good {
        errors.invalid(at, "must be valid format");
    }
}

/// `eui.` or `naa.`, and so many letters and digits.
fn is_number(text: &str, digits: usize) -> bool {
    let number = text.get(4..).unwrap_or_default();
    number.len() == digits && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `iqn.2001-04.com.example:disk`
fn is_iqn(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("iqn.") else {
        return false;
    };
    let Some((date, rest)) = rest.split_once('.') else {
        return false;
    };
    let is_date = date.len() == 7
        && date.char_indices().all(|(index, letter)| match index {
            4 => letter == '-',
            _ => letter.is_ascii_digit(),
        });
    let Some((house, name)) = rest.split_once(':') else {
        return false;
    };
    let is_house = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
    let is_name = |letter: char| !",;*&$|".contains(letter) && !letter.is_ascii_whitespace();
    is_date
        && !house.is_empty()
        && house.chars().all(is_house)
        && !name.is_empty()
        && name.chars().all(is_name)
}

fn quobyte(at: &At<'_>, errors: &mut Errors) {
    const PAIRS: &str = "must be a host:port pair or multiple pairs separated by commas";
    const TENANT_BYTES_MAX: usize = 64;
    let (registry, tenant) = (at.child("registry"), at.child("tenant"));
    if registry.is_empty() {
        return;
    }
    if tenant.text().len() > TENANT_BYTES_MAX {
        let detail = "must be a UUID and may not exceed a length of 64 characters";
        errors.required(&tenant, detail);
        return;
    }
    for pair in registry.text().split(',') {
        let is_pair = match pair.strip_prefix('[') {
            Some(rest) => rest.contains("]:"),
            None => pair.matches(':').count() == 1,
        };
        if !is_pair {
            errors.invalid(&registry, PAIRS);
        }
    }
}
