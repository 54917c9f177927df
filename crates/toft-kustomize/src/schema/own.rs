//! A schema that a kustomization brings along: definitions of an OpenAPI, in JSON or YAML.
//!
//! Source: kustomize 5.8.2, `kyaml/openapi/openapi.go`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_value::Value;

use super::{BuiltIn, Schema, Table};

/// How many references one field may follow to its definition.
const REFERENCES_MAX: usize = 64;

/// Definitions by the kinds that they are of.
#[derive(Debug)]
pub(crate) struct OwnSchema {
    root: Value,
    /// By API version and kind: the name of the definition.
    kinds: BTreeMap<(SmolStr, SmolStr), SmolStr>,
    /// By API version and kind: whether objects have a namespace.
    namespaced: BTreeMap<(SmolStr, SmolStr), bool>,
}

impl OwnSchema {
    /// Reads definitions.
    pub(crate) fn new(root: Value) -> Self {
        let mut kinds = BTreeMap::new();
        let definitions = root.get("definitions").and_then(Value::as_map);
        for (name, definition) in definitions.into_iter().flatten() {
            for gvk in definition.items_at(&[KINDS]) {
                if let Some(kind) = kind_of(gvk) {
                    kinds.insert(kind, name.clone());
                }
            }
        }
        let mut namespaced = BTreeMap::new();
        let paths = root.get("paths").and_then(Value::as_map);
        for (path, operations) in paths.into_iter().flatten() {
            let Some(kind) = operations.at(&["get", KINDS]).and_then(kind_of) else {
                continue;
            };
            let has_namespace = path.contains("namespaces/{namespace}");
            *namespaced.entry(kind).or_default() |= has_namespace;
        }
        Self {
            root,
            kinds,
            namespaced,
        }
    }

    /// Whether it says for certain that objects of this kind have no namespace.
    pub(super) fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        self.namespaced.get(&(api_version.into(), kind.into())) == Some(&false)
    }

    pub(super) fn of_kind(
        &self,
        (api_version, kind): (&str, &str),
        built_in: BuiltIn,
    ) -> Option<OwnNode<'_>> {
        let name = self.kinds.get(&(api_version.into(), kind.into()))?;
        let definition = self.root.at(&["definitions", name]);
        definition.map(|value| OwnNode {
            value,
            root: &self.root,
            built_in,
        })
    }
}

const KINDS: &str = "x-kubernetes-group-version-kind";

/// The API version and kind of a map with `group`, `version` and `kind`.
fn kind_of(gvk: &Value) -> Option<(SmolStr, SmolStr)> {
    let version = gvk.str_at(&["version"])?;
    let kind = gvk.str_at(&["kind"])?;
    let api_version = match gvk.str_at(&["group"]) {
        Some(group) if !group.is_empty() => format!("{group}/{version}").into(),
        _ => version.into(),
    };
    Some((api_version, kind.into()))
}

/// A definition, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnNode<'s> {
    value: &'s Value,
    root: &'s Value,
    /// Whether the embedded schema has what is not here.
    built_in: BuiltIn,
}

impl<'s> OwnNode<'s> {
    /// Follows references, into the embedded schema too where there is nothing here.
    fn resolved(self, value: &'s Value) -> Option<Schema<'s>> {
        let mut value = value;
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = value.str_at(&["$ref"]) else {
                return Some(Schema::Own(Self { value, ..self }));
            };
            let path = reference.strip_prefix("#/")?.split('/');
            let path: Vec<String> = path
                .map(|part| part.replace("~1", "/").replace("~0", "~"))
                .collect();
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            value = match (self.root.at(&path), path.as_slice()) {
                (Some(value), _) => value,
                (None, ["definitions", name]) if self.built_in != BuiltIn::Never => {
                    return Table::of_definition(name).map(Schema::BuiltIn);
                }
                (None, _) => return None,
            };
        }
        None
    }

    pub(super) fn field(self, name: &str) -> Option<Schema<'s>> {
        let of_properties = self.value.at(&["properties", name]);
        let all = || {
            self.value
                .get("additionalProperties")
                .filter(|value| value.as_map().is_some())
        };
        self.resolved(of_properties.or_else(all)?)
    }

    pub(super) fn items(self) -> Option<Schema<'s>> {
        let is_list = match self.value.get("type") {
            Some(Value::Str(kind)) => kind == "array",
            Some(Value::List(kinds)) => {
                let mut kinds = kinds.iter();
                kinds.next().and_then(Value::as_str) == Some("array") && kinds.next().is_none()
            }
            _ => false,
        };
        let items = self.value.get("items").filter(|_| is_list)?;
        self.resolved(items)
    }

    /// The keys of a merged list; none where items are told apart by themselves.
    pub(super) fn merge_keys(self) -> Option<Cow<'s, [&'s str]>> {
        let strategy = self.value.str_at(&["x-kubernetes-patch-strategy"])?;
        strategy.split(',').find(|word| *word == "merge")?;
        if let Some(keys) = self.value.get("x-kubernetes-list-map-keys") {
            let keys = keys.items().iter().filter_map(Value::as_str);
            return Some(keys.collect());
        }
        let key = self.value.str_at(&["x-kubernetes-patch-merge-key"]);
        Some(key.into_iter().collect())
    }
}
