//! How the apps are reached from outside: what Ingresses say and which Services answer.

use toft_apiserver::ApiServer;
use toft_object::GroupResource;
use toft_value::Value;

/// One way from outside to a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The host; `*` where any will do.
    pub host: String,
    /// The path.
    pub path: String,
    /// The namespace of Ingress and Service.
    pub namespace: String,
    /// The Service.
    pub service: String,
    /// Whether a pod behind the Service is ready.
    pub ready: bool,
}

/// The routes of every Ingress, by host and path.
pub(crate) fn routes(api: &ApiServer) -> Vec<Route> {
    let ingresses = GroupResource::new("networking.k8s.io", "ingresses");
    let mut routes = Vec::new();
    for ingress in api.list(&ingresses, None) {
        for rule in ingress.items_at(&["spec", "rules"]) {
            for path in rule.items_at(&["http", "paths"]) {
                routes.extend(route(api, (ingress, rule, path)));
            }
        }
    }
    routes.sort();
    routes.dedup();
    routes
}

fn route(api: &ApiServer, (ingress, rule, path): (&Value, &Value, &Value)) -> Option<Route> {
    let service = path.str_at(&["backend", "service", "name"])?;
    let namespace = ingress
        .str_at(&["metadata", "namespace"])
        .unwrap_or_default();
    Some(Route {
        host: rule.str_at(&["host"]).unwrap_or("*").to_owned(),
        path: path.str_at(&["path"]).unwrap_or("/").to_owned(),
        namespace: namespace.to_owned(),
        service: service.to_owned(),
        ready: answers(api, namespace, service),
    })
}

fn answers(api: &ApiServer, namespace: &str, service: &str) -> bool {
    let slices = GroupResource::new("discovery.k8s.io", "endpointslices");
    let belongs = |slice: &&Value| {
        slice.str_at(&["metadata", "labels", "kubernetes.io/service-name"]) == Some(service)
    };
    let mut slices = api.list(&slices, Some(namespace)).filter(belongs);
    slices.any(|slice| {
        let mut endpoints = slice.items_at(&["endpoints"]).iter();
        endpoints.any(|endpoint| endpoint.bool_at(&["conditions", "ready"]) == Some(true))
    })
}
