//! One scenario, played with one client on one cluster.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::normal;
use crate::shell;

/// One command and what it answered, normalised.
pub(super) struct Exchange {
    command: String,
    answer: String,
}

/// How an answer is read. What depends on chance is left out; the rest must be equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    /// All of it.
    #[default]
    Whole,
    /// The last line: what came before depends on timing.
    Last,
    /// What stands before the first colon of unindented lines: which facts are told, not what they are.
    Headings,
    /// Whether the command succeeded.
    Exit,
}

/// A line of `steps`: how the answer is read, and the words of the command.
struct Step {
    reading: Reading,
    text: String,
    words: Vec<String>,
}

/// Plays every step; commands run in the folder of the scenario and in its namespace.
pub(super) fn run(scenario: &Path, client: &Path, kubeconfig: &Path) -> Result<Vec<Exchange>> {
    let steps = std::fs::read_to_string(scenario.join("steps"))?;
    let namespace = scenario
        .file_name()
        .context("a scenario has a name")?
        .to_string_lossy()
        .into_owned();
    let kubectl = |namespace: Option<&str>| {
        let mut kubectl = Command::new(client);
        kubectl
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .current_dir(scenario)
            .stdin(Stdio::null());
        // Without a home of its own, the client would keep what it discovered for the next cluster.
        kubectl
            .env("HOME", kubeconfig.parent().unwrap_or(scenario))
            .env("KUBECTL_KUBERC", "false");
        kubectl.args(namespace.map(|namespace| format!("--namespace={namespace}")));
        kubectl
    };
    shell::output(kubectl(None).args(["create", "namespace", &namespace]))?;
    let mut wait = kubectl(Some(&namespace));
    wait.args([
        "wait",
        "--for=create",
        "serviceaccount/default",
        "--timeout=30s",
    ]);
    shell::output(&mut wait)?;
    let mut transcript = Vec::new();
    for line in steps
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let step = parse(line)?;
        let output = shell::output(kubectl(Some(&namespace)).args(&step.words))?;
        transcript.push(Exchange {
            answer: answer(&step, &output),
            command: step.text,
        });
    }
    shell::output(kubectl(None).args(["delete", "namespace", &namespace, "--timeout=90s"]))?;
    Ok(transcript)
}

fn answer(step: &Step, output: &std::process::Output) -> String {
    let mut answer = String::new();
    let text = |bytes: &[u8]| normal::normalise(&String::from_utf8_lossy(bytes));
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    match step.reading {
        Reading::Whole => {
            answer.push_str(&out);
            for line in err.lines() {
                let _ = writeln!(answer, "! {line}");
            }
        }
        Reading::Last => {
            let _ = writeln!(answer, "{}", out.lines().last().unwrap_or_default());
        }
        Reading::Headings => {
            for line in out.lines().filter(|line| !line.starts_with([' ', '\t'])) {
                if let Some((heading, _)) = line.split_once(':') {
                    let _ = writeln!(answer, "{heading}");
                }
            }
        }
        Reading::Exit => {}
    }
    if !output.status.success() {
        let _ = writeln!(answer, "[exit {}]", output.status.code().unwrap_or(-1));
    }
    answer
}

fn parse(line: &str) -> Result<Step> {
    let (reading, text) = match line.strip_prefix('!').and_then(|rest| rest.split_once(' ')) {
        Some(("last", text)) => (Reading::Last, text),
        Some(("headings", text)) => (Reading::Headings, text),
        Some(("exit", text)) => (Reading::Exit, text),
        Some((other, _)) => bail!("there is no reading `{other}`: last, headings or exit"),
        None => (Reading::Whole, line),
    };
    Ok(Step {
        reading,
        text: text.to_owned(),
        words: words(text)?,
    })
}

/// Splits a line as a shell would, with single and double quotes and nothing else.
fn words(line: &str) -> Result<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    if quote.is_some() {
        bail!("a quote is open at the end of `{line}`");
    }
    words.extend(word);
    Ok(words)
}

/// The transcript as it is kept.
pub(super) fn print(transcript: &[Exchange]) -> String {
    let mut text = String::new();
    for exchange in transcript {
        let _ = writeln!(text, "$ kubectl {}\n{}", exchange.command, exchange.answer);
    }
    text
}

/// What of a transcript is otherwise than it was recorded, an entry for each exchange.
pub(super) fn differences(expected: &str, transcript: &[Exchange]) -> Vec<String> {
    let recorded: Vec<&str> = expected.split("$ kubectl ").skip(1).collect();
    let mut differences = Vec::new();
    for (index, exchange) in transcript.iter().enumerate() {
        let (command, answer) = recorded
            .get(index)
            .and_then(|text| text.split_once('\n'))
            .unwrap_or_default();
        if command != exchange.command || answer.trim_end() != exchange.answer.trim_end() {
            let (expected, got) = (indent(answer), indent(&exchange.answer));
            differences.push(format!(
                "$ kubectl {}\n  expected:\n{expected}  got:\n{got}",
                exchange.command
            ));
        }
    }
    differences
}

fn indent(text: &str) -> String {
    text.trim_end()
        .lines()
        .fold(String::new(), |all, line| all + "    " + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        let split = words(r#"patch cm a -p '{"a": "b c"}' --x="y z" """#).unwrap();
        assert_eq!(
            split,
            ["patch", "cm", "a", "-p", r#"{"a": "b c"}"#, "--x=y z", ""]
        );
        assert!(words("a 'b").is_err());
    }
}
