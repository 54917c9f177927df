//! DaemonSets: one pod on each node that fits.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/daemon`.

use std::collections::{BTreeMap, BTreeSet};

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::amount::{Round, scaled};
use crate::claim::Claim;
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::controllers::replica_set::is_namespace_terminating;
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::nodes;
use crate::note::Note;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS};
use crate::revisions;

const HASH: &str = "controller-revision-hash";

pub(crate) const CONTROLLER: Controller = Controller {
    name: "daemonset-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&DAEMON_SETS, Wakes::Itself),
        Watch::new(&PODS, Wakes::Controller(&DAEMON_SETS)),
        Watch::new(&CONTROLLER_REVISIONS, Wakes::Controller(&DAEMON_SETS)),
        Watch::new(&NODES, Wakes::Related(all)),
    ],
    reconcile,
};

/// All DaemonSets, where a node comes, goes or is for other pods than before.
fn all(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let differs = change.differs(&["spec"]) || change.differs(&["metadata", "labels"]);
    if change.before.is_some() && change.after.is_some() && !differs {
        return Vec::new();
    }
    reader.list(&DAEMON_SETS, None).map(Key::of).collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(set) = ctx.get(&DAEMON_SETS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    sync(ctx, &set).unwrap_or(Next::Retry)
}

/// A DaemonSet with its pods by node.
struct Daemons<'a> {
    set: &'a Value,
    hash: String,
    /// The spec of its pods, tolerations included.
    spec: Value,
    nodes: Vec<Value>,
    pods: BTreeMap<String, Vec<Value>>,
    min_ready: i64,
}

fn sync(ctx: &mut Ctx<'_>, set: &Value) -> Result<Next, ApiError> {
    let Some(selector) = meta::selector(set) else {
        return Ok(Next::Nothing);
    };
    let existing = revisions::of(ctx, set);
    let kind = revisions::Kind {
        resource: &DAEMON_SETS,
        label: HASH,
    };
    let current = revisions::ensure(ctx, kind, (set, &existing))?;
    let claim = Claim {
        owner_resource: &DAEMON_SETS,
        owner: set,
        selector: &selector,
        resource: &PODS,
    };
    ctx.claim(claim)?;
    let mut daemons = Daemons {
        hash: meta::label(&current, HASH).unwrap_or_default().to_owned(),
        spec: spec(set),
        nodes: ctx.reader().list(&NODES, None).cloned().collect(),
        pods: by_node(ctx, set),
        min_ready: set.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0),
        set,
    };
    let managed = if meta::is_deleting(set) {
        Ok(())
    } else {
        manage(ctx, &daemons)
    };
    daemons.pods = by_node(ctx, set);
    if managed.is_ok()
        && !meta::is_deleting(set)
        && set.str_at(&["spec", "updateStrategy", "type"]) != Some("OnDelete")
    {
        roll(ctx, &daemons)?;
        daemons.pods = by_node(ctx, set);
    }
    write_status(ctx, &daemons)?;
    managed?;
    let hashes = daemons
        .pods
        .values()
        .flatten()
        .filter_map(|pod| meta::label(pod, HASH));
    let hashes: BTreeSet<&str> = hashes.chain([daemons.hash.as_str()]).collect();
    let live = existing
        .iter()
        .filter(|one| hashes.contains(meta::label(one, HASH).unwrap_or_default()));
    let live = live.map(|one| meta::name(one).to_owned()).collect();
    revisions::truncate(ctx, set, (&existing, &live))?;
    let times = daemons
        .pods
        .values()
        .flatten()
        .filter_map(|pod| pods::available_at(pod, daemons.min_ready));
    Ok(Next::at(times.filter(|at| *at > ctx.now).min()))
}

/// The node that a pod is on or is meant for.
fn target(pod: &Value) -> String {
    let node = pods::node(pod);
    if !node.is_empty() {
        return node.to_owned();
    }
    let terms = pod.items_at(&[
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ]);
    let fields = terms
        .iter()
        .flat_map(|term| term.items_at(&["matchFields"]));
    let mut named = fields.filter(|field| field.str_at(&["key"]) == Some("metadata.name"));
    let values = named
        .next()
        .map(|field| field.items_at(&["values"]))
        .unwrap_or_default();
    values
        .first()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn by_node(ctx: &Ctx<'_>, set: &Value) -> BTreeMap<String, Vec<Value>> {
    let mut by_node: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for pod in ctx.controlled(&PODS, set) {
        by_node.entry(target(&pod)).or_default().push(pod);
    }
    for pods in by_node.values_mut() {
        pods.sort_by_cached_key(|pod| (meta::created(pod), meta::name(pod).to_owned()));
    }
    by_node
}

/// The spec of the set's pods with the tolerations that every daemon has.
///
/// Source: `util/daemonset_util.go`, `AddOrUpdateDaemonPodTolerations`.
fn spec(set: &Value) -> Value {
    let mut spec = set
        .at(&["spec", "template", "spec"])
        .cloned()
        .unwrap_or_default();
    let mut added = vec![
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];
    if spec.bool_at(&["hostNetwork"]) == Some(true) {
        added.push(("node.kubernetes.io/network-unavailable", "NoSchedule"));
    }
    let mut tolerations = spec.items_at(&["tolerations"]).to_vec();
    for (key, effect) in added {
        tolerations.retain(|one| {
            one.str_at(&["key"]) != Some(key) || one.str_at(&["effect"]) != Some(effect)
        });
        tolerations.push(value!({"key": key, "operator": "Exists", "effect": effect}));
    }
    spec.set_at(&["tolerations"], tolerations);
    spec
}

impl Daemons<'_> {
    /// Whether a pod is to be on a node, and whether one that is there may stay.
    ///
    /// Source: `daemon_controller.go`, `NodeShouldRunDaemonPod`.
    fn fits(&self, node: &Value) -> (bool, bool) {
        let named = self
            .spec
            .str_at(&["nodeName"])
            .filter(|name| !name.is_empty());
        if named.is_some_and(|name| name != meta::name(node))
            || !nodes::matches_required(&self.spec, node)
        {
            return (false, false);
        }
        if nodes::untolerated(&self.spec, node, &["NoSchedule", "NoExecute"]).is_some() {
            let stays = nodes::untolerated(&self.spec, node, &["NoExecute"]).is_none();
            return (false, stays);
        }
        (true, true)
    }

    fn on(&self, node: &Value) -> &[Value] {
        self.pods.get(meta::name(node)).map_or(&[], Vec::as_slice)
    }

    fn is_new(&self, pod: &Value) -> bool {
        meta::label(pod, HASH) == Some(&self.hash)
    }

    fn wanted(&self) -> i64 {
        let count = self.nodes.iter().filter(|node| self.fits(node).0).count();
        i64::try_from(count).unwrap_or(0)
    }

    fn limit(&self, field: &str, default: i64) -> i64 {
        let value = self
            .set
            .at(&["spec", "updateStrategy", "rollingUpdate", field]);
        value
            .map_or(Some(default), |value| {
                scaled(value, self.wanted(), Round::Up)
            })
            .unwrap_or(default)
    }
}

fn manage(ctx: &mut Ctx<'_>, daemons: &Daemons<'_>) -> Result<(), ApiError> {
    for node in &daemons.nodes {
        let (wanted, stays) = daemons.fits(node);
        let pods = daemons.on(node);
        if wanted && pods.is_empty() {
            create(ctx, daemons, meta::name(node))?;
        } else if stays {
            prune(ctx, daemons, node)?;
        } else {
            for pod in pods.iter().filter(|pod| !meta::is_deleting(pod)) {
                delete(ctx, daemons.set, pod)?;
            }
        }
    }
    // Pods for nodes that are gone are never scheduled and nobody else deletes them.
    for (node, pods) in &daemons.pods {
        if daemons.nodes.iter().any(|one| meta::name(one) == node) {
            continue;
        }
        for pod in pods
            .iter()
            .filter(|pod| pods::node(pod).is_empty() && !meta::is_deleting(pod))
        {
            delete(ctx, daemons.set, pod)?;
        }
    }
    Ok(())
}

/// Deletes pods that ended and pods that are too many on a node.
fn prune(ctx: &mut Ctx<'_>, daemons: &Daemons<'_>, node: &Value) -> Result<(), ApiError> {
    let mut running = Vec::new();
    for pod in daemons
        .on(node)
        .iter()
        .filter(|pod| !meta::is_deleting(pod))
    {
        let (place, name) = (
            format!("{}/{}", meta::namespace(pod), meta::name(pod)),
            meta::name(node),
        );
        match pods::phase(pod) {
            "Failed" => {
                let text =
                    format!("Found failed daemon pod {place} on node {name}, will try to kill it");
                ctx.note(daemons.set, &Note::warning("FailedDaemonPod", text));
                delete(ctx, daemons.set, pod)?;
            }
            "Succeeded" => {
                let text = format!(
                    "Found succeeded daemon pod {place} on node {name}, will try to delete it"
                );
                ctx.note(daemons.set, &Note::normal("SucceededDaemonPod", text));
                delete(ctx, daemons.set, pod)?;
            }
            _ => running.push(pod),
        }
    }
    if daemons.limit("maxSurge", 0) == 0 {
        for pod in running.iter().skip(1) {
            delete(ctx, daemons.set, pod)?;
        }
        return Ok(());
    }
    prune_surge(ctx, daemons, (node, &running))
}

/// With surge, an old pod stays beside a new one until that is available.
fn prune_surge(
    ctx: &mut Ctx<'_>,
    daemons: &Daemons<'_>,
    (node, running): (&Value, &[&Value]),
) -> Result<(), ApiError> {
    if running.is_empty() && daemons.fits(node).0 {
        return create(ctx, daemons, meta::name(node));
    }
    let (new, old): (Vec<&Value>, Vec<&Value>) =
        running.iter().copied().partition(|pod| daemons.is_new(pod));
    for pod in new.iter().skip(1).chain(old.iter().skip(1)) {
        delete(ctx, daemons.set, pod)?;
    }
    if let (Some(new), Some(old)) = (new.first(), old.first())
        && (!pods::is_ready(old) || pods::is_available(new, daemons.min_ready, ctx.now))
    {
        delete(ctx, daemons.set, old)?;
    }
    Ok(())
}

fn create(ctx: &mut Ctx<'_>, daemons: &Daemons<'_>, node: &str) -> Result<(), ApiError> {
    let set = daemons.set;
    let mut template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
    template.set_at(&["spec"], daemons.spec.clone());
    template.set_at(&["metadata", "labels", HASH], daemons.hash.as_str());
    if let Some(generation) = meta::annotation(set, "deprecated.daemonset.template.generation") {
        template.set_at(
            &["metadata", "labels", "pod-template-generation"],
            generation,
        );
    }
    let terms =
        value!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]);
    let path = [
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ];
    template.set_at(&path, terms);
    match ctx.create(&PODS, pods::from_template(&template, &DAEMON_SETS, set)) {
        Ok(pod) => {
            let text = format!("Created pod: {}", meta::name(&pod));
            ctx.note(set, &Note::normal("SuccessfulCreate", text));
            Ok(())
        }
        Err(error) if is_namespace_terminating(&error) => Ok(()),
        Err(error) => {
            ctx.note(
                set,
                &Note::warning("FailedCreate", format!("Error creating: {error}")),
            );
            Err(error)
        }
    }
}

fn delete(ctx: &mut Ctx<'_>, set: &Value, pod: &Value) -> Result<(), ApiError> {
    let deletion = Deletion {
        uid: meta::uid(pod),
        ..Deletion::default()
    };
    ctx.delete(PODS.path(meta::namespace(pod), meta::name(pod)), &deletion)?;
    let text = format!("Deleted pod: {}", meta::name(pod));
    ctx.note(set, &Note::normal("SuccessfulDelete", text));
    Ok(())
}

/// Replaces pods of old revisions, as many at a time as may be missing or too many.
///
/// Source: `update.go`, `rollingUpdate`.
fn roll(ctx: &mut Ctx<'_>, daemons: &Daemons<'_>) -> Result<(), ApiError> {
    let surge = daemons.limit("maxSurge", 0);
    let mut unavailable = 0;
    let (mut replaced, mut candidates) = (Vec::new(), Vec::new());
    for node in daemons
        .nodes
        .iter()
        .filter(|node| daemons.fits(node).0 || !daemons.on(node).is_empty())
    {
        let living: Vec<&Value> = daemons
            .on(node)
            .iter()
            .filter(|pod| !meta::is_deleting(pod))
            .collect();
        let (new, old): (Vec<&Value>, Vec<&Value>) =
            living.into_iter().partition(|pod| daemons.is_new(pod));
        let available = |pod: &Value| pods::is_available(pod, daemons.min_ready, ctx.now);
        match (new.as_slice(), old.as_slice()) {
            ([new], []) => unavailable += i64::from(!available(new)),
            ([], [old]) if available(old) => candidates.push((node, *old)),
            ([], [old]) => replaced.push((node, *old)),
            ([new], [_]) if surge > 0 => unavailable += i64::from(!available(new)),
            _ => unavailable += 1,
        }
    }
    if surge == 0 {
        let missing = i64::try_from(replaced.len()).unwrap_or(0) + unavailable;
        let room = (daemons.limit("maxUnavailable", 1).max(1) - missing).max(0);
        candidates.truncate(usize::try_from(room).unwrap_or(0));
        for (_, pod) in replaced.into_iter().chain(candidates) {
            delete(ctx, daemons.set, pod)?;
        }
        return Ok(());
    }
    candidates.truncate(usize::try_from((surge - unavailable).max(0)).unwrap_or(0));
    for (node, _) in replaced.into_iter().chain(candidates) {
        create(ctx, daemons, meta::name(node))?;
    }
    Ok(())
}

fn write_status(ctx: &mut Ctx<'_>, daemons: &Daemons<'_>) -> Result<(), ApiError> {
    let (mut desired, mut current, mut misplaced) = (0_i64, 0_i64, 0_i64);
    let (mut ready, mut available, mut updated) = (0_i64, 0_i64, 0_i64);
    for node in &daemons.nodes {
        let oldest = daemons.on(node).first();
        if !daemons.fits(node).0 {
            misplaced += i64::from(oldest.is_some());
            continue;
        }
        desired += 1;
        let Some(pod) = oldest else { continue };
        current += 1;
        ready += i64::from(pods::is_ready(pod));
        available += i64::from(pods::is_available(pod, daemons.min_ready, ctx.now));
        updated += i64::from(daemons.is_new(pod));
    }
    let set = daemons.set;
    let mut status = set.get("status").cloned().unwrap_or_else(|| value!({}));
    let required = [
        ("desiredNumberScheduled", desired),
        ("currentNumberScheduled", current),
        ("numberMisscheduled", misplaced),
        ("numberReady", ready),
        ("observedGeneration", meta::generation(set)),
    ];
    for (field, count) in required {
        status.set_at(&[field], count);
    }
    let optional = [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", available),
        ("numberUnavailable", desired - available),
    ];
    for (field, count) in optional {
        if count == 0 {
            status.remove_at(&[field]);
        } else {
            status.set_at(&[field], count);
        }
    }
    if Some(&status) == set.get("status") {
        return Ok(());
    }
    let mut told = set.clone();
    told.set_at(&["status"], status);
    ctx.update_status(&DAEMON_SETS, told).map(drop)
}
