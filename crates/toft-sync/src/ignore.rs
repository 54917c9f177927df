//! Differences that do not count: `spec.ignoreDifferences`.

mod owned;
mod path;

use smol_str::SmolStr;
use toft_argo::{Glob, IgnoreApplicationDifferences, IgnoreDifferences};
use toft_object::Object;
use toft_value::Value;

use self::path::Path;

/// What of one object does not count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ignores {
    paths: Vec<Path>,
    managers: Vec<SmolStr>,
}

impl Ignores {
    /// What the rules say about an object.
    ///
    /// Source: Argo CD 3.2.0 `util/argo/normalizers/diff_normalizer.go`: group and kind are globs, name
    /// and namespace are exact where they are written.
    pub fn of(rules: &[IgnoreDifferences], object: &Object) -> Self {
        let mut ignores = Self::default();
        for rule in rules.iter().filter(|rule| applies(rule, object)) {
            let pointers = rule.json_pointers.iter();
            ignores
                .paths
                .extend(pointers.map(|text| Path::pointer(text)));
            let expressions = rule.jq_path_expressions.iter();
            ignores
                .paths
                .extend(expressions.filter_map(|text| Path::jq(text)));
            ignores
                .managers
                .extend(rule.managed_fields_managers.iter().cloned());
        }
        ignores
    }

    /// What of an Application its set leaves as it is.
    pub(crate) fn of_set(rules: &[IgnoreApplicationDifferences], name: &str) -> Self {
        let mut ignores = Self::default();
        for rule in rules
            .iter()
            .filter(|rule| rule.name.is_empty() || rule.name == name)
        {
            let pointers = rule.json_pointers.iter();
            ignores
                .paths
                .extend(pointers.map(|text| Path::pointer(text)));
            let expressions = rule.jq_path_expressions.iter();
            ignores
                .paths
                .extend(expressions.filter_map(|text| Path::jq(text)));
        }
        ignores
    }

    /// The expressions of the rules that are not understood.
    pub fn not_understood(rules: &[IgnoreDifferences]) -> Vec<&str> {
        let expressions = rules.iter().flat_map(|rule| &rule.jq_path_expressions);
        expressions
            .filter(|text| Path::jq(text).is_none())
            .map(SmolStr::as_str)
            .collect()
    }

    /// Whether everything counts.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.managers.is_empty()
    }

    /// The object without what does not count.
    pub fn strip(&self, value: &mut Value) {
        for path in &self.paths {
            path.remove(value);
        }
    }

    /// The target without the fields that a manager of the rules owns in the live object: they are
    /// neither compared nor applied.
    pub fn leave_to_managers(&self, target: &mut Value, live: &Value) {
        for fields in live.items_at(&["metadata", "managedFields"]) {
            let manager = fields.str_at(&["manager"]).unwrap_or_default();
            if self.managers.iter().any(|one| one == manager)
                && let Some(owned) = fields.get("fieldsV1")
            {
                owned::remove(target, owned);
            }
        }
    }

    /// The target with the live values of what does not count, so that applying it leaves them.
    ///
    /// Source: Argo CD 3.2.0 `controller/sync.go`, `normalizeTargetResources`.
    pub fn keep_live(&self, target: &mut Value, live: &Value) {
        for path in &self.paths {
            path.copy(live, target);
        }
    }
}

fn applies(rule: &IgnoreDifferences, object: &Object) -> bool {
    let gvk = object.gvk();
    let matches =
        |pattern: &str, text: &str| Glob::parse(pattern, &[]).is_ok_and(|glob| glob.matches(text));
    let is = |wanted: &str, text: &str| wanted.is_empty() || wanted == text;
    matches(&rule.group, &gvk.group)
        && matches(&rule.kind, &gvk.kind)
        && is(&rule.name, object.name())
        && is(&rule.namespace, object.namespace())
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn deployment() -> Object {
        Object::new(value!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "n"},
            "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "x", "image": "i:1"}, {"name": "y", "image": "j:1"}]}}},
        }))
        .unwrap()
    }

    fn rule(kind: &str) -> IgnoreDifferences {
        IgnoreDifferences {
            group: "apps".into(),
            kind: kind.into(),
            ..IgnoreDifferences::default()
        }
    }

    #[test]
    fn pointers_and_simple_expressions_are_left_out() {
        let mut rule = rule("*");
        rule.json_pointers = vec![
            "/spec/replicas".into(),
            "/spec/template/spec/containers/1".into(),
        ];
        rule.jq_path_expressions = vec![".spec.template.spec.containers[].image".into()];
        let mut value = deployment().into_value();
        Ignores::of(&[rule], &deployment()).strip(&mut value);
        assert_eq!(
            value.get("spec"),
            Some(&value!({"template": {"spec": {"containers": [{"name": "x"}]}}}))
        );
    }

    #[test]
    fn rules_for_other_objects_do_not_apply() {
        let mut named = rule("Deployment");
        named.name = "b".into();
        named.json_pointers = vec!["/spec".into()];
        let mut other = rule("StatefulSet");
        other.json_pointers = vec!["/spec".into()];
        assert!(Ignores::of(&[named, other], &deployment()).is_empty());
    }

    #[test]
    fn live_values_of_ignored_fields_are_kept_when_applying() {
        let mut rule = rule("Deployment");
        rule.json_pointers = vec!["/spec/replicas".into(), "/spec/missing".into()];
        let mut target = deployment().into_value();
        let mut live = target.clone();
        live.set_at(&["spec", "replicas"], 7);
        Ignores::of(&[rule], &deployment()).keep_live(&mut target, &live);
        assert_eq!(target, live);
    }

    #[test]
    fn fields_of_trusted_managers_leave_the_target() {
        let mut rule = rule("Deployment");
        rule.managed_fields_managers = vec!["autoscaler".into()];
        let mut target = deployment().into_value();
        let live = value!({"metadata": {"managedFields": [
            {"manager": "other", "fieldsV1": {"f:spec": {"f:template": {}}}},
            {"manager": "autoscaler", "fieldsV1": {"f:spec": {
                "f:replicas": {},
                "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"y\"}": {".": {}, "f:image": {}}}}},
            }}},
        ]}});
        Ignores::of(&[rule], &deployment()).leave_to_managers(&mut target, &live);
        assert_eq!(
            target.get("spec"),
            Some(
                &value!({"template": {"spec": {"containers": [{"name": "x", "image": "i:1"}, {"name": "y"}]}}})
            )
        );
    }

    #[test]
    fn expressions_that_are_no_paths_are_told() {
        let mut rule = rule("Deployment");
        rule.jq_path_expressions = vec![
            ".spec[\"replicas\"]".into(),
            ".webhooks[]?.clientConfig.caBundle".into(),
            ".spec.containers[] | select(.name == \"x\")".into(),
        ];
        assert_eq!(
            Ignores::not_understood(&[rule]),
            [".spec.containers[] | select(.name == \"x\")"]
        );
    }
}
