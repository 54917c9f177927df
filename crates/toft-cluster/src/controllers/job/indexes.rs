//! Jobs whose pods have numbers.
//!
//! Source: `indexed_job_utils.go`.

use std::collections::{BTreeMap, BTreeSet};

use toft_value::{Value, value};

use super::policy;
use super::run::Run;
use crate::meta;
use crate::pods;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// How often the number failed before, as a pod knows it.
const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// How often it failed in ways that do not count.
const IGNORED_FAILURES: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// The number of a pod.
pub(super) fn of(pod: &Value) -> Option<usize> {
    meta::annotation(pod, INDEX)?.parse().ok()
}

/// The numbers that a field of the status tells.
pub(super) fn told(job: &Value, field: &str) -> BTreeSet<usize> {
    let completions = job.i64_at(&["spec", "completions"]).unwrap_or(0);
    let text = job.str_at(&["status", field]).unwrap_or_default();
    parse(text, usize::try_from(completions).unwrap_or(0))
}

/// The numbers that succeeded: those the status tells and those of pods that it does not tell yet.
pub(super) fn completed(run: &Run) -> BTreeSet<usize> {
    let uncounted = run.pods.iter().filter(|pod| run.is_uncounted(pod));
    let succeeded = uncounted.filter(|pod| pods::phase(pod) == "Succeeded");
    let succeeded = succeeded.filter_map(|pod| run.index(pod));
    succeeded
        .chain(run.told_completed.iter().copied())
        .collect()
}

/// The numbers that failed for good.
pub(super) fn failed(run: &Run) -> BTreeSet<usize> {
    let limit = run.spec("backoffLimitPerIndex").unwrap_or(0);
    let limit = usize::try_from(limit).unwrap_or(0);
    let has_ended = |pod: &&Value| {
        run.has_failed(pod)
            && (policy::fails_the_index(&run.job, pod)
                || (policy::counts(&run.job, pod) && failures(pod).0 >= limit))
    };
    let uncounted = run.pods.iter().filter(|pod| run.is_uncounted(pod));
    let new = uncounted.filter(has_ended).filter_map(|pod| run.index(pod));
    new.chain(told(&run.job, "failedIndexes")).collect()
}

/// How often the number of a pod failed before: in ways that count, and in others.
pub(super) fn failures(pod: &Value) -> (usize, usize) {
    let count = |key: &str| {
        meta::annotation(pod, key)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    };
    (count(FAILURES), count(IGNORED_FAILURES))
}

/// The last failed pod of each number that is neither done nor tried again yet.
pub(super) fn delayed(run: &Run) -> BTreeMap<usize, Value> {
    let active: BTreeSet<usize> = run.active_pods().filter_map(of).collect();
    let failed = run.failed_indexes.clone().unwrap_or_default();
    let is_settled = |index: &usize| {
        run.completed.contains(index) || failed.contains(index) || active.contains(index)
    };
    let mut last: BTreeMap<usize, Value> = BTreeMap::new();
    let ended = run
        .pods
        .iter()
        .filter(|pod| run.is_uncounted(pod) && run.has_failed(pod));
    for pod in ended {
        let Some(index) = run.index(pod).filter(|index| !is_settled(index)) else {
            continue;
        };
        let count = |pod: &Value| failures(pod).0 + failures(pod).1;
        if last
            .get(&index)
            .is_none_or(|known| count(known) <= count(pod))
        {
            last.insert(index, pod.clone());
        }
    }
    last
}

/// Numbers as they are written, below a limit.
pub(super) fn parse(text: &str, limit: usize) -> BTreeSet<usize> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    let ranges = parts.filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let last: usize = last.parse().ok()?;
        Some(first.parse::<usize>().ok()?..=last.min(limit.checked_sub(1)?))
    });
    ranges.flatten().collect()
}

/// Numbers as upstream writes them: `0-2,4`, three and more in a row as a range.
pub(super) fn print(indexes: &BTreeSet<usize>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for index in indexes {
        match ranges.last_mut() {
            Some(range) if range.1 + 1 == *index => range.1 = *index,
            _ => ranges.push((*index, *index)),
        }
    }
    let texts = ranges.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

/// The first numbers that neither ended nor have a pod.
pub(super) fn pending(run: &Run, count: usize) -> Vec<usize> {
    let mut taken = run.completed.clone();
    taken.extend(run.active_pods().filter_map(of));
    if run.replaces_failed_only() {
        let going = run
            .pods
            .iter()
            .filter(|pod| meta::is_deleting(pod) && !pods::is_terminal(pod));
        taken.extend(going.filter_map(of));
    }
    taken.extend(run.failed_indexes.iter().flatten());
    (0..run.completions().unwrap_or(0))
        .filter(|index| !taken.contains(index))
        .take(count)
        .collect()
}

/// Tells a pod how often its number failed before.
pub(super) fn mark_failures(job: &Value, pod: &mut Value, before: Option<&Value>) {
    let (mut counted, mut ignored) = before.map_or((0, 0), failures);
    if let Some(before) = before {
        if policy::counts(job, before) {
            counted += 1;
        } else {
            ignored += 1;
        }
    }
    pod.set_at(&["metadata", "annotations", FAILURES], counted.to_string());
    if ignored > 0 {
        pod.set_at(
            &["metadata", "annotations", IGNORED_FAILURES],
            ignored.to_string(),
        );
    }
}

/// Gives a pod its number.
pub(super) fn mark(job: &Value, pod: &mut Value, index: usize) {
    let text = index.to_string();
    pod.set_at(&["metadata", "annotations", INDEX], text.as_str());
    pod.set_at(&["metadata", "labels", INDEX], text.as_str());
    let name = meta::name(job);
    pod.set_at(&["metadata", "generateName"], format!("{name}-{index}-"));
    pod.set_at(&["spec", "hostname"], format!("{name}-{index}"));
    let variable = value!({
        "name": "JOB_COMPLETION_INDEX",
        "valueFrom": {"fieldRef": {"fieldPath": format!("metadata.labels['{INDEX}']")}},
    });
    for list in ["initContainers", "containers"] {
        let mut containers = pod.items_at(&["spec", list]).to_vec();
        for container in &mut containers {
            let mut variables = container.items_at(&["env"]).to_vec();
            if variables
                .iter()
                .all(|one| one.get("name") != variable.get("name"))
            {
                variables.push(variable.clone());
                container.set_at(&["env"], variables);
            }
        }
        if !containers.is_empty() {
            pod.set_at(&["spec", list], containers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_ranges() {
        for text in ["", "0", "0,1", "0-2", "0-2,4", "1,3-5,8,9"] {
            assert_eq!(print(&parse(text, 100)), text);
        }
    }
}
