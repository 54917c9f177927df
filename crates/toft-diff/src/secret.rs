//! What is in a Secret, told without telling it.

use std::fmt;

use toft_object::Object;
use toft_value::{Map, Value};

/// The annotation in which `kubectl apply` keeps all that it sent.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The key of the hashes that stand for the values of Secrets.
///
/// With a key that nobody else has, a hash says only whether two values of one comparison are the same. It
/// prints as `***`.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// A key of these bytes; take random ones.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn hash(&self, value: &Value) -> Value {
        let text = value
            .as_str()
            .map_or_else(|| value.to_json(), str::to_owned);
        let hash = blake3::keyed_hash(&self.0, text.as_bytes()).to_hex();
        let short = hash.get(..8).unwrap_or_default();
        format!("*** ({short})").into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// The object as it may be shown: of a Secret, the keys and a hash of each value.
pub(crate) fn shown(object: &Object, key: &SecretKey) -> Value {
    let mut value = object.value().clone();
    let id = object.id();
    if id.group.is_empty() && id.kind == "Secret" {
        for field in ["data", "stringData"] {
            if let Some(inside) = value.get(field).filter(|inside| !inside.is_null()) {
                let hidden = hidden(inside, key);
                value.set_at(&[field], hidden);
            }
        }
        let applied = ["metadata", "annotations", LAST_APPLIED];
        if let Some(copy) = value.at(&applied) {
            let hidden = key.hash(copy);
            value.set_at(&applied, hidden);
        }
    }
    value
}

fn hidden(values: &Value, key: &SecretKey) -> Value {
    let Some(values) = values.as_map() else {
        return key.hash(values);
    };
    let mut hidden = Map::new();
    for (name, value) in values {
        hidden.insert(name.clone(), key.hash(value));
    }
    hidden.into()
}
