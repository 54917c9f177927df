//! The program as it runs: its door, and what is left when it is killed.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests run the program and talk to it"
)]

mod cluster;
mod kills;
mod life;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cluster::Lab;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn config_map(name: &str) -> String {
    format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"{name}\"}},\"data\":{{\"a\":\"{}\"}}}}",
        "x".repeat(500)
    )
}

#[test]
fn whoever_has_no_token_is_told_nothing_but_health() {
    let lab = Lab::new();
    let cluster = lab.up(&[]);
    let stranger = cluster.stranger();
    assert_eq!(stranger.ask("GET", "/api/v1/namespaces", "").code, 401);
    assert_eq!(stranger.ask("POST", "/toft/v1/stop", "").code, 401);
    let health = stranger.ask("GET", "/readyz", "");
    assert_eq!((health.code, health.body.as_str()), (200, "ok"));
    assert_eq!(cluster.ask("GET", "/api/v1/namespaces", "").code, 200);
}

#[test]
fn a_body_that_is_too_large_is_refused_with_the_words_of_upstream() {
    let lab = Lab::new();
    let cluster = lab.up(&[]);
    let answer = cluster.ask("POST", CONFIG_MAPS, &" ".repeat(3 * 1024 * 1024 + 1));
    assert_eq!(answer.code, 413);
    assert!(
        answer
            .body
            .contains("Request entity too large: limit is 3145728"),
        "{}",
        answer.body
    );
}

#[test]
fn no_bytes_bring_the_door_down() {
    let lab = Lab::new();
    let cluster = lab.up(&[]);
    let noise: Vec<u8> = (0..4_096_u32)
        .map(|at| at.wrapping_mul(2_654_435).to_le_bytes()[1])
        .collect();
    for length in [0, 1, 5, 100, 4_096] {
        // Neither where TLS is expected …
        let mut stream = TcpStream::connect(cluster.address()).unwrap();
        stream.write_all(&noise[..length]).unwrap();
        drop(stream);
        // … nor where HTTP is.
        let mut stream = cluster.connect();
        stream.write_all(&noise[..length]).unwrap();
        drop(stream);
    }
    let strange = [
        "GET /api/v1/namespaces/%ff%fe HTTP/1.0",
        "GET /api/v1/pods?limit=-1&continue=%00&labelSelector=((( HTTP/1.0",
        "PATCH /api/v1/namespaces/default HTTP/1.0",
        "POST /apis/apps/v1/namespaces/default/deployments?dryRun=No HTTP/1.0",
        "BREW /pot HTTP/1.0",
        "GET //////// HTTP/1.0",
    ];
    for line in strange {
        let answer = cluster.say(line, "\u{0}{[\"");
        assert!((400..500).contains(&answer.code), "{line}: {}", answer.code);
    }
    assert_eq!(cluster.ask("GET", "/readyz", "").code, 200);
}

#[test]
fn a_watch_tells_what_happens_and_ends_after_its_time() {
    let lab = Lab::new();
    let cluster = lab.up(&[]);
    let begin = Instant::now();
    let target = format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=2&allowWatchBookmarks=true");
    let mut watch = cluster.connect();
    watch
        .write_all(cluster.head("GET", &target, 0).as_bytes())
        .unwrap();
    // Somebody who watches and never reads does not keep the others waiting.
    let mut deaf = cluster.connect();
    let target = format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=60");
    deaf.write_all(cluster.head("GET", &target, 0).as_bytes())
        .unwrap();
    for name in 0..20 {
        let made = cluster.ask("POST", CONFIG_MAPS, &config_map(&format!("seen-{name}")));
        assert_eq!(made.code, 201, "{}", made.body);
    }
    let mut told = String::new();
    // The end of the connection may come without a farewell of TLS.
    drop(watch.read_to_string(&mut told));
    let lasted = begin.elapsed();
    assert!(
        lasted >= Duration::from_secs(2) && lasted < Duration::from_secs(20),
        "{lasted:?}"
    );
    for name in 0..20 {
        assert!(
            told.contains(&format!("\"name\":\"seen-{name}\"")),
            "{told}"
        );
    }
    let events = told.lines().filter(|line| line.starts_with("{\"type\":"));
    assert!(events.clone().count() >= 20);
    assert!(events.clone().all(|line| line.ends_with('}')));
}

#[test]
fn a_second_run_goes_on_where_the_first_one_ended() {
    let lab = Lab::new();
    let cluster = lab.up(&[]);
    assert_eq!(
        cluster.ask("POST", CONFIG_MAPS, &config_map("kept")).code,
        201
    );
    let address = cluster.address().to_owned();
    let ended = lab.toft(&["down"]);
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(cluster.wait(), Some(0));
    let cluster = lab.up(&[]);
    // A kubeconfig stays good.
    assert_eq!(cluster.address(), address);
    let target = format!("{CONFIG_MAPS}/kept");
    assert_eq!(cluster.ask("GET", &target, "").code, 200);
    drop(cluster);
    let status = lab.toft(&["status"]);
    assert_eq!(status.status.code(), Some(0), "{status:?}");
}
