//! The clusters that Secrets describe to Argo CD.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use smol_str::SmolStr;
use toft_apiserver::{ApiServer, Commit};
use toft_object::GroupResource;
use toft_render::ClusterSecret;
use toft_value::{Map, Value};

/// What makes a Secret describe a cluster.
///
/// Source: Argo CD 3.2.0 `common/common.go`, `LabelKeySecretType`.
const LABEL: (&str, &str) = ("argocd.argoproj.io/secret-type", "cluster");

/// The cluster that an object describes, as it is kept or as it is written.
pub(crate) fn described(object: &Value) -> Option<ClusterSecret> {
    let is_secret = object.str_at(&["kind"]) == Some("Secret");
    (is_secret && is_cluster(object)).then(|| read(object))
}

/// The clusters of a namespace, in order of the Secrets.
pub(crate) fn clusters(api: &ApiServer, namespace: &str) -> Vec<ClusterSecret> {
    let secrets = api.list(&GroupResource::new("", "secrets"), Some(namespace));
    secrets
        .filter(|secret| is_cluster(secret))
        .map(read)
        .collect()
}

/// Whether a commit changed what is known of clusters.
pub(crate) fn touches_clusters(commit: &Commit) -> bool {
    commit.changes.iter().any(|change| {
        let objects = change.before.iter().chain(&change.after);
        change.key.resource.resource == "secrets" && objects.into_iter().any(is_cluster)
    })
}

fn is_cluster(secret: &Value) -> bool {
    secret.str_at(&["metadata", "labels", LABEL.0]) == Some(LABEL.1)
}

fn read(secret: &Value) -> ClusterSecret {
    let text = |key: &str| {
        // What is written as text wins, as when the API server takes it in.
        if let Some(text) = secret.str_at(&["stringData", key]) {
            return SmolStr::from(text);
        }
        let written = secret.str_at(&["data", key]).unwrap_or_default();
        let bytes = BASE64_STANDARD.decode(written).unwrap_or_default();
        SmolStr::from(String::from_utf8_lossy(&bytes))
    };
    let map = |key: &str| -> Map {
        let found = secret.at(&["metadata", key]).and_then(Value::as_map);
        found.cloned().unwrap_or_default()
    };
    ClusterSecret {
        name: text("name"),
        server: text("server"),
        project: text("project"),
        labels: map("labels"),
        annotations: map("annotations"),
    }
}
