//! What the program of a container does, as far as its command says so by itself.
//!
//! `true`, `false`, `sleep`, `exit` and shell scripts made of them mean what they say; `echo` and its like take
//! no time. Whatever else a command is, it is taken to work.

use std::time::Duration;

use toft_value::Value;

/// What a program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// It ends by itself after that time, with that exit code.
    Ends(Duration, i64),
    /// It never ends by itself.
    Runs,
    /// The command does not say.
    Unknown,
}

/// Commands that do something at once and succeed.
const INSTANT: &[&str] = &[
    ":", "cat", "date", "echo", "ls", "mkdir", "printf", "rm", "touch", "true",
];
const SHELLS: &[&str] = &["ash", "bash", "dash", "sh"];

/// What the program of a container does.
pub(super) fn of(container: &Value) -> Program {
    let words = |key: &str| container.items_at(&[key]).iter().filter_map(Value::as_str);
    let words: Vec<&str> = words("command").chain(words("args")).collect();
    of_words(&words)
}

/// What a command does.
pub(super) fn of_words(words: &[&str]) -> Program {
    let Some((first, rest)) = words.split_first() else {
        return Program::Unknown;
    };
    let name = first.rsplit('/').next().unwrap_or(first);
    if SHELLS.contains(&name) {
        let script = rest.split_first().filter(|(flag, _)| is_command_flag(flag));
        let script = script.and_then(|(_, rest)| rest.first());
        return script.map_or(Program::Unknown, |script| of_script(script));
    }
    if *first == name || first.starts_with('/') {
        of_command(name, rest)
    } else {
        Program::Unknown
    }
}

/// `-c`, `-ec`, `-xc`
fn is_command_flag(flag: &str) -> bool {
    flag.starts_with('-')
        && flag.ends_with('c')
        && flag.chars().skip(1).all(|one| one.is_ascii_lowercase())
}

fn of_command(name: &str, rest: &[&str]) -> Program {
    match (name, rest) {
        ("false", _) => Program::Ends(Duration::ZERO, 1),
        ("sleep", [time]) => of_sleep(time),
        ("exit", []) => Program::Ends(Duration::ZERO, 0),
        ("exit", [code]) => code.parse::<u8>().map_or(Program::Unknown, |code| {
            Program::Ends(Duration::ZERO, code.into())
        }),
        (name, _) if INSTANT.contains(&name) => Program::Ends(Duration::ZERO, 0),
        _ => Program::Unknown,
    }
}

fn of_sleep(time: &str) -> Program {
    if time == "infinity" || time == "inf" {
        return Program::Runs;
    }
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let (number, seconds) = units
        .into_iter()
        .find_map(|(unit, seconds)| Some((time.strip_suffix(unit)?, seconds)))
        .unwrap_or((time, 1));
    number.parse::<u32>().map_or(Program::Unknown, |count| {
        Program::Ends(Duration::from_secs(u64::from(count) * seconds), 0)
    })
}

/// A script of commands one after the other; anything with more structure is not known.
fn of_script(script: &str) -> Program {
    const STRUCTURE: &[char] = &['$', '`', '(', ')', '{', '}', '|', '<'];
    let keywords = [
        "if", "for", "while", "until", "case", "trap", "exec", "set", "wait",
    ];
    let is_structured = script.contains(STRUCTURE)
        || script
            .split_whitespace()
            .any(|word| keywords.contains(&word));
    if is_structured || script.replace("&&", ";").contains('&') {
        return Program::Unknown;
    }
    let mut total = Duration::ZERO;
    let mut code = 0;
    for command in script.replace("&&", ";\u{0}").split([';', '\n']) {
        let (needs_success, command) = match command.strip_prefix('\u{0}') {
            Some(command) => (true, command),
            None => (false, command),
        };
        let words: Vec<&str> = command.split_whitespace().collect();
        let Some((name, rest)) = words.split_first() else {
            continue;
        };
        if needs_success && code != 0 {
            continue;
        }
        match of_command(name.rsplit('/').next().unwrap_or(name), rest) {
            Program::Ends(time, result) => {
                total += time;
                code = result;
                if *name == "exit" {
                    return Program::Ends(total, code);
                }
            }
            other => return other,
        }
    }
    Program::Ends(total, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(seconds: u64, code: i64) -> Program {
        Program::Ends(Duration::from_secs(seconds), code)
    }

    #[test]
    fn commands_that_say_what_they_do_do_it() {
        let cases: &[(&[&str], Program)] = &[
            (&["false"], ends(0, 1)),
            (&["/bin/true"], ends(0, 0)),
            (&["sleep", "1h"], ends(3_600, 0)),
            (&["sleep", "infinity"], Program::Runs),
            (&["sh", "-c", "exit 3"], ends(0, 3)),
            (
                &["/bin/sh", "-ec", "echo hello; sleep 5 && exit 42"],
                ends(5, 42),
            ),
            (&["sh", "-c", "false && sleep 10"], ends(0, 1)),
            (&["sh", "-c", "false; sleep 10"], ends(10, 0)),
            (&["sh", "-c", "sleep 5\nfalse\n"], ends(5, 1)),
        ];
        for (words, expected) in cases {
            assert_eq!(of_words(words), *expected, "{words:?}");
        }
    }

    #[test]
    fn other_commands_are_not_known() {
        let cases: &[&[&str]] = &[
            &[],
            &["nginx", "-g", "daemon off;"],
            &["./false"],
            &["sh", "run.sh"],
            &["sh", "-c", "while true; do sleep 1; done"],
            &["sh", "-c", "sleep 5 & wait"],
            &["sh", "-c", "exit $CODE"],
            &["sleep"],
        ];
        for words in cases {
            assert_eq!(of_words(words), Program::Unknown, "{words:?}");
        }
    }
}
