//! Roles and their bindings.

use super::super::at::{At, Errors};
use super::super::{name, selector};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn role(root: &At<'_>, errors: &mut Errors) {
    for rule in root.child("rules").items() {
        let urls = rule.child("nonResourceURLs");
        policy_rule(&rule, errors);
        if !urls.is_empty() {
            let detail = "namespaced rules cannot apply to non-resource URLs";
            errors.invalid(&urls, detail);
        }
    }
}

pub(super) fn cluster_role(root: &At<'_>, errors: &mut Errors) {
    for rule in root.child("rules").items() {
        policy_rule(&rule, errors);
        let urls = rule.child("nonResourceURLs");
        let has_resources =
            !rule.child("apiGroups").is_empty() || !rule.child("resources").is_empty();
        if !urls.is_empty() && has_resources {
            let detail = "rules cannot apply to both regular resources and non-resource URLs";
            errors.invalid(&urls, detail);
        }
    }
    let aggregation = root.child("aggregationRule");
    if aggregation.is_set() {
        let selectors = aggregation.child("clusterRoleSelectors");
        if selectors.is_empty() {
            let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            errors.required(&selectors, detail);
        }
        for selector in selectors.items() {
            selector::validate(&selector, errors);
        }
    }
}

fn policy_rule(rule: &At<'_>, errors: &mut Errors) {
    let verbs = rule.child("verbs");
    if verbs.is_empty() {
        errors.required(&verbs, "verbs must contain at least one value");
    }
    if !rule.child("nonResourceURLs").is_empty() {
        return;
    }
    let (groups, resources) = (rule.child("apiGroups"), rule.child("resources"));
    if groups.is_empty() {
        let detail = "resource rules must supply at least one api group";
        errors.required(&groups, detail);
    }
    if resources.is_empty() {
        let detail = "resource rules must supply at least one resource";
        errors.required(&resources, detail);
    }
}

/// What a binding may refer to, and whether its subjects must name their namespace.
struct Binding {
    kinds: &'static [&'static str],
    subjects: Subjects,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Subjects {
    /// Service accounts may leave out the binding's own namespace.
    Namespaced,
    Global,
}

pub(super) fn role_binding(root: &At<'_>, errors: &mut Errors) {
    let binding = Binding {
        kinds: &["Role", "ClusterRole"],
        subjects: Subjects::Namespaced,
    };
    bind(root, &binding, errors);
}

pub(super) fn cluster_role_binding(root: &At<'_>, errors: &mut Errors) {
    let binding = Binding {
        kinds: &["ClusterRole"],
        subjects: Subjects::Global,
    };
    bind(root, &binding, errors);
}

fn bind(root: &At<'_>, binding: &Binding, errors: &mut Errors) {
    let role = root.child("roleRef");
    errors.one_of(&role.child("apiGroup"), &[GROUP]);
    errors.one_of(&role.child("kind"), binding.kinds);
    let name = role.child("name");
    if name.is_empty() {
        errors.required(&name, "");
    } else {
        errors.named(&name, name::path_segment);
    }
    for subject in root.child("subjects").items() {
        self::subject(&subject, binding, errors);
    }
}

fn subject(at: &At<'_>, binding: &Binding, errors: &mut Errors) {
    let name = at.child("name");
    if name.is_empty() {
        errors.required(&name, "");
    }
    let group = at.child("apiGroup");
    match at.child("kind").text() {
        "ServiceAccount" => {
            errors.named_if_set(&name, name::dns_subdomain);
            if !group.is_empty() {
                errors.one_of(&group, &[""]);
            }
            let namespace = at.child("namespace");
            if binding.subjects == Subjects::Global && namespace.is_empty() {
                errors.required(&namespace, "");
            }
        }
        "User" | "Group" => errors.one_of(&group, &[GROUP]),
        _ => errors.one_of(&at.child("kind"), &["ServiceAccount", "User", "Group"]),
    }
}
