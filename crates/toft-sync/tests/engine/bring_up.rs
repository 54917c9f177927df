//! From nothing to healthy.

use toft_sync::{Event, FirstSync, ProjectRules};
use toft_value::value;

use crate::MINUTE;
use crate::world::{World, app, config_map, deployment, in_wave, settings};

fn sonarr() -> World {
    let mut world = World::new();
    let objects = vec![
        config_map("settings", "a"),
        deployment("sonarr", "sonarr:4"),
    ];
    world.source.paths.insert("apps/sonarr".into(), objects);
    world.api.set(app("sonarr", "apps/sonarr"));
    world
}

#[test]
fn an_application_is_brought_up_and_told_as_argo_cd_tells_it() {
    let mut world = sonarr();
    world.run_for(MINUTE);
    assert_eq!(world.verdict("sonarr"), ["Synced", "Healthy", "Succeeded"]);
    assert!(world.engine.is_settled());
    let status = world.status("sonarr");
    assert_eq!(status.str_at(&["sync", "revision"]), Some("r1"));
    assert_eq!(
        status.at(&["summary", "images"]),
        Some(&value!(["sonarr:4"]))
    );
    let operation = status.get("operationState").unwrap();
    assert_eq!(
        operation.str_at(&["message"]),
        Some("successfully synced (all tasks run)")
    );
    let told: Vec<_> = operation
        .items_at(&["syncResult", "resources"])
        .iter()
        .map(|one| {
            (
                one.str_at(&["status"]).unwrap(),
                one.str_at(&["message"]).unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Synced", "configmap/settings created"),
            ("Synced", "deployment.apps/sonarr created"),
        ]
    );
    let resources = status.items_at(&["resources"]);
    assert_eq!(
        resources[0],
        value!({"kind": "ConfigMap", "name": "settings", "namespace": "media", "status": "Synced", "version": "v1"})
    );
    let history = status.items_at(&["history"]);
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].i64_at(&["id"]), Some(0));
    assert_eq!(history[0].str_at(&["revision"]), Some("r1"));
    let live = world.api.get("applications", "argocd", "sonarr").unwrap();
    assert_eq!(live.get("operation"), None);
}

#[test]
fn a_refresh_that_finds_nothing_writes_nothing_and_costs_little() {
    let mut world = sonarr();
    world.run_for(MINUTE);
    let (writes, calls, renders) = (world.api.writes.len(), world.calls, world.renders);
    world.run_for(MINUTE * 60);
    assert_eq!(world.api.writes.len(), writes);
    assert_eq!(world.calls, calls);
    assert_eq!(world.renders, renders);
}

#[test]
fn a_second_engine_finds_everything_done() {
    let mut world = sonarr();
    world.run_for(MINUTE);
    let writes = world.api.writes.len();
    world.restart();
    world.run_for(MINUTE * 10);
    assert_eq!(world.api.writes[writes..], [] as [String; 0]);
    assert!(world.engine.is_settled());
}

#[test]
fn a_new_revision_is_synced_and_only_what_changed_is_written() {
    let mut world = sonarr();
    world.run_for(MINUTE);
    world.source.revision = "r2".into();
    let objects = vec![
        config_map("settings", "b"),
        deployment("sonarr", "sonarr:4"),
    ];
    world.source.paths.insert("apps/sonarr".into(), objects);
    let writes = world.api.writes.len();
    world.push(Event::SourceChanged);
    world.run_for(MINUTE);
    assert_eq!(world.verdict("sonarr"), ["Synced", "Healthy", "Succeeded"]);
    let written: Vec<_> = world.api.writes[writes..]
        .iter()
        .filter(|write| !write.contains("applications"))
        .collect();
    assert_eq!(written, ["change configmaps/settings"]);
    let map = world.api.get("configmaps", "media", "settings").unwrap();
    assert_eq!(map.str_at(&["data", "text"]), Some("b"));
    assert_eq!(world.status("sonarr").items_at(&["history"]).len(), 2);
}

#[test]
fn an_app_of_apps_waits_for_the_health_of_its_children() {
    let mut world = World::new();
    let children = vec![
        in_wave(app("first", "apps/first"), 0),
        in_wave(app("second", "apps/second"), 1),
    ];
    world.source.paths.insert("apps".into(), children);
    for name in ["first", "second"] {
        let objects = vec![deployment(name, "image:1")];
        world.source.paths.insert(format!("apps/{name}"), objects);
    }
    let mut root = app("root", "apps");
    root.set_at(&["spec", "destination", "namespace"], "argocd");
    world.api.set(root);
    world.run_for(MINUTE * 3);
    for name in ["root", "first", "second"] {
        assert_eq!(
            world.verdict(name),
            ["Synced", "Healthy", "Succeeded"],
            "{name}"
        );
    }
    let at = |entry: &str| {
        world
            .api
            .writes
            .iter()
            .position(|write| write == entry)
            .unwrap()
    };
    assert!(at("create deployments/first") < at("create applications/second"));
}

#[test]
fn an_application_that_nobody_syncs_is_synced_once_where_that_is_set() {
    let manual = |first_sync| {
        let mut world = World::with(toft_sync::EngineSettings {
            first_sync,
            ..settings()
        });
        world
            .source
            .paths
            .insert("p".into(), vec![config_map("a", "1")]);
        let mut app = app("manual", "p");
        app.remove_at(&["spec", "syncPolicy"]);
        world.api.set(app);
        world.run_for(MINUTE);
        world
    };
    let world = manual(FirstSync::Asked);
    assert_eq!(world.verdict("manual"), ["OutOfSync", "Healthy", "-"]);
    let mut world = manual(FirstSync::Once);
    assert_eq!(world.verdict("manual"), ["Synced", "Healthy", "Succeeded"]);
    world.source.revision = "r2".into();
    world
        .source
        .paths
        .insert("p".into(), vec![config_map("a", "2")]);
    world.push(Event::SourceChanged);
    world.run_for(MINUTE);
    assert_eq!(
        world.verdict("manual"),
        ["OutOfSync", "Healthy", "Succeeded"]
    );
}

#[test]
fn what_the_project_refuses_is_told_with_argo_cds_words() {
    let refused = |project_rules| {
        let mut world = World::with(toft_sync::EngineSettings {
            project_rules,
            ..settings()
        });
        world
            .source
            .paths
            .insert("p".into(), vec![config_map("a", "1")]);
        let mut app = app("lost", "p");
        app.set_at(&["spec", "project"], "nowhere");
        world.api.set(app);
        world.run_for(MINUTE);
        world
    };
    let words = "Application referencing project nowhere which does not exist";
    let message = |world: &World| {
        let status = world.status("lost");
        let conditions = status.items_at(&["conditions"]);
        let first = conditions.first().and_then(|one| one.str_at(&["message"]));
        first.unwrap_or_default().to_owned()
    };
    let world = refused(ProjectRules::Enforced);
    assert_eq!(world.verdict("lost"), ["Unknown", "Unknown", "-"]);
    assert_eq!(message(&world), words);
    let world = refused(ProjectRules::Told);
    assert_eq!(world.verdict("lost"), ["Synced", "Healthy", "Succeeded"]);
    assert_eq!(message(&world), words);
}

#[test]
fn a_refresh_that_was_asked_for_is_done_and_its_annotation_removed() {
    let mut world = sonarr();
    world.run_for(MINUTE);
    let renders = world.renders;
    let annotation = ["metadata", "annotations", "argocd.argoproj.io/refresh"];
    for (kind, more) in [("normal", 0), ("hard", 1)] {
        world
            .api
            .change(("applications", "argocd", "sonarr"), |app| {
                app.set_at(&annotation, kind);
            });
        world.run_for(MINUTE);
        let live = world.api.get("applications", "argocd", "sonarr").unwrap();
        assert_eq!(live.at(&annotation), None, "{kind}");
        assert_eq!(world.renders, renders + more, "{kind}");
    }
}

#[test]
fn a_path_that_does_not_exist_is_told_and_nothing_is_deleted() {
    let mut world = sonarr();
    world.run_for(MINUTE);
    world.source.revision = "r2".into();
    world.source.paths.clear();
    world.push(Event::SourceChanged);
    world.run_for(MINUTE * 30);
    assert_eq!(world.verdict("sonarr"), ["Unknown", "Healthy", "Succeeded"]);
    let status = world.status("sonarr");
    let conditions: Vec<_> = status
        .items_at(&["conditions"])
        .iter()
        .map(|one| one.str_at(&["message"]).unwrap())
        .collect();
    assert_eq!(
        conditions,
        ["Failed to load target state: apps/sonarr: app path does not exist"]
    );
    assert!(world.api.get("deployments", "media", "sonarr").is_some());
}

#[test]
fn several_hundred_objects_cost_a_few_calls_each() {
    let mut world = World::new();
    for at in 0..30 {
        let name = format!("app-{at}");
        let maps = (0..10).map(|map| config_map(&format!("{name}-{map}"), "1"));
        let mut objects: Vec<_> = maps.collect();
        objects.extend((0..5).map(|one| deployment(&format!("{name}-{one}"), "i:1")));
        world.source.paths.insert(name.clone(), objects);
        world.api.set(app(&name, &name));
    }
    world.run_for(MINUTE * 5);
    assert!(world.engine.is_settled());
    // A dry run and an apply of 450 objects, and what is read and told of 30 Applications.
    assert!(world.calls < 1300, "{}", world.calls);
    let calls = world.calls;
    world.restart();
    world.run_for(MINUTE * 5);
    assert!(world.calls - calls < 500, "{}", world.calls - calls);
    let (calls, effects) = (world.calls, world.effects);
    world.run_for(MINUTE * 60);
    assert_eq!(world.calls, calls);
    // Resolving 30 sources every two to three minutes, and a wake for each.
    assert!(
        world.effects - effects < 2500,
        "{}",
        world.effects - effects
    );
}

#[test]
fn what_the_cluster_never_keeps_is_not_written_for_ever() {
    let mut world = sonarr();
    world.api.drops = Some(["status", "controllerNamespace"]);
    world.run_for(MINUTE);
    assert_eq!(world.verdict("sonarr"), ["Synced", "Healthy", "Succeeded"]);
    let calls = world.calls;
    world.run_for(MINUTE * 60);
    assert_eq!(world.calls, calls);
}

#[test]
fn the_overview_tells_what_the_status_says() {
    let mut world = sonarr();
    world.run_for(MINUTE);
    let overview = world.engine.overview();
    let [app] = overview.as_slice() else {
        panic!("{overview:?}")
    };
    assert_eq!((app.name.as_str(), app.objects), ("sonarr", 2));
    assert_eq!(app.revisions, ["r1"]);
    assert!(app.settled);
    assert_eq!(app.notices, [] as [String; 0]);
}
