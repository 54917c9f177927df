//! Namespaces that go: everything in them goes first.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/namespace/deletion`.

use std::collections::BTreeMap;
use std::time::Duration;

use toft_api::{ApiError, Propagation, Request, ResourcePath};
use toft_object::GroupResource;
use toft_value::{Value, value};

use crate::conditions::{self, Condition};
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::reader::Reader;
use crate::resources::{NAMESPACES, PODS};

/// How long a namespace is left alone after its deletion, upstream's `namespaceDeletionGracePeriod`.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) const CONTROLLER: Controller = Controller {
    name: "namespace-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&NAMESPACES, Wakes::Itself),
        Watch {
            resource: None,
            wakes: Wakes::Related(emptied),
        },
    ],
    reconcile,
};

/// The namespace that goes and lost an object.
fn emptied(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    if change.after.is_some() || change.key.namespace.is_empty() {
        return Vec::new();
    }
    let namespace = reader.get(&NAMESPACES, "", &change.key.namespace);
    let going = namespace.filter(|namespace| meta::is_deleting(namespace));
    going.map(Key::of).into_iter().collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(namespace) = ctx.get(&NAMESPACES, "", &key.name) else {
        return Next::Nothing;
    };
    if !meta::is_deleting(&namespace) || namespace.items_at(&["spec", "finalizers"]).is_empty() {
        return Next::Nothing;
    }
    let since = meta::time_at(&namespace, &["metadata", "deletionTimestamp"]);
    let begin = since.unwrap_or_default() + GRACE;
    if begin > ctx.now {
        return Next::At(begin);
    }
    go(ctx, &namespace).map_or(Next::Retry, |()| Next::Nothing)
}

/// The namespaced resources that can be deleted, each at the version that is preferred.
fn resources(ctx: &Ctx<'_>) -> Vec<(GroupResource, String)> {
    let mut found: BTreeMap<GroupResource, String> = BTreeMap::new();
    for resource in ctx.reader().schemas().resources() {
        let name = resource.group_resource();
        if resource.namespaced
            && resource.allows("delete")
            && (resource.preferred || !found.contains_key(&name))
        {
            found.insert(name, resource.version.to_string());
        }
    }
    found.into_iter().collect()
}

/// What is left in a namespace.
#[derive(Default)]
struct Rest {
    by_resource: BTreeMap<String, usize>,
    by_finalizer: BTreeMap<String, usize>,
    errors: Vec<String>,
}

fn go(ctx: &mut Ctx<'_>, namespace: &Value) -> Result<(), ApiError> {
    let name = meta::name(namespace);
    let mut rest = Rest::default();
    // Pods go first, so that nothing they rely on goes while they run; what is left then is not told yet.
    empty(ctx, name, (&PODS.name, PODS.version), &mut rest);
    if !rest.by_resource.is_empty() {
        return tell(ctx, namespace, &Rest::default()).map(drop);
    }
    for (resource, version) in resources(ctx) {
        empty(ctx, name, (&resource, &version), &mut rest);
    }
    let namespace = tell(ctx, namespace, &rest)?;
    if !rest.by_resource.is_empty() || !rest.errors.is_empty() {
        return Ok(());
    }
    let mut finalized = namespace;
    let mut finalizers = finalized.items_at(&["spec", "finalizers"]).to_vec();
    finalizers.retain(|finalizer| finalizer.as_str() != Some("kubernetes"));
    finalized.set_at(&["spec", "finalizers"], finalizers);
    let path = NAMESPACES
        .path("", meta::name(&finalized))
        .subresource("finalize");
    let agent = ctx.agent();
    ctx.send(Request::update(agent, path, finalized)).map(drop)
}

/// Deletes the objects of one resource, and counts what stays for now.
fn empty(
    ctx: &mut Ctx<'_>,
    namespace: &str,
    (resource, version): (&GroupResource, &str),
    rest: &mut Rest,
) {
    let objects: Vec<Value> = ctx
        .reader()
        .list_of(resource, Some(namespace))
        .cloned()
        .collect();
    for object in &objects {
        if meta::is_deleting(object) {
            continue;
        }
        let path = ResourcePath::new(&resource.group, version, &resource.resource);
        let path = path.namespace(namespace).name(meta::name(object));
        let deletion = Deletion {
            propagation: Some(Propagation::Background),
            ..Deletion::default()
        };
        if let Err(error) = ctx.delete(path, &deletion) {
            rest.errors.push(error.to_string());
        }
    }
    for object in ctx.reader().list_of(resource, Some(namespace)) {
        let text = format!("{}.{}", resource.resource, resource.group);
        *rest.by_resource.entry(text).or_default() += 1;
        for finalizer in meta::finalizers(object) {
            *rest.by_finalizer.entry(finalizer.to_owned()).or_default() += 1;
        }
    }
}

/// What each condition says where nothing is wrong.
const WELL: &[(&str, &str, &str)] = &[
    (
        "NamespaceDeletionDiscoveryFailure",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    (
        "NamespaceContentRemaining",
        "ContentRemoved",
        "All content successfully removed",
    ),
    (
        "NamespaceFinalizersRemaining",
        "ContentHasNoFinalizers",
        "All content-preserving finalizers finished",
    ),
];

impl Rest {
    /// What is wrong, as the condition of that type says it; `None` for nothing.
    fn trouble(&self, kind: &str) -> Option<(&'static str, String)> {
        match kind {
            "NamespaceDeletionContentFailure" if !self.errors.is_empty() => {
                let (count, list) = (self.errors.len(), self.errors.join(", "));
                let text =
                    format!("Failed to delete all resource types, {count} remaining: {list}");
                Some(("ContentDeletionFailed", text))
            }
            "NamespaceContentRemaining" if !self.by_resource.is_empty() => {
                let list = listed(&self.by_resource, "has");
                let text = format!("Some resources are remaining: {list}");
                Some(("SomeResourcesRemain", text))
            }
            "NamespaceFinalizersRemaining" if !self.by_finalizer.is_empty() => {
                let list = listed(&self.by_finalizer, "in");
                let text =
                    format!("Some content in the namespace has finalizers remaining: {list}");
                Some(("SomeFinalizersRemain", text))
            }
            _ => None,
        }
    }
}

fn listed(counts: &BTreeMap<String, usize>, words: &str) -> String {
    let mut texts: Vec<String> = counts
        .iter()
        .map(|(what, count)| format!("{what} {words} {count} resource instances"))
        .collect();
    texts.sort();
    texts.join(", ")
}

/// Writes how far it is.
fn tell(ctx: &mut Ctx<'_>, namespace: &Value, rest: &Rest) -> Result<Value, ApiError> {
    let mut told = namespace.clone();
    let mut status = namespace
        .get("status")
        .cloned()
        .unwrap_or_else(|| value!({}));
    for (kind, reason, message) in WELL {
        let condition = match rest.trouble(kind) {
            Some((reason, message)) => Condition::new(kind, "True", reason, message),
            None => Condition::new(kind, "False", reason, *message),
        };
        conditions::put_in_place(&mut status, &condition, ctx.now);
    }
    told.set_at(&["status"], status);
    if told == *namespace {
        return Ok(told);
    }
    ctx.update_status(&NAMESPACES, told)
}
