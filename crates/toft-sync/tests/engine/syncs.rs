//! Waves, pruning, healing, retries, requests from outside, deletion.

use std::time::Duration;

use toft_sync::Event;
use toft_value::{Value, value};

use crate::MINUTE;
use crate::world::{World, app, config_map, deployment, in_wave};

const APP: (&str, &str, &str) = ("applications", "argocd", "app");

fn with(objects: Vec<Value>) -> World {
    let mut world = World::new();
    world.source.paths.insert("p".into(), objects);
    world.api.set(app("app", "p"));
    world
}

fn commit(world: &mut World, revision: &str, objects: Vec<Value>) {
    world.source.revision = revision.into();
    world.source.paths.insert("p".into(), objects);
    world.push(Event::SourceChanged);
}

fn message(world: &World) -> String {
    let status = world.status("app");
    let message = status.str_at(&["operationState", "message"]);
    message.unwrap_or_default().to_owned()
}

/// What the last operation said of an object.
fn said_of(world: &World, name: &str) -> String {
    let status = world.status("app");
    let results = status.items_at(&["operationState", "syncResult", "resources"]);
    let found = results
        .iter()
        .find(|one| one.str_at(&["name"]) == Some(name));
    let message = found.and_then(|one| one.str_at(&["message"]));
    message.unwrap_or_default().to_owned()
}

fn condition(world: &World) -> String {
    let status = world.status("app");
    let conditions = status.items_at(&["conditions"]);
    let first = conditions.first().and_then(|one| one.str_at(&["message"]));
    first.unwrap_or_default().to_owned()
}

fn written(world: &World, from: usize) -> Vec<&str> {
    let writes = world.api.writes[from..].iter();
    writes
        .map(String::as_str)
        .filter(|write| !write.contains("applications"))
        .collect()
}

#[test]
fn a_wave_waits_for_the_health_of_the_one_before() {
    let mut world = with(vec![
        in_wave(config_map("last", "1"), 2),
        in_wave(deployment("first", "i:1"), -1),
        in_wave(config_map("middle", "1"), 0),
    ]);
    world.run_for(Duration::from_secs(4));
    assert_eq!(written(&world, 0), ["create deployments/first"]);
    assert_eq!(
        message(&world),
        "waiting for healthy state of apps/Deployment/first"
    );
    world.run_for(MINUTE);
    assert_eq!(
        written(&world, 0),
        [
            "create deployments/first",
            "create configmaps/middle",
            "create configmaps/last",
        ]
    );
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn a_degraded_object_in_a_wave_fails_the_operation() {
    let mut world = with(vec![
        in_wave(deployment("first", "i:1"), 0),
        in_wave(config_map("last", "1"), 1),
    ]);
    world.ready_after = None;
    world.api.change(APP, |app| {
        app.set_at(&["spec", "syncPolicy", "retry"], value!({"limit": 0}));
    });
    world.run_for(Duration::from_secs(4));
    world.api.change(("deployments", "media", "first"), |object| {
        let failed = value!({"observedGeneration": 1, "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]});
        object.set_at(&["status"], failed);
    });
    world.run_for(MINUTE);
    assert_eq!(world.verdict("app"), ["OutOfSync", "Degraded", "Failed"]);
    assert_eq!(
        message(&world),
        "one or more synchronization tasks completed unsuccessfully"
    );
    assert_eq!(
        condition(&world),
        "Failed last sync attempt to [r1]: one or more synchronization tasks completed unsuccessfully"
    );
    assert!(world.engine.is_settled());
}

#[test]
fn what_git_no_longer_has_is_pruned_in_reverse_order_of_waves() {
    let object = |name: &str, wave| in_wave(config_map(name, "1"), wave);
    let mut world = with(vec![
        object("a", 0),
        object("b", 1),
        object("c", 2),
        config_map("keep", "1"),
    ]);
    world.run_for(MINUTE);
    let writes = world.api.writes.len();
    commit(&mut world, "r2", vec![config_map("keep", "1")]);
    world.run_for(MINUTE);
    assert_eq!(
        written(&world, writes),
        [
            "delete configmaps/c",
            "delete configmaps/b",
            "delete configmaps/a"
        ]
    );
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn without_prune_what_git_no_longer_has_stays_and_no_sync_begins() {
    let mut world = with(vec![config_map("a", "1"), config_map("b", "1")]);
    world.api.change(APP, |app| {
        app.set_at(&["spec", "syncPolicy", "automated", "prune"], false);
    });
    world.run_for(MINUTE);
    commit(&mut world, "r2", vec![config_map("b", "1")]);
    world.run_for(MINUTE);
    assert_eq!(world.verdict("app")[0], "OutOfSync");
    let resources = world.status("app");
    assert_eq!(
        resources.items_at(&["resources"])[0].bool_at(&["requiresPruning"]),
        Some(true)
    );
    assert_eq!(world.status("app").items_at(&["history"]).len(), 1);
    assert!(world.api.get("configmaps", "media", "a").is_some());
}

#[test]
fn a_copied_tracking_id_makes_nobody_prune_the_copy() {
    let mut world = with(vec![config_map("a", "1")]);
    world.run_for(MINUTE);
    let mut copy = world.api.get("configmaps", "media", "a").unwrap().clone();
    copy.set_at(&["metadata", "name"], "copy");
    copy.remove_at(&["metadata", "uid"]);
    world.api.set(copy);
    world.run_for(MINUTE * 5);
    assert!(world.api.get("configmaps", "media", "copy").is_some());
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn a_sync_that_would_wipe_out_everything_is_refused() {
    let mut world = with(vec![config_map("a", "1"), config_map("b", "1")]);
    world.run_for(MINUTE);
    commit(&mut world, "r2", Vec::new());
    world.run_for(MINUTE * 10);
    assert_eq!(
        condition(&world),
        "Skipping sync attempt to [r2]: auto-sync will wipe out all resources"
    );
    assert!(world.api.get("configmaps", "media", "a").is_some());
    world.api.change(APP, |app| {
        app.set_at(&["spec", "syncPolicy", "automated", "allowEmpty"], true);
    });
    world.run_for(MINUTE);
    assert!(world.api.get("configmaps", "media", "a").is_none());
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn an_object_with_prune_false_stays() {
    let mut kept = config_map("kept", "1");
    let path = ["metadata", "annotations", "argocd.argoproj.io/sync-options"];
    kept.set_at(&path, "Prune=false");
    let mut world = with(vec![kept, config_map("b", "1")]);
    world.run_for(MINUTE);
    commit(&mut world, "r2", vec![config_map("b", "2")]);
    world.run_for(MINUTE);
    assert!(world.api.get("configmaps", "media", "kept").is_some());
    let status = world.status("app");
    let results = status.items_at(&["operationState", "syncResult", "resources"]);
    let told = results
        .iter()
        .find(|one| one.str_at(&["name"]) == Some("kept"))
        .unwrap();
    assert_eq!(told.str_at(&["status"]), Some("PruneSkipped"));
    assert_eq!(told.str_at(&["message"]), Some("ignored (no prune)"));
}

#[test]
fn what_somebody_changes_or_deletes_is_healed() {
    let mut world = with(vec![config_map("a", "1"), config_map("b", "1")]);
    world.run_for(MINUTE);
    world.api.change(("configmaps", "media", "a"), |map| {
        map.set_at(&["data", "text"], "drift");
    });
    world.run_for(Duration::from_secs(1));
    let text = |world: &World| {
        let map = world.api.get("configmaps", "media", "a").unwrap();
        map.str_at(&["data", "text"]).unwrap().to_owned()
    };
    assert_eq!(text(&world), "1");
    let now = world.now;
    world.api.erase(now, ("configmaps", "media", "b"));
    world.run_for(Duration::from_millis(500));
    assert!(
        world.api.get("configmaps", "media", "b").is_none(),
        "the second heal waits"
    );
    world.run_for(Duration::from_secs(5));
    assert!(world.api.get("configmaps", "media", "b").is_some());
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
    assert_eq!(world.status("app").items_at(&["history"]).len(), 1);
}

#[test]
fn a_field_that_nobody_declares_is_left_to_others() {
    let mut world = with(vec![config_map("a", "1")]);
    world.run_for(MINUTE);
    let writes = world.api.writes.len();
    world.api.change(("configmaps", "media", "a"), |map| {
        map.set_at(&["data", "other"], "mine");
    });
    world.run_for(MINUTE * 5);
    assert_eq!(written(&world, writes), [] as [&str; 0]);
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn a_change_of_an_ignored_field_is_no_difference() {
    let mut world = with(vec![deployment("a", "i:1")]);
    world.api.change(APP, |app| {
        let rules =
            value!([{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]);
        app.set_at(&["spec", "ignoreDifferences"], rules);
    });
    world.run_for(MINUTE);
    world.api.change(("deployments", "media", "a"), |object| {
        object.set_at(&["spec", "replicas"], 5);
    });
    world.run_for(MINUTE * 5);
    let live = world.api.get("deployments", "media", "a").unwrap();
    assert_eq!(live.i64_at(&["spec", "replicas"]), Some(5));
    assert_eq!(world.verdict("app")[0], "Synced");
}

#[test]
fn a_failing_sync_is_repeated_with_longer_and_longer_waits() {
    let mut lost = config_map("lost", "1");
    lost.set_at(&["metadata", "namespace"], "nowhere");
    let mut world = with(vec![lost, config_map("fine", "1")]);
    world.run_for(Duration::from_secs(2));
    assert!(
        message(&world).starts_with(
            "one or more objects failed to apply (dry run). Retrying attempt #1 at 12:00AM."
        ),
        "{}",
        message(&world)
    );
    assert_eq!(
        written(&world, 0),
        [] as [&str; 0],
        "nothing is applied before everything can be"
    );
    world.run_for(MINUTE * 15);
    assert_eq!(world.verdict("app")[2], "Failed");
    assert_eq!(
        message(&world),
        "one or more objects failed to apply (dry run) (retried 5 times)."
    );
    let status = world.status("app");
    let finished = status.str_at(&["operationState", "finishedAt"]).unwrap();
    // 10, 20, 40, 80 and 160 seconds.
    assert_eq!(finished, "2026-01-01T00:05:10Z");
    let results = status.items_at(&["operationState", "syncResult", "resources"]);
    assert_eq!(
        results[0].str_at(&["message"]),
        Some("namespaces \"nowhere\" not found")
    );
    assert!(world.engine.is_settled());
}

#[test]
fn the_namespace_of_the_destination_is_made_where_that_is_asked_for() {
    let mut world = with(vec![config_map("a", "1")]);
    world.api.change(APP, |app| {
        app.set_at(&["spec", "destination", "namespace"], "fresh");
        let policy = value!({
            "automated": {}, "syncOptions": ["CreateNamespace=true"],
            "managedNamespaceMetadata": {"labels": {"tier": "apps"}},
        });
        app.set_at(&["spec", "syncPolicy"], policy);
    });
    world.run_for(MINUTE);
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
    assert_eq!(
        written(&world, 0),
        ["create namespaces/fresh", "create configmaps/a"]
    );
    let namespace = world.api.get("namespaces", "", "fresh").unwrap();
    assert_eq!(
        namespace.str_at(&["metadata", "labels", "tier"]),
        Some("apps")
    );
}

#[test]
fn a_kind_that_the_cluster_does_not_have_is_told() {
    let thing =
        value!({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}});
    let mut world = with(vec![thing, config_map("a", "1")]);
    world.run_for(MINUTE * 10);
    assert_eq!(world.verdict("app"), ["OutOfSync", "Healthy", "Failed"]);
    let status = world.status("app");
    let results = status.items_at(&["operationState", "syncResult", "resources"]);
    assert_eq!(
        results[0].str_at(&["message"]),
        Some(
            "The Kubernetes API could not find example.org/Thing for requested resource media/t. Make sure the \"Thing\" CRD is installed on the destination cluster."
        )
    );
    assert_eq!(written(&world, 0), [] as [&str; 0]);
}

#[test]
fn an_operation_that_somebody_asks_for_is_done_and_cleared() {
    let mut world = with(vec![config_map("a", "1"), config_map("b", "1")]);
    world.api.change(APP, |app| {
        app.remove_at(&["spec", "syncPolicy"]);
    });
    world.run_for(MINUTE);
    assert_eq!(world.verdict("app"), ["OutOfSync", "Healthy", "-"]);
    world.api.change(APP, |app| {
        let operation = value!({"initiatedBy": {"username": "me"}, "sync": {"resources": [{"kind": "ConfigMap", "name": "a"}]}});
        app.set_at(&["operation"], operation);
    });
    world.run_for(MINUTE);
    assert_eq!(written(&world, 0), ["create configmaps/a"]);
    let live = world.api.get("applications", "argocd", "app").unwrap();
    assert_eq!(live.get("operation"), None);
    assert_eq!(world.verdict("app"), ["OutOfSync", "Healthy", "Succeeded"]);
    assert_eq!(world.status("app").items_at(&["history"]), []);
}

#[test]
fn an_operation_at_a_branch_is_pinned_to_what_the_branch_means() {
    let mut world = with(vec![config_map("a", "1")]);
    world.run_for(MINUTE);
    world.api.change(APP, |app| {
        let operation = value!({"initiatedBy": {"username": "me"}, "sync": {"revision": "HEAD", "prune": true}});
        app.set_at(&["operation"], operation);
    });
    world.run_for(MINUTE);
    let status = world.status("app");
    let result = status.at(&["operationState", "syncResult"]).unwrap();
    assert_eq!(result.str_at(&["revision"]), Some("r1"));
    let path = ["operationState", "operation", "sync", "revision"];
    assert_eq!(status.str_at(&path), Some("HEAD"));
    let writes = world.api.writes.len();
    world.run_for(MINUTE * 10);
    assert_eq!(world.api.writes.len(), writes, "no second sync begins");
}

#[test]
fn a_running_operation_can_be_terminated() {
    let mut world = with(vec![
        in_wave(deployment("first", "i:1"), 0),
        in_wave(config_map("last", "1"), 1),
    ]);
    world.ready_after = None;
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.verdict("app")[2], "Running");
    world.api.change(APP, |app| {
        app.set_at(&["status", "operationState", "phase"], "Terminating");
    });
    world.run_for(MINUTE);
    assert_eq!(world.verdict("app")[2], "Failed");
    assert_eq!(message(&world), "Operation terminated");
    assert!(world.api.get("configmaps", "media", "last").is_none());
}

#[test]
fn hooks_are_told_and_not_applied() {
    // Kinds that have a health: were they counted, they would be missing.
    let mut before = deployment("before", "i:1");
    let mut test = deployment("test", "i:1");
    let annotations = ["metadata", "annotations"];
    before.set_at(&annotations, value!({"argocd.argoproj.io/hook": "PreSync"}));
    test.set_at(&annotations, value!({"helm.sh/hook": "test"}));
    let mut world = with(vec![before, test, config_map("a", "1")]);
    world.run_for(MINUTE);
    assert_eq!(written(&world, 0), ["create configmaps/a"]);
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
    assert_eq!(
        condition(&world),
        "hooks are not run yet: Deployment/before"
    );
    let status = world.status("app");
    let listed = status.items_at(&["resources"]).iter();
    let listed: Vec<_> = listed.map(|one| one.str_at(&["name"])).collect();
    assert_eq!(listed, [Some("a")]);
}

#[test]
fn with_its_finalizer_an_application_takes_what_it_manages_along_wave_by_wave() {
    let mut keep = config_map("keep", "1");
    keep.set_at(
        &["metadata", "annotations", "argocd.argoproj.io/sync-options"],
        "Delete=false",
    );
    let mut world = with(vec![
        in_wave(config_map("a", "1"), 0),
        in_wave(config_map("b", "1"), 1),
        keep,
    ]);
    world.api.change(APP, |app| {
        app.set_at(
            &["metadata", "finalizers"],
            vec!["resources-finalizer.argocd.argoproj.io"],
        );
    });
    world.run_for(MINUTE);
    let writes = world.api.writes.len();
    let now = world.now;
    world.api.erase(now, APP);
    world.run_for(MINUTE);
    assert_eq!(
        written(&world, writes),
        ["delete configmaps/b", "delete configmaps/a"]
    );
    assert!(world.api.get("applications", "argocd", "app").is_none());
    assert!(world.api.get("configmaps", "media", "keep").is_some());
    assert_eq!(world.engine.overview().len(), 0);
}

#[test]
fn an_object_of_another_application_is_told_as_shared() {
    let mut world = with(vec![config_map("a", "1")]);
    world.api.change(APP, |app| {
        app.remove_at(&["spec", "syncPolicy", "automated"]);
    });
    world
        .source
        .paths
        .insert("q".into(), vec![config_map("a", "1")]);
    world.api.set(app("other", "q"));
    world.run_for(MINUTE);
    assert_eq!(
        condition(&world),
        "ConfigMap/a is part of applications argocd/app and other"
    );
}

fn with_options(mut object: Value, options: &str) -> Value {
    let path = ["metadata", "annotations", "argocd.argoproj.io/sync-options"];
    object.set_at(&path, options);
    object
}

fn frozen(text: &str, options: &str) -> Value {
    let mut map = with_options(config_map("frozen", text), options);
    map.set_at(&["immutable"], true);
    map
}

#[test]
fn an_object_that_cannot_be_changed_fails_unless_force_makes_it_anew() {
    for (options, text, phase) in [("", "1", "Failed"), ("Force=true", "2", "Succeeded")] {
        let mut world = with(vec![frozen("1", options), config_map("b", "1")]);
        world.run_for(MINUTE);
        let uid = |world: &World| {
            let map = world.api.get("configmaps", "media", "frozen").unwrap();
            map.str_at(&["metadata", "uid"]).unwrap().to_owned()
        };
        let before = uid(&world);
        commit(
            &mut world,
            "r2",
            vec![frozen("2", options), config_map("b", "1")],
        );
        world.run_for(MINUTE * 15);
        let map = world.api.get("configmaps", "media", "frozen").unwrap();
        assert_eq!(map.str_at(&["data", "text"]), Some(text), "{options}");
        assert_eq!(world.verdict("app")[2], phase, "{options}");
        assert_eq!(uid(&world) != before, phase == "Succeeded", "{options}");
    }
}

#[test]
fn replace_leaves_nothing_that_somebody_else_wrote() {
    let mut world = with(vec![with_options(config_map("a", "1"), "Replace=true")]);
    world.run_for(MINUTE);
    world.api.change(("configmaps", "media", "a"), |map| {
        map.set_at(&["data", "other"], "mine");
    });
    let object = with_options(config_map("a", "2"), "Replace=true");
    commit(&mut world, "r2", vec![object]);
    world.run_for(MINUTE);
    let map = world.api.get("configmaps", "media", "a").unwrap();
    assert_eq!(map.get("data"), Some(&value!({"text": "2"})));
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn an_object_that_is_replaced_by_force_is_made_anew() {
    let wanted = |text: &str| with_options(config_map("a", text), "Replace=true,Force=true");
    let mut world = with(vec![wanted("1")]);
    world.run_for(MINUTE);
    let uid = |world: &World| {
        let map = world.api.get("configmaps", "media", "a").unwrap();
        map.str_at(&["metadata", "uid"]).unwrap().to_owned()
    };
    let before = uid(&world);
    commit(&mut world, "r2", vec![wanted("2")]);
    world.run_for(MINUTE);
    assert_ne!(uid(&world), before);
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
    assert_eq!(said_of(&world, "a"), "configmap/a replaced");
}

#[test]
fn what_is_applied_is_told_as_kubectl_tells_it() {
    let cases = [
        ("", "configured"),
        ("ServerSideApply=true", "serverside-applied"),
        ("Replace=true", "replaced"),
    ];
    for (options, told) in cases {
        let wanted = |text: &str| with_options(config_map("a", text), options);
        let mut world = with(vec![wanted("1"), config_map("b", "1")]);
        world.run_for(MINUTE);
        commit(&mut world, "r2", vec![wanted("2"), config_map("b", "1")]);
        world.run_for(MINUTE);
        assert_eq!(said_of(&world, "a"), format!("configmap/a {told}"));
        assert_eq!(said_of(&world, "b"), "configmap/b unchanged");
    }
}

#[test]
fn what_the_application_says_of_pruning_holds_for_objects_that_say_nothing() {
    let kept = |name: &str| with_options(config_map(name, "1"), "Prune=true");
    let mut world = with(vec![config_map("a", "1"), kept("b"), config_map("c", "1")]);
    world.api.change(APP, |app| {
        app.set_at(
            &["spec", "syncPolicy", "syncOptions"],
            vec!["Prune=confirm"],
        );
    });
    world.run_for(MINUTE);
    commit(&mut world, "r2", vec![config_map("c", "1")]);
    world.run_for(MINUTE);
    assert_eq!(
        message(&world),
        "Waiting for pruning confirmation of v1/ConfigMap/a"
    );
    assert!(
        world.api.get("configmaps", "media", "b").is_some(),
        "a wave is pruned as a whole"
    );
    let now = world.now.to_string();
    world.api.change(APP, |app| {
        let path = [
            "metadata",
            "annotations",
            "argocd.argoproj.io/deletion-approved",
        ];
        app.set_at(&path, now);
    });
    world.run_for(MINUTE);
    assert_eq!(world.api.get("configmaps", "media", "a"), None);
    assert_eq!(world.api.get("configmaps", "media", "b"), None);
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn an_application_of_an_unknown_cluster_goes_without_what_it_manages() {
    let mut world = with(vec![config_map("a", "1")]);
    world.run_for(MINUTE);
    world.api.change(APP, |app| {
        let finalizers = vec!["resources-finalizer.argocd.argoproj.io"];
        app.set_at(&["metadata", "finalizers"], finalizers);
        app.set_at(
            &["spec", "destination", "server"],
            "https://gone.example.org",
        );
    });
    let now = world.now;
    world.api.erase(now, APP);
    world.run_for(MINUTE);
    assert_eq!(world.api.get("applications", "argocd", "app"), None);
    assert!(world.api.get("configmaps", "media", "a").is_some());
}

#[test]
fn a_deletion_leaves_what_the_application_says_it_leaves() {
    let mut world = with(vec![
        config_map("a", "1"),
        with_options(config_map("b", "1"), "Delete=true"),
    ]);
    world.api.change(APP, |app| {
        app.set_at(&["spec", "syncPolicy", "syncOptions"], vec!["Delete=false"]);
        let finalizers = vec!["resources-finalizer.argocd.argoproj.io"];
        app.set_at(&["metadata", "finalizers"], finalizers);
    });
    world.run_for(MINUTE);
    let now = world.now;
    world.api.erase(now, APP);
    world.run_for(MINUTE);
    assert_eq!(world.api.get("applications", "argocd", "app"), None);
    assert!(world.api.get("configmaps", "media", "a").is_some());
    assert_eq!(world.api.get("configmaps", "media", "b"), None);
}

#[test]
fn with_apply_out_of_sync_only_what_is_in_sync_has_no_result() {
    let mut world = with(vec![config_map("a", "1"), config_map("b", "1")]);
    world.api.change(APP, |app| {
        let options = vec!["ApplyOutOfSyncOnly=true"];
        app.set_at(&["spec", "syncPolicy", "syncOptions"], options);
    });
    world.run_for(MINUTE);
    commit(
        &mut world,
        "r2",
        vec![config_map("a", "1"), config_map("b", "2")],
    );
    world.run_for(MINUTE);
    let status = world.status("app");
    let results = status.items_at(&["operationState", "syncResult", "resources"]);
    let names: Vec<_> = results
        .iter()
        .map(|one| one.str_at(&["name"]).unwrap())
        .collect();
    assert_eq!(names, ["b"]);
}

#[test]
fn ignored_fields_keep_their_live_values_where_the_options_respect_them() {
    for (options, replicas) in [(vec![], 1), (vec!["RespectIgnoreDifferences=true"], 5)] {
        let mut world = with(vec![deployment("a", "i:1")]);
        world.api.change(APP, |app| {
            let rules = value!([{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]);
            app.set_at(&["spec", "ignoreDifferences"], rules);
            app.set_at(&["spec", "syncPolicy", "syncOptions"], options.clone());
        });
        world.run_for(MINUTE);
        world.api.change(("deployments", "media", "a"), |object| {
            object.set_at(&["spec", "replicas"], 5);
        });
        world.run_for(Duration::from_secs(1));
        commit(&mut world, "r2", vec![deployment("a", "i:2")]);
        world.run_for(MINUTE);
        let live = world.api.get("deployments", "media", "a").unwrap();
        assert_eq!(
            live.i64_at(&["spec", "replicas"]),
            Some(replicas),
            "{options:?}"
        );
        assert_eq!(world.verdict("app")[0], "Synced", "{options:?}");
        assert_eq!(world.verdict("app")[2], "Succeeded", "{options:?}");
    }
}

#[test]
fn a_deleted_project_goes_once_no_application_names_it() {
    let project = ("appprojects", "argocd", "default");
    let mut world = with(vec![config_map("a", "1")]);
    world.api.change(project, |project| {
        let finalizers = vec!["resources-finalizer.argocd.argoproj.io"];
        project.set_at(&["metadata", "finalizers"], finalizers);
    });
    world.run_for(MINUTE);
    let now = world.now;
    world.api.erase(now, project);
    world.run_for(MINUTE);
    assert!(world.api.get(project.0, project.1, project.2).is_some());
    let now = world.now;
    world.api.erase(now, APP);
    world.run_for(MINUTE);
    assert!(world.api.get(project.0, project.1, project.2).is_none());
}

#[test]
fn a_kind_that_arrives_later_is_synced_with_its_definition() {
    let crd = value!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": {"group": "example.org", "names": {"kind": "Thing", "plural": "things"}, "scope": "Namespaced"},
    });
    let thing =
        value!({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}});
    let mut world = with(vec![thing, crd]);
    world.run_for(MINUTE);
    assert_eq!(
        written(&world, 0),
        [
            "create customresourcedefinitions/things.example.org",
            "create things/t"
        ]
    );
    assert_eq!(world.verdict("app")[0], "Synced");
    assert_eq!(world.verdict("app")[2], "Succeeded");
}
