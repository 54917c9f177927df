//! Whole labs: the same seed and requests give the same bytes, a crash at any commit loses nothing, an idle
//! cluster does nothing.

use std::time::Duration;

use toft_api::{Request, ResourcePath};
use toft_apiserver::{Commit, Record};
use toft_cluster::{Cluster, ClusterSettings};
use toft_object::{GroupResource, Time};
use toft_value::{Value, value};

const START: Time = Time::from_seconds(1_767_225_600);

fn app(name: &str) -> Vec<(ResourcePath, Value)> {
    let meta = |name: &str| value!({"name": name, "namespace": "media", "labels": {"app": name}});
    let claim = value!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name),
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    let service = value!({
        "apiVersion": "v1", "kind": "Service", "metadata": meta(name),
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    });
    let ingress = value!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta(name),
        "spec": {"ingressClassName": "nginx", "rules": [{"http": {"paths": [{
            "path": format!("/{name}"), "pathType": "Prefix",
            "backend": {"service": {"name": name, "port": {"name": "http"}}},
        }]}}]},
    });
    let deployment = value!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name),
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": name}}, "strategy": {"type": "Recreate"},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [{
                        "name": "app", "image": format!("ghcr.io/example/{name}:1"),
                        "ports": [{"name": "http", "containerPort": 8080}],
                        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
                        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                    }],
                    "volumes": [{"name": "config", "persistentVolumeClaim": {"claimName": name}}],
                },
            },
        },
    });
    let path =
        |group: &str, resource: &str| ResourcePath::new(group, "v1", resource).namespace("media");
    vec![
        (path("", "persistentvolumeclaims"), claim),
        (path("", "services"), service),
        (path("networking.k8s.io", "ingresses"), ingress),
        (path("apps", "deployments"), deployment),
    ]
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("app-{number}")).collect()
}

fn begin(seed: u64, apps: &[String]) -> Cluster {
    let mut cluster = Cluster::new(ClusterSettings::new(seed), START);
    cluster.settle(START);
    let namespace =
        value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "media"}});
    send(
        &mut cluster,
        ResourcePath::new("", "v1", "namespaces"),
        namespace,
    );
    for (path, object) in apps.iter().flat_map(|name| app(name)) {
        send(&mut cluster, path, object);
    }
    cluster
}

fn send(cluster: &mut Cluster, path: ResourcePath, object: Value) {
    let response = cluster.handle(START, &Request::create("test", path, object));
    assert!(response.error().is_none(), "{:?}", response.error());
    cluster.settle(START);
}

fn objects<'a>(cluster: &'a Cluster, group: &str, resource: &str) -> Vec<&'a Value> {
    cluster
        .api()
        .list(&GroupResource::new(group, resource), None)
        .collect()
}

fn is_well(cluster: &Cluster, apps: usize) -> bool {
    let deployments = objects(cluster, "apps", "deployments");
    let available = deployments
        .iter()
        .filter(|one| one.i64_at(&["status", "availableReplicas"]) == Some(1));
    let pods = objects(cluster, "", "pods");
    let claims = objects(cluster, "", "persistentvolumeclaims");
    let bound = claims
        .iter()
        .filter(|one| one.str_at(&["status", "phase"]) == Some("Bound"));
    let slices = objects(cluster, "discovery.k8s.io", "endpointslices");
    let ready = slices.iter().filter(|slice| {
        slice
            .items_at(&["endpoints"])
            .iter()
            .any(|one| one.bool_at(&["conditions", "ready"]) == Some(true))
    });
    available.count() == apps
        && pods.len() == apps
        && bound.count() == apps
        && ready.count() == apps + 1
}

fn log(commits: &[Commit]) -> String {
    let changes = commits.iter().flat_map(|commit| &commit.changes);
    let lines = changes.map(|change| {
        let after = change
            .after
            .as_ref()
            .map_or("gone".to_owned(), Value::to_json);
        format!("{:?} {after}\n", change.key)
    });
    lines.collect()
}

#[test]
fn the_same_seed_and_requests_give_the_same_bytes_and_another_seed_gives_others() {
    let run = |seed| {
        let mut cluster = begin(seed, &names(6));
        cluster.advance(START + Duration::from_mins(10));
        assert!(is_well(&cluster, 6));
        assert_eq!(cluster.take_flapping(), []);
        log(&cluster.take_commits())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// Programs that fail: a pod that is started again and again, a Job that gives up.
fn troubled(cluster: &mut Cluster) {
    let spec = |policy: &str| {
        value!({
            "restartPolicy": policy,
            "containers": [{"name": "app", "image": "busybox:1", "command": ["sh", "-c", "sleep 3; exit 1"]}],
        })
    };
    let meta = |name: &str| value!({"name": name, "namespace": "media"});
    let pod = value!({
        "apiVersion": "v1", "kind": "Pod", "metadata": meta("fails"), "spec": spec("Always"),
    });
    let job = value!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": meta("gives-up"),
        "spec": {"backoffLimit": 1, "template": {"spec": spec("Never")}},
    });
    let path =
        |group: &str, resource: &str| ResourcePath::new(group, "v1", resource).namespace("media");
    send(cluster, path("", "pods"), pod);
    send(cluster, path("batch", "jobs"), job);
}

#[test]
fn what_fails_fails_the_same_way_again() {
    let run = |seed| {
        let mut cluster = begin(seed, &names(1));
        troubled(&mut cluster);
        cluster.advance(START + Duration::from_mins(30));
        let pods = objects(&cluster, "", "pods").into_iter();
        let restarts: i64 = pods
            .flat_map(|pod| pod.items_at(&["status", "containerStatuses"]))
            .filter_map(|status| status.i64_at(&["restartCount"]))
            .sum();
        assert!((5..12).contains(&restarts), "{restarts}");
        assert_eq!(cluster.take_flapping(), []);
        log(&cluster.take_commits())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn twice_as_many_apps_take_no_more_than_twice_the_commits() {
    let commits = |count| {
        let mut cluster = begin(1, &names(count));
        cluster.advance(START + Duration::from_mins(10));
        assert!(is_well(&cluster, count));
        cluster.take_commits().len()
    };
    let (few, many) = (commits(10), commits(20));
    assert!(many <= 2 * few, "{few} for 10, {many} for 20");
    assert!(many / 20 < 120, "{many} for 20");
}

#[test]
fn one_more_app_changes_no_names_and_timings_of_the_others() {
    let run = |count| {
        let mut cluster = begin(1, &names(count));
        cluster.advance(START + Duration::from_mins(10));
        let pods = objects(&cluster, "", "pods").into_iter();
        let told = pods.map(|pod| {
            let started = pod
                .items_at(&["status", "containerStatuses"])
                .first()
                .unwrap();
            let started = started
                .str_at(&["state", "running", "startedAt"])
                .unwrap()
                .to_owned();
            (
                pod.str_at(&["metadata", "name"]).unwrap().to_owned(),
                started,
            )
        });
        told.take(4).collect::<Vec<_>>()
    };
    assert_eq!(run(4), run(7));
}

#[test]
fn a_crash_after_any_commit_loses_nothing() {
    let mut cluster = begin(1, &names(3));
    cluster.advance(START + Duration::from_mins(10));
    let commits = cluster.take_commits();
    let mut store = std::collections::BTreeMap::new();
    for (at, commit) in commits.iter().enumerate() {
        for change in &commit.changes {
            match &change.after {
                Some(value) => store.insert(change.key.clone(), value.clone()),
                None => store.remove(&change.key),
            };
        }
        // Requests that were not answered before the crash come again; here only what follows the last one.
        let has_all = store
            .keys()
            .filter(|key| key.resource.resource == "deployments")
            .count()
            == 3;
        if !has_all || at % 5 != 0 {
            continue;
        }
        let records = store.iter().map(|(key, value)| Record {
            key: key.clone(),
            value: value.clone(),
        });
        let mut again = Cluster::restore(ClusterSettings::new(1), commit.revision, records, START);
        again.advance(START + Duration::from_mins(1));
        again.advance(START + Duration::from_mins(20));
        assert!(is_well(&again, 3), "after commit {at} of {}", commits.len());
        assert_eq!(again.take_flapping(), []);
    }
}

#[test]
fn an_idle_cluster_does_nothing_but_forget_events() {
    let mut cluster = begin(1, &names(10));
    cluster.advance(START + Duration::from_mins(10));
    cluster.take_commits();
    let next = cluster.next_wake().unwrap();
    assert!(next >= START + Duration::from_mins(179), "{next}");
    cluster.advance(START + Duration::from_mins(170));
    assert_eq!(cluster.take_commits(), []);
    cluster.advance(START + Duration::from_hours(4));
    assert_eq!(objects(&cluster, "", "events").len(), 0);
    assert_eq!(cluster.next_wake(), None);
}
