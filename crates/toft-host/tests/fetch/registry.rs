//! Charts from a registry.

use std::collections::BTreeMap;

use toft_host::{CredentialFiles, Credentials, Look};
use toft_source::Remote;

use crate::server::{Asked, Reply, Server};
use crate::{Home, packed, sha256, text};

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// A registry with charts as `helm push` leaves them.
#[derive(Clone, Default)]
struct Registry {
    manifests: BTreeMap<String, Vec<u8>>,
    blobs: BTreeMap<String, Vec<u8>>,
    /// How many tags are on a page.
    page: usize,
}

impl Registry {
    fn with(versions: &[&str]) -> Self {
        let mut registry = Self {
            page: 2,
            ..Self::default()
        };
        for version in versions {
            registry.push(&version.replace('+', "_"), packed("web", version), CONFIG);
        }
        registry
    }

    fn push(&mut self, tag: &str, content: Vec<u8>, config: &str) {
        let digest = sha256(&content);
        let manifest = format!(
            r#"{{"schemaVersion": 2, "config": {{"mediaType": "{config}", "digest": "sha256:0", "size": 2}}, "layers": [{{"mediaType": "application/vnd.cncf.helm.chart.provenance.v1.prov", "digest": "sha256:1", "size": 1}}, {{"mediaType": "{LAYER}", "digest": "sha256:{digest}", "size": {}}}]}}"#,
            content.len()
        );
        self.manifests.insert(tag.to_owned(), manifest.into());
        self.blobs.insert(digest, content);
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let Some(rest) = asked.path.strip_prefix("/v2/org/charts/web/") else {
            return Reply::code(404);
        };
        if let Some(reference) = rest.strip_prefix("manifests/") {
            let by_digest = reference.strip_prefix("sha256:");
            let found = self
                .manifests
                .iter()
                .find(|(tag, manifest)| *tag == reference || by_digest == Some(&sha256(manifest)));
            let Some((_, manifest)) = found else {
                return Reply::code(404);
            };
            let digest = format!("sha256:{}", sha256(manifest));
            return Reply::ok(manifest.clone()).header("Docker-Content-Digest", &digest);
        }
        if let Some(digest) = rest.strip_prefix("blobs/sha256:") {
            let blob = self.blobs.get(digest).cloned();
            return blob.map_or_else(|| Reply::code(404), Reply::ok);
        }
        self.tags(rest)
    }

    fn tags(&self, rest: &str) -> Reply {
        let (_, after) = rest.split_once("&last=").unwrap_or((rest, ""));
        let tags = self.manifests.keys().filter(|tag| tag.as_str() > after);
        let page: Vec<&String> = tags.take(self.page).collect();
        let listed: Vec<String> = page.iter().map(|tag| format!("\"{tag}\"")).collect();
        let reply = Reply::ok(format!("{{\"tags\": [{}]}}", listed.join(",")));
        match page.last() {
            Some(last) if page.len() == self.page => {
                let next =
                    format!("</v2/org/charts/web/tags/list?n=1000&last={last}>; rel=\"next\"");
                reply.header("Link", &next)
            }
            _ => reply,
        }
    }

    fn start(self) -> Server {
        Server::start(move |asked| self.answer(asked))
    }
}

fn chart(server: &Server, version: &str) -> Remote {
    Remote::Chart {
        repository: format!("oci://127.0.0.1:{}/org/charts", server.port()).into(),
        name: "web".into(),
        version: version.into(),
    }
}

#[test]
fn a_version_is_a_tag() {
    let home = Home::new();
    let server = Registry::with(&["1.0.0", "1.1.0+build.5"]).start();
    let brought = home
        .fetcher(Look::Missing)
        .bring(&chart(&server, "1.1.0+build.5"))
        .unwrap();
    assert!(text(&brought, "Chart.yaml").contains("version: 1.1.0+build.5"));
    assert_eq!(brought.entry.version, "1.1.0+build.5");
    let paths = server.paths();
    assert_eq!(paths[0], "/v2/org/charts/web/manifests/1.1.0_build.5");
    assert!(paths[1].starts_with("/v2/org/charts/web/blobs/sha256:"));
    assert_eq!(paths.len(), 2);
    assert!(
        brought.entry.source.starts_with("oci://127.0.0.1:"),
        "{}",
        brought.entry.source
    );
}

#[test]
fn a_range_is_chosen_from_all_pages_of_tags() {
    let home = Home::new();
    let server = Registry::with(&["1.0.0", "1.1.0", "1.2.0", "1.3.0-rc.1", "2.0.0"]).start();
    let version = |range: &str| {
        let brought = home
            .fetcher(Look::Missing)
            .bring(&chart(&server, range))
            .unwrap();
        brought.entry.version
    };
    assert_eq!(version("^1"), "1.2.0");
    assert_eq!(version(""), "2.0.0");
    assert_eq!(version("~1.1"), "1.1.0");
    let error = home.error(&chart(&server, ">=3"));
    assert!(
        error.contains("has no version `>=3` of `web` (it has 2.0.0, 1.3.0-rc.1"),
        "{error}"
    );
}

#[test]
fn a_digest_is_its_manifest_and_no_other() {
    let home = Home::new();
    let registry = Registry::with(&["1.0.0"]);
    let digest = format!("sha256:{}", sha256(&registry.manifests["1.0.0"]));
    let server = registry.start();
    let wanted = chart(&server, &digest);
    assert!(home.fetcher(Look::Missing).bring(&wanted).is_ok());
    // It is the same for ever.
    assert!(home.fetcher(Look::Again).bring(&wanted).is_ok());
    assert_eq!(server.asked().len(), 2);
    let liar = Server::start(|_| Reply::ok("{}"));
    let error = home.error(&chart(&liar, &digest));
    assert!(error.contains("was announced"), "{error}");
}

#[test]
fn a_layer_with_another_digest_is_refused() {
    let home = Home::new();
    let mut registry = Registry::with(&["1.0.0"]);
    for blob in registry.blobs.values_mut() {
        *blob = packed("web", "6.6.6");
    }
    let server = registry.start();
    let error = home.error(&chart(&server, "1.0.0"));
    assert!(error.contains("was announced"), "{error}");
}

#[test]
fn an_image_is_no_chart() {
    let home = Home::new();
    let mut registry = Registry::with(&[]);
    registry.push(
        "1.0.0",
        Vec::new(),
        "application/vnd.oci.image.config.v1+json",
    );
    let server = registry.start();
    let error = home.error(&chart(&server, "1.0.0"));
    assert!(
        error.contains("it is no chart, but `application/vnd.oci.image.config.v1+json`"),
        "{error}"
    );
}

#[test]
fn a_token_is_asked_for_with_what_docker_knows() {
    let home = Home::new();
    let tokens = Server::start(|asked| match asked.header("authorization") {
        Some("Basic bWU6aHVudGVyMg==") => Reply::ok(r#"{"token": "t0ken"}"#),
        _ => Reply::code(401),
    });
    let realm = tokens.url("/token");
    let blobs = Server::start(|asked| {
        // Where blobs lie, nobody asks who we are.
        assert!(asked.header("authorization").is_none());
        Reply::ok(packed("web", "1.0.0"))
    });
    let elsewhere = blobs.url("/blob");
    let registry = Registry::with(&["1.0.0"]);
    let server = Server::start(move |asked| {
        if asked.header("authorization") != Some("Bearer t0ken") {
            let challenge = format!(
                "Bearer realm=\"{realm}\",service=\"registry\",scope=\"repository:org/charts/web:pull\""
            );
            return Reply::code(401).header("WWW-Authenticate", &challenge);
        }
        if asked.path.contains("/blobs/") {
            return Reply::to(307, &elsewhere);
        }
        registry.answer(asked)
    });
    let wanted = chart(&server, "1.0.0");
    assert!(home.error(&wanted).contains("answers 401"));
    let config = home.path().join("config.json");
    let auths = format!(
        r#"{{"auths": {{"127.0.0.1:{}": {{"auth": "bWU6aHVudGVyMg=="}}}}}}"#,
        server.port()
    );
    std::fs::write(&config, auths).unwrap();
    let files = CredentialFiles {
        registries: vec![config],
        ..CredentialFiles::default()
    };
    let known = Credentials::load(&files).unwrap();
    let brought = home
        .fetcher_with(Look::Missing, known)
        .bring(&wanted)
        .unwrap();
    assert!(text(&brought, "Chart.yaml").contains("1.0.0"));
    let asked = tokens.asked();
    let last = &asked.last().unwrap().path;
    assert_eq!(
        last,
        "/token?service=registry&scope=repository%3Aorg%2Fcharts%2Fweb%3Apull"
    );
    assert_eq!(blobs.asked().len(), 1);
}
