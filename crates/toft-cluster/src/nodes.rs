//! Which pods a node is for: selectors, affinity, taints.

use toft_object::LabelSelector;
use toft_value::{Value, value};

use crate::meta;

/// Whether a node matches a `NodeSelector`: one of its terms, each of which wants all it says.
///
/// Source: component-helpers 0.36.3 `scheduling/corev1/nodeaffinity/nodeaffinity.go`.
pub(crate) fn matches_terms(selector: &Value, node: &Value) -> bool {
    let mut terms = selector.items_at(&["nodeSelectorTerms"]).iter();
    terms.any(|term| matches_term(term, node))
}

/// Whether a node matches one term; an empty term matches nothing.
pub(crate) fn matches_term(term: &Value, node: &Value) -> bool {
    let expressions = term.items_at(&["matchExpressions"]);
    let fields = term.items_at(&["matchFields"]);
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let selector = |list: &[Value]| {
        LabelSelector::from_value(&value!({"matchExpressions": list.to_vec()})).ok()
    };
    let (Some(labels), Some(names)) = (selector(expressions), selector(fields)) else {
        return false;
    };
    let name = value!({"metadata.name": meta::name(node)});
    labels.matches(meta::labels(node)) && names.matches(name.as_map())
}

/// Whether a node matches the `nodeSelector` and the required node affinity of a pod's spec.
pub(crate) fn matches_required(spec: &Value, node: &Value) -> bool {
    let selector = spec.get("nodeSelector").and_then(Value::as_map);
    if !LabelSelector::from_labels(selector).matches(meta::labels(node)) {
        return false;
    }
    let required = spec.at(&[
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ]);
    required.is_none_or(|terms| matches_terms(terms, node))
}

/// Whether one of the tolerations bears a taint.
pub(crate) fn tolerates(tolerations: &[Value], taint: &Value) -> bool {
    let text = |value: &Value, key: &str| value.str_at(&[key]).unwrap_or_default().to_owned();
    tolerations.iter().any(|toleration| {
        let (key, effect) = (text(toleration, "key"), text(toleration, "effect"));
        if !effect.is_empty() && effect != text(taint, "effect") {
            return false;
        }
        if !key.is_empty() && key != text(taint, "key") {
            return false;
        }
        match text(toleration, "operator").as_str() {
            "" | "Equal" => !key.is_empty() && text(toleration, "value") == text(taint, "value"),
            "Exists" => true,
            _ => false,
        }
    })
}

/// The first taint with one of the effects that a pod's spec does not bear.
pub(crate) fn untolerated<'a>(
    spec: &Value,
    node: &'a Value,
    effects: &[&str],
) -> Option<&'a Value> {
    let tolerations = spec.items_at(&["tolerations"]);
    let mut taints = node.items_at(&["spec", "taints"]).iter();
    taints.find(|taint| {
        effects.contains(&taint.str_at(&["effect"]).unwrap_or_default())
            && !tolerates(tolerations, taint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Value {
        value!({
            "metadata": {"name": "nas", "labels": {"disk": "ssd", "cores": "8"}},
            "spec": {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
        })
    }

    #[test]
    fn terms_are_alternatives_and_an_empty_term_matches_nothing() {
        let ssd =
            value!({"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]});
        let pi =
            value!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["pi"]}]});
        assert!(matches_terms(
            &value!({"nodeSelectorTerms": [pi.clone(), ssd]}),
            &node()
        ));
        assert!(!matches_terms(
            &value!({"nodeSelectorTerms": [pi, {}]}),
            &node()
        ));
    }

    #[test]
    fn a_taint_is_borne_by_key_value_and_effect() {
        let bears = |toleration: Value| {
            let spec = value!({"tolerations": [toleration]});
            untolerated(&spec, &node(), &["NoSchedule"]).is_none()
        };
        assert!(bears(value!({"key": "gpu", "value": "yes"})));
        assert!(bears(value!({"operator": "Exists"})));
        assert!(bears(
            value!({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"})
        ));
        assert!(!bears(
            value!({"key": "gpu", "operator": "Exists", "effect": "NoExecute"})
        ));
        assert!(!bears(value!({"key": "gpu", "value": "no"})));
    }
}
