//! What came in while the world was driven is kept, and makes the same world again.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the world is driven on a thread of its own, as the program does it"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use toft_api::{Request, ResourcePath};
use toft_cluster::ClusterSettings;
use toft_host::{Aim, Answer, Board, Drive, Line, StateDir, Store};
use toft_object::Time;
use toft_rehearse::{Repository, World, WorldSettings, replay};
use toft_render::Renderings;
use toft_source::MemoryFiles;
use toft_sync::ProjectRules;
use toft_value::{Value, value};

const ROOT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: argocd}\nspec:\n  \
     project: default\n  source: {repoURL: 'https://git.example.org/lab.git', path: apps}\n  \
     destination: {name: in-cluster, namespace: default}\n  syncPolicy: {automated: {selfHeal: true}}\n";

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
     template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: 'example.org/web:1'}]}\n";

const PATIENCE: Duration = Duration::from_mins(1);

fn settings() -> WorldSettings {
    WorldSettings {
        cluster: ClusterSettings::new(5),
        project_rules: ProjectRules::Told,
        root: None,
        renderings: Renderings::new(""),
        now: Time::default(),
    }
}

fn repository() -> Repository {
    let files = MemoryFiles::new([("root.yaml", ROOT), ("apps/web.yaml", WEB)]);
    Repository {
        tree: Arc::new(files),
        revision: "r1".into(),
        remotes: BTreeMap::new(),
    }
}

fn ask(line: &Line, request: Request) {
    let answer = line.ask(request).unwrap().blocking_recv().unwrap();
    assert!(matches!(answer, Answer::Response(response) if response.error().is_none()));
}

#[test]
fn what_was_kept_of_a_run_makes_the_same_objects_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::create(folder.path().join("state")).unwrap();
    let _lock = state.lock().unwrap();
    let world = World::new(settings(), repository(), Time::from_seconds(1_700_000_000)).unwrap();
    let board = Arc::new(Board::new(world.api().schemas().clone()));
    let (line, inbox) = Line::new();
    let store = Store::open(&state).unwrap();
    let drive = Drive::new((world, store), (inbox, Arc::clone(&board)), Aim::Rest);
    let driven = thread::spawn(move || drive.run());
    let maps = ResourcePath::new("", "v1", "configmaps").namespace("default");
    for name in ["a", "b"] {
        let map = value!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        ask(&line, Request::create("test", maps.clone(), map));
    }
    let mut news = board.latest();
    while news.overview.str_at(&["settled"]).is_none() {
        news = board.wait(news.number, PATIENCE);
    }
    line.stop().unwrap();
    driven.join().unwrap().unwrap();

    let store = Store::open(&state).unwrap();
    let inputs = store.inputs().unwrap().remove(&1).unwrap();
    let tree = |revision: &str, _: &str| (revision == "r1").then(repository);
    let mut again = replay(settings(), &inputs, &tree).unwrap();
    let mut objects: BTreeMap<String, Value> = BTreeMap::new();
    for change in again
        .take_commits()
        .into_iter()
        .flat_map(|commit| commit.changes)
    {
        let key = format!("{:?}", change.key);
        match change.after {
            Some(value) => drop(objects.insert(key, value)),
            None => drop(objects.remove(&key)),
        }
    }
    let saved = store.load().unwrap().unwrap().records.into_iter();
    let saved: BTreeMap<String, Value> = saved
        .map(|record| (format!("{:?}", record.key), record.value))
        .collect();
    assert_eq!(objects, saved);
}
