//! Which Application an object belongs to.
//!
//! Source: Argo CD 3.2.0 `util/argo/resource_tracking.go`.

use std::fmt;

use smol_str::SmolStr;
use toft_object::Object;

/// The annotation that holds the tracking id.
pub const ANNOTATION_TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
/// The label that names the Application, where labels track.
pub const LABEL_INSTANCE: &str = "app.kubernetes.io/instance";
/// The longest value of a label.
pub const LABEL_BYTES_MAX: usize = 63;

/// How objects are marked as belonging to an Application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrackingMethod {
    /// By annotation: the default since Argo CD 3.0.
    #[default]
    Annotation,
    /// By label.
    Label,
    /// By annotation, with the label for people to read.
    AnnotationAndLabel,
}

/// The value of the tracking annotation: `<app>:<group>/<kind>:<namespace>/<name>`.
///
/// # Example
/// ```
/// use toft_argo::TrackingId;
/// let id = TrackingId::parse("sonarr:apps/Deployment:media/sonarr").unwrap();
/// assert_eq!(id.application, "sonarr");
/// assert_eq!(id.to_string(), "sonarr:apps/Deployment:media/sonarr");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackingId {
    /// The name of the Application; `<namespace>_<name>` where it lives elsewhere than Argo CD.
    pub application: SmolStr,
    /// The API group of the object; empty for core.
    pub group: SmolStr,
    /// The kind of the object.
    pub kind: SmolStr,
    /// The namespace of the object; the destination's for an object without one.
    pub namespace: SmolStr,
    /// The name of the object.
    pub name: SmolStr,
}

impl TrackingId {
    /// The id that an object gets; `namespace` is the Application's destination.
    pub fn of(object: &Object, application: &str, namespace: &str) -> Self {
        let gvk = object.gvk();
        let own = object.namespace();
        Self {
            application: application.into(),
            group: gvk.group,
            kind: gvk.kind,
            namespace: if own.is_empty() { namespace } else { own }.into(),
            name: object.name().into(),
        }
    }

    /// Reads the text of the annotation; `None` where it has another form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (application, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
        let (group, kind) = split_in_two(kind)?;
        let (namespace, name) = split_in_two(name)?;
        Some(Self {
            application: application.into(),
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        })
    }

    /// The id that an object carries.
    pub fn read(object: &Object) -> Option<Self> {
        Self::parse(object.annotation(ANNOTATION_TRACKING_ID)?)
    }
}

fn split_in_two(text: &str) -> Option<(&str, &str)> {
    let (left, right) = text.split_once('/')?;
    (!right.contains('/')).then_some((left, right))
}

impl fmt::Display for TrackingId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            application,
            group,
            kind,
            namespace,
            name,
        } = self;
        write!(out, "{application}:{group}/{kind}:{namespace}/{name}")
    }
}

/// Whether the id was written for this very object, and not copied from another one.
///
/// `target` is the object that Git gives for it, if any: a cluster-scoped object carries the
/// destination's namespace in its id.
///
/// Source: Argo CD 3.2.0 `controller/state.go`, `isSelfReferencedObj`.
pub fn is_self_reference(id: &TrackingId, object: &Object) -> bool {
    let gvk = object.gvk();
    let namespace = object.namespace();
    id.group == gvk.group
        && id.kind == gvk.kind
        && id.name == object.name()
        && (namespace.is_empty() || id.namespace == namespace)
}

/// The name under which objects are tracked.
///
/// Source: Argo CD 3.2.0 `pkg/apis/application/v1alpha1/types.go`, `InstanceName`.
pub fn instance_name(name: &str, namespace: &str, control_namespace: &str) -> SmolStr {
    if namespace.is_empty() || namespace == control_namespace {
        name.into()
    } else {
        format!("{namespace}_{name}").into()
    }
}

/// The name as the value of a label: cut, with an alphanumeric end.
pub fn instance_label(application: &str) -> SmolStr {
    if application.len() <= LABEL_BYTES_MAX {
        return application.into();
    }
    let cut = application.get(..LABEL_BYTES_MAX).unwrap_or(application);
    cut.trim_end_matches(|last: char| !last.is_ascii_alphanumeric())
        .into()
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn an_id_of_another_form_is_none() {
        for text in [
            "",
            "app",
            "app:apps/Deployment",
            "app:Deployment:ns/name",
            "a:b/c:d/e/f",
        ] {
            assert_eq!(TrackingId::parse(text), None, "{text}");
        }
        let core = TrackingId::parse("app:/ConfigMap:ns/name").unwrap();
        assert_eq!(core.group, "");
    }

    #[test]
    fn an_object_without_namespace_carries_the_destinations() {
        let role = value!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}});
        let role = Object::new(role).unwrap();
        let id = TrackingId::of(&role, "app", "media");
        assert_eq!(
            id.to_string(),
            "app:rbac.authorization.k8s.io/ClusterRole:media/r"
        );
        assert!(is_self_reference(&id, &role));
    }

    #[test]
    fn a_copied_id_is_no_self_reference() {
        let id = TrackingId::parse("app:apps/Deployment:ns/name").unwrap();
        let copy = value!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "name", "namespace": "ns"}});
        assert!(!is_self_reference(&id, &Object::new(copy).unwrap()));
    }

    #[test]
    fn a_long_name_is_cut_to_an_alphanumeric_end() {
        let name = format!("{}--b", "a".repeat(61));
        assert_eq!(instance_label(&name), "a".repeat(61));
        assert_eq!(instance_name("a", "other", "argocd"), "other_a");
    }
}
