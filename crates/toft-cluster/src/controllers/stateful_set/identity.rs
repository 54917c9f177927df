//! What a StatefulSet's pods are called, and which volumes are theirs.
//!
//! Source: `stateful_set_utils.go`.

use toft_value::{Value, value};

use crate::meta;
use crate::pods;
use crate::resources::STATEFUL_SETS;

const REVISION: &str = "controller-revision-hash";

/// The number of a pod, the end of its name; -1 where it has none.
pub(super) fn ordinal(pod: &Value) -> i64 {
    let number = meta::name(pod).rsplit_once('-').map(|(_, number)| number);
    number.and_then(|number| number.parse().ok()).unwrap_or(-1)
}

/// Whether a pod's name is one of the set's.
pub(super) fn is_member(set: &Value, pod: &Value) -> bool {
    let parent = meta::name(pod).rsplit_once('-').map(|(parent, _)| parent);
    ordinal(pod) >= 0 && parent == Some(meta::name(set))
}

/// The revision that a pod was made of.
pub(super) fn pod_revision(pod: &Value) -> &str {
    meta::label(pod, REVISION).unwrap_or_default()
}

/// The pod with a number, of a set as it was at a revision.
pub(super) fn pod(set: &Value, revision: &str, ordinal: i64) -> Value {
    let template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
    let mut pod = pods::from_template(&template, &STATEFUL_SETS, set);
    let name = format!("{}-{ordinal}", meta::name(set));
    pod.set_at(&["metadata", "name"], name.as_str());
    pod.set_at(&["metadata", "labels", REVISION], revision);
    identify(set, &mut pod);
    pod.set_at(&["spec", "hostname"], name);
    if let Some(service) = set
        .str_at(&["spec", "serviceName"])
        .filter(|name| !name.is_empty())
    {
        pod.set_at(&["spec", "subdomain"], service);
    }
    pod
}

/// Gives a pod the labels and volumes of its number.
pub(super) fn identify(set: &Value, pod: &mut Value) {
    let name = meta::name(pod).to_owned();
    let number = ordinal(pod);
    pod.set_at(
        &["metadata", "labels", "statefulset.kubernetes.io/pod-name"],
        name,
    );
    pod.set_at(
        &["metadata", "labels", "apps.kubernetes.io/pod-index"],
        number.to_string(),
    );
    let templates = set.items_at(&["spec", "volumeClaimTemplates"]);
    if templates.is_empty() {
        return;
    }
    let mut volumes: Vec<Value> = templates
        .iter()
        .map(|template| {
            value!({
                "name": meta::name(template),
                "persistentVolumeClaim": {"claimName": claim_name(set, template, number)},
            })
        })
        .collect();
    let is_claimed = |volume: &Value| {
        templates
            .iter()
            .any(|template| volume.str_at(&["name"]) == Some(meta::name(template)))
    };
    let others = pod.items_at(&["spec", "volumes"]).iter();
    volumes.extend(others.filter(|volume| !is_claimed(volume)).cloned());
    pod.set_at(&["spec", "volumes"], volumes);
}

/// The name of the claim of a template for a number.
fn claim_name(set: &Value, template: &Value, ordinal: i64) -> String {
    format!("{}-{}-{ordinal}", meta::name(template), meta::name(set))
}

/// The claims of a number.
pub(super) fn claims(set: &Value, ordinal: i64) -> Vec<Value> {
    let templates = set.items_at(&["spec", "volumeClaimTemplates"]).iter();
    templates
        .map(|template| {
            let mut claim = template.clone();
            claim.set_at(&["apiVersion"], "v1");
            claim.set_at(&["kind"], "PersistentVolumeClaim");
            claim.set_at(&["metadata", "name"], claim_name(set, template, ordinal));
            claim.set_at(&["metadata", "namespace"], meta::namespace(set));
            claim.remove_at(&["metadata", "creationTimestamp"]);
            claim.remove_at(&["status"]);
            let labels = set
                .at(&["spec", "selector", "matchLabels"])
                .and_then(Value::as_map);
            for (key, label) in labels.into_iter().flatten() {
                claim.set_at(&["metadata", "labels", key], label);
            }
            claim
        })
        .collect()
}
