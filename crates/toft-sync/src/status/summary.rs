//! Images and addresses of an Application.
//!
//! Source: Argo CD 3.2.0 `pkg/apis/application/v1alpha1/types.go`, `GetSummary`;
//! `controller/cache/info.go`, `populateIngressInfo`.

use std::collections::BTreeSet;

use smol_str::SmolStr;
use toft_value::{Map, Value};

use crate::compare::Comparison;
use crate::images::images;

pub(super) fn summary(comparison: &Comparison) -> Value {
    let live = comparison
        .objects
        .iter()
        .filter_map(|object| object.pair.live.as_ref());
    let mut all_images: BTreeSet<SmolStr> = BTreeSet::new();
    let mut addresses: BTreeSet<String> = BTreeSet::new();
    for object in live {
        all_images.extend(images(object.value()));
        if object.kind() == "Ingress" {
            addresses.extend(ingress_addresses(object.value()));
        }
    }
    let mut summary = Map::new();
    if !addresses.is_empty() {
        summary.insert("externalURLs", addresses.into_iter().collect::<Vec<_>>());
    }
    if !all_images.is_empty() {
        summary.insert("images", all_images.into_iter().collect::<Vec<_>>());
    }
    Value::Map(summary)
}

fn ingress_addresses(ingress: &Value) -> Vec<String> {
    let balancers = ingress.items_at(&["status", "loadBalancer", "ingress"]);
    let fallback = balancers.last().and_then(|balancer| {
        let host = balancer
            .str_at(&["hostname"])
            .filter(|host| !host.is_empty());
        host.or_else(|| balancer.str_at(&["ip"]))
    });
    let mut addresses = Vec::new();
    for rule in ingress.items_at(&["spec", "rules"]) {
        let written = rule.str_at(&["host"]).filter(|host| !host.is_empty());
        let Some(host) = written.or(fallback) else {
            continue;
        };
        let scheme = if is_secure(ingress, host) {
            "https"
        } else {
            "http"
        };
        for path in rule.items_at(&["http", "paths"]) {
            let below = path.str_at(&["path"]).unwrap_or_default();
            let below = below.strip_suffix('*').unwrap_or(below);
            addresses.push(format!("{scheme}://{host}{below}"));
        }
    }
    addresses
}

fn is_secure(ingress: &Value, host: &str) -> bool {
    ingress.items_at(&["spec", "tls"]).iter().any(|tls| {
        tls.get("secretName").is_some()
            || tls
                .items_at(&["hosts"])
                .iter()
                .any(|one| one.as_str() == Some(host))
    })
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn addresses_are_hosts_with_their_paths() {
        let ingress = value!({
            "spec": {
                "rules": [
                    {"host": "home.example.org", "http": {"paths": [{"path": "/sonarr"}, {"path": "/api/*"}]}},
                    {"http": {"paths": [{}]}},
                ],
                "tls": [{"hosts": ["home.example.org"]}],
            },
            "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.20"}]}},
        });
        assert_eq!(
            ingress_addresses(&ingress),
            [
                "https://home.example.org/sonarr",
                "https://home.example.org/api/",
                "http://10.0.0.20"
            ]
        );
    }
}
