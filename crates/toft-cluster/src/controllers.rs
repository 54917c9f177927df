//! The controllers, one file each, in alphabetical order.

use crate::controller::Controller;

mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoint_slice;
mod endpoints;
mod event_expiry;
mod garbage_collector;
mod horizontal_pod_autoscaler;
mod ingress_address;
mod job;
mod kubelet;
mod load_balancer;
mod local_path;
mod namespace;
mod node_lifecycle;
mod persistent_volume;
mod persistent_volume_claim;
mod pod_gc;
mod protection;
mod replica_set;
mod resource_quota;
mod scheduler;
mod service_account;
mod stateful_set;
mod taint_eviction;
mod ttl_after_finished;

pub(crate) use local_path::PROVISIONER as LOCAL_PATH;

/// All controllers. The order decides who goes first where a change concerns several.
pub(crate) static CONTROLLERS: &[Controller] = &[
    cron_job::CONTROLLER,
    daemon_set::CONTROLLER,
    deployment::CONTROLLER,
    disruption::CONTROLLER,
    endpoint_slice::CONTROLLER,
    endpoints::CONTROLLER,
    event_expiry::CONTROLLER,
    garbage_collector::CONTROLLER,
    horizontal_pod_autoscaler::CONTROLLER,
    ingress_address::CONTROLLER,
    job::CONTROLLER,
    kubelet::CONTROLLER,
    load_balancer::CONTROLLER,
    local_path::CONTROLLER,
    namespace::CONTROLLER,
    node_lifecycle::CONTROLLER,
    persistent_volume::CONTROLLER,
    persistent_volume_claim::CONTROLLER,
    pod_gc::CONTROLLER,
    protection::CLAIM_CONTROLLER,
    protection::VOLUME_CONTROLLER,
    replica_set::CONTROLLER,
    replica_set::OLDER_CONTROLLER,
    resource_quota::CONTROLLER,
    scheduler::CONTROLLER,
    service_account::ACCOUNT_CONTROLLER,
    service_account::ROOT_CONTROLLER,
    stateful_set::CONTROLLER,
    taint_eviction::CONTROLLER,
    ttl_after_finished::CONTROLLER,
];
