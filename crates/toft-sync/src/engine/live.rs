//! The live objects of an Application beside the wanted ones, and what applying these would give.
//!
//! Whether an object is out of sync is asked of the cluster itself: a server-side apply that is not
//! kept. The answer holds as long as neither the wanted object nor the compared part of the live one
//! changes, so that it is asked rarely; after an apply that was kept, it is known.

use std::collections::{BTreeMap, BTreeSet};

use toft_api::{PatchKind, Request, Response, Validation};
use toft_argo::{Application, SyncOption};
use toft_object::{Gvk, Object, ObjectId, Time};
use toft_value::Value;

use super::app::AppState;
use super::calls::{For, Name, Purpose, is_transient, wait_after};
use super::store::{Sight, StoreKey};
use super::{Engine, MANAGER, Visit};
use crate::compare::{essence, is_different};
use crate::desired::{Desired, is_excluded};
use crate::event::ClusterId;
use crate::hook::{Role, role};
use crate::ignore::Ignores;
use crate::kinds::Scope;
use crate::plan::Pair;

/// What applying one object would give.
#[derive(Clone, Debug)]
pub(super) struct Prediction {
    /// The object that would be applied.
    target: Value,
    /// The compared part of the object that it would be applied to.
    live: Value,
    state: Foresight,
}

#[derive(Clone, Debug)]
enum Foresight {
    /// The cluster was asked, after so many failures.
    Asked(u32),
    /// The cluster is asked again at this time, after so many failures.
    Again(Time, u32),
    /// What it would give.
    Known(Value),
    /// The cluster would refuse.
    Refused,
}

/// What is known of the objects of an Application.
pub(super) enum Pairs {
    /// Wanted and live objects, and whether each differs.
    Known(Vec<Pair>),
    /// Something is still to be answered.
    Waiting,
    /// The live objects cannot be read, and why.
    Failed(String),
}

impl Engine {
    /// The wanted objects with their live ones, then the live ones that are no longer wanted.
    pub(super) fn pairs(
        &mut self,
        now: Time,
        state: &mut AppState,
        what: (For, &Desired),
    ) -> Pairs {
        let (need, desired) = what;
        let cluster = match self.cluster_of(&state.app) {
            Ok(cluster) => cluster,
            Err(message) => return Pairs::Failed(message),
        };
        if !self.is_ready(&cluster) {
            return Pairs::Waiting;
        }
        match self.see_all(now, state, (&cluster, desired)) {
            Sight::Whole => {}
            Sight::Never => return Pairs::Waiting,
            Sight::Failed(message) => {
                return Pairs::Failed(format!("Failed to load live state: {message}"));
            }
        }
        let pairs = self.match_up(state, &cluster, desired);
        let mut waiting = false;
        for pair in &pairs {
            waiting |= !self.foresee(now, state, (need, &cluster, pair));
        }
        if waiting {
            Pairs::Waiting
        } else {
            Pairs::Known(pairs)
        }
    }

    /// Opens every collection that may hold an object of the Application.
    fn see_all(&mut self, now: Time, state: &AppState, what: (&ClusterId, &Desired)) -> Sight {
        let (cluster, desired) = what;
        let recorded = state.status.items_at(&["resources"]).iter();
        let recorded = recorded.filter_map(|resource| {
            let text = |key: &str| resource.str_at(&[key]).unwrap_or_default();
            let gvk = Gvk::new(text("group"), text("version"), text("kind"));
            (!gvk.kind.is_empty()).then_some(gvk)
        });
        let kinds: BTreeSet<Gvk> = desired
            .objects
            .iter()
            .map(Object::gvk)
            .chain(recorded)
            .collect();
        let mut sight = Sight::Whole;
        for gvk in kinds {
            let Some(key) = self.store_of(cluster, &gvk) else {
                continue;
            };
            self.open_store(now, &key);
            let seen = self.stores.get(&key).map(|store| store.sight.clone());
            match seen {
                Some(Sight::Whole) | None => {}
                Some(Sight::Never) => sight = Sight::Never,
                Some(failed @ Sight::Failed(_)) => return failed,
            }
        }
        sight
    }

    /// The collection that holds the objects of a kind; `None` where the cluster does not serve it.
    pub(super) fn store_of(&self, cluster: &ClusterId, gvk: &Gvk) -> Option<StoreKey> {
        let path = self.clusters.get(cluster)?.kinds.collection(gvk)?;
        let cluster = cluster.clone();
        Some(StoreKey { cluster, path })
    }

    /// The live object of the same identity.
    pub(super) fn live(&self, cluster: &ClusterId, object: &Object) -> Option<&Object> {
        let gvk = object.gvk();
        let served = self.clusters.get(cluster)?.kinds.get(&gvk)?;
        let namespace = match served.scope {
            Scope::Namespaced => object.namespace(),
            Scope::Cluster => "",
        };
        let store = self.stores.get(&self.store_of(cluster, &gvk)?)?;
        store.get(namespace, object.name())
    }

    fn match_up(&mut self, state: &AppState, cluster: &ClusterId, desired: &Desired) -> Vec<Pair> {
        let name = &state.app.name;
        let mut seen: BTreeSet<ObjectId> = BTreeSet::new();
        let mut pairs = Vec::new();
        // A hook that is not there is not missing: it comes and goes with a sync.
        let stays = |object: &&Object| matches!(role(object), Role::Resource | Role::Skipped);
        for target in desired.objects.iter().filter(stays) {
            let id = target.id();
            let wanting = self.wanted.entry((cluster.clone(), id.clone()));
            wanting.or_default().insert(name.clone());
            let live = self.live(cluster, target);
            let live = live.filter(|live| self.permits_live(&state.app, cluster, live));
            pairs.push(Pair {
                target: Some(target.clone()),
                live: live.cloned(),
            });
            seen.insert(id);
        }
        let instance = self.owner(&state.app).instance;
        let tracked = self.tracked.get(instance.as_str()).into_iter().flatten();
        for (key, place) in tracked.filter(|(key, _)| key.cluster == *cluster) {
            let store = self.stores.get(key);
            let Some(live) = store.and_then(|store| store.get(&place.0, &place.1)) else {
                continue;
            };
            let id = live.id();
            let counts = !is_excluded(&id.group_kind())
                && self.permits_live(&state.app, cluster, live)
                && !is_managed_namespace(&state.app, live);
            if counts && seen.insert(id) {
                pairs.push(Pair {
                    target: None,
                    live: Some(live.clone()),
                });
            }
        }
        pairs
    }

    /// Whether it is known what applying the wanted object would give.
    fn foresee(&mut self, now: Time, state: &mut AppState, what: (For, &ClusterId, &Pair)) -> bool {
        let (need, cluster, pair) = what;
        let (Some(target), Some(live)) = (&pair.target, &pair.live) else {
            return true;
        };
        let key = (need, target.id());
        let wanted = state.applied(target, live);
        let compared = essence(live.value());
        let failures = match state.predictions.get(&key) {
            Some(known) if known.target == wanted && known.live == compared => match known.state {
                Foresight::Known(_) | Foresight::Refused => return true,
                Foresight::Asked(_) => return false,
                Foresight::Again(at, _) if at > now => return false,
                Foresight::Again(_, failures) => failures,
            },
            _ => match state.known_otherwise(&key, (&wanted, &compared)) {
                Some(known) => {
                    state.predictions.insert(key, known);
                    return true;
                }
                None => 0,
            },
        };
        let Some(mut request) = self.apply_request(cluster, wanted.clone()) else {
            return true;
        };
        request.options.dry_run = true;
        request.options.field_validation = Some(Validation::Ignore);
        let prediction = Prediction {
            target: wanted,
            live: compared,
            state: Foresight::Asked(failures),
        };
        state.predictions.insert(key, prediction);
        let purpose = Purpose::Predict(state.app.name.clone(), need, target.id());
        self.call(now, purpose, (cluster, request));
        false
    }

    /// A server-side apply that takes every field that is declared.
    pub(super) fn apply_request(&self, cluster: &ClusterId, target: Value) -> Option<Request> {
        let object = Object::new(target).ok()?;
        let path = self.clusters.get(cluster)?.kinds.path(&object)?;
        let gvk = object.gvk();
        let mut target = object.into_value();
        self.drop_nulls(cluster, &gvk, &mut target);
        let mut request = Request::patch(MANAGER, path, PatchKind::Apply, target);
        request.options.field_manager = Some(MANAGER.into());
        request.options.force = true;
        Some(request)
    }

    pub(super) fn predicted(
        &mut self,
        now: Time,
        what: (&Name, (For, ObjectId)),
        response: Response,
    ) {
        let (name, key) = what;
        let Some(state) = self.apps.get_mut(name) else {
            return;
        };
        let Some(prediction) = state.predictions.get_mut(&key) else {
            return;
        };
        let Foresight::Asked(failures) = prediction.state else {
            return;
        };
        let mut next = now;
        prediction.state = match response.into_value() {
            Ok(value) => Foresight::Known(value),
            Err(error) if is_transient(&error) => {
                next = now + wait_after(failures + 1, &error);
                Foresight::Again(next, failures + 1)
            }
            Err(_) => Foresight::Refused,
        };
        self.visit_at(Visit::App(name.clone()), next);
    }
}

/// Whether an object is the namespace that the Application makes and whose metadata it manages: Git need
/// not have it.
///
/// Source: Argo CD 3.2.0 `controller/state.go`, `isManagedNamespace`.
fn is_managed_namespace(app: &Application, object: &Object) -> bool {
    let policy = &app.sync_policy;
    object.kind() == "Namespace"
        && object.gvk().group.is_empty()
        && object.name() == app.destination.namespace
        && policy.options.has(SyncOption::CreateNamespace(true))
        && policy.managed_namespace_metadata.is_some()
}

impl AppState {
    /// A prediction that was made for the other need.
    fn known_otherwise(&self, key: &(For, ObjectId), what: (&Value, &Value)) -> Option<Prediction> {
        let other = match key.0 {
            For::Refresh => For::Operation,
            For::Operation => For::Refresh,
        };
        let known = self.predictions.get(&(other, key.1.clone()))?;
        let same = known.target == *what.0 && known.live == *what.1;
        let settled = matches!(known.state, Foresight::Known(_) | Foresight::Refused);
        (same && settled).then(|| known.clone())
    }

    /// The object that is applied: without what is left to trusted managers, and where the options say
    /// so with the live values of what does not count.
    pub(super) fn applied(&self, target: &Object, live: &Object) -> Value {
        let ignores = Ignores::of(&self.app.ignore_differences, target);
        let mut applied = target.value().clone();
        if !ignores.is_empty() {
            ignores.leave_to_managers(&mut applied, live.value());
        }
        applied
    }

    /// Whether applying the wanted object would change the live one.
    pub(super) fn differs(&self, need: For, target: &Object, live: &Object) -> bool {
        let Some(prediction) = self.predictions.get(&(need, target.id())) else {
            return true;
        };
        match &prediction.state {
            Foresight::Known(predicted) => {
                let ignores = Ignores::of(&self.app.ignore_differences, target);
                is_different(predicted, live.value(), &ignores)
            }
            Foresight::Asked(_) | Foresight::Again(..) | Foresight::Refused => true,
        }
    }

    /// Notes what an apply that was kept gave: applying the same again would change nothing.
    pub(super) fn applied_to(&mut self, target: Value, answer: &Object) {
        let prediction = Prediction {
            target,
            live: essence(answer.value()),
            state: Foresight::Known(answer.value().clone()),
        };
        for need in [For::Refresh, For::Operation] {
            let key = (need, answer.id());
            self.predictions.insert(key, prediction.clone());
        }
    }

    /// Forgets what the cluster refused: it may think otherwise by now. Tells whether there was any.
    pub(super) fn forget_refusals(&mut self) -> bool {
        let before = self.predictions.len();
        let refused = |one: &Prediction| matches!(one.state, Foresight::Refused);
        self.predictions.retain(|_, one| !refused(one));
        before != self.predictions.len()
    }

    /// Forgets what is predicted for objects that are no longer there.
    pub(super) fn keep_predictions(&mut self, need: For, pairs: &[Pair]) {
        let ids = pairs.iter().filter_map(|pair| pair.target.as_ref());
        let ids: BTreeSet<ObjectId> = ids.map(Object::id).collect();
        let all = std::mem::take(&mut self.predictions);
        let kept: BTreeMap<_, _> = all
            .into_iter()
            .filter(|((of, id), _)| *of != need || ids.contains(id))
            .collect();
        self.predictions = kept;
    }
}
