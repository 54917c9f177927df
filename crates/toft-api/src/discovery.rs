//! Discovery: documents about which resources are served, in both forms.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/discovery`; `k8s.io/api/apidiscovery/v2`.

use smol_str::SmolStr;
use toft_object::Gvk;
use toft_schema::{Resource, Schemas, Subresource};
use toft_value::{Value, value};

/// One group with its versions, in the order of preference.
struct Group<'s> {
    name: &'s SmolStr,
    versions: Vec<(&'s SmolStr, Vec<&'s Resource>)>,
}

fn groups(schemas: &Schemas) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for resource in schemas.resources() {
        let at = groups
            .iter()
            .position(|group| *group.name == resource.group);
        let at = at.unwrap_or_else(|| {
            groups.push(Group {
                name: &resource.group,
                versions: Vec::new(),
            });
            groups.len() - 1
        });
        let Some(group) = groups.get_mut(at) else {
            continue;
        };
        match group
            .versions
            .iter_mut()
            .find(|(version, _)| **version == resource.version)
        {
            Some((_, resources)) => resources.push(resource),
            None => group.versions.push((&resource.version, vec![resource])),
        }
    }
    for (_, resources) in groups.iter_mut().flat_map(|group| &mut group.versions) {
        resources.sort_by(|left, right| left.plural.cmp(&right.plural));
    }
    groups
}

fn texts(list: &[SmolStr]) -> Value {
    Value::List(list.iter().map(Value::from).collect())
}

/// The kind of an answer; group and version stay empty where they are those of the resource.
fn kind(resource: &Resource, gvk: &Gvk) -> Value {
    let own = gvk.group == resource.group && gvk.version == resource.version;
    let (group, version) = if own {
        ("", "")
    } else {
        (gvk.group.as_str(), gvk.version.as_str())
    };
    value!({"group": group, "version": version, "kind": gvk.kind.clone()})
}

/// The aggregated document of `/api` (the core group) or `/apis` (all others).
pub fn aggregated(schemas: &Schemas, of: Section) -> Value {
    let groups = groups(schemas)
        .into_iter()
        .filter(|group| group.name.is_empty() == (of == Section::Core));
    let items: Vec<Value> = groups.map(|group| aggregated_group(&group)).collect();
    value!({"apiVersion": "apidiscovery.k8s.io/v2", "kind": "APIGroupDiscoveryList", "metadata": {}, "items": items})
}

/// Which of the two roots of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `/api`
    Core,
    /// `/apis`
    Named,
}

fn aggregated_group(group: &Group<'_>) -> Value {
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|(version, resources)| {
            let resources: Vec<Value> = resources
                .iter()
                .map(|resource| aggregated_resource(resource))
                .collect();
            value!({"version": *version, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let metadata = if group.name.is_empty() {
        value!({})
    } else {
        value!({"name": group.name})
    };
    value!({"metadata": metadata, "versions": versions})
}

fn aggregated_resource(resource: &Resource) -> Value {
    let scope = if resource.namespaced {
        "Namespaced"
    } else {
        "Cluster"
    };
    let mut entry = value!({
        "resource": resource.plural.clone(),
        "responseKind": kind(resource, &resource.gvk),
        "scope": scope,
        "singularResource": resource.singular.clone(),
        "verbs": texts(&resource.verbs),
    });
    for (key, list) in [
        ("shortNames", &resource.short_names),
        ("categories", &resource.categories),
    ] {
        if !list.is_empty() {
            entry.set_at(&[key], texts(list));
        }
    }
    if !resource.subresources.is_empty() {
        let subresource = |one: &Subresource| value!({"subresource": one.name.clone(), "responseKind": kind(resource, &one.gvk), "verbs": texts(&one.verbs)});
        let subresources: Vec<Value> = resource.subresources.iter().map(subresource).collect();
        entry.set_at(&["subresources"], Value::from(subresources));
    }
    entry
}

/// `/api`: the versions of the core group.
pub fn core_versions() -> Value {
    value!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [],
    })
}

/// `/apis`: all groups but the core one.
pub fn group_list(schemas: &Schemas) -> Value {
    let groups = groups(schemas)
        .into_iter()
        .filter(|group| !group.name.is_empty());
    let groups: Vec<Value> = groups.map(|group| group_entry(&group)).collect();
    value!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`; `None` for a group that is not served.
pub fn group(schemas: &Schemas, name: &str) -> Option<Value> {
    let group = groups(schemas)
        .into_iter()
        .find(|group| group.name == name)?;
    let mut entry = group_entry(&group);
    entry.set_at(&["kind"], "APIGroup");
    entry.set_at(&["apiVersion"], "v1");
    Some(entry)
}

fn group_entry(group: &Group<'_>) -> Value {
    let entry = |version: &SmolStr| value!({"groupVersion": format!("{}/{version}", group.name), "version": version});
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|(version, _)| entry(version))
        .collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    value!({"name": group.name, "versions": versions, "preferredVersion": preferred})
}

/// `/api/v1`, `/apis/GROUP/VERSION`: the resources of one version; `None` for one that is not served.
pub fn resource_list(schemas: &Schemas, group: &str, version: &str) -> Option<Value> {
    let group_of = groups(schemas).into_iter().find(|one| one.name == group)?;
    let (_, resources) = group_of
        .versions
        .into_iter()
        .find(|(one, _)| *one == version)?;
    let mut entries = Vec::new();
    for resource in resources {
        entries.push(resource_entry(resource));
        entries.extend(
            resource
                .subresources
                .iter()
                .map(|one| subresource_entry(resource, one)),
        );
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    let mut list =
        value!({"kind": "APIResourceList", "groupVersion": group_version, "resources": entries});
    if !group.is_empty() {
        list.set_at(&["apiVersion"], "v1");
    }
    Some(list)
}

fn resource_entry(resource: &Resource) -> Value {
    let mut entry = value!({
        "name": resource.plural.clone(),
        "singularName": resource.singular.clone(),
        "namespaced": resource.namespaced,
        "kind": resource.gvk.kind.clone(),
        "verbs": texts(&resource.verbs),
    });
    for (key, list) in [
        ("shortNames", &resource.short_names),
        ("categories", &resource.categories),
    ] {
        if !list.is_empty() {
            entry.set_at(&[key], texts(list));
        }
    }
    entry
}

fn subresource_entry(resource: &Resource, one: &Subresource) -> Value {
    let mut entry = value!({
        "name": format!("{}/{}", resource.plural, one.name),
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": one.gvk.kind.clone(),
        "verbs": texts(&one.verbs),
    });
    if one.gvk.group != resource.group || one.gvk.version != resource.version {
        entry.set_at(&["group"], one.gvk.group.clone());
        entry.set_at(&["version"], one.gvk.version.clone());
    }
    entry
}
