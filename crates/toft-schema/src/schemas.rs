//! Every kind that a cluster knows.

use std::sync::Arc;

use toft_object::Gvk;
use toft_value::Value;

use crate::crd::{Crd, CrdError};
use crate::graph::{Graph, Index};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::table::Table;

/// Every kind that a cluster knows: the built-in ones of Kubernetes 1.36, and those of CRDs.
///
/// A clone is cheap.
///
/// # Example
/// ```
/// use toft_schema::{Schemas, Shape};
/// let schemas = Schemas::builtin();
/// let pods = schemas.resource("", "v1", "pods").unwrap();
/// let spec = schemas.schema(&pods.gvk).unwrap().field("spec").unwrap().schema();
/// assert_eq!(spec.field("containers").unwrap().schema().shape(), Shape::List);
/// assert_eq!(spec.field("containers").unwrap().number(), 2);
/// ```
#[derive(Clone)]
pub struct Schemas {
    builtin: Arc<Builtin>,
    /// Sorted by group, then by the name of the definition.
    custom: Arc<Vec<Arc<Crd>>>,
}

struct Builtin {
    graph: Graph,
    /// Sorted.
    kinds: Vec<(Gvk, Index)>,
    /// In discovery order.
    resources: Vec<Resource>,
}

impl Schemas {
    /// The built-in kinds.
    pub fn builtin() -> Self {
        let table = Table::builtin();
        Self {
            builtin: Arc::new(Builtin {
                graph: table.graph,
                kinds: table.kinds,
                resources: table.resources,
            }),
            custom: Arc::default(),
        }
    }

    /// Adds what a CRD defines; a definition of the same name is replaced.
    ///
    /// # Errors
    /// The definition names no kind, or its schema nests too deep; nothing is changed then.
    pub fn add_crd(&mut self, crd: &Value) -> Result<(), CrdError> {
        let custom = Crd::read(crd, &self.builtin.graph)?;
        let group = |custom: &Crd| {
            custom
                .resources
                .first()
                .map(|resource| resource.group.clone())
        };
        let all = Arc::make_mut(&mut self.custom);
        all.retain(|one| one.name != custom.name);
        all.push(Arc::new(custom));
        all.sort_by_key(|one| (group(one), one.name.clone()));
        Ok(())
    }

    /// Takes away what the CRD of that name defines.
    pub fn remove_crd(&mut self, name: &str) {
        Arc::make_mut(&mut self.custom).retain(|one| one.name != name);
    }

    /// The schema of a custom kind as its CRD has it; `None` for built-in kinds.
    pub fn written(&self, gvk: &Gvk) -> Option<&Value> {
        let mut versions = self.custom.iter().flat_map(|one| &one.versions);
        versions
            .find(|version| version.gvk == *gvk)?
            .written
            .as_ref()
    }

    /// The resource that a URL names.
    pub fn resource(&self, group: &str, version: &str, plural: &str) -> Option<&Resource> {
        self.resources().find(|resource| {
            resource.plural == plural && resource.group == group && resource.version == version
        })
    }

    /// The resource whose objects are of a kind.
    pub fn kind(&self, gvk: &Gvk) -> Option<&Resource> {
        self.resources().find(|resource| resource.gvk == *gvk)
    }

    /// All served resources, in discovery order: by group as upstream orders them, the preferred version first.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        let builtin = self.builtin.resources.iter();
        builtin
            .filter(|resource| resource.served)
            .chain(self.custom.iter().flat_map(|one| &one.resources))
    }

    /// All resources that Kubernetes can serve, alpha and beta versions too.
    pub fn all_resources(&self) -> impl Iterator<Item = &Resource> {
        self.builtin.resources.iter()
    }

    /// The schema of a kind: of objects, of lists, of bodies such as `Scale`, and of `Status`.
    pub fn schema(&self, gvk: &Gvk) -> Option<Schema<'_>> {
        self.builtin_schema(gvk).or_else(|| self.custom_schema(gvk))
    }

    /// The schema of a built-in kind.
    pub(crate) fn builtin_schema(&self, gvk: &Gvk) -> Option<Schema<'_>> {
        let builtin = &self.builtin;
        let at = builtin
            .kinds
            .binary_search_by(|(kind, _)| kind.cmp(gvk))
            .ok()?;
        let (_, index) = builtin.kinds.get(at)?;
        Some(Schema::new(&builtin.graph, *index))
    }

    /// The schema of a custom kind.
    pub(crate) fn custom_schema(&self, gvk: &Gvk) -> Option<Schema<'_>> {
        let mut versions = self.custom.iter().flat_map(|one| &one.versions);
        let found = versions.find(|version| version.gvk == *gvk)?;
        Some(Schema::new(&found.graph, found.root))
    }

    /// The schema of a type by its name in OpenAPI, such as `io.k8s.api.core.v1.PodSpec`.
    pub fn definition(&self, name: &str) -> Option<Schema<'_>> {
        let graph = &self.builtin.graph;
        Some(Schema::new(graph, graph.named(name)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ListType, ProtoField, Shape};

    #[test]
    fn a_kind_is_found_by_url_and_by_name() {
        let schemas = Schemas::builtin();
        let deployments = schemas.resource("apps", "v1", "deployments").unwrap();
        assert_eq!(deployments.gvk, Gvk::of("apps/v1", "Deployment"));
        assert_eq!(deployments.short_names, ["deploy"]);
        let scale = deployments.subresource("scale").unwrap();
        assert_eq!(scale.gvk, Gvk::of("autoscaling/v1", "Scale"));
        assert!(schemas.schema(&scale.gvk).is_some());
        assert_eq!(
            schemas
                .resource("", "v1", "pods")
                .unwrap()
                .subresource("eviction")
                .unwrap()
                .gvk,
            Gvk::of("policy/v1", "Eviction")
        );
    }

    #[test]
    fn every_resource_and_every_body_has_a_schema() {
        let schemas = Schemas::builtin();
        // Their bodies are query parameters, which have no schema.
        let options = |kind: &str| kind.ends_with("Options");
        for resource in schemas.all_resources() {
            assert!(
                schemas.schema(&resource.gvk).is_some(),
                "{:?}",
                resource.gvk
            );
            for body in resource
                .subresources
                .iter()
                .filter(|sub| !options(&sub.gvk.kind))
            {
                assert!(schemas.schema(&body.gvk).is_some(), "{:?}", body.gvk);
            }
        }
    }

    #[test]
    fn inlined_messages_lead_to_the_fields_of_the_object() {
        let schemas = Schemas::builtin();
        let volume = schemas.definition("io.k8s.api.core.v1.Volume").unwrap();
        let Some(ProtoField::Inline(source)) = volume.proto_field(2) else {
            panic!("volumeSource is inlined");
        };
        let Some(ProtoField::Field(field)) = source.proto_field(2) else {
            panic!("emptyDir is a field");
        };
        assert_eq!(field.name(), "emptyDir");
        assert!(volume.field("emptyDir").unwrap().is_inlined());
    }

    #[test]
    fn ports_merge_by_two_keys_and_patch_by_one() {
        let schemas = Schemas::builtin();
        let container = schemas.definition("io.k8s.api.core.v1.Container").unwrap();
        let ports = container.field("ports").unwrap().schema();
        let ListType::Map(keys) = ports.list_type() else {
            panic!("ports are an associative list");
        };
        assert_eq!(keys, ["containerPort", "protocol"]);
        assert_eq!(ports.merge_key(), Some("containerPort"));
        assert_eq!(ports.items().unwrap().shape(), Shape::Object);
    }

    #[test]
    fn a_definition_adds_its_kinds_and_takes_them_away() {
        let mut schemas = Schemas::builtin();
        let applications = Gvk::of("argoproj.io/v1alpha1", "Application");
        assert!(schemas.schema(&applications).is_none());
        argo(&mut schemas);
        let resource = schemas
            .resource("argoproj.io", "v1alpha1", "applications")
            .unwrap();
        assert_eq!(resource.short_names, ["app", "apps"]);
        assert!(resource.namespaced && resource.preferred && resource.subresources.is_empty());
        let schema = schemas.schema(&applications).unwrap();
        assert_eq!(
            schema
                .at(&["spec", "destination", "server"])
                .unwrap()
                .shape(),
            Shape::String
        );
        assert_eq!(
            schema.at(&["metadata", "labels"]).unwrap().shape(),
            Shape::Map
        );
        schemas.remove_crd("applications.argoproj.io");
        assert!(schemas.schema(&applications).is_none());
        assert!(
            schemas
                .kind(&Gvk::of("argoproj.io/v1alpha1", "AppProject"))
                .is_some()
        );
    }

    #[test]
    fn what_a_custom_schema_does_not_name_is_pruned() {
        let mut schemas = Schemas::builtin();
        argo(&mut schemas);
        let mut app = toft_value::value!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "extra": 1,
            "metadata": {"name": "a", "labels": {"any": "thing"}},
            "spec": {"project": "default", "colour": "red", "destination": {"server": "s", "port": 1}},
        });
        crate::prune(
            &schemas,
            &Gvk::of("argoproj.io/v1alpha1", "Application"),
            &mut app,
        );
        let expected = toft_value::value!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": "a", "labels": {"any": "thing"}},
            "spec": {"project": "default", "destination": {"server": "s"}},
        });
        assert_eq!(app, expected);
    }

    fn argo(schemas: &mut Schemas) {
        for crd in crate::argo_crds() {
            schemas.add_crd(crd).unwrap();
        }
    }
}
