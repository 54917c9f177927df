//! A refresh: resolve, render, compare, tell, and perhaps begin a sync.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;
use toft_argo::{Initiator, Permission};
use toft_object::{Object, ObjectId, Time};

use super::app::{AppState, Rendered};
use super::calls::{For, Name, Purpose};
use super::live::Pairs;
use super::writer::Wish;
use super::{Engine, Visit};
use crate::automation::{Automation, AutomationInput, automate, written_sources};
use crate::compare::{CompareInput, Comparison, Knowledge, SyncStatus, compare};
use crate::condition::{Condition, ConditionKind};
use crate::desired::Desired;
use crate::event::{AppRendering, CallId, Effect, ProjectRules};
use crate::ignore::Ignores;
use crate::operation::OperationState;
use crate::plan::Pair;
use crate::status;

/// How thorough a refresh is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Compare with the rendering that is known.
    Recent,
    /// Resolve, and render where the revision is new; sources that cannot be read for a moment count
    /// as unchanged.
    Latest,
    /// The same without that patience.
    Forced,
    /// Render in any case.
    Hard,
}

/// How long the status stays while the sources cannot be read.
///
/// Source: Argo CD 3.2.0, `--repo-error-grace-period-seconds`, 180.
const UNREADABLE_GRACE: Duration = Duration::from_mins(3);

/// A refresh that is under way.
#[derive(Debug)]
pub(super) struct Refreshing {
    level: Level,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The revision of each source, once it is known.
    Resolving(Vec<Option<SmolStr>>),
    /// The sources at these revisions.
    Rendering(Vec<SmolStr>),
    /// What is wanted, and what was said on the way.
    Comparing(Arc<Desired>, Option<String>),
}

impl Engine {
    /// Does what can be done of a refresh.
    pub(super) fn drive_refresh(&mut self, now: Time, state: &mut AppState) {
        if state.refreshing.is_none() {
            let Some(level) = state.wanted.take() else {
                return;
            };
            self.begin_refresh(now, state, level);
        }
        let Some(Refreshing {
            stage: Stage::Comparing(desired, failure),
            ..
        }) = &state.refreshing
        else {
            return;
        };
        let (desired, failure) = (Arc::clone(desired), failure.clone());
        match self.pairs(now, state, (For::Refresh, &desired)) {
            Pairs::Waiting => {}
            Pairs::Known(pairs) => self.finish_refresh(now, state, (&desired, pairs, failure)),
            Pairs::Failed(message) => {
                let said = failure.unwrap_or(message);
                self.finish_refresh(now, state, (&desired, Vec::new(), Some(said)));
            }
        }
    }

    fn begin_refresh(&mut self, now: Time, state: &mut AppState, level: Level) {
        let refusals = self.refusals(&state.app);
        let enforced = self.settings.project_rules == ProjectRules::Enforced;
        let hopeless = self.cluster_of(&state.app).is_err() || state.app.sources.is_empty();
        if !refusals.is_empty() && (enforced || hopeless) {
            state.status = status::refused(&state.status, &refusals, now);
            state.comparison = Comparison::default();
            state.comparison.conditions = refusals;
            return Self::refresh_ended(now, state);
        }
        state.told = refusals;
        if level > Level::Recent && state.forget_refusals() {
            state.is_fresh = false;
        }
        if level == Level::Recent
            && let Some(rendered) = &state.rendered
        {
            let desired = Arc::new(self.desire(&state.app, rendered));
            let stage = Stage::Comparing(desired, None);
            state.refreshing = Some(Refreshing { level, stage });
            return;
        }
        let count = state.app.sources.len();
        let stage = Stage::Resolving(vec![None; count]);
        state.refreshing = Some(Refreshing { level, stage });
        self.resolve_sources(now, &state.app.clone(), For::Refresh);
    }

    /// Asks for the revision of each source.
    pub(super) fn resolve_sources(&mut self, now: Time, app: &toft_argo::Application, need: For) {
        for (at, source) in app.sources.iter().enumerate() {
            let purpose = Purpose::Resolve(app.name.clone(), need, at);
            let call = self.calls.open(purpose, now);
            let source = Box::new(source.clone());
            self.effects.push(Effect::Resolve { call, source });
        }
    }

    pub(super) fn resolved(&mut self, now: Time, call: CallId, result: Result<SmolStr, String>) {
        if let Some(Purpose::Resolve(name, need, at)) = self.calls.close(call) {
            self.source_resolved(now, (&name, need, at), result);
        }
    }

    pub(super) fn source_resolved(
        &mut self,
        now: Time,
        what: (&Name, For, usize),
        result: Result<SmolStr, String>,
    ) {
        let (name, need, at) = what;
        if need == For::Operation {
            return self.operation_resolved(now, (name, at), result);
        }
        let Some(mut state) = self.apps.remove(name) else {
            return;
        };
        self.take_revision(now, &mut state, (at, result));
        self.apps.insert(name.clone(), state);
        self.visit_at(Visit::App(name.clone()), now);
    }

    fn take_revision(
        &mut self,
        now: Time,
        state: &mut AppState,
        what: (usize, Result<SmolStr, String>),
    ) {
        let Some(Refreshing {
            level,
            stage: Stage::Resolving(revisions),
        }) = &mut state.refreshing
        else {
            return;
        };
        let level = *level;
        match what {
            (_, Err(message)) => return Self::fail_refresh(now, state, &message),
            (at, Ok(revision)) => {
                if let Some(known) = revisions.get_mut(at) {
                    *known = Some(revision);
                }
            }
        }
        let known: Option<Vec<SmolStr>> = revisions.iter().cloned().collect();
        let Some(revisions) = known else { return };
        let sources = written_sources(&state.app);
        let same = state.rendered.as_ref().filter(|rendered| {
            level != Level::Hard && rendered.revisions == revisions && rendered.sources == sources
        });
        if let Some(rendered) = same {
            state.unreadable_since = None;
            if state.is_fresh {
                return Self::refresh_ended(now, state);
            }
            let desired = Arc::new(self.desire(&state.app, rendered));
            let stage = Stage::Comparing(desired, None);
            state.refreshing = Some(Refreshing { level, stage });
            return;
        }
        let stage = Stage::Rendering(revisions.clone());
        state.refreshing = Some(Refreshing { level, stage });
        self.render(now, &state.app, (For::Refresh, revisions));
    }

    /// Asks for the objects of an Application at revisions.
    pub(super) fn render(
        &mut self,
        now: Time,
        app: &toft_argo::Application,
        what: (For, Vec<SmolStr>),
    ) {
        let (need, revisions) = what;
        let call = self
            .calls
            .open(Purpose::Render(app.name.clone(), need), now);
        self.effects.push(Effect::Render {
            call,
            app: Box::new(app.clone()),
            revisions,
        });
    }

    pub(super) fn rendered(
        &mut self,
        now: Time,
        call: CallId,
        result: Result<Arc<AppRendering>, String>,
    ) {
        if let Some(Purpose::Render(name, need)) = self.calls.close(call) {
            self.source_rendered(now, (&name, need), result);
        }
    }

    pub(super) fn source_rendered(
        &mut self,
        now: Time,
        what: (&Name, For),
        result: Result<Arc<AppRendering>, String>,
    ) {
        let (name, need) = what;
        if need == For::Operation {
            return self.operation_rendered(now, name, result);
        }
        let Some(mut state) = self.apps.remove(name) else {
            return;
        };
        self.take_rendering(now, &mut state, result);
        self.apps.insert(name.clone(), state);
        self.visit_at(Visit::App(name.clone()), now);
    }

    fn take_rendering(
        &mut self,
        now: Time,
        state: &mut AppState,
        result: Result<Arc<AppRendering>, String>,
    ) {
        let Some(Refreshing {
            level,
            stage: Stage::Rendering(revisions),
        }) = &state.refreshing
        else {
            return;
        };
        let (level, revisions) = (*level, revisions.clone());
        match result {
            Err(message) => Self::fail_refresh(now, state, &message),
            Ok(rendering) => {
                let rendered = Rendered {
                    sources: written_sources(&state.app),
                    revisions,
                    rendering,
                };
                let desired = Arc::new(self.desire(&state.app, &rendered));
                state.rendered = Some(rendered);
                state.unreadable_since = None;
                let stage = Stage::Comparing(desired, None);
                state.refreshing = Some(Refreshing { level, stage });
            }
        }
    }

    /// What is wanted is not known: the live objects are looked at nevertheless, and nothing is said
    /// of them but how well they do.
    fn fail_refresh(now: Time, state: &mut AppState, message: &str) {
        let level = state.refreshing.as_ref().map(|refreshing| refreshing.level);
        let since = *state.unreadable_since.get_or_insert(now);
        let patient = level == Some(Level::Latest) && now.since(since) <= UNREADABLE_GRACE;
        if patient && state.refreshed.is_some() {
            return Self::refresh_ended(now, state);
        }
        let failure = format!("Failed to load target state: {message}");
        state.rendered = None;
        let stage = Stage::Comparing(Arc::default(), Some(failure));
        let level = level.unwrap_or(Level::Forced);
        state.refreshing = Some(Refreshing { level, stage });
    }

    fn finish_refresh(
        &mut self,
        now: Time,
        state: &mut AppState,
        what: (&Desired, Vec<Pair>, Option<String>),
    ) {
        let (desired, pairs, failure) = what;
        state.keep_predictions(For::Refresh, &pairs);
        self.forget_unwanted(state, desired);
        let mut comparison =
            self.compare_app(state, (For::Refresh, desired, pairs), failure.as_deref());
        comparison.conditions.extend(state.told.iter().cloned());
        comparison
            .conditions
            .extend(self.not_observed(&state.app, now));
        if let Ok(cluster) = self.cluster_of(&state.app) {
            let told = self.told_of_objects(&state.app, &cluster, &desired.objects);
            comparison.conditions.extend(told);
        }
        let rendered = state.rendered.as_ref();
        let revisions = rendered
            .map_or(&[][..], |rendered| &rendered.revisions)
            .to_vec();
        self.automate_app(now, state, (&mut comparison, &revisions));
        let rendered = state.rendered.as_ref();
        let types = rendered.map_or(&[][..], |rendered| &rendered.rendering.source_types);
        let found = status::Refreshed {
            app: &state.app,
            comparison: &comparison,
            revisions: &revisions,
            source_types: types,
            conditions: &comparison.conditions,
        };
        state.status = status::refreshed(&state.status, &found, now);
        state.comparison = comparison;
        state.is_fresh = failure.is_none() && state.wanted.is_none();
        Self::refresh_ended(now, state);
    }

    /// Drops the Application from the objects that it no longer wants.
    fn forget_unwanted(&mut self, state: &mut AppState, desired: &Desired) {
        let ids: BTreeSet<ObjectId> = desired.objects.iter().map(Object::id).collect();
        let Ok(cluster) = self.cluster_of(&state.app) else {
            return;
        };
        for gone in state.wanting.difference(&ids) {
            let key = (cluster.clone(), gone.clone());
            if let Some(names) = self.wanted.get_mut(&key) {
                names.remove(&state.app.name);
                if names.is_empty() {
                    self.wanted.remove(&key);
                }
            }
        }
        state.wanting = ids;
    }

    /// Compares an Application with what was found.
    pub(super) fn compare_app(
        &self,
        state: &AppState,
        what: (For, &Desired, Vec<Pair>),
        failure: Option<&str>,
    ) -> Comparison {
        let (need, desired, pairs) = what;
        let cluster = self.cluster_of(&state.app);
        let permitted = |object: &Object| {
            let cluster = cluster.as_ref();
            cluster.is_ok_and(|cluster| self.permits_kind(&state.app, cluster, object))
        };
        let knowledge = if failure.is_some() {
            Knowledge::Failed
        } else {
            Knowledge::Whole
        };
        let mut comparison = compare(&CompareInput {
            pairs,
            knowledge,
            this: &state.id(),
            instance: &self.owner(&state.app).instance,
            differs: &|target, live| state.differs(need, target, live),
            permitted: &permitted,
        });
        let failed = failure.map(|text| Condition::new(ConditionKind::ComparisonError, text));
        comparison.conditions.extend(failed);
        comparison
            .conditions
            .extend(desired.conditions.iter().cloned());
        for text in Ignores::not_understood(&state.app.ignore_differences) {
            let message = format!("jq expression is not understood and ignores nothing: {text}");
            let condition = Condition::new(ConditionKind::UnsupportedWarning, message);
            comparison.conditions.push(condition);
        }
        if comparison.sync == SyncStatus::Synced && has_changed_namespace_metadata(state) {
            comparison.sync = SyncStatus::OutOfSync;
        }
        comparison
    }

    /// Whether the engine may begin a sync; where it may not, the Application is looked at again when that
    /// changes. Windows that cannot be read are told by no condition, as upstream has it.
    fn window_is_open(&mut self, now: Time, state: &mut AppState) -> bool {
        match self.window(&state.app, Initiator::Automation, now) {
            Ok(Permission::Granted) => return true,
            Ok(Permission::Denied(change)) => state.heal_at = change,
            Err(_) => {}
        }
        false
    }

    fn automate_app(
        &mut self,
        now: Time,
        state: &mut AppState,
        what: (&mut Comparison, &[SmolStr]),
    ) {
        let (comparison, revisions) = what;
        let waits = state.app.operation.is_some() && !state.writing.wishes(Wish::ClearOperation);
        if waits || state.is_operating() || !self.window_is_open(now, state) {
            return;
        }
        let decided = automate(
            &AutomationInput {
                app: &state.app,
                last: state.operation.as_ref(),
                comparison,
                revisions,
                first_sync: self.settings.first_sync,
            },
            now,
        );
        match decided {
            Automation::Nothing => {}
            Automation::Later(at) => {
                state.heal_at = Some(at);
            }
            Automation::Refused(message) => {
                let condition = Condition::new(ConditionKind::SyncError, message);
                comparison.conditions.push(condition);
            }
            Automation::Begin(operation) => {
                let operation = OperationState::begin(*operation, now);
                state.begin(operation);
            }
        }
    }
}

/// Whether the metadata of the namespace was written otherwise when the last sync ran.
///
/// Source: Argo CD 3.2.0 `types.go`, `HasChangedManagedNamespaceMetadata`.
fn has_changed_namespace_metadata(state: &AppState) -> bool {
    let wanted = state
        .app
        .value()
        .at(&["spec", "syncPolicy", "managedNamespaceMetadata"]);
    let last = state
        .operation
        .as_ref()
        .and_then(|last| last.sync_result.as_ref());
    match (wanted, last) {
        (Some(wanted), Some(last)) => last.managed_namespace_metadata.as_ref() != Some(wanted),
        _ => false,
    }
}
