//! Sets of Applications.

use toft_sync::Event;
use toft_value::{Value, value};

use crate::MINUTE;
use crate::world::{World, app, config_map};

fn set(spec: Value) -> Value {
    value!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
        "metadata": {"name": "apps", "namespace": "argocd"}, "spec": spec,
    })
}

fn world(names: &[&str], spec: Value) -> World {
    let mut world = World::new();
    for name in names {
        let objects = vec![config_map(name, "1")];
        world.source.paths.insert(format!("apps/{name}"), objects);
    }
    world
        .source
        .sets
        .insert("apps".into(), Ok(applications(names)));
    world.api.set(set(spec));
    world
}

fn applications(names: &[&str]) -> Vec<Value> {
    let apps = names.iter().map(|name| app(name, &format!("apps/{name}")));
    apps.collect()
}

fn names(world: &World) -> Vec<&str> {
    let keys = world.api.objects.keys();
    let apps = keys.filter(|(resource, _, _)| resource == "applications");
    apps.map(|(_, _, name)| name.as_str()).collect()
}

fn conditions(world: &World) -> Vec<(String, String, String)> {
    let set = world.api.get("applicationsets", "argocd", "apps").unwrap();
    let conditions = set.items_at(&["status", "conditions"]).iter();
    let text = |one: &Value, key: &str| one.str_at(&[key]).unwrap_or_default().to_owned();
    conditions
        .map(|one| (text(one, "type"), text(one, "status"), text(one, "message")))
        .collect()
}

#[test]
fn a_set_makes_its_applications_and_tells_of_them() {
    let mut world = world(&["radarr", "sonarr"], value!({}));
    world.run_for(MINUTE);
    assert_eq!(names(&world), ["radarr", "sonarr"]);
    for name in ["radarr", "sonarr"] {
        assert_eq!(world.verdict(name), ["Synced", "Healthy", "Succeeded"]);
    }
    let set = world.api.get("applicationsets", "argocd", "apps").unwrap();
    assert_eq!(set.i64_at(&["status", "resourcesCount"]), Some(2));
    assert_eq!(
        set.items_at(&["status", "resources"])[0],
        value!({"group": "argoproj.io", "version": "v1alpha1", "kind": "Application", "namespace": "argocd",
                "name": "radarr", "status": "Synced", "health": {"status": "Healthy"}})
    );
    assert_eq!(conditions(&world)[2].0, "ResourcesUpToDate");
    assert_eq!(conditions(&world)[2].1, "True");
    assert!(world.engine.is_settled());
    let writes = world.api.writes.len();
    world.run_for(MINUTE * 30);
    assert_eq!(world.api.writes.len(), writes);
}

#[test]
fn an_application_that_is_no_longer_given_is_deleted() {
    let mut world = world(&["radarr", "sonarr"], value!({}));
    world.run_for(MINUTE);
    world
        .source
        .sets
        .insert("apps".into(), Ok(applications(&["sonarr"])));
    world.push(Event::SourceChanged);
    world.run_for(MINUTE);
    assert_eq!(names(&world), ["sonarr"]);
}

#[test]
fn an_error_is_never_taken_for_an_empty_list() {
    let mut world = world(&["radarr", "sonarr"], value!({}));
    world.run_for(MINUTE);
    world
        .source
        .sets
        .insert("apps".into(), Err("no such directory".into()));
    world.push(Event::SourceChanged);
    world.run_for(MINUTE * 30);
    assert_eq!(names(&world), ["radarr", "sonarr"]);
    assert_eq!(
        conditions(&world)[0],
        (
            "ErrorOccurred".into(),
            "True".into(),
            "no such directory".into()
        )
    );
    let set = world.api.get("applicationsets", "argocd", "apps").unwrap();
    let first = &set.items_at(&["status", "conditions"])[0];
    assert_eq!(first.str_at(&["reason"]), Some("RenderTemplateParamsError"));
    world
        .source
        .sets
        .insert("apps".into(), Ok(applications(&["sonarr"])));
    world.run_for(MINUTE * 5);
    assert_eq!(names(&world), ["sonarr"]);
}

#[test]
fn a_policy_without_deletion_keeps_what_is_no_longer_given() {
    let policy = value!({"syncPolicy": {"applicationsSync": "create-update"}});
    let mut world = world(&["radarr", "sonarr"], policy);
    world.run_for(MINUTE);
    world
        .source
        .sets
        .insert("apps".into(), Ok(applications(&["sonarr"])));
    world.push(Event::SourceChanged);
    world.run_for(MINUTE);
    assert_eq!(names(&world), ["radarr", "sonarr"]);
}

#[test]
fn an_application_that_somebody_changes_or_deletes_is_restored() {
    let mut world = world(&["sonarr"], value!({}));
    world.run_for(MINUTE);
    world
        .api
        .change(("applications", "argocd", "sonarr"), |app| {
            app.set_at(&["spec", "source", "path"], "elsewhere");
        });
    world.run_for(MINUTE);
    let path = |world: &World| {
        let app = world.api.get("applications", "argocd", "sonarr").unwrap();
        app.str_at(&["spec", "source", "path"]).unwrap().to_owned()
    };
    assert_eq!(path(&world), "apps/sonarr");
    let now = world.now;
    world.api.erase(now, ("applications", "argocd", "sonarr"));
    world.run_for(MINUTE);
    assert_eq!(world.verdict("sonarr"), ["Synced", "Healthy", "-"]);
}

#[test]
fn an_application_of_a_missing_project_is_not_written_and_its_name_protects_a_live_one() {
    let mut world = world(&["radarr", "sonarr"], value!({}));
    world.run_for(MINUTE);
    let mut lost = app("radarr", "apps/radarr");
    lost.set_at(&["spec", "project"], "nowhere");
    let given = vec![lost, app("sonarr", "apps/sonarr")];
    world.source.sets.insert("apps".into(), Ok(given));
    world.push(Event::SourceChanged);
    world.run_for(MINUTE);
    assert_eq!(names(&world), ["radarr", "sonarr"]);
    let live = world.api.get("applications", "argocd", "radarr").unwrap();
    assert_eq!(live.str_at(&["spec", "project"]), Some("default"));
    assert_eq!(
        conditions(&world)[0].2,
        "application references project nowhere which does not exist"
    );
}

#[test]
fn an_application_that_may_not_be_written_keeps_the_live_one_of_its_name() {
    let mut world = world(&["radarr", "sonarr"], value!({}));
    world.run_for(MINUTE);
    let mut changed = app("radarr", "apps/sonarr");
    changed.set_at(&["metadata", "labels", "tier"], "media");
    let given = vec![changed.clone(), changed, app("sonarr", "apps/sonarr")];
    world.source.sets.insert("apps".into(), Ok(given));
    world.push(Event::SourceChanged);
    world.run_for(MINUTE * 5);
    assert_eq!(names(&world), ["radarr", "sonarr"]);
    let live = world.api.get("applications", "argocd", "radarr").unwrap();
    assert_eq!(live.at(&["metadata", "labels"]), None);
    let told = conditions(&world);
    assert_eq!(told[0].2, "radarr comes twice");
    assert_eq!(told[1].1, "True");
}

#[test]
fn nothing_is_deleted_while_something_cannot_be_written() {
    let mut world = world(&["radarr", "sonarr"], value!({}));
    let mut foreign = app("lidarr", "apps/sonarr");
    foreign.set_at(
        &["metadata", "ownerReferences"],
        value!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": "others", "uid": "o", "controller": true}]),
    );
    world.api.set(foreign);
    world.run_for(MINUTE);
    let given = applications(&["lidarr", "sonarr"]);
    world.source.sets.insert("apps".into(), Ok(given));
    world.push(Event::SourceChanged);
    world.run_for(MINUTE * 10);
    assert_eq!(names(&world), ["lidarr", "radarr", "sonarr"]);
    let set = world.api.get("applicationsets", "argocd", "apps").unwrap();
    let first = &set.items_at(&["status", "conditions"])[0];
    assert_eq!(first.str_at(&["reason"]), Some("UpdateApplicationError"));
    assert_eq!(
        first.str_at(&["message"]),
        Some(
            "error while wrapping using MutateFn: Object argocd/lidarr is already owned by another ApplicationSet controller others"
        )
    );
    world
        .api
        .change(("applications", "argocd", "lidarr"), |app| {
            app.remove_at(&["metadata", "ownerReferences"]);
        });
    world.run_for(MINUTE * 5);
    assert_eq!(names(&world), ["lidarr", "sonarr"]);
}

#[test]
fn an_application_that_nobody_controls_becomes_one_of_the_set() {
    let mut world = world(&["sonarr"], value!({}));
    let mut lone = app("sonarr", "elsewhere");
    let helper = value!({"apiVersion": "v1", "kind": "ConfigMap", "name": "helper", "uid": "h"});
    lone.set_at(&["metadata", "ownerReferences"], vec![helper.clone()]);
    world.api.set(lone);
    world.run_for(MINUTE);
    let live = world.api.get("applications", "argocd", "sonarr").unwrap();
    assert_eq!(
        live.str_at(&["spec", "source", "path"]),
        Some("apps/sonarr")
    );
    let owners = live.items_at(&["metadata", "ownerReferences"]);
    assert_eq!(owners[0], helper);
    assert_eq!(owners[1].str_at(&["name"]), Some("apps"));
}

#[test]
fn a_policy_that_only_creates_leaves_what_is_there() {
    let policy = value!({"syncPolicy": {"applicationsSync": "create-only"}});
    let mut world = world(&["radarr", "sonarr"], policy);
    world.run_for(MINUTE);
    let mut changed = app("sonarr", "apps/radarr");
    changed.set_at(&["metadata", "labels", "tier"], "media");
    world.source.sets.insert("apps".into(), Ok(vec![changed]));
    world.push(Event::SourceChanged);
    world.run_for(MINUTE * 5);
    assert_eq!(names(&world), ["radarr", "sonarr"]);
    let live = world.api.get("applications", "argocd", "sonarr").unwrap();
    assert_eq!(live.at(&["metadata", "labels"]), None);
    let now = world.now;
    world.api.erase(now, ("applicationsets", "argocd", "apps"));
    world.run_for(MINUTE);
    assert_eq!(names(&world), [] as [&str; 0], "there was no finalizer");
}

#[test]
fn a_set_that_may_not_delete_leaves_its_applications_when_it_goes() {
    let policy = value!({"syncPolicy": {"applicationsSync": "create-update"}});
    let mut world = world(&["radarr", "sonarr"], policy);
    world.run_for(MINUTE);
    world
        .api
        .change(("applicationsets", "argocd", "apps"), |set| {
            set.set_at(
                &["metadata", "finalizers"],
                vec!["resources-finalizer.argocd.argoproj.io"],
            );
        });
    let now = world.now;
    world.api.erase(now, ("applicationsets", "argocd", "apps"));
    world.run_for(MINUTE);
    assert_eq!(world.api.get("applicationsets", "argocd", "apps"), None);
    assert_eq!(names(&world), ["radarr", "sonarr"]);
}

#[test]
fn a_deleted_set_takes_its_applications_along() {
    let mut world = world(&["radarr", "sonarr"], value!({}));
    world.run_for(MINUTE);
    let now = world.now;
    world.api.erase(now, ("applicationsets", "argocd", "apps"));
    world.run_for(MINUTE);
    assert_eq!(names(&world), [] as [&str; 0]);
}
