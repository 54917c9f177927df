//! Every namespace has a ServiceAccount `default` and the certificate of the API server.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/serviceaccount/serviceaccounts_controller.go`,
//! `pkg/controller/certificates/rootcacertpublisher/publisher.go`.

use toft_api::{ApiError, Reason};
use toft_value::{Value, value};

use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::reader::Reader;
use crate::resources::{CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS};

const ROOT: &str = "kube-root-ca.crt";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
     endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
     distributions of Kubernetes clusters.";

pub(crate) const ACCOUNT_CONTROLLER: Controller = Controller {
    name: "service-account-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&NAMESPACES, Wakes::Itself),
        Watch::new(&SERVICE_ACCOUNTS, Wakes::Related(namespace_of_account)),
    ],
    reconcile: reconcile_account,
};

pub(crate) const ROOT_CONTROLLER: Controller = Controller {
    name: "root-ca-certificate-publisher",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&NAMESPACES, Wakes::Itself),
        Watch::new(&CONFIG_MAPS, Wakes::Related(namespace_of_root)),
    ],
    reconcile: reconcile_root,
};

fn namespace_of_account(_: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let gone = change.after.is_none() && change.key.name == "default";
    gone.then(|| Key::new("", &change.key.namespace))
        .into_iter()
        .collect()
}

fn namespace_of_root(_: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let ours = change.key.name == ROOT;
    ours.then(|| Key::new("", &change.key.namespace))
        .into_iter()
        .collect()
}

/// Whether a namespace is there to stay.
fn is_active(ctx: &Ctx<'_>, name: &str) -> bool {
    let namespace = ctx.get(&NAMESPACES, "", name);
    namespace.is_some_and(|namespace| !meta::is_deleting(&namespace))
}

fn settled(result: Result<Value, ApiError>) -> Next {
    match result {
        Err(error) if error.reason != Reason::AlreadyExists => Next::Retry,
        Ok(_) | Err(_) => Next::Nothing,
    }
}

fn reconcile_account(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    if !is_active(ctx, &key.name) || ctx.get(&SERVICE_ACCOUNTS, &key.name, "default").is_some() {
        return Next::Nothing;
    }
    let account = value!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": key.name.as_str()},
    });
    settled(ctx.create(&SERVICE_ACCOUNTS, account))
}

fn reconcile_root(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    if !is_active(ctx, &key.name) {
        return Next::Nothing;
    }
    let data = value!({"ca.crt": ctx.settings.root_certificate.as_str()});
    let Some(existing) = ctx.get(&CONFIG_MAPS, &key.name, ROOT) else {
        let map = value!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": ROOT, "namespace": key.name.as_str(),
                "annotations": {"kubernetes.io/description": DESCRIPTION},
            },
            "data": data,
        });
        return settled(ctx.create(&CONFIG_MAPS, map));
    };
    let mut wanted = existing.clone();
    wanted.set_at(&["data"], data);
    wanted.set_at(
        &["metadata", "annotations", "kubernetes.io/description"],
        DESCRIPTION,
    );
    if wanted == existing {
        return Next::Nothing;
    }
    settled(ctx.update(&CONFIG_MAPS, wanted))
}
