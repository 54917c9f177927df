//! What upstream's round trip through its internal types changes.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/{core,apps}/v1/conversion.go`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use toft_value::{Map, Value};

type Change = fn(&mut Map);

/// Sorted by type.
const CHANGES: &[(&str, Change)] = &[
    ("apps.v1.StatefulSetSpec", claim_templates_have_a_kind),
    ("core.v1.PodSpec", service_account_has_two_names),
    ("core.v1.Secret", string_data_becomes_data),
];

pub(super) fn apply(name: &str, map: &mut Map) {
    if let Some((_, change)) = CHANGES.iter().find(|(type_, _)| *type_ == name) {
        change(map);
    }
}

/// `serviceAccount` is the old name of `serviceAccountName`; the new one wins.
fn service_account_has_two_names(map: &mut Map) {
    let text = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
    let (new, old) = (text("serviceAccountName"), text("serviceAccount"));
    let name = Value::from(if new.is_empty() { old } else { new });
    if name.as_str().is_some_and(|name| !name.is_empty()) {
        map.insert("serviceAccountName", name.clone());
        map.insert("serviceAccount", name);
    }
}

fn string_data_becomes_data(map: &mut Map) {
    let Some(Value::Map(texts)) = map.remove("stringData") else {
        return;
    };
    let data = map.get_or_insert("data", Map::new());
    for (key, text) in &texts {
        let encoded = STANDARD.encode(text.as_str().unwrap_or_default());
        data.set_at(&[key], encoded);
    }
}

fn claim_templates_have_a_kind(map: &mut Map) {
    let templates = map.get_mut("volumeClaimTemplates");
    let Some(templates) = templates.and_then(Value::as_list_mut) else {
        return;
    };
    for template in templates.make_mut() {
        template.set_at(&["apiVersion"], "v1");
        template.set_at(&["kind"], "PersistentVolumeClaim");
    }
}
