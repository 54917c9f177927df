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
fn a_deleted_set_takes_its_applications_along() {
    let mut world = world(&["radarr", "sonarr"], value!({}));
    world.run_for(MINUTE);
    let now = world.now;
    world.api.erase(now, ("applicationsets", "argocd", "apps"));
    world.run_for(MINUTE);
    assert_eq!(names(&world), [] as [&str; 0]);
}
