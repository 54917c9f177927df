//! Sync windows of projects. The clock of these worlds begins at midnight of 2026-01-01.

use std::time::Duration;

use toft_sync::{EngineSettings, ProjectRules};
use toft_value::{Value, value};

use crate::MINUTE;
use crate::world::{World, app, config_map, settings};

const APP: (&str, &str, &str) = ("applications", "argocd", "app");
const PROJECT: (&str, &str, &str) = ("appprojects", "argocd", "default");

fn world(project_rules: ProjectRules, window: Value) -> World {
    let mut world = World::with(EngineSettings {
        project_rules,
        ..settings()
    });
    world
        .source
        .paths
        .insert("p".into(), vec![config_map("a", "1")]);
    world.api.change(PROJECT, |project| {
        project.set_at(&["spec", "syncWindows"], vec![window]);
    });
    world.api.set(app("app", "p"));
    world
}

fn message(world: &World) -> String {
    let status = world.status("app");
    let message = status.str_at(&["operationState", "message"]);
    message.unwrap_or_default().to_owned()
}

fn ask(world: &mut World) {
    world.api.change(APP, |app| {
        app.set_at(
            &["operation"],
            value!({"initiatedBy": {"username": "me"}, "sync": {}}),
        );
    });
}

fn at_three(kind: &str, manual: impl Into<Value>) -> Value {
    let manual: Value = manual.into();
    value!({"kind": kind, "schedule": "0 3 * * *", "duration": "1h", "applications": ["*"], "manualSync": manual})
}

#[test]
fn an_application_is_synced_by_itself_once_its_window_opens() {
    let mut world = world(ProjectRules::Enforced, at_three("allow", false));
    world.run_for(MINUTE * 170);
    assert_eq!(world.verdict("app"), ["OutOfSync", "Healthy", "-"]);
    world.run_for(MINUTE * 11);
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn what_somebody_asks_for_waits_for_the_window_unless_it_lets_people_through() {
    for (manual, phase) in [(false, "Running"), (true, "Succeeded")] {
        let mut world = world(ProjectRules::Enforced, at_three("allow", manual));
        world.run_for(MINUTE);
        ask(&mut world);
        world.run_for(MINUTE);
        assert_eq!(world.verdict("app")[2], phase, "{manual}");
        if !manual {
            assert_eq!(message(&world), "Sync operation blocked by sync window");
        }
        world.run_for(Duration::from_hours(3));
        assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
    }
}

#[test]
fn a_window_that_cannot_be_read_lets_nothing_through_and_says_why() {
    let broken =
        value!({"kind": "deny", "schedule": "often", "duration": "1h", "applications": ["app"]});
    let mut world = world(ProjectRules::Enforced, broken);
    ask(&mut world);
    world.run_for(MINUTE);
    assert_eq!(
        message(&world),
        "Sync operation blocked by sync window: invalid sync windows: cannot parse schedule 'often': expected exactly 5 fields, found 1: [often]"
    );
    world.api.change(PROJECT, |project| {
        project.remove_at(&["spec", "syncWindows"]);
    });
    world.run_for(MINUTE * 5);
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
}

#[test]
fn where_projects_are_only_told_a_window_is_told_too() {
    let mut world = world(ProjectRules::Told, at_three("allow", false));
    world.run_for(MINUTE);
    assert_eq!(world.verdict("app"), ["Synced", "Healthy", "Succeeded"]);
    let status = world.status("app");
    assert_eq!(
        status.items_at(&["conditions"])[0].str_at(&["message"]),
        Some("a sync window of project default denies syncs now; it is not observed")
    );
}
