//! Health, order of tasks and passes of a sync, as Argo CD's own code judges them.

use std::fmt::Write as _;
use std::process::ExitCode;

use smol_str::SmolStr;
use toft_argo::{SyncOption, SyncOptions};
use toft_object::{Gvk, Object};
use toft_source::Source;
use toft_sync::{
    Confirmed, Next, OperationPhase, OutOfSyncOnly, Outcome, Pair, PlanInput, ResultCode, Results,
    RunScope, SyncPlan, Task, TaskState, Verdict, after_dry_run, after_run, assess, dry_run, next,
    plan, without_namespace,
};
use toft_testkit::{Case, Outputs};
use toft_value::{Value, value};
use toft_yaml::Resolver;

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let dir = case.dir().to_string_lossy();
    let (file, name, record): (_, _, fn(&[Value]) -> String) = if dir.contains("/health/") {
        ("input/objects.yaml", "expected.health", healths)
    } else if dir.contains("/order/") {
        ("input/syncs.yaml", "expected.order", orders)
    } else {
        ("input/syncs.yaml", "expected.passes", passes)
    };
    let documents = documents(&case.required(file)?, file)?;
    Ok(Outputs::from([(name.to_owned(), record(&documents))]))
}

fn documents(text: &str, name: &str) -> Result<Vec<Value>, String> {
    let source = Source::new(name, text.as_bytes().into());
    let values = toft_yaml::values(&source, Resolver::Kubectl);
    if values.has_errors() {
        return Err(format!("{:?}", values.diagnostics));
    }
    Ok(values
        .value
        .into_iter()
        .map(|located| located.value)
        .collect())
}

fn healths(objects: &[Value]) -> String {
    let mut lines = String::new();
    for object in objects {
        let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
        let told = match assess(object) {
            Some(health) => format!("{} {}", health.status, health.message),
            None => "none".to_owned(),
        };
        let _ = writeln!(lines, "{name}: {}", told.trim());
    }
    lines
}

/// What a document of `syncs.yaml` says.
struct Scenario<'a> {
    document: &'a Value,
    namespace: &'a str,
    options: SyncOptions,
}

impl<'a> Scenario<'a> {
    fn new(document: &'a Value) -> Self {
        let options = document.items_at(&["options"]).iter();
        Self {
            document,
            namespace: document.str_at(&["namespace"]).unwrap_or_default(),
            options: SyncOptions::parse(options.filter_map(Value::as_str)),
        }
    }

    fn title(&self) -> &str {
        self.document.str_at(&["case"]).unwrap_or_default()
    }

    /// What the cluster would say of the object, if it refuses.
    fn refusal(&self, name: &str) -> Option<&str> {
        self.document.str_at(&["fail", name])
    }

    fn plan(&self, live: &[Value]) -> SyncPlan {
        let target: Vec<Object> = objects(self.document.items_at(&["target"]))
            .map(|object| self.placed(object))
            .collect();
        let mut live: Vec<Object> = objects(live).collect();
        let mut pairs = Vec::new();
        for target in target {
            let at = live.iter().position(|live| live.id() == target.id());
            pairs.push(Pair {
                live: at.map(|at| live.remove(at)),
                target: Some(target),
            });
        }
        pairs.extend(live.into_iter().map(|live| Pair {
            target: None,
            live: Some(live),
        }));
        let own = |pair: &Pair| {
            let target = pair.target.as_ref();
            target.is_some_and(|one| one.kind() == "Namespace" && one.name() == self.namespace)
        };
        let create = self.options.has(SyncOption::CreateNamespace(true)) && !pairs.iter().any(own);
        plan(&PlanInput {
            pairs: &pairs,
            namespace: self.namespace,
            create_namespace: create.then(|| self.namespace_pair()),
            options: &self.options,
            judge: &judge,
        })
    }

    fn placed(&self, mut object: Object) -> Object {
        if !is_cluster_scoped(&object.gvk()) && object.namespace().is_empty() {
            object.set(&["metadata", "namespace"], self.namespace);
        }
        object
    }

    fn namespace_pair(&self) -> Pair {
        let name = SmolStr::from(self.namespace);
        let target = value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        Pair {
            target: Object::new(target).ok(),
            live: None,
        }
    }
}

fn objects(values: &[Value]) -> impl Iterator<Item = Object> {
    values
        .iter()
        .filter_map(|value| Object::new(value.clone()).ok())
}

fn is_cluster_scoped(gvk: &Gvk) -> bool {
    let kinds = [
        "ClusterRole",
        "CustomResourceDefinition",
        "Namespace",
        "StorageClass",
        "ValidatingWebhookConfiguration",
    ];
    kinds.contains(&gvk.kind.as_str())
}

fn judge(object: &Object) -> Verdict {
    if object.kind() == "Gadget" {
        return Verdict::Refused("no such kind".to_owned());
    }
    Verdict::Fine
}

fn orders(documents: &[Value]) -> String {
    let mut lines = String::new();
    for document in documents {
        let scenario = Scenario::new(document);
        let _ = writeln!(lines, "# {}", scenario.title());
        for task in scenario.plan(document.items_at(&["live"])).tasks() {
            let verb = if task.is_prune() { "prune" } else { "apply" };
            let (gvk, name) = (task.object().gvk(), task.object().name());
            let (phase, wave) = (task.phase, task.wave);
            let (group, kind) = (gvk.group, gvk.kind);
            let _ = writeln!(lines, "{phase} {wave} {verb} {group}/{kind} {name}");
        }
    }
    lines
}

fn passes(documents: &[Value]) -> String {
    let mut lines = String::new();
    for document in documents {
        let scenario = Scenario::new(document);
        let _ = writeln!(lines, "# {}", scenario.title());
        let mut results = Results::default();
        let first = document.items_at(&["live"]);
        let later = document.items_at(&["passes"]).iter();
        let later = later.map(|pass| pass.items_at(&["live"]));
        for live in std::iter::once(first).chain(later) {
            let (phase, message) = pass(&scenario, live, &mut results);
            let _ = writeln!(lines, "{phase}: {message}");
            let mut told: Vec<String> = results.iter().map(told).collect();
            told.sort();
            for line in told {
                let _ = writeln!(lines, "{line}");
            }
        }
    }
    lines
}

fn told(result: &toft_sync::TaskResult) -> String {
    let key = &result.key;
    let code = result.code.map_or("", ResultCode::as_str);
    let phase = result.phase.map_or("", OperationPhase::as_str);
    let state = format!("{code} {phase}");
    format!(
        "  {}/{} {}: {}",
        key.phase,
        key.kind,
        key.name,
        state.trim()
    )
}

/// One pass, with a cluster that answers at once.
fn pass(
    scenario: &Scenario<'_>,
    live: &[Value],
    results: &mut Results,
) -> (OperationPhase, String) {
    let plan = scenario.plan(live);
    let scope = RunScope {
        differs: &|_| true,
        only_out_of_sync: OutOfSyncOnly::No,
        confirmed: Confirmed::No,
        prune: None,
    };
    let mut decided = next(&plan, results, &scope);
    if let Next::Prepare(at) = decided {
        decided = match perform(scenario, &plan, (&[at], Mode::Wet), results) {
            Outcome::Successful => dry_run(&plan, results, &scope),
            Outcome::Failed => without_namespace(&plan, results),
        };
    }
    if let Next::DryRun(tasks) = &decided {
        decided = match perform(scenario, &plan, (tasks, Mode::Dry), results) {
            Outcome::Successful => after_dry_run(&plan, results, &scope),
            Outcome::Failed => {
                let message = "one or more objects failed to apply (dry run)".to_owned();
                Next::End(OperationPhase::Failed, message)
            }
        };
    }
    if let Next::Run(tasks) = &decided {
        let outcome = perform(scenario, &plan, (tasks, Mode::Wet), results);
        decided = after_run(&plan, results, &scope, outcome);
    }
    match decided {
        Next::Wait(message) => (OperationPhase::Running, message),
        Next::End(phase, message) => (phase, message),
        Next::Prepare(_) | Next::DryRun(_) | Next::Run(_) => {
            (OperationPhase::Error, "goes on".to_owned())
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Dry,
    Wet,
}

fn perform(
    scenario: &Scenario<'_>,
    plan: &SyncPlan,
    what: (&[usize], Mode),
    results: &mut Results,
) -> Outcome {
    let (tasks, mode) = what;
    let mut outcome = Outcome::Successful;
    let tasks = tasks.iter().filter_map(|at| plan.tasks().get(*at));
    let (prunes, others): (Vec<&Task>, Vec<&Task>) = tasks.partition(|task| task.is_prune());
    for task in prunes.into_iter().chain(others) {
        if outcome == Outcome::Failed && !task.is_prune() && mode == Mode::Wet {
            break;
        }
        let (code, message) = result_of(scenario, task, mode);
        if code == ResultCode::SyncFailed {
            outcome = Outcome::Failed;
        }
        if mode == Mode::Wet || code == ResultCode::SyncFailed {
            results.set(task, TaskState::from(code), &message);
        }
    }
    outcome
}

fn result_of(scenario: &Scenario<'_>, task: &Task, mode: Mode) -> (ResultCode, String) {
    let refusal = scenario.refusal(task.object().name());
    if !task.is_prune() {
        return match refusal {
            Some(message) => (ResultCode::SyncFailed, message.to_owned()),
            None => (ResultCode::Synced, String::new()),
        };
    }
    let wished = scenario.document.bool_at(&["prune"]) == Some(true);
    let options = SyncOptions::of(task.object());
    let forbidden = options.prune() == Some(toft_argo::Confirmable::No);
    match refusal {
        _ if !wished || forbidden => (ResultCode::PruneSkipped, String::new()),
        Some(message) if mode == Mode::Wet => (ResultCode::SyncFailed, message.to_owned()),
        _ => (ResultCode::Pruned, String::new()),
    }
}
