//! How many pods a Deployment may have and must have.

use toft_value::Value;

use crate::amount::{Round, scaled};

/// The replicas that a Deployment or ReplicaSet wants.
pub(super) fn wanted(object: &Value) -> i64 {
    object.i64_at(&["spec", "replicas"]).unwrap_or(1)
}

/// A count in the status.
pub(super) fn status_count(object: &Value, field: &str) -> i64 {
    object.i64_at(&["status", field]).unwrap_or(0)
}

/// The replicas that ReplicaSets want together.
pub(super) fn total_wanted<'a>(sets: impl IntoIterator<Item = &'a Value>) -> i64 {
    sets.into_iter().map(wanted).sum()
}

/// Whether the strategy is a rolling update, the default.
pub(super) fn is_rolling(deployment: &Value) -> bool {
    deployment.str_at(&["spec", "strategy", "type"]) != Some("Recreate")
}

/// How many pods may be above and how many below the wanted count.
///
/// Source: `util/deployment_util.go`, `ResolveFenceposts`: where both come to nothing, one may be missing.
fn fenceposts(deployment: &Value) -> (i64, i64) {
    if !is_rolling(deployment) {
        return (0, 0);
    }
    let amount = |field, round| {
        let value = deployment.at(&["spec", "strategy", "rollingUpdate", field]);
        value.map_or(Some(1), |value| scaled(value, wanted(deployment), round))
    };
    let surge = amount("maxSurge", Round::Up).unwrap_or(0);
    let unavailable = amount("maxUnavailable", Round::Down).unwrap_or(0);
    if surge == 0 && unavailable == 0 {
        (0, 1)
    } else {
        (surge, unavailable)
    }
}

/// How many pods may be above the wanted count.
pub(super) fn max_surge(deployment: &Value) -> i64 {
    fenceposts(deployment).0
}

/// How many of the wanted pods may be missing.
pub(super) fn max_unavailable(deployment: &Value) -> i64 {
    if wanted(deployment) == 0 {
        return 0;
    }
    fenceposts(deployment).1.min(wanted(deployment))
}

/// How many replicas the ReplicaSet of the current revision may have now.
///
/// Source: `util/deployment_util.go`, `NewRSNewReplicas`.
pub(super) fn new_set_size(deployment: &Value, total: i64, current: i64) -> i64 {
    if !is_rolling(deployment) {
        return wanted(deployment);
    }
    let most = wanted(deployment) + max_surge(deployment);
    if total >= most {
        return current;
    }
    current + (most - total).min(wanted(deployment) - current)
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn deployment(replicas: i64, surge: &str, unavailable: &str) -> Value {
        value!({"spec": {"replicas": replicas, "strategy": {
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable},
        }}})
    }

    #[test]
    fn one_replica_with_the_default_strategy_surges_and_never_goes_missing() {
        let deployment = deployment(1, "25%", "25%");
        assert_eq!(
            (max_surge(&deployment), max_unavailable(&deployment)),
            (1, 0)
        );
        assert_eq!(new_set_size(&deployment, 1, 0), 1);
    }

    #[test]
    fn where_nothing_may_surge_or_go_missing_one_may_go_missing() {
        let deployment = deployment(3, "0%", "1%");
        assert_eq!(
            (max_surge(&deployment), max_unavailable(&deployment)),
            (0, 1)
        );
    }

    #[test]
    fn a_full_house_lets_the_new_set_wait() {
        let deployment = deployment(10, "30%", "20%");
        assert_eq!(new_set_size(&deployment, 13, 0), 0);
        assert_eq!(new_set_size(&deployment, 10, 0), 3);
        assert_eq!(new_set_size(&deployment, 11, 9), 10);
    }
}
