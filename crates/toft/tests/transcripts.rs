//! What a user sees: commands and all that they print, with their exit codes.
//!
//! A case is a folder with `steps`, one a line, and the transcript that they give. Each step
//! is `toft …`.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests run programs and write files"
)]

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, ExitCode, Output};

use tempfile::TempDir;
use toft_source::Files as _;
use toft_testkit::{Case, Outputs};

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", |case| {
        let transcript = Session::new(case).run(&case.required("steps")?);
        Ok(Outputs::from([("expected.txt".to_owned(), transcript)]))
    })
}

struct Session {
    folder: TempDir,
}

impl Session {
    fn new(case: &Case) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = case.files();
        for path in files.paths() {
            let full = folder.path().join(path.as_str());
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, &*files.read(path).unwrap()).unwrap();
        }
        Self { folder }
    }

    fn run(self, steps: &str) -> String {
        let mut transcript = String::new();
        for step in steps.lines().filter(|line| !line.trim().is_empty()) {
            let words: Vec<&str> = step.split_whitespace().collect();
            writeln!(transcript, "$ {step}").unwrap();
            match words.as_slice() {
                ["toft", arguments @ ..] => {
                    let output = self.program(env!("CARGO_BIN_EXE_toft"), arguments);
                    transcript += &self.told(&output);
                }
                _ => panic!("no such step: {step}"),
            }
        }
        transcript
    }

    fn program(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "TOFT_STATE", "COLUMNS"] {
            command.env_remove(name);
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
        text.replace(&*folder.to_string_lossy(), "[DIR]")
    }
}
