//! What a server is as a machine: deterministic, restorable, with a bounded memory of the past.

use toft_api::{PatchKind, Request, ResourcePath, WatchEventKind, WatchStart};
use toft_apiserver::{ApiServer, HISTORY_MAX, Record};
use toft_object::{GroupResource, Time};
use toft_schema::Schemas;
use toft_value::{Value, value};

const NOW: Time = Time::from_seconds(1_750_000_000);

fn namespaces() -> ResourcePath {
    ResourcePath::new("", "v1", "namespaces")
}

fn config_maps() -> ResourcePath {
    ResourcePath::new("", "v1", "configmaps").namespace("a")
}

fn create(server: &mut ApiServer, path: ResourcePath, object: Value) -> Value {
    let response = server.handle(NOW, &Request::create("test", path, object));
    assert_eq!(response.code, 201, "{response:?}");
    response
        .into_value()
        .expect("a creation answers with the object")
}

fn server(seed: u64) -> ApiServer {
    let mut server = ApiServer::new(Schemas::builtin(), seed);
    create(
        &mut server,
        namespaces(),
        value!({"metadata": {"name": "a"}}),
    );
    server
}

#[test]
fn the_same_seed_and_requests_give_the_same_bytes() {
    let run = |seed| {
        let mut server = server(seed);
        create(
            &mut server,
            config_maps(),
            value!({"metadata": {"generateName": "x-"}}),
        );
        let services = ResourcePath::new("", "v1", "services").namespace("a");
        create(
            &mut server,
            services,
            value!({"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}}),
        );
        format!("{:?}", server.take_commits())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_restored_server_goes_on_where_the_first_one_was() {
    let mut first = server(1);
    create(
        &mut first,
        config_maps(),
        value!({"metadata": {"name": "x"}}),
    );
    let mut records: Vec<Record> = Vec::new();
    for change in first
        .take_commits()
        .into_iter()
        .flat_map(|commit| commit.changes)
    {
        records.retain(|record| record.key != change.key);
        let key = change.key;
        records.extend(change.after.map(|value| Record { key, value }));
    }
    let mut second =
        ApiServer::restore(Schemas::builtin(), 1, first.revision(), records.into_iter());
    let again = value!({"metadata": {"name": "y"}});
    assert_eq!(
        create(&mut first, config_maps(), again.clone()),
        create(&mut second, config_maps(), again)
    );
    let start = WatchStart::after(config_maps(), "1");
    let mut cursor = second.open_watch(&start).unwrap();
    let ended = second.poll_watch(&mut cursor).ended.unwrap();
    assert_eq!(
        ended.code, 410,
        "what happened before the restore is not known"
    );
}

#[test]
fn a_definition_serves_its_kind_and_takes_its_objects_along() {
    let mut server = server(1);
    let definitions = ResourcePath::new("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    let definition = value!({
        "metadata": {"name": "things.example.org"},
        "spec": {
            "group": "example.org", "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    });
    create(&mut server, definitions.clone(), definition);
    let things = ResourcePath::new("example.org", "v1", "things").namespace("a");
    create(
        &mut server,
        things.clone(),
        value!({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}}),
    );
    let deleted = server.handle(
        NOW,
        &Request::delete("test", definitions.name("things.example.org")),
    );
    assert_eq!(deleted.code, 200);
    assert_eq!(
        server
            .list(&GroupResource::new("example.org", "things"), None)
            .count(),
        0
    );
    assert_eq!(server.handle(NOW, &Request::list("test", things)).code, 404);
}

#[test]
fn a_watch_that_fell_behind_is_told_to_list_again() {
    let mut server = server(1);
    create(
        &mut server,
        config_maps(),
        value!({"metadata": {"name": "x"}}),
    );
    let start = WatchStart::after(config_maps(), server.revision().to_string());
    let mut behind = server.open_watch(&start).unwrap();
    let mut current = behind.clone();
    for round in 0..=HISTORY_MAX {
        let patch = value!({"data": {"round": round.to_string()}});
        server.handle(
            NOW,
            &Request::patch("test", config_maps().name("x"), PatchKind::Merge, patch),
        );
        if round % 1000 == 0 {
            let events = server.poll_watch(&mut current).events;
            assert!(
                events
                    .iter()
                    .all(|event| event.kind == WatchEventKind::Modified)
            );
        }
    }
    let batch = server.poll_watch(&mut behind);
    assert_eq!(batch.ended.map(|error| error.code), Some(410));
    assert!(server.poll_watch(&mut current).ended.is_none());
}

#[test]
fn the_definitions_of_argo_cd_are_taken() {
    let mut server = ApiServer::new(Schemas::builtin(), 7);
    let path = ResourcePath::new("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    for definition in toft_schema::argo_crds() {
        create(&mut server, path.clone(), definition.clone());
    }
    assert!(
        server
            .schemas()
            .resource("argoproj.io", "v1alpha1", "applications")
            .is_some()
    );
}
