//! Taking the place of pods that matter less.
//!
//! Source: Kubernetes 1.36.3 `pkg/scheduler/framework/preemption/preemption.go`,
//! `plugins/defaultpreemption/default_preemption.go`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_api::ApiError;
use toft_object::{LabelSelector, Time};
use toft_value::{Value, value};

use super::filters::{self, Verdict};
use super::snapshot::Snapshot;
use super::volumes::Wish;
use crate::conditions;
use crate::ctx::{Ctx, Deletion};
use crate::meta;
use crate::note::Note;
use crate::resources::{POD_DISRUPTION_BUDGETS, PODS};

const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";

/// What came of the search for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Pods of this node go.
    Nominated(SmolStr),
    /// Pods of the nominated node are still going.
    Waits,
    /// Nobody goes; why, as the message of the pod ends.
    Refused(String),
}

/// The pods of one node that would have to go.
struct Candidate {
    node: usize,
    victims: Vec<Value>,
    /// How many of them a disruption budget protects.
    violations: usize,
}

/// How important a pod is.
pub(super) fn priority(pod: &Value) -> i64 {
    pod.i64_at(&["spec", "priority"]).unwrap_or(0)
}

/// Looks for a node whose less important pods could go for this one, and sends them away.
pub(super) fn run(
    ctx: &mut Ctx<'_>,
    snapshot: &Snapshot,
    (wish, verdicts): (&Wish<'_>, &[Verdict]),
) -> Result<Outcome, ApiError> {
    if wish.pod.str_at(&["spec", "preemptionPolicy"]) == Some("Never") {
        let text = "not eligible due to preemptionPolicy=Never.";
        return Ok(Outcome::Refused(text.to_owned()));
    }
    if waits_for_victims(snapshot, wish.pod) {
        return Ok(Outcome::Waits);
    }
    let mut candidates = Vec::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (node, verdict) in verdicts.iter().enumerate() {
        let told = match verdict {
            Verdict::Fits => continue,
            Verdict::Never(_) => vec![NOT_HELPFUL.to_owned()],
            Verdict::Later(_) => match select(ctx, snapshot, (wish, node)) {
                Ok(candidate) => {
                    candidates.push(candidate);
                    continue;
                }
                Err(told) => told,
            },
        };
        for reason in told {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    let Some(best) = best(candidates, ctx.now) else {
        let head = format!("0/{} nodes are available:", verdicts.len());
        let text = format!("{head} {}", filters::histogram(&reasons));
        return Ok(Outcome::Refused(text));
    };
    let name = snapshot.nodes.get(best.node).map(|node| node.name.clone());
    let name = name.unwrap_or_default();
    for victim in &best.victims {
        send_away(ctx, victim, (wish.pod, &name))?;
    }
    Ok(Outcome::Nominated(name))
}

/// Whether pods are still on their way out for this one.
fn waits_for_victims(snapshot: &Snapshot, pod: &Value) -> bool {
    let nominated = pod.str_at(&["status", "nominatedNodeName"]);
    let node = snapshot
        .nodes
        .iter()
        .find(|node| Some(node.name.as_str()) == nominated);
    node.is_some_and(|node| {
        let mut lesser = node.pods.iter().filter(|one| priority(one) < priority(pod));
        lesser.any(|one| meta::is_deleting(one) && conditions::is_true(one, "DisruptionTarget"))
    })
}

/// The pods of a node that would have to go; else why that would not help.
fn select(
    ctx: &Ctx<'_>,
    snapshot: &Snapshot,
    (wish, node): (&Wish<'_>, usize),
) -> Result<Candidate, Vec<String>> {
    let mut world = snapshot.clone();
    let pods = snapshot.nodes.get(node).map(|node| node.pods.clone());
    let mut lesser = pods.unwrap_or_default();
    lesser.retain(|pod| priority(pod) < priority(wish.pod));
    if lesser.is_empty() {
        return Err(vec![NO_VICTIMS.to_owned()]);
    }
    for pod in &lesser {
        world.forget(pod);
    }
    match filters::judge(&world, wish, node) {
        Verdict::Fits => {}
        Verdict::Later(told) | Verdict::Never(told) => return Err(told),
    }
    lesser.sort_by_cached_key(|pod| importance(pod, ctx.now));
    let protected = protected(ctx, &lesser);
    let is_protected = |pod: &Value| protected.contains(&meta::uid(pod));
    let (violating, others): (Vec<&Value>, Vec<&Value>) =
        lesser.iter().partition(|pod| is_protected(pod));
    let (mut victims, mut violations) = (Vec::new(), 0);
    for pod in violating.into_iter().chain(others) {
        world.take(node, pod);
        if filters::judge(&world, wish, node) != Verdict::Fits {
            world.forget(pod);
            violations += usize::from(is_protected(pod));
            victims.push(pod.clone());
        }
    }
    victims.sort_by_cached_key(|pod| importance(pod, ctx.now));
    Ok(Candidate {
        node,
        victims,
        violations,
    })
}

fn started(pod: &Value, now: Time) -> Time {
    meta::time_at(pod, &["status", "startTime"]).unwrap_or(now)
}

/// The order of pods, the most important first.
fn importance(pod: &Value, now: Time) -> (Reverse<i64>, Time) {
    (Reverse(priority(pod)), started(pod, now))
}

/// The uids of pods that a disruption budget would be broken for.
fn protected<'a>(ctx: &Ctx<'_>, pods: &'a [Value]) -> Vec<&'a str> {
    let all = ctx.reader().list(&POD_DISRUPTION_BUDGETS, None);
    let mut budgets: Vec<(&Value, LabelSelector, i64)> = all
        .filter_map(|budget| {
            let selector = meta::selector(budget)?;
            let allowed = budget.i64_at(&["status", "disruptionsAllowed"]);
            Some((budget, selector, allowed.unwrap_or(0)))
        })
        .collect();
    let mut protected = Vec::new();
    for pod in pods {
        let mut is_protected = false;
        for (budget, selector, allowed) in &mut budgets {
            let is_same = meta::namespace(budget) == meta::namespace(pod);
            if is_same && selector.matches(meta::labels(pod)) {
                *allowed -= 1;
                is_protected |= *allowed < 0;
            }
        }
        if is_protected {
            protected.push(meta::uid(pod));
        }
    }
    protected
}

/// The candidate that hurts least; of equals, the first.
fn best(candidates: Vec<Candidate>, now: Time) -> Option<Candidate> {
    candidates.into_iter().min_by_key(|candidate| {
        let victims = &candidate.victims;
        let highest = victims.iter().map(priority).max();
        let sum: i64 = victims.iter().map(priority).sum();
        let youngest = victims
            .iter()
            .filter(|pod| Some(priority(pod)) == highest)
            .map(|pod| started(pod, now))
            .min();
        (
            candidate.violations,
            highest,
            sum,
            victims.len(),
            Reverse(youngest),
        )
    })
}

fn send_away(
    ctx: &mut Ctx<'_>,
    victim: &Value,
    (pod, node): (&Value, &str),
) -> Result<(), ApiError> {
    let path = PODS.path(meta::namespace(victim), meta::name(victim));
    if !meta::is_deleting(victim) {
        let mut status = victim.get("status").cloned().unwrap_or_default();
        let text = "default-scheduler: preempting to accommodate a higher priority pod";
        let condition = value!({
            "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
            "message": text, "lastProbeTime": null, "lastTransitionTime": ctx.now.to_string(),
            "observedGeneration": meta::generation(victim),
        });
        conditions::append(&mut status, condition);
        let mut marked = victim.clone();
        marked.set_at(&["status"], status);
        ctx.update_status(&PODS, marked)?;
        let deletion = Deletion {
            uid: meta::uid(victim),
            ..Deletion::default()
        };
        ctx.delete(path, &deletion)?;
    }
    let text = format!("Preempted by pod {} on node {node}", meta::uid(pod));
    ctx.note(
        victim,
        &Note::normal("Preempted", text).action("Preempting"),
    );
    Ok(())
}
