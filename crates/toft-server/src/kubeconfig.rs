//! The file that `kubectl` reads to find the door.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use toft_value::value;

use crate::identity::Identity;

/// The name of the cluster, the user and the context.
const NAME: &str = "toft";

/// A kubeconfig with one context, `toft`, for the door at `address`.
pub fn kubeconfig(identity: &Identity, address: &str) -> String {
    let authority = STANDARD.encode(identity.authority());
    let config = value!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "preferences": {},
        "clusters": [{
            "name": NAME,
            "cluster": {
                "server": format!("https://{address}"),
                "certificate-authority-data": authority,
            },
        }],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "users": [{"name": NAME, "user": {"token": identity.token()}}],
    });
    toft_yaml::write(&config)
}
