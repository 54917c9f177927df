//! The clusters generator: one cluster is known, the one that everything runs in.
//!
//! Source: Argo CD 3.2.0 `generators/cluster.go`.

use toft_argo::{IN_CLUSTER_NAME, IN_CLUSTER_SERVER};
use toft_gotmpl::{Data, Dict, Items, ItemsKind};
use toft_value::{Map, Value};

use super::{ExpandError, Expander, params};

impl Expander<'_> {
    /// The parameters of the one cluster; it has no Secret, hence no labels that a selector could want.
    pub(super) fn clusters(
        &self,
        selector: &Value,
        values: &Map,
    ) -> Result<Vec<Dict>, ExpandError> {
        let has = |key: &str| match selector.get(key) {
            Some(Value::Map(map)) => !map.is_empty(),
            Some(Value::List(list)) => !list.is_empty(),
            _ => false,
        };
        if has("matchLabels") || has("matchExpressions") {
            return Ok(Vec::new());
        }
        let cluster = params::empty();
        cluster.set("name", Data::text(IN_CLUSTER_NAME));
        cluster.set("nameNormalized", Data::text(IN_CLUSTER_NAME));
        cluster.set("server", Data::text(IN_CLUSTER_SERVER));
        cluster.set("project", Data::text(""));
        let appended = params::append_values(&self.dialect, values, &cluster);
        let words = "error appending templated values for local cluster";
        appended.map_err(|failure| failure.within(words))?;
        Ok(vec![cluster])
    }
}

/// All clusters as one parameter.
pub(super) fn flat(clusters: Vec<Dict>) -> Vec<Dict> {
    let items = clusters.into_iter().map(Data::Dict).collect();
    let all = params::empty();
    all.set("clusters", Data::List(Items::new(ItemsKind::Dict, items)));
    vec![all]
}
