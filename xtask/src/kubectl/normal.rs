//! Takes out of an answer what no two clusters share: ids, times, versions, addresses, chance names.

use std::sync::LazyLock;

use regex::Regex;

/// What is replaced by what, in order.
const REPLACEMENTS: &[(&str, &str)] = &[
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "UID",
    ),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (
        r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
        "TIME",
    ),
    (r#"(resourceVersion"?: ")\d+""#, "${1}VERSION\""),
    (r"(?m)^(Resource Version: +)\d+$", "${1}VERSION"),
    (
        r"\b(containerd|docker|kwok|toft)://[0-9a-zA-Z_.-]*",
        "CONTAINER",
    ),
    (r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(/\d+)?\b", "ADDRESS"),
    (r"https://127\.0\.0\.1:\d+|https://localhost:\d+", "SERVER"),
    (
        r"-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b",
        "-HASH-CHANCE",
    ),
    (r"(pod-template-hash[=:] ?\x22?)[a-z0-9]+", "${1}HASH"),
    (
        r"(controller-revision-hash[=:] ?\x22?)[a-z0-9-]+",
        "${1}HASH",
    ),
    (r"\bnode-[12]\b(/ADDRESS)?", "NODE"),
    (
        r"(endpointslice\.discovery\.k8s\.io/[a-z-]+)-[a-z0-9]{5}\b",
        "${1}-CHANCE",
    ),
    (r"kube-api-access-[a-z0-9]{5}", "kube-api-access-CHANCE"),
];

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let compiled = REPLACEMENTS
        .iter()
        .map(|(pattern, text)| Some((Regex::new(pattern).ok()?, *text)));
    compiled
        .collect::<Option<Vec<_>>>()
        .expect("every pattern of the list is a regular expression")
});

static REPLICA_SET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b([a-z][a-z0-9-]*)-[bcdfghjklmnpqrstvwxz2456789]{8,10}\b")
        .expect("this is a regular expression")
});

static AGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\s)(\d+[smhdy])+(\d+[smhdy])*(\s|$)").expect("this is a regular expression")
});

/// The answer without what no two clusters share; columns are parted by two blanks.
pub(super) fn normalise(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, with) in PATTERNS.iter() {
        text = pattern.replace_all(&text, *with).into_owned();
    }
    text = REPLICA_SET.replace_all(&text, "$1-HASH").into_owned();
    let (mut lines, mut in_table, mut in_events) = (Vec::new(), false, false);
    for line in text.lines() {
        in_events = line.starts_with("Events:") || (in_events && line.starts_with([' ', '\t']));
        if in_events {
            continue;
        }
        in_table = line.contains(" AGE") || (in_table && !line.is_empty());
        let line = if in_table {
            AGE.replace_all(line, "${1}AGE$4").into_owned()
        } else {
            line.to_owned()
        };
        lines.push(columns(&line));
    }
    sort_causes(&mut lines);
    lines
        .iter()
        .fold(String::new(), |all, line| all + line + "\n")
}

/// Several causes of one refusal come in the order of Go's maps, which is none.
fn sort_causes(lines: &mut [String]) {
    for causes in lines.chunk_by_mut(|left, right| is_cause(left) && is_cause(right)) {
        if causes.len() > 1 {
            causes.sort();
        }
    }
}

fn is_cause(line: &str) -> bool {
    line.starts_with("* ")
}

/// Widths of columns follow the values that were taken out.
fn columns(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let words = line
        .trim()
        .split("  ")
        .map(str::trim)
        .filter(|word| !word.is_empty());
    " ".repeat(indent) + &words.collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_taken_out_and_the_rest_stays() {
        let text = "NAME                      READY   AGE\nweb-7d4b9c6f5b-x2v4q   1/1     5m3s\n";
        assert_eq!(
            normalise(text),
            "NAME  READY  AGE\nweb-HASH-CHANCE  1/1  AGE\n"
        );
        let text = "Name: web\nEvents:\n  Type  Reason\n  Normal  x\n";
        assert_eq!(normalise(text), "Name: web\n");
        assert_eq!(
            normalise("uid: 0d0e1f2a-0000-4000-8000-0123456789ab"),
            "uid: UID\n"
        );
    }
}
