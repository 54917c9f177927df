//! What the OpenAPI documents say of a custom kind, in both forms, as kube-apiserver 1.36.3 says it.

use toft_api::{Document, Request, ResourcePath, Target, Verb};
use toft_apiserver::ApiServer;
use toft_object::Time;
use toft_schema::Schemas;
use toft_value::{Value, value};

const NOW: Time = Time::from_seconds(1_750_000_000);

fn server() -> ApiServer {
    let mut server = ApiServer::new(Schemas::builtin(), 7);
    let schema = value!({
        "type": "object",
        "required": ["spec"],
        "properties": {"spec": {"type": "object", "properties": {
            "size": {"type": "integer", "minimum": 1, "default": 3},
            "mode": {"type": "string", "enum": ["a", "b"], "nullable": true},
            "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        }}},
    });
    let definition = value!({
        "metadata": {"name": "things.probe.example.com"},
        "spec": {
            "group": "probe.example.com", "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    let path = ResourcePath::new("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    let response = server.handle(NOW, &Request::create("test", path, definition));
    assert_eq!(response.code, 201, "{response:?}");
    server
}

fn document(server: &mut ApiServer, document: Document) -> Value {
    let request = Request {
        target: Target::Document(document),
        ..Request::new("test", Verb::Get, ResourcePath::default())
    };
    let response = server.handle(NOW, &request);
    response.into_value().expect("documents are answered")
}

#[test]
fn a_custom_kind_is_published_as_it_was_written() {
    let mut server = server();
    let version = Document::OpenApi {
        group: "probe.example.com".into(),
        version: "v1".into(),
    };
    let document = document(&mut server, version);
    let thing = document
        .at(&["components", "schemas", "com.example.probe.v1.Thing"])
        .expect("the type is there");
    let size = thing.at(&["properties", "spec", "properties", "size"]);
    assert_eq!(
        size,
        Some(&value!({"type": "integer", "minimum": 1, "default": 3}))
    );
    assert_eq!(
        thing.at(&["properties", "metadata"]),
        Some(
            &value!({"allOf": [{"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}]})
        )
    );
    let path = "/apis/probe.example.com/v1/namespaces/{namespace}/things/{name}";
    let patch = document
        .at(&["paths", path, "patch"])
        .expect("the path is there");
    assert_eq!(
        patch.str_at(&["operationId"]),
        Some("patchProbeExampleComV1NamespacedThing")
    );
    let names = patch.items_at(&["parameters"]);
    assert!(
        names
            .iter()
            .any(|one| one.str_at(&["name"]) == Some("fieldValidation"))
    );
}

#[test]
fn the_older_form_knows_less() {
    let document = document(&mut server(), Document::OpenApiV2);
    let spec = ["properties", "spec", "properties"];
    let thing = document
        .at(&["definitions", "com.example.probe.v1.Thing"])
        .and_then(|thing| thing.at(&spec))
        .expect("the type is there");
    assert_eq!(
        thing,
        &value!({
            "size": {"type": "integer", "minimum": 1},
            "mode": {"enum": ["a", "b"]},
            "port": {"x-kubernetes-int-or-string": true},
        })
    );
    let patch = [
        "paths",
        "/api/v1/namespaces/{namespace}/configmaps/{name}",
        "patch",
    ];
    let patch = document.at(&patch).expect("the path is there");
    assert_eq!(patch.items_at(&["consumes"]).len(), 4);
    let bodies = patch.items_at(&["parameters"]);
    assert_eq!(
        bodies.first().and_then(|one| one.str_at(&["in"])),
        Some("body")
    );
    assert_eq!(
        document.str_at(&[
            "definitions",
            "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
            "format"
        ]),
        Some("int-or-string")
    );
}
