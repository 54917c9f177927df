//! The hash of its content at the end of a generated name.
//!
//! Source: kustomize 5.8.2, `api/hasher/hasher.go`.

use sha2::{Digest as _, Sha256};
use toft_value::{Map, Value};

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::go_json;
use crate::node::{Node, NodeFault};
use crate::resource::Resource;
use crate::resources::Resources;

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    apply(build, directory, &mut accumulator.resources)
}

/// Adds the hash to every name that needs one.
pub(super) fn apply(
    build: &mut Build<'_>,
    directory: &Directory,
    resources: &mut Resources,
) -> Result<(), Stop> {
    for resource in resources.iter_mut() {
        if !resource.past.needs_hash {
            continue;
        }
        let hash = hash(resource).map_err(|fault| {
            build.refuse(directory.object_error("KUS041", resource, &fault.to_string()))
        })?;
        resource.store_previous_id();
        let name = format!("{}-{hash}", resource.name());
        resource.set_name(&name);
    }
    Ok(())
}

fn hash(resource: &Resource) -> Result<String, NodeFault> {
    let value = |name: &str| match resource.node.get(name) {
        None => Ok(Value::from("")),
        Some(node @ Node::Scalar(_)) => Ok(Value::from(node.text())),
        Some(node) => node.to_value(),
    };
    let mut map = Map::new();
    map.insert("kind", resource.kind());
    // Upstream asks for a field called `metadata/name`, which no object has: the name is always empty.
    map.insert("name", "");
    map.insert("data", value("data")?);
    let optional = match resource.kind() {
        "Secret" => {
            map.insert("type", value("type")?);
            "stringData"
        }
        _ => "binaryData",
    };
    let more = value(optional)?;
    if more.as_map().is_some() {
        map.insert(optional, more);
    }
    Ok(encode(&go_json::compact(&Value::Map(map))))
}

/// The first ten digits of the SHA-256, those that look like vowels or like each other replaced.
fn encode(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest
        .iter()
        .take(5)
        .flat_map(|byte| [byte >> 4, byte & 15]);
    let letters = digits.map(|digit| match digit {
        0 => 'g',
        1 => 'h',
        3 => 'k',
        10 => 'm',
        14 => 't',
        digit => char::from_digit(u32::from(digit), 16).unwrap_or('0'),
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nothing_is_the_one_that_everybody_knows() {
        let text = r#"{"data":"","kind":"ConfigMap","name":""}"#;
        assert_eq!(encode(text), "6ct58987ht");
    }
}
