//! Charts from repositories over HTTP, and files.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use toft_host::{FetchError, Look, Whence};
use toft_source::Remote;

use crate::server::{Asked, Reply, Server};
use crate::{Home, archive, packed, sha256, text};

fn chart(repository: &str, version: &str) -> Remote {
    Remote::Chart {
        repository: repository.into(),
        name: "web".into(),
        version: version.into(),
    }
}

/// A repository with one chart in some versions.
fn repository(versions: &[&str]) -> Server {
    let index: String = versions.iter().map(|version| entry(version, "")).collect();
    let index = format!("apiVersion: v1\nentries:\n  web:\n{index}");
    Server::start(move |asked| answer(asked, &index))
}

fn entry(version: &str, digest: &str) -> String {
    let digest = if digest.is_empty() {
        sha256(&packed("web", version))
    } else {
        digest.to_owned()
    };
    format!("  - {{version: {version}, digest: {digest}, urls: [files/web-{version}.tgz]}}\n")
}

fn answer(asked: &Asked, index: &str) -> Reply {
    if asked.path == "/charts/index.yaml" {
        return Reply::ok(index);
    }
    let version = asked.path.strip_prefix("/charts/files/web-");
    match version.and_then(|rest| rest.strip_suffix(".tgz")) {
        Some(version) => Reply::ok(packed("web", version)),
        None => Reply::code(404),
    }
}

/// A repository whose one archive is this.
fn holding(content: Vec<u8>) -> Server {
    let index = format!(
        "apiVersion: v1\nentries: {{web: [{{version: 1.0.0, digest: {}, urls: [web.tgz]}}]}}\n",
        sha256(&content)
    );
    Server::start(move |asked| {
        if asked.path == "/charts/index.yaml" {
            Reply::ok(index.clone())
        } else {
            Reply::ok(content.clone())
        }
    })
}

#[test]
fn a_chart_is_fetched_once_and_then_read_offline() {
    let home = Home::new();
    let server = repository(&["1.0.0", "1.2.0", "2.0.0-rc.1"]);
    let wanted = chart(&server.url("/charts/"), "1.0.0");
    let brought = home.fetcher(Look::Missing).bring(&wanted).unwrap();
    assert_eq!(brought.whence, Whence::Network);
    assert_eq!(brought.entry.version, "1.0.0");
    assert_eq!(
        brought.entry.digest,
        format!("sha256:{}", sha256(&packed("web", "1.0.0")))
    );
    assert_eq!(
        brought.entry.source,
        server.url("/charts/files/web-1.0.0.tgz")
    );
    assert_eq!(text(&brought, "templates/a.yaml"), "kind: ConfigMap\n");
    assert_eq!(
        server.paths(),
        ["/charts/index.yaml", "/charts/files/web-1.0.0.tgz"]
    );
    drop(server);
    for look in [Look::Offline, Look::Missing, Look::Again] {
        let again = home.fetcher(look).bring(&wanted).unwrap();
        assert_eq!(
            (again.whence, again.entry.clone()),
            (Whence::Cache, brought.entry.clone())
        );
        assert_eq!(text(&again, "Chart.yaml"), text(&brought, "Chart.yaml"));
    }
}

#[test]
fn a_range_is_looked_up_again_only_when_that_is_asked_for() {
    let home = Home::new();
    let newest = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&newest);
    let server = Server::start(move |asked| {
        let versions = ["1.0.0", "1.1.0"];
        let there: String = versions
            .iter()
            .take(seen.load(Ordering::Relaxed) + 1)
            .map(|version| entry(version, ""))
            .collect();
        answer(asked, &format!("entries:\n  web:\n{there}"))
    });
    let wanted = chart(&server.url("/charts"), "^1");
    let version = |look| home.fetcher(look).bring(&wanted).unwrap().entry.version;
    assert_eq!(version(Look::Missing), "1.0.0");
    newest.store(1, Ordering::Relaxed);
    assert_eq!(version(Look::Missing), "1.0.0");
    assert_eq!(version(Look::Offline), "1.0.0");
    assert_eq!(version(Look::Again), "1.1.0");
    assert_eq!(version(Look::Offline), "1.1.0");
    // What it was found to be is known by its own version too.
    let exact = chart(&server.url("/charts"), "1.0.0");
    assert!(home.fetcher(Look::Offline).bring(&exact).is_ok());
}

#[test]
fn no_version_is_the_newest_that_is_no_pre_release() {
    let home = Home::new();
    let server = repository(&["1.0.0", "1.2.0", "2.0.0-rc.1"]);
    let version = |range: &str| {
        let wanted = chart(&server.url("/charts"), range);
        home.fetcher(Look::Missing)
            .bring(&wanted)
            .unwrap()
            .entry
            .version
    };
    assert_eq!(version(""), "1.2.0");
    assert_eq!(version(">0.0.0-0"), "2.0.0-rc.1");
    let error = home.error(&chart(&server.url("/charts"), "^3"));
    assert!(
        error.ends_with("has no version `^3` of `web` (it has 2.0.0-rc.1, 1.2.0, 1.0.0)"),
        "{error}"
    );
}

#[test]
fn what_is_not_there_is_told_with_the_command_that_brings_it() {
    let home = Home::new();
    let wanted = chart("https://charts.example.org", "1.0.0");
    let error = home.fetcher(Look::Offline).bring(&wanted).err().unwrap();
    assert!(matches!(error, FetchError::Offline(_)));
    assert_eq!(
        error.told(),
        "it is not in the cache, and nothing is fetched while offline (`toft fetch DIR` brings everything that a repository needs)"
    );
}

#[test]
fn one_index_serves_all_charts_of_a_run() {
    let home = Home::new();
    let server = repository(&["1.0.0", "1.2.0"]);
    let fetcher = home.fetcher(Look::Missing);
    for version in ["1.0.0", "1.2.0", "~1.0"] {
        fetcher
            .bring(&chart(&server.url("/charts"), version))
            .unwrap();
    }
    let indexes = server
        .paths()
        .into_iter()
        .filter(|path| path.ends_with("index.yaml"));
    assert_eq!(indexes.count(), 1);
}

#[test]
fn an_archive_with_another_digest_is_refused_and_not_kept() {
    let home = Home::new();
    let index = format!("entries:\n  web:\n{}", entry("1.0.0", &"a".repeat(64)));
    let server = Server::start(move |asked| answer(asked, &index));
    let wanted = chart(&server.url("/charts"), "1.0.0");
    let error = home.error(&wanted);
    assert!(
        error.contains(&format!("and sha256:{} was announced", "a".repeat(64))),
        "{error}"
    );
    assert!(home.fetcher(Look::Offline).bring(&wanted).is_err());
}

#[test]
fn archives_that_no_chart_is_are_refused_and_not_kept() {
    let truncated = {
        let mut whole = packed("web", "1.0.0");
        whole.truncate(whole.len() / 2);
        whole
    };
    let zeros = "\0".repeat(6 * 1024 * 1024);
    let bomb = archive(&[("web/Chart.yaml", "name: web\n"), ("web/bomb", &zeros)]);
    let cases = [
        (truncated, "the archive is broken"),
        (b"<html>not here</html>".to_vec(), "gzip: invalid header"),
        (bomb, "is larger than the maximum file size"),
        (
            archive(&[("web/../../etc/x", "x")]),
            "references parent directory",
        ),
        (archive(&[("web//etc/x", "x")]), "absolute paths"),
    ];
    for (content, why) in cases {
        let home = Home::new();
        let server = holding(content);
        let wanted = chart(&server.url("/charts"), "1.0.0");
        let error = home.error(&wanted);
        assert!(error.contains(why), "{error}");
        assert!(home.fetcher(Look::Offline).bring(&wanted).is_err());
    }
}

#[test]
fn many_small_files_are_as_bounded_as_one_large_one() {
    let home = Home::new();
    let large = "\0".repeat(4 * 1024 * 1024);
    let names: Vec<String> = (0..30).map(|index| format!("web/{index}")).collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), large.as_str()))
        .collect();
    let content = archive(&files);
    assert!(content.len() < 1024 * 1024, "120 MiB in less than one");
    let server = holding(content);
    let error = home.error(&chart(&server.url("/charts"), "1.0.0"));
    assert!(
        error.contains("decompressed chart is larger than"),
        "{error}"
    );
}

#[test]
fn an_answer_that_ends_in_the_middle_is_told() {
    let home = Home::new();
    let server = Server::start(|asked| {
        let mut reply = answer(asked, &format!("entries:\n  web:\n{}", entry("1.0.0", "")));
        if asked.path.contains("/files/") {
            reply.cut = Some(20);
        }
        reply
    });
    let error = home.error(&chart(&server.url("/charts"), "1.0.0"));
    assert!(
        error.contains("cannot be used: it ends in the middle"),
        "{error}"
    );
}

#[test]
fn a_server_that_is_not_well_is_asked_again() {
    let home = Home::new();
    let times = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        if times.fetch_add(1, Ordering::Relaxed) < 2 {
            return Reply::code(503);
        }
        answer(asked, &format!("entries:\n  web:\n{}", entry("1.0.0", "")))
    });
    let wanted = chart(&server.url("/charts"), "1.0.0");
    assert!(home.fetcher(Look::Missing).bring(&wanted).is_ok());
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn a_server_that_refuses_is_not_asked_again() {
    for (code, why) in [
        (401, "answers 401 Unauthorized (it wants credentials"),
        (404, "answers 404 Not Found (check the address)"),
    ] {
        let home = Home::new();
        let server = Server::start(move |_| Reply::code(code));
        let error = home.error(&chart(&server.url("/charts"), "1.0.0"));
        assert!(error.contains(why), "{error}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn nobody_waits_for_a_slow_server_for_ever() {
    let home = Home::new();
    let server = Server::start(|_| Reply {
        delay: Duration::from_secs(4),
        ..Reply::ok("")
    });
    let started = Instant::now();
    let error = home.error(&chart(&server.url("/charts"), "1.0.0"));
    assert!(error.contains("took longer than 0 s to answer"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let home = Home::new();
    let server = Server::start(|_| Reply::code(500));
    let url = server.url("/charts");
    drop(server);
    let error = home
        .fetcher(Look::Missing)
        .bring(&chart(&url, "1.0.0"))
        .err()
        .unwrap();
    assert!(error.is_unreachable(), "{error}");
    assert!(
        error
            .told()
            .contains("`127.0.0.1` does not answer: Connection refused"),
        "{}",
        error.told()
    );
}

#[test]
fn more_than_any_index_has_is_not_read() {
    let home = Home::new();
    let server = Server::start(|_| Reply::ok("").header("Content-Length", "99999999999"));
    let error = home.error(&chart(&server.url("/charts"), "1.0.0"));
    assert!(error.contains("is larger than 67108864 bytes"), "{error}");
}

#[test]
fn an_index_that_is_none_is_told() {
    for index in [
        "<html>",
        "entries: []",
        "a: [",
        "",
        "entries: {web: 1}",
        "entries: {web: [{version: 1.0.0}]}",
        "entries: {web: [{version: 1.0.0, urls: ['ftp://x/y']}]}",
        "entries: {web: [{version: 1.0.0, urls: [x.tgz], digest: 0}]}",
    ] {
        let home = Home::new();
        let server = Server::start(move |_| Reply::ok(index));
        let error = home.error(&chart(&server.url("/charts"), "1.0.0"));
        assert!(
            error.contains("cannot be used") || error.contains("has no chart `web`"),
            "{error}"
        );
    }
}

#[test]
fn what_lies_damaged_in_the_cache_is_told_offline_and_fetched_again_else() {
    let home = Home::new();
    let server = repository(&["1.0.0"]);
    let wanted = chart(&server.url("/charts"), "1.0.0");
    home.fetcher(Look::Missing).bring(&wanted).unwrap();
    for file in fs::read_dir(home.path().join("cache/1/blobs")).unwrap() {
        fs::write(file.unwrap().path(), "rot").unwrap();
    }
    let error = home
        .fetcher(Look::Offline)
        .bring(&wanted)
        .err()
        .unwrap()
        .told();
    assert!(error.contains("is not what was written"), "{error}");
    assert_eq!(
        home.fetcher(Look::Missing).bring(&wanted).unwrap().whence,
        Whence::Network
    );
    assert_eq!(
        home.fetcher(Look::Offline).bring(&wanted).unwrap().whence,
        Whence::Cache
    );
}

#[test]
fn a_file_is_kept_under_its_name() {
    let home = Home::new();
    let server = Server::start(|_| Reply::ok("kind: List\n"));
    let wanted = Remote::File {
        url: server.url("/releases/v1/crds.yaml?raw=true").into(),
    };
    let brought = home.fetcher(Look::Missing).bring(&wanted).unwrap();
    assert_eq!(text(&brought, "crds.yaml"), "kind: List\n");
    assert_eq!(
        home.fetcher(Look::Missing).bring(&wanted).unwrap().whence,
        Whence::Cache
    );
    assert_eq!(
        home.fetcher(Look::Again).bring(&wanted).unwrap().whence,
        Whence::Network
    );
    let plain = Remote::File {
        url: "http://example.org/crds.yaml".into(),
    };
    assert!(home.error(&plain).contains("it is not https"));
}
