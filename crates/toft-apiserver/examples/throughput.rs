//! How long the requests of a bring-up take: `cargo run --release -p toft-apiserver --example throughput`.
#![expect(clippy::print_stdout, reason = "a measurement is for reading")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads a clock")]

use std::time::{Duration, Instant};

use toft_api::{PatchKind, Request, ResourcePath, WatchStart};
use toft_apiserver::ApiServer;
use toft_object::{GroupResource, Time};
use toft_schema::Schemas;
use toft_value::{Value, value};

/// How many applications are brought up.
const APPS: usize = 200;

fn main() {
    let mut server = ApiServer::new(Schemas::builtin(), 1);
    let namespaces = ResourcePath::new("", "v1", "namespaces");
    let namespace = value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
    run(
        &mut server,
        &[Request::apply("toft", namespaces.name("a"), namespace)],
    );
    let deployments = ResourcePath::new("apps", "v1", "deployments").namespace("a");
    let mut cursor = server
        .open_watch(&WatchStart::after(deployments.clone(), "0"))
        .expect("the collection is served");
    let names: Vec<String> = (0..APPS).map(|index| format!("app-{index}")).collect();
    let requests = |make: &dyn Fn(&String) -> Request| names.iter().map(make).collect::<Vec<_>>();
    let path = |name: &String| deployments.clone().name(name);
    let apply = |name: &String| Request::apply("toft", path(name), deployment(name));
    let status = |name: &String| {
        let body = value!({"status": {"replicas": 1, "readyReplicas": 1, "observedGeneration": 1}});
        Request::patch(
            "cluster",
            path(name).subresource("status"),
            PatchKind::Merge,
            body,
        )
    };
    let get = |name: &String| Request::get("toft", path(name));
    for (what, requests) in [
        ("apply, new", requests(&apply)),
        ("apply, unchanged", requests(&apply)),
        ("status", requests(&status)),
        ("get", requests(&get)),
        ("list", vec![Request::list("toft", deployments.clone())]),
    ] {
        let each = run(&mut server, &requests);
        println!("{what:<18} {:>9.1} µs each", each.as_secs_f64() * 1e6);
    }
    let begin = Instant::now();
    let events = server.poll_watch(&mut cursor).events.len();
    println!(
        "{events} events told in {:.1} µs",
        begin.elapsed().as_secs_f64() * 1e6
    );
    let begin = Instant::now();
    let kept = server
        .list(&GroupResource::new("apps", "deployments"), None)
        .count();
    println!(
        "{kept} objects read in {:.1} µs",
        begin.elapsed().as_secs_f64() * 1e6
    );
}

fn run(server: &mut ApiServer, requests: &[Request]) -> Duration {
    let begin = Instant::now();
    for request in requests {
        let response = server.handle(Time::from_seconds(1_750_000_000), request);
        assert!(response.error().is_none(), "{:?}", response.error());
    }
    let count = u32::try_from(requests.len()).unwrap_or(1);
    begin.elapsed() / count.max(1)
}

fn deployment(name: &str) -> Value {
    value!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "a", "labels": {"app": name}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [{
                        "name": "web", "image": "nginx:1.27",
                        "ports": [{"containerPort": 80, "name": "http"}],
                        "env": [{"name": "TZ", "value": "UTC"}, {"name": "PUID", "value": "1000"}],
                        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                        "livenessProbe": {"httpGet": {"path": "/", "port": "http"}},
                        "volumeMounts": [{"name": "config", "mountPath": "/config"}],
                    }],
                    "volumes": [{"name": "config", "persistentVolumeClaim": {"claimName": name}}],
                },
            },
        },
    })
}
