//! What a user sees: commands and all that they print, with their exit codes.
//!
//! A case is a folder with `steps`, one a line, and the transcript that they give. Besides `toft …` a step
//! can be `git …`, `list FOLDER`, or one of the few things that make trouble: `hold STATE` uses a state,
//! `newer STATE` writes one of a newer version, `listen` takes a port, which is `$PORT` from then on,
//! `copy FROM TO` changes a file, `link PATH TARGET` makes a symbolic link, `bytes FILE TEXT` writes a file with
//! escapes such as `\xe9`, `nest FOLDER COUNT` makes that many kustomizations, each of which has the next one.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests run programs and write files"
)]

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use redb::{Database, TableDefinition};
use tempfile::TempDir;
use toft_host::{StateDir, StateLock};
use toft_testkit::{Case, Outputs};

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", |case| {
        let transcript = Session::new(case).run(&case.required("steps")?);
        Ok(Outputs::from([("expected.txt".to_owned(), transcript)]))
    })
}

struct Session {
    folder: TempDir,
    /// Outside of the folder, which may be a repository.
    cache: TempDir,
    port: Option<(TcpListener, String)>,
    held: Vec<StateLock>,
}

impl Session {
    fn new(case: &Case) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&case.dir().join("input"), folder.path());
        Self {
            folder,
            cache: tempfile::tempdir().unwrap(),
            port: None,
            held: Vec::new(),
        }
    }

    fn run(mut self, steps: &str) -> String {
        let mut transcript = String::new();
        for step in steps.lines().filter(|line| !line.trim().is_empty()) {
            let words: Vec<&str> = step.split_whitespace().collect();
            writeln!(transcript, "$ {step}").unwrap();
            match words.as_slice() {
                ["toft", arguments @ ..] => {
                    let output = self.program(env!("CARGO_BIN_EXE_toft"), arguments);
                    transcript += &self.told(&output);
                }
                ["git", arguments @ ..] => {
                    let output = self.program("git", arguments);
                    assert!(output.status.success(), "{output:?}");
                    transcript += &self.redacted(&String::from_utf8_lossy(&output.stdout));
                }
                ["listen"] => {
                    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                    let port = listener.local_addr().unwrap().port().to_string();
                    self.port = Some((listener, port));
                }
                ["hold", state] => {
                    let state = StateDir::create(self.folder.path().join(state)).unwrap();
                    self.held.push(state.lock().unwrap());
                }
                ["list", folder] => {
                    let entries = fs::read_dir(self.path(folder)).unwrap();
                    let names = entries.map(|entry| entry.unwrap().file_name());
                    let mut names: Vec<_> = names.collect();
                    names.sort();
                    for name in names {
                        writeln!(transcript, "{}", name.to_string_lossy()).unwrap();
                    }
                }
                ["copy", from, to] => drop(fs::copy(self.path(from), self.path(to)).unwrap()),
                ["link", path, target] => {
                    std::os::unix::fs::symlink(target, self.path(path)).unwrap();
                }
                ["bytes", file, text @ ..] => {
                    fs::write(self.path(file), unescaped(&text.join(" "))).unwrap();
                }
                ["nest", folder, count] => nest(&self.path(folder), count.parse().unwrap()),
                ["newer", state] => newer(&self.folder.path().join(state)),
                _ => panic!("no such step: {step}"),
            }
        }
        transcript
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn program(&self, program: &str, arguments: &[&str]) -> Output {
        let port = self.port.as_ref().map_or("", |(_, port)| port);
        let arguments = arguments.iter().map(|word| word.replace("$PORT", port));
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "TOFT_STATE", "COLUMNS", "CI"] {
            command.env_remove(name);
        }
        command.env("TOFT_OFFLINE", "1");
        command.env("TOFT_CACHE", self.cache.path());
        let date = "2026-01-01T00:00:00Z";
        let identity = [("NAME", "a"), ("EMAIL", "a@example.org"), ("DATE", date)];
        for (key, value) in identity {
            command.env(format!("GIT_AUTHOR_{key}"), value);
            command.env(format!("GIT_COMMITTER_{key}"), value);
        }
        command.output().unwrap()
    }

    /// What a command printed: stdout as it is, stderr after `2> `, and how it ended.
    fn told(&self, output: &Output) -> String {
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            writeln!(text, "2> {line}").unwrap();
        }
        match output.status.code() {
            Some(code) => writeln!(text, "[exit {code}]").unwrap(),
            None => text += "[ended by a signal]\n",
        }
        self.redacted(&text)
    }

    /// What differs from run to run has a name instead.
    fn redacted(&self, text: &str) -> String {
        let folder = self.folder.path().canonicalize().unwrap();
        let mut text = text.replace(&*folder.to_string_lossy(), "[DIR]");
        if let Some((_, port)) = &self.port {
            text = text.replace(port, "[PORT]");
        }
        let pid = format!("process {}", std::process::id());
        text.replace(&pid, "process [PID]")
            .lines()
            .map(untimed)
            .collect()
    }
}

/// A line without how long an app took: that depends on the time at which the cluster was made.
fn untimed(line: &str) -> String {
    let is_duration = |word: &str| {
        let digits = word.strip_suffix(['s', 'm']).unwrap_or_default();
        let mut bytes = digits.bytes();
        !digits.is_empty() && bytes.all(|byte| byte.is_ascii_digit() || b"hm".contains(&byte))
    };
    match line.rsplit_once(' ') {
        // The last column of the table of apps.
        Some((rest, word)) if rest.ends_with("  ") && is_duration(word) => {
            format!("{rest} [TIME]\n")
        }
        Some((rest, _)) if rest.ends_with("\"durationSeconds\":") => format!("{rest} [TIME],\n"),
        Some(_) | None => format!("{line}\n"),
    }
}

/// Copies a folder; links stay links.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).into_iter().flatten() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), to).unwrap();
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Text with `\n` and `\xNN` as bytes.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut parts = text.split('\\');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        if let Some(rest) = part.strip_prefix('n') {
            bytes.push(b'\n');
            bytes.extend(rest.bytes());
        } else {
            let (digits, rest) = part.strip_prefix('x').unwrap().split_at(2);
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            bytes.extend(rest.bytes());
        }
    }
    bytes
}

/// Kustomizations in folders named by number; each but the last has the next one as its base.
fn nest(folder: &Path, count: u32) {
    for at in 0..count {
        let folder = folder.join(at.to_string());
        fs::create_dir_all(&folder).unwrap();
        let text = if at + 1 < count {
            format!("resources:\n- ../{}\n", at + 1)
        } else {
            "namePrefix: last-\n".to_owned()
        };
        fs::write(folder.join("kustomization.yaml"), text).unwrap();
    }
}

/// A state as a version of the future would leave it.
fn newer(path: &Path) {
    let state = StateDir::create(path).unwrap();
    drop(state.lock().unwrap());
    let database = Database::create(state.file("state.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let numbers: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
    let mut table = transaction.open_table(numbers).unwrap();
    table.insert("format", toft_host::FORMAT + 1).unwrap();
    drop(table);
    transaction.commit().unwrap();
}
