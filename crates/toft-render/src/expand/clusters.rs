//! The clusters generator: the cluster that everything runs in, and those that Secrets describe.
//!
//! Source: Argo CD 3.2.0 `generators/cluster.go`, `utils/clusterUtils.go`.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_argo::{IN_CLUSTER_NAME, IN_CLUSTER_SERVER};
use toft_gotmpl::{Data, Dict, Items, ItemsKind, normalize};
use toft_object::LabelSelector;
use toft_value::{Map, Value};

use super::dialect::Dialect;
use super::{ExpandError, Expander, params};

/// A cluster that a Secret with the label `argocd.argoproj.io/secret-type: cluster` describes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterSecret {
    /// The name of the cluster.
    pub name: SmolStr,
    /// Its address.
    pub server: SmolStr,
    /// The project it belongs to; empty where it belongs to all.
    pub project: SmolStr,
    /// The labels of the Secret.
    pub labels: Map,
    /// The annotations of the Secret.
    pub annotations: Map,
}

impl Expander<'_> {
    /// The parameters of clusters: that without a Secret first, unless labels are asked for; then those whose
    /// Secret has the labels, in order of the Secrets.
    pub(super) fn clusters(
        &self,
        selector: &Value,
        values: &Map,
    ) -> Result<Vec<Dict>, ExpandError> {
        let parsed = LabelSelector::from_value(selector).map_err(|error| {
            let words = "error getting cluster secrets: error converting label selector";
            ExpandError::Params(format!("{words}: {error}"))
        })?;
        let selected = self
            .clusters
            .iter()
            .filter(|cluster| parsed.matches(Some(&cluster.labels)));
        let selected: BTreeMap<&SmolStr, &ClusterSecret> =
            selected.map(|cluster| (&cluster.name, cluster)).collect();
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (name, server) in self.listed() {
            match selected.get(&name) {
                Some(cluster) => others.push(self.of_secret(cluster)),
                None if parsed.is_empty() => own.push(without_secret(&name, &server)),
                None => {}
            }
        }
        for cluster in &own {
            let appended = params::append_values(&self.dialect, values, cluster);
            let words = "error appending templated values for local cluster";
            appended.map_err(|failure| failure.within(words))?;
        }
        for cluster in &others {
            let appended = params::append_values(&self.dialect, values, cluster);
            let words = "error appending templated values for cluster";
            appended.map_err(|failure| failure.within(words))?;
        }
        own.extend(others);
        Ok(own)
    }

    /// Names and addresses of all clusters; the one that everything runs in is there with or without a Secret.
    fn listed(&self) -> Vec<(SmolStr, SmolStr)> {
        let described = self.clusters.iter();
        let mut listed: Vec<(SmolStr, SmolStr)> = described
            .map(|cluster| {
                let server = cluster.server.trim_end_matches('/');
                (cluster.name.clone(), server.into())
            })
            .collect();
        if listed.iter().all(|(_, server)| server != IN_CLUSTER_SERVER) {
            listed.push((IN_CLUSTER_NAME.into(), IN_CLUSTER_SERVER.into()));
        }
        listed
    }

    fn of_secret(&self, cluster: &ClusterSecret) -> Dict {
        let texts = |map: &Map| -> Vec<(SmolStr, SmolStr)> {
            let entries = map.iter();
            let texts =
                entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.into())));
            texts.collect()
        };
        let given = params::empty();
        given.set("name", Data::Text(cluster.name.clone()));
        given.set("nameNormalized", Data::text(normalize(&cluster.name)));
        given.set("server", Data::Text(cluster.server.clone()));
        given.set("project", Data::Text(cluster.project.clone()));
        let kinds = [
            ("annotations", texts(&cluster.annotations)),
            ("labels", texts(&cluster.labels)),
        ];
        match &self.dialect {
            Dialect::Go { .. } => {
                let kinds = kinds.into_iter().filter(|(_, texts)| !texts.is_empty());
                let kinds = kinds.map(|(kind, texts)| (kind.into(), Data::text_dict(texts)));
                given.set("metadata", Data::dict(kinds));
            }
            Dialect::Fast => {
                for (kind, texts) in kinds {
                    for (key, text) in texts {
                        given.set(format!("metadata.{kind}.{key}"), Data::Text(text));
                    }
                }
            }
        }
        given
    }
}

fn without_secret(name: &SmolStr, server: &SmolStr) -> Dict {
    let cluster = params::empty();
    cluster.set("name", Data::Text(name.clone()));
    cluster.set("nameNormalized", Data::Text(name.clone()));
    cluster.set("server", Data::Text(server.clone()));
    cluster.set("project", Data::text(""));
    cluster
}

/// All clusters as one parameter.
pub(super) fn flat(clusters: Vec<Dict>) -> Vec<Dict> {
    let items = clusters.into_iter().map(Data::Dict).collect();
    let all = params::empty();
    all.set("clusters", Data::List(Items::new(ItemsKind::Dict, items)));
    vec![all]
}
