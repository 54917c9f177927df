//! Whole labs in a world: brought up, healed, changed, restored.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests read the example from disk"
)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken lab ends the test"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use toft_api::{PatchKind, Request, ResourcePath};
use toft_apiserver::{Commit, Record, StoreKey};
use toft_cluster::ClusterSettings;
use toft_kustomize::BuildOptions;
use toft_object::Time;
use toft_rehearse::{
    Entry, LiveCluster, Means, Needs, Reach, Repository, Saved, Settled, Standing, World,
    WorldSettings, print_commits, replay,
};
use toft_render::Renderings;
use toft_source::{Files as _, MemoryFiles, Remote, Remotes, RepoPath};
use toft_sync::ProjectRules;
use toft_value::Value;

const BEGIN: Time = Time::from_seconds(1_760_000_000);

/// Virtual time in which a healthy lab must come to rest.
const SEARCH_MAX: Duration = Duration::from_hours(2);

fn settings(seed: u64) -> WorldSettings {
    WorldSettings {
        cluster: ClusterSettings::new(seed),
        project_rules: ProjectRules::Told,
        root: None,
        renderings: Renderings::new(""),
        now: Time::default(),
    }
}

fn means(renderings: &Renderings) -> Means {
    Means {
        renderings: renderings.clone(),
        seed: 5,
        now: Time::default(),
        api_versions: None,
    }
}

fn example() -> MemoryFiles {
    let mut files = MemoryFiles::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/k8s-nas/repository");
    load(&root, &RepoPath::root(), &mut files);
    files
}

fn load(folder: &Path, at: &RepoPath, files: &mut MemoryFiles) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = at.join(&entry.file_name().to_string_lossy()).unwrap();
        if entry.file_type().unwrap().is_dir() {
            load(&entry.path(), &path, files);
        } else {
            files.insert(path, std::fs::read(entry.path()).unwrap().into());
        }
    }
}

fn repository(files: MemoryFiles, revision: &str) -> Repository {
    Repository {
        tree: Arc::new(files),
        revision: revision.into(),
        remotes: BTreeMap::new(),
    }
}

/// A small lab: one Application with a Deployment behind a Service.
fn small(image: &str) -> MemoryFiles {
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: photos, namespace: argocd}\nspec:\n  \
         project: default\n  source: {repoURL: 'https://git.example.org/lab.git', path: photos, targetRevision: main}\n  \
         destination: {server: 'https://kubernetes.default.svc', namespace: photos}\n  \
         syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}\n";
    let deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: photos}}\nspec:\n  selector: {{matchLabels: {{app: photos}}}}\n  \
         template:\n    metadata: {{labels: {{app: photos}}}}\n    spec: {{containers: [{{name: main, image: '{image}'}}]}}\n"
    );
    MemoryFiles::new([
        ("root.yaml", application),
        ("photos/deployment.yaml", &deployment),
    ])
}

/// Lets the clock run until everything has come to rest.
fn settle(world: &mut World) -> Settled {
    let until = world.clock() + SEARCH_MAX;
    while world.clock() < until {
        if let Some(settled) = world.settled() {
            return settled;
        }
        world.advance(world.next_search());
    }
    panic!(
        "not at rest after {SEARCH_MAX:?}: {:#?}",
        world.overview().apps
    );
}

fn assert_good(world: &World) {
    let overview = world.overview();
    let bad: Vec<_> = overview.apps.iter().filter(|app| !app.is_good()).collect();
    assert!(!overview.apps.is_empty() && bad.is_empty(), "{bad:#?}");
}

fn deployment() -> ResourcePath {
    ResourcePath::new("apps", "v1", "deployments")
        .namespace("photos")
        .name("photos")
}

/// The objects that a sequence of commits leaves.
fn records(commits: &[Commit]) -> Saved {
    let mut kept: BTreeMap<StoreKey, Value> = BTreeMap::new();
    for change in commits.iter().flat_map(|commit| &commit.changes) {
        match &change.after {
            Some(object) => drop(kept.insert(change.key.clone(), object.clone())),
            None => drop(kept.remove(&change.key)),
        }
    }
    let records = kept
        .into_iter()
        .map(|(key, value)| Record { key, value })
        .collect();
    let revision = commits.last().map_or(0, |commit| commit.revision);
    Saved {
        revision,
        clock: BEGIN,
        records,
    }
}

#[test]
fn every_kustomization_of_the_example_builds_without_a_word_also_for_dev() {
    let files = example();
    let all = files
        .paths()
        .filter(|path| path.file_name() == "kustomization.yaml");
    // A component is built by whoever takes it.
    let is_whole = |path: &&RepoPath| {
        let text = files.read(path).unwrap();
        !String::from_utf8_lossy(&text).contains("kind: Component")
    };
    let mut dev = 0;
    for path in all.filter(is_whole) {
        let folder = path.parent().unwrap();
        let built = toft_kustomize::build(&files, &folder, &BuildOptions::default()).unwrap();
        assert!(
            built.diagnostics.is_empty(),
            "{folder}: {:#?}",
            built.diagnostics
        );
        assert!(!built.value.objects.is_empty(), "{folder}");
        dev += usize::from(folder.as_str().ends_with("overlays/dev"));
    }
    assert!(dev > 10, "{dev} overlays for dev");
}

#[test]
fn the_example_lab_comes_up_healthy() {
    let mut world = World::new(settings(1), repository(example(), "1"), BEGIN).unwrap();
    assert_eq!(settle(&mut world), Settled::Done);
    assert_good(&world);
    let overview = world.overview();
    assert!(
        overview.routes.iter().all(|route| route.ready),
        "{:#?}",
        overview.routes
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let run = |seed| {
        let mut world = World::new(settings(seed), repository(example(), "1"), BEGIN).unwrap();
        settle(&mut world);
        print_commits(&world.take_commits())
    };
    let first = run(7);
    assert_eq!(first, run(7));
    assert_ne!(first, run(8));
}

#[test]
fn a_run_is_made_again_from_what_came_in() {
    let trees = |revision: &str, _: &str| {
        let image = format!("registry.example.org/photos:{revision}");
        Some(repository(small(&image), revision))
    };
    let mut world = World::new(settings(5), trees("1", "").unwrap(), BEGIN).unwrap();
    settle(&mut world);
    let scale = toft_value::value!({"spec": {"replicas": 3}});
    let scale = Request::patch("kubectl", deployment(), PatchKind::Merge, scale);
    world.handle(world.clock() + Duration::from_millis(700), &scale);
    world.advance(world.clock() + Duration::from_secs(3));
    world.handle(
        world.clock() + Duration::from_secs(1),
        &Request::get("kubectl", deployment()),
    );
    world.handle(world.clock(), &Request::delete("kubectl", deployment()));
    world.skip_to(world.clock() + Duration::from_mins(7));
    world.set_repository(trees("2", "").unwrap());
    settle(&mut world);
    let lines: Vec<String> = world.take_inputs().iter().map(Entry::to_line).collect();
    let told = print_commits(&world.take_commits());
    assert!(lines.len() < 12, "{lines:#?}");
    let log: Vec<Entry> = lines
        .iter()
        .map(|line| Entry::parse(line).unwrap())
        .collect();
    let again = |seed| {
        let mut world = replay(settings(seed), &log, &trees).unwrap();
        print_commits(&world.take_commits())
    };
    assert_eq!(told, again(5));
    assert_ne!(told, again(6));
    let shorter = |seed| {
        let mut world = replay(settings(seed), &log[..log.len() - 3], &trees).unwrap();
        print_commits(&world.take_commits())
    };
    assert_ne!(told, shorter(5));
    assert!(replay(settings(5), &log[1..], &trees).is_err());
    assert!(replay(settings(5), &log, &|_, _| None).is_err());
}

#[test]
fn what_somebody_deletes_or_edits_is_healed() {
    let mut world = World::new(
        settings(1),
        repository(small("registry.example.org/photos:1"), "1"),
        BEGIN,
    )
    .unwrap();
    settle(&mut world);
    assert_good(&world);
    let deleted = world.handle(world.clock(), &Request::delete("kubectl", deployment()));
    assert!(deleted.error().is_none(), "{deleted:?}");
    world.advance(world.clock() + Duration::from_mins(2));
    settle(&mut world);
    assert_good(&world);
    let healed = world
        .handle(world.clock(), &Request::get("kubectl", deployment()))
        .into_value();
    assert!(healed.is_ok(), "{healed:?}");
}

/// The root Application, and a set whose list of elements was left empty.
fn with_an_empty_list() -> MemoryFiles {
    let root = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: argocd}\nspec:\n  \
         project: default\n  source: {repoURL: 'https://git.example.org/lab.git', path: sets, targetRevision: main}\n  \
         destination: {server: 'https://kubernetes.default.svc', namespace: argocd}\n  \
         syncPolicy: {automated: {prune: true, selfHeal: true}}\n";
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: monitoring, namespace: argocd}\nspec:\n  \
         generators:\n  - list:\n      elements:\n      # - name: grafana\n  template:\n    metadata: {name: '{{name}}'}\n    \
         spec: {project: default, source: {repoURL: r, path: p}, destination: {name: in-cluster}}\n";
    MemoryFiles::new([("root.yaml", root), ("sets/set.yaml", set)])
}

#[test]
fn a_list_that_somebody_left_empty_is_no_error() {
    let mut world = World::new(settings(1), repository(with_an_empty_list(), "1"), BEGIN).unwrap();
    assert_eq!(settle(&mut world), Settled::Done);
    assert_good(&world);
}

#[test]
fn a_commit_is_synced() {
    let mut world = World::new(
        settings(1),
        repository(small("registry.example.org/photos:1"), "1"),
        BEGIN,
    )
    .unwrap();
    settle(&mut world);
    world.set_repository(repository(small("registry.example.org/photos:2"), "2"));
    world.advance(world.clock() + Duration::from_mins(2));
    settle(&mut world);
    assert_good(&world);
    let after = world
        .handle(world.clock(), &Request::get("kubectl", deployment()))
        .into_value()
        .unwrap();
    let container = after
        .items_at(&["spec", "template", "spec", "containers"])
        .first()
        .cloned()
        .unwrap();
    assert_eq!(
        container.str_at(&["image"]),
        Some("registry.example.org/photos:2")
    );
    assert_eq!(world.overview().apps[0].revision, "2");
}

#[test]
fn a_world_that_is_restored_at_any_commit_comes_up() {
    let files = || repository(small("registry.example.org/photos:1"), "1");
    let mut world = World::new(settings(3), files(), BEGIN).unwrap();
    // What a fresh world is made of is one batch: it is kept whole or not at all.
    let mut commits = world.take_commits();
    let fresh = commits.len();
    settle(&mut world);
    let clock = world.clock();
    commits.extend(world.take_commits());
    for count in (fresh..=commits.len()).step_by(3) {
        let saved = Saved {
            clock,
            ..records(&commits[..count])
        };
        let mut restored = World::restore(settings(3), files(), saved).unwrap();
        restored.advance(restored.clock() + Duration::from_secs(1));
        settle(&mut restored);
        assert_good(&restored);
    }
}

#[test]
fn a_world_at_rest_that_is_restored_has_nothing_to_do() {
    let files = || repository(small("registry.example.org/photos:1"), "1");
    let mut world = World::new(settings(3), files(), BEGIN).unwrap();
    settle(&mut world);
    world.advance(world.clock() + Duration::from_mins(30));
    let saved = Saved {
        clock: world.clock(),
        ..records(&world.take_commits())
    };
    let mut restored = World::restore(settings(3), files(), saved).unwrap();
    restored.advance(restored.clock() + Duration::from_secs(30));
    assert_eq!(print_commits(&restored.take_commits()), "");
    assert_good(&restored);
}

const CHART: &str = "apiVersion: v2\nname: photos\nversion: 1.2.3\n";
const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n\
    data: {size: '{{ .Values.size }}', version: '{{ .Chart.Version }}'}\n";

/// An Application with the values of the repository at hand, and a chart from somewhere.
fn charted(source: &str) -> MemoryFiles {
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: photos, namespace: argocd}}\nspec:\n  \
         project: default\n  sources:\n  - {source}\n  - {{repoURL: 'https://git.example.org/lab.git', targetRevision: main, ref: values}}\n  \
         destination: {{server: 'https://kubernetes.default.svc', namespace: photos}}\n  \
         syncPolicy: {{automated: {{prune: true, selfHeal: true}}, syncOptions: [CreateNamespace=true]}}\n"
    );
    MemoryFiles::new([
        ("root.yaml", application.as_str()),
        ("values/photos.yaml", "size: large\n"),
        ("chart/Chart.yaml", CHART),
        ("chart/templates/map.yaml", TEMPLATE),
    ])
}

fn photos(world: &mut World) -> Option<Value> {
    let path = ResourcePath::new("", "v1", "configmaps").namespace("photos");
    let response = world.handle(world.clock(), &Request::get("test", path.name("photos")));
    response.into_value().ok()
}

#[test]
fn a_chart_of_the_repository_comes_up_with_values_of_a_sibling() {
    let source = "{repoURL: 'https://git.example.org/lab.git', path: chart, helm: {valueFiles: [$values/values/photos.yaml]}}";
    let mut world = World::new(settings(5), repository(charted(source), "1"), BEGIN).unwrap();
    settle(&mut world);
    let map = photos(&mut world).unwrap();
    assert_eq!(map.str_at(&["data", "size"]), Some("large"));
    assert!(world.wanted().is_empty());
}

fn rooted() -> WorldSettings {
    WorldSettings {
        root: Some("photos".to_owned()),
        ..settings(5)
    }
}

#[test]
fn a_chart_from_outside_comes_up_once_it_is_brought() {
    let source = "{repoURL: 'https://charts.example.org', chart: photos, targetRevision: ^1.0.0, helm: {valueFiles: [$values/values/photos.yaml]}}";
    let empty = repository(charted(source), "1");
    let chart = Remote::Chart {
        repository: "https://charts.example.org".into(),
        name: "photos".into(),
        version: "^1.0.0".into(),
    };
    let mut world = World::new(rooted(), empty.clone(), BEGIN).unwrap();
    settle(&mut world);
    assert_eq!(world.wanted().iter().collect::<Vec<_>>(), [&chart]);
    assert!(photos(&mut world).is_none());
    let told = format!("{:?}", world.overview());
    assert!(told.contains("run `toft fetch`"), "{told}");

    let tree = MemoryFiles::new([("Chart.yaml", CHART), ("templates/map.yaml", TEMPLATE)]);
    let brought = Repository {
        remotes: BTreeMap::from([(chart, Ok(Arc::new(tree) as _))]),
        ..empty.clone()
    };
    world.set_repository(brought.clone());
    settle(&mut world);
    let map = photos(&mut world).unwrap();
    assert_eq!(map.str_at(&["data", "version"]), Some("1.2.3"));
    assert!(world.wanted().is_empty());

    let log = world.take_inputs();
    let log: Vec<Entry> = log
        .iter()
        .map(|entry| Entry::parse(&entry.to_line()).unwrap())
        .collect();
    let told = print_commits(&world.take_commits());
    let trees = |_: &str, remotes: &str| {
        Some(if remotes.is_empty() {
            empty.clone()
        } else {
            brought.clone()
        })
    };
    let mut again = replay(rooted(), &log, &trees).unwrap();
    assert_eq!(print_commits(&again.take_commits()), told);
    assert!(replay(rooted(), &log, &|_, _| Some(empty.clone())).is_err());
}

#[test]
fn labels_of_clusters_choose_applications() {
    let root = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: argocd}\nspec:\n  \
         project: default\n  source: {repoURL: 'https://git.example.org/lab.git', path: argocd, targetRevision: main}\n  \
         destination: {server: 'https://kubernetes.default.svc', namespace: argocd}\n  syncPolicy: {automated: {prune: true}}\n";
    let home = "apiVersion: v1\nkind: Secret\nmetadata: {name: home, labels: {argocd.argoproj.io/secret-type: cluster, size: large}}\n\
         stringData: {name: home, server: 'https://kubernetes.default.svc', config: '{}'}\n";
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: addons}\nspec:\n  goTemplate: true\n  \
         generators: [{clusters: {selector: {matchLabels: {size: large}}}}]\n  template:\n    metadata: {name: 'photos-{{ .name }}'}\n    \
         spec:\n      project: default\n      source: {repoURL: 'https://git.example.org/lab.git', path: photos, targetRevision: main, \
         helm: {releaseName: photos, parameters: [{name: size, value: '{{ .metadata.labels.size }}'}]}}\n      \
         destination: {server: '{{ .server }}', namespace: photos}\n      \
         syncPolicy: {automated: {prune: true}, syncOptions: [CreateNamespace=true]}\n";
    let files = MemoryFiles::new([
        ("root.yaml", root),
        ("argocd/home.yaml", home),
        ("argocd/set.yaml", set),
        ("photos/Chart.yaml", CHART),
        ("photos/templates/map.yaml", TEMPLATE),
    ]);
    let repository = repository(files, "1");
    let mut world = World::new(settings(5), repository.clone(), BEGIN).unwrap();
    settle(&mut world);
    let map = photos(&mut world).unwrap();
    assert_eq!(map.str_at(&["data", "size"]), Some("large"));
    let means = means(&Renderings::new(""));
    let everything = toft_rehearse::render_everything(repository, None, &means).unwrap();
    let applications = everything.value.applications;
    assert!(applications.contains_key("photos-home"), "{applications:?}");
}

#[test]
fn what_was_rendered_to_see_what_is_needed_is_not_rendered_again_nor_what_a_commit_left_alone() {
    let renderings = Renderings::new("");
    let tree = Arc::new(example());
    let mut needs = Needs::of(
        Arc::clone(&tree) as _,
        Reach::Root(None),
        &means(&renderings),
    )
    .unwrap();
    assert!(needs.asked(&Remotes::new()).is_empty());
    let made = renderings.made();
    assert!(made > 5, "{made}");
    let settings = WorldSettings {
        renderings: renderings.clone(),
        ..settings(5)
    };
    let mut world = World::new(settings, repository(example(), "1"), BEGIN).unwrap();
    settle(&mut world);
    assert_eq!(renderings.made(), made);
    let mut files = example();
    let path = RepoPath::parse("apps/media/sonarr/base/new.yaml").unwrap();
    let path = if files.kind(&path.parent().unwrap()).unwrap().is_some() {
        path
    } else {
        panic!("{path} is nowhere")
    };
    files.insert(path, Vec::new().into());
    world.set_repository(repository(files, "2"));
    settle(&mut world);
    assert_eq!(renderings.made(), made);
}

/// What applying some files would change in a world, as kinds and names: `-` of what it has, `+` of what it would.
fn changes(world: &mut World, files: MemoryFiles) -> Vec<String> {
    let now = world.clock();
    let mut ask = |request: &Request| Ok(world.handle(now, request));
    let mut cluster = LiveCluster::discover(&mut ask).unwrap();
    let means = Means {
        api_versions: Some(cluster.api_versions().to_vec()),
        ..means(&Renderings::new(""))
    };
    let repository = repository(files, "1");
    let everything = toft_rehearse::render_everything(repository, None, &means).unwrap();
    let standings = cluster.compare(everything.value).unwrap();
    let mut changes = Vec::new();
    for (name, Standing { now, then, .. }) in standings {
        let (now, then) = (
            now.unwrap_or_default(),
            then.map_or(Vec::new(), Result::unwrap),
        );
        let gone = now.iter().filter(|object| !then.contains(object));
        let come = then.iter().filter(|object| !now.contains(object));
        changes.extend(gone.map(|object| format!("{name} - {}", object.id())));
        changes.extend(come.map(|object| format!("{name} + {}", object.id())));
    }
    changes
}

#[test]
fn a_cluster_that_runs_tells_what_applying_would_change_and_nothing_is_applied() {
    let mut world = World::new(settings(5), repository(example(), "1"), BEGIN).unwrap();
    settle(&mut world);
    let revision = world.api().revision();
    assert_eq!(changes(&mut world, example()), Vec::<String>::new());

    let path = RepoPath::parse("apps/media/sonarr/base/deployment.yaml").unwrap();
    let mut files = example();
    let text = String::from_utf8(files.read(&path).unwrap().to_vec()).unwrap();
    assert!(text.contains("\nspec:\n"), "{text}");
    files.insert(
        path,
        text.replace("\nspec:\n", "\nspec:\n  replicas: 0\n")
            .into_bytes()
            .into(),
    );
    let deployment = "Deployment.apps media/sonarr";
    assert_eq!(
        changes(&mut world, files),
        [
            format!("sonarr - {deployment}"),
            format!("sonarr + {deployment}")
        ]
    );

    let path = RepoPath::parse("apps/media/sonarr/base/kustomization.yaml").unwrap();
    let mut files = example();
    let text = String::from_utf8(files.read(&path).unwrap().to_vec()).unwrap();
    let without = text.replace("  - service.yaml\n", "");
    assert_ne!(text, without);
    files.insert(path, without.into_bytes().into());
    assert_eq!(
        changes(&mut world, files),
        ["sonarr - Service media/sonarr"]
    );
    assert_eq!(world.api().revision(), revision);
}
