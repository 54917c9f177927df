//! Jobs whose pods have numbers.
//!
//! Source: `indexed_job_utils.go`.

use std::collections::BTreeSet;

use toft_value::{Value, value};

use crate::meta;
use crate::pods;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

fn index(pod: &Value) -> Option<usize> {
    meta::annotation(pod, INDEX)?.parse().ok()
}

fn limit(job: &Value) -> usize {
    let completions = job.i64_at(&["spec", "completions"]).unwrap_or(0);
    usize::try_from(completions).unwrap_or(0)
}

/// The numbers that succeeded: those the status tells and those of pods that it does not tell yet.
pub(super) fn completed(job: &Value, pods: &[Value]) -> BTreeSet<usize> {
    let text = job
        .str_at(&["status", "completedIndexes"])
        .unwrap_or_default();
    let mut indexes = parse(text);
    let succeeded = pods.iter().filter(|pod| pods::phase(pod) == "Succeeded");
    indexes.extend(succeeded.filter_map(index));
    indexes.retain(|index| *index < limit(job));
    indexes
}

fn parse(text: &str) -> BTreeSet<usize> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    let ranges = parts.filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse::<usize>().ok()?..=last.parse().ok()?)
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

/// The first numbers that neither succeeded nor have a pod.
pub(super) fn pending(job: &Value, pods: &[Value], count: usize) -> Vec<usize> {
    let mut taken = completed(job, pods);
    taken.extend(
        pods.iter()
            .filter(|pod| pods::is_active(pod))
            .filter_map(index),
    );
    (0..limit(job))
        .filter(|index| !taken.contains(index))
        .take(count)
        .collect()
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
            assert_eq!(print(&parse(text)), text);
        }
    }
}
