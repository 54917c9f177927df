//! What goes wrong on the way: calls that fail, answers that are lost, crashes at every instant.

use std::collections::BTreeMap;

use toft_api::Reason;
use toft_value::Value;

use crate::MINUTE;
use crate::world::{World, app, config_map, deployment, in_wave};

/// Two Applications in waves under a root: everything that a bring-up has.
fn lab() -> World {
    let mut world = World::new();
    let children = vec![
        in_wave(app("db", "apps/db"), 0),
        in_wave(app("web", "apps/web"), 1),
    ];
    world.source.paths.insert("apps".into(), children);
    let database = vec![
        in_wave(config_map("db", "1"), -1),
        in_wave(deployment("db", "db:1"), 0),
    ];
    world.source.paths.insert("apps/db".into(), database);
    let web = vec![config_map("web", "1"), deployment("web", "web:1")];
    world.source.paths.insert("apps/web".into(), web);
    let mut root = app("root", "apps");
    root.set_at(&["spec", "destination", "namespace"], "argocd");
    world.api.set(root);
    world
}

/// The objects, without what time and order leave in them.
fn end_state(world: &World) -> BTreeMap<String, Value> {
    let objects = world
        .api
        .objects
        .iter()
        .map(|((resource, namespace, name), object)| {
            let mut object = object.clone();
            for path in [
                &["metadata", "resourceVersion"][..],
                &["metadata", "uid"],
                &["metadata", "generation"],
                &["status"],
            ] {
                object.remove_at(path);
            }
            (format!("{resource}/{namespace}/{name}"), object)
        });
    objects.collect()
}

fn assert_up(world: &World, what: &str) {
    for name in ["root", "db", "web"] {
        assert_eq!(
            world.verdict(name),
            ["Synced", "Healthy", "Succeeded"],
            "{what}: {name}"
        );
    }
}

fn creations(world: &World) -> usize {
    let created = |write: &&String| write.starts_with("create");
    world.api.writes.iter().filter(created).count()
}

#[test]
fn a_crash_at_any_effect_ends_in_the_same_state() {
    let mut whole = lab();
    whole.run_for(MINUTE * 10);
    assert_up(&whole, "without a crash");
    let effects = whole.effects;
    assert!(effects > 100, "{effects}");
    for crash_after in 1..effects {
        let mut world = lab();
        world.faults.crash_after = Some(crash_after);
        world.run_for(MINUTE * 10);
        let what = format!("crash after effect {crash_after}");
        assert_up(&world, &what);
        assert_eq!(end_state(&world), end_state(&whole), "{what}");
        assert_eq!(
            creations(&world),
            creations(&whole),
            "{what}: nothing is made twice"
        );
        let order = |entry: &str| world.api.writes.iter().position(|write| write == entry);
        assert!(
            order("create deployments/db") < order("create configmaps/web"),
            "{what}"
        );
    }
}

#[test]
fn any_call_may_fail_once() {
    let mut whole = lab();
    whole.run_for(MINUTE * 10);
    for call in 1..=whole.calls {
        for reason in [
            Reason::InternalError,
            Reason::TooManyRequests,
            Reason::Conflict,
            Reason::Forbidden,
        ] {
            let mut world = lab();
            world.faults.fail.insert(call, reason);
            world.run_for(MINUTE * 20);
            let what = format!("call {call} fails with {}", reason.as_str());
            assert_up(&world, &what);
            assert_eq!(end_state(&world), end_state(&whole), "{what}");
        }
    }
}

#[test]
fn any_answer_may_be_lost() {
    let mut whole = lab();
    whole.run_for(MINUTE * 10);
    for call in 1..=whole.calls {
        let mut world = lab();
        world.faults.lose.insert(call);
        world.run_for(MINUTE * 20);
        let what = format!("the answer to call {call} is lost");
        assert_up(&world, &what);
        assert_eq!(end_state(&world), end_state(&whole), "{what}");
    }
}

#[test]
fn the_same_run_twice_is_the_same_run() {
    let run = || {
        let mut world = lab();
        world.run_for(MINUTE * 10);
        (world.api.writes.clone(), world.effects, world.calls)
    };
    assert_eq!(run(), run());
}
