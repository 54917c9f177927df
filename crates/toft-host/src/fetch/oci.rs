//! Charts from OCI registries: a manifest, and the one layer of it that is the chart.
//!
//! Source: OCI distribution specification 1.1; Helm 4.3.1 `pkg/registry/client.go`, `pkg/registry/constants.go`.

mod challenge;

use hyper::header::ACCEPT;
use toft_helm::ARCHIVE_BYTES_MAX;
use toft_value::Value;

use super::address::Address;
use super::cache::{Found, digest};
use super::chart::{Wanted, check, choose, is_exact};
use super::client::{Answer, Ask, Client};
use super::error::FetchError;
use super::secret::Secret;
use challenge::authorize;

/// The largest manifest or list of tags: what registries accept.
const MANIFEST_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// How many pages of tags are read: 100 000 tags.
const PAGES_MAX: usize = 100;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// What the layer of a chart is called, now and before Helm 3.7.
const LAYERS: &[&str] = &[
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];

/// Docker's own registry, and the host that answers for it.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// A repository of a registry, and how we are known there.
struct Registry<'a> {
    client: &'a Client,
    /// `https://registry/v2/path/name`.
    base: Address,
    authorization: Option<Secret>,
}

/// Fetches a chart; `wanted.repository` begins with `oci://` and ends before the name of the chart.
pub(super) async fn fetch(client: &Client, wanted: &Wanted<'_>) -> Result<Found, FetchError> {
    let mut registry = Registry {
        client,
        base: base(wanted)?,
        authorization: None,
    };
    let reference = registry.reference(wanted).await?;
    let manifest = registry
        .ask("manifests", &reference, MANIFEST_BYTES_MAX)
        .await?
        .good()?;
    let url = manifest.address.clone();
    let announced = match reference.strip_prefix("sha256:") {
        Some(digest) => Some(digest),
        None => manifest
            .header("docker-content-digest")
            .and_then(|digest| digest.strip_prefix("sha256:")),
    };
    check(&manifest.body, announced, &url)?;
    let layer = layer(&manifest.body).map_err(|cause| FetchError::Answer {
        url: url.to_string(),
        cause,
    })?;
    let blob = registry
        .ask("blobs", &layer, ARCHIVE_BYTES_MAX as u64)
        .await?
        .good()?;
    check(&blob.body, layer.strip_prefix("sha256:"), &blob.address)?;
    let source = format!("{}@{}", registry.base, digest(&manifest.body));
    let source = source.replacen("/v2/", "/", 1);
    let source = match source.split_once("://") {
        Some((_, rest)) => format!("oci://{rest}"),
        None => source,
    };
    Ok(Found {
        content: blob.body.into(),
        version: reference.replace('_', "+"),
        source,
    })
}

/// Where the repository of a chart answers; plain HTTP is spoken with this machine alone.
fn base(wanted: &Wanted<'_>) -> Result<Address, FetchError> {
    let wrong = |cause: String| FetchError::Address {
        text: wanted.repository.to_owned(),
        cause,
    };
    let rest = wanted.repository.strip_prefix("oci://");
    let rest = rest.ok_or_else(|| wrong("it is no registry".to_owned()))?;
    let address = Address::parse(&format!("https://{rest}")).map_err(wrong)?;
    let plain = Address::parse(&format!("http://{rest}")).map_err(wrong)?;
    let mut address = if address.is_loopback() {
        plain
    } else {
        address
    };
    if address.host == DOCKER_HUB.0 {
        DOCKER_HUB.1.clone_into(&mut address.host);
    }
    let path = address.path.trim_matches('/').to_owned();
    let parts = [path.as_str(), wanted.name]
        .into_iter()
        .filter(|part| !part.is_empty());
    let path = parts.collect::<Vec<_>>().join("/");
    let plain =
        |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || "._-/".contains(one);
    if !path.chars().all(plain)
        || path
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.'))
    {
        return Err(wrong(format!("`{path}` is no name in a registry")));
    }
    address.path = format!("/v2/{path}");
    Ok(address)
}

impl Registry<'_> {
    /// The tag or digest that is wanted.
    async fn reference(&mut self, wanted: &Wanted<'_>) -> Result<String, FetchError> {
        let version = wanted.version;
        if version.starts_with("sha256:") {
            return Ok(version.to_owned());
        }
        // A tag has no `+`; Helm writes `_` for it.
        if is_exact(version) {
            return Ok(version.replace('+', "_"));
        }
        let tags = self.tags().await?;
        let versions: Vec<String> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
        let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
        choose(wanted, &versions).map(|version| version.replace('+', "_"))
    }

    async fn tags(&mut self) -> Result<Vec<String>, FetchError> {
        let mut tags = Vec::new();
        let mut at = self
            .base
            .join(&format!("{}/tags/list?n=1000", self.base.path));
        for _ in 0..PAGES_MAX {
            let page = at.map_err(|cause| FetchError::Address {
                text: self.base.to_string(),
                cause,
            })?;
            let answer = self.at(&page, MANIFEST_BYTES_MAX).await?.good()?;
            let wrong = |error: String| FetchError::Answer {
                url: page.to_string(),
                cause: error,
            };
            let value = Value::from_json(&answer.body).map_err(|error| wrong(error.message))?;
            let listed = value
                .get("tags")
                .and_then(Value::as_list)
                .into_iter()
                .flatten();
            tags.extend(listed.filter_map(Value::as_str).map(str::to_owned));
            let next = answer.header("link").and_then(next_page);
            let Some(next) = next else { break };
            at = page.join(next);
            if !at.as_ref().is_ok_and(|at| at.same_origin(&self.base)) {
                return Err(wrong(
                    "the next page of tags is on another server".to_owned(),
                ));
            }
        }
        Ok(tags)
    }

    async fn ask(
        &mut self,
        what: &str,
        reference: &str,
        bytes_max: u64,
    ) -> Result<Answer, FetchError> {
        let at = self.base.below(&format!("{what}/{reference}"));
        self.at(&at, bytes_max).await
    }

    /// Asks, and once more as whoever the registry wants us to be.
    async fn at(&mut self, at: &Address, bytes_max: u64) -> Result<Answer, FetchError> {
        let ask = Ask::get(at, bytes_max).header(ACCEPT, format!("{MANIFEST}, */*"));
        let answer = self
            .client
            .ask(&ask.clone().authorized(self.authorization.clone()))
            .await?;
        if answer.code != 401 || !answer.address.same_origin(&self.base) {
            return Ok(answer);
        }
        let Some(authorization) = authorize(self.client, &self.base, &answer).await? else {
            return Ok(answer);
        };
        self.authorization = Some(authorization);
        self.client
            .ask(&ask.authorized(self.authorization.clone()))
            .await
    }
}

/// The address in `<…>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then_some(address)
}

/// The digest of the layer that is the chart.
fn layer(manifest: &[u8]) -> Result<String, String> {
    let manifest = Value::from_json(manifest)
        .map_err(|error| format!("it is no manifest: {}", error.message))?;
    let config = manifest
        .str_at(&["config", "mediaType"])
        .unwrap_or_default();
    if config != CONFIG {
        return Err(format!("it is no chart, but `{config}`"));
    }
    let layers = manifest
        .get("layers")
        .and_then(Value::as_list)
        .into_iter()
        .flatten();
    let mut charts = layers.filter(|layer| {
        let media_type = layer.str_at(&["mediaType"]);
        media_type.is_some_and(|media_type| LAYERS.contains(&media_type))
    });
    let digest = charts.next().and_then(|layer| layer.str_at(&["digest"]));
    let digest = digest.ok_or("its manifest names no chart")?;
    let is_plain = digest.strip_prefix("sha256:").is_some_and(|digest| {
        digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if is_plain {
        Ok(digest.to_ascii_lowercase())
    } else {
        Err("the digest in its manifest is no SHA-256".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::address::Scheme;

    fn at(repository: &str, name: &str) -> Result<String, String> {
        let wanted = Wanted {
            repository,
            name,
            version: "1.0.0",
        };
        base(&wanted)
            .map(|base| base.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_repository_is_asked_at_its_registry() {
        assert_eq!(
            at("oci://ghcr.io/org/charts", "web").unwrap(),
            "https://ghcr.io/v2/org/charts/web"
        );
        assert_eq!(
            at("oci://docker.io/org/", "web").unwrap(),
            "https://registry-1.docker.io/v2/org/web"
        );
        assert_eq!(
            at("oci://localhost:5000", "web").unwrap(),
            "http://localhost:5000/v2/web"
        );
        assert!(at("oci://ghcr.io/org", "../web").is_err());
        assert!(at("oci://ghcr.io/org?x", "web").is_err());
        assert!(at("https://ghcr.io/org", "web").is_err());
    }

    #[test]
    fn what_is_no_chart_is_told() {
        let image = br#"{"config": {"mediaType": "application/vnd.oci.image.config.v1+json"}, "layers": []}"#;
        assert_eq!(
            layer(image),
            Err("it is no chart, but `application/vnd.oci.image.config.v1+json`".to_owned())
        );
        let evil = br#"{"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json"}, "layers": [{"mediaType": "application/tar+gzip", "digest": "sha256:../../x"}]}"#;
        assert_eq!(
            layer(evil),
            Err("the digest in its manifest is no SHA-256".to_owned())
        );
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        let wanted = Wanted {
            repository: "oci://10.0.0.5:5000/charts",
            name: "web",
            version: "",
        };
        assert_eq!(base(&wanted).unwrap().scheme, Scheme::Https);
    }
}
